"""Every table of this room says whose it is."""

from django.apps import apps
from tests.fulfilment.world import REVIEW_THEN_PICK, World
from tests.usecases.shop import staff

from mingchi.fulfilment.models import FlowInstance, StepLog, WorkItem
from mingchi.merchants import scope
from mingchi.merchants.models import Merchant


def test_every_table_leads_to_a_merchant(world: World) -> None:
    stranger = staff(merchant=Merchant.objects.create(name="Another"))
    world.publish(REVIEW_THEN_PICK)
    world.start()
    for model in apps.get_app_config("fulfilment").get_models():
        rows = model._default_manager.all()
        assert not scope.for_user(rows, stranger).exists(), model  # raises without a path
    for model in (FlowInstance, WorkItem, StepLog):
        assert scope.for_user(model._default_manager.all(), world.clerk).exists()

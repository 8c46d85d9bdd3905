from collections.abc import Iterator

import pytest
from django.db import transaction
from django.test import override_settings
from pytest_django import Settings
from tests.fakes.alipay import FakeAlipay
from tests.fakes.tills import Tills
from tests.fakes.wechat import FakeWechat
from tests.usecases.shop import NOW, InForce, Shop, staff

from mingchi.fulfilment import defaults
from mingchi.merchants.models import Merchant
from mingchi.usecases import templates
from mingchi.usecases.open_platform import open_platform
from mingchi.usecases.templates.lists import ListTemplate, draw_list


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def in_force(db: None) -> Iterator[InForce]:
    """Makes a template the platform's standard flow of its kind, for this test."""

    def make(template: str | ListTemplate) -> None:
        if isinstance(template, str):
            kind, bpmn = templates.ALL[template].kind, templates.bpmn(template)
        else:
            kind, bpmn = template.kind, draw_list(template)
        defaults.register(kind, bpmn)
        with transaction.atomic():
            defaults.bring_up_to_date(kind)

    yield make
    for kind, key in templates.STANDARD.items():
        defaults.register(kind, templates.bpmn(key))


@pytest.fixture
def shop(db: None) -> Shop:
    opened = open_platform()
    return Shop(
        merchant=Merchant.objects.get(pk=opened.merchant_id),
        owner=staff("owner"),
        finance=staff("finance"),
    )


@pytest.fixture
def tills(shop: Shop) -> Iterator[Tills]:
    wechat, alipay = FakeWechat(clock=lambda: NOW), FakeAlipay(clock=lambda: NOW)
    with override_settings(GATEWAYS={"wechat": wechat.config(), "alipay": alipay.config()}):
        yield Tills(shop, wechat, alipay)
    wechat.close()
    alipay.close()

"""The demo's shop is set up: staff, merchants, shelves."""

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from mingchi.foundation.models import User
from mingchi.merchants.models import MerchantStaff
from mingchi.usecases import edit_catalogue, edit_merchants
from mingchi.usecases.demo import goods, people
from mingchi.usecases.demo.world import World
from mingchi.usecases.edit_catalogue import SkuData

STOCK = 5000


def set_up(world: World) -> None:
    """Everything that stands before the first member comes."""
    hired = _hire(world)
    merchants = [
        edit_merchants.add_merchant(by=world.staff["owner"], name=name, is_demo=True)
        for name in goods.MERCHANTS
    ]
    for account, user in hired:
        if account.role.startswith("merchant:"):
            _kind, role, which = account.role.split(":")
            edit_merchants.add_merchant_staff(
                by=world.staff["owner"],
                merchant_id=merchants[int(which)],
                user_id=user.pk,
                role=MerchantStaff.Role(role).value,
            )
    _fill_shelves(world, merchants)


def _hire(world: World) -> list[tuple[people.Account, User]]:
    # One salt for all: hashing a password nine times would take longer than the orders of a week.
    password = make_password(people.STAFF_PASSWORD)
    hired = []
    for account in people.STAFF:
        user = User.objects.create(
            username=account.login,
            first_name=account.name,
            password=password,
            is_staff=True,
            is_read_only=account.is_read_only,
        )
        if not account.role.startswith("merchant:"):
            user.groups.add(Group.objects.get(name=account.role))
        world.staff[account.login] = user
        hired.append((account, user))
    return hired


def _fill_shelves(world: World, merchants: list[int]) -> None:
    by = world.staff["operator"]
    shelves = {
        name: edit_catalogue.add_category(by=by, name=name, position=place)
        for place, name in enumerate(goods.categories())
    }
    world.skus = [[] for _merchant in merchants]
    for number, article in enumerate(goods.articles(), 1):
        product_id = edit_catalogue.add_product(
            by=by,
            merchant_id=merchants[article.merchant],
            category_id=shelves[article.category],
            title=article.title,
            description=article.description,
            status="on_sale",
            is_demo=True,
        )
        for place, variant in enumerate(article.variants, 1):
            distribution_fen, pool_fen = variant.shares or (None, None)
            sku_id = edit_catalogue.add_sku(
                by=by,
                product_id=product_id,
                data=SkuData(
                    code=f"D{number:02d}-{place}",
                    title=variant.title,
                    price_fen=variant.price_fen,
                    cost_fen=variant.cost_fen,
                    distribution_fen=distribution_fen,
                    pool_fen=pool_fen,
                ),
                on_hand=STOCK,
            )
            world.skus[article.merchant].append((sku_id, variant.price_fen))

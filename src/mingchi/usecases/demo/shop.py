"""The demo's shop is set up: staff, merchants, shelves."""

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from mingchi.foundation.models import User
from mingchi.merchants.models import MerchantStaff
from mingchi.usecases import edit_merchants
from mingchi.usecases.demo import offers, people, shelves
from mingchi.usecases.demo.goods import MERCHANTS
from mingchi.usecases.demo.world import World


def set_up(world: World) -> None:
    """Everything that stands before the first member comes."""
    hired = _hire(world)
    merchants = [
        edit_merchants.add_merchant(by=world.staff["owner"], name=name, is_demo=True)
        for name in MERCHANTS
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
    shelves.fill(world, merchants)
    offers.offer(world, merchants)


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

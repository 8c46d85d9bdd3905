"""The platform takes merchants in and says who works for them."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue import prices
from mingchi.catalogue.models import Sku
from mingchi.foundation import audit, clock
from mingchi.foundation.errors import ConflictError, DomainError, NotFoundError
from mingchi.foundation.models import User
from mingchi.merchants.models import Merchant, MerchantStaff
from mingchi.usecases import checks, rights


def add_merchant(*, by: User, name: str, is_demo: bool = False) -> int:
    """A new merchant. Errors: `merchant_taken` 409, `text_invalid`."""
    rights.require(by, "merchant.edit")
    name = checks.text(name, field="name", longest=80, needed=True)
    with transaction.atomic():
        if Merchant.objects.filter(name=name).exists():
            raise ConflictError("merchant_taken", _("There is such a merchant."), field="name")
        made = Merchant.objects.create(name=name, is_demo=is_demo)
        _audit(by, "merchant.add", made.pk, {"name": name})
    return made.pk


def set_merchant_status(*, by: User, merchant_id: int, status: str) -> None:
    """Open or close a merchant's shop; what is ordered goes on. Errors: `status_invalid`."""
    rights.require(by, "merchant.edit")
    if status not in Merchant.Status.values:
        raise DomainError("status_invalid", _("There is no such status."), field="status")
    with transaction.atomic():
        if not Merchant.objects.filter(pk=merchant_id).update(status=status):
            raise NotFoundError()
        skus = Sku.objects.filter(product__merchant_id=merchant_id).values_list("pk", flat=True)
        prices.note(list(skus), now=clock.now())
        _audit(by, "merchant.status", merchant_id, {"status": status})


def add_merchant_staff(*, by: User, merchant_id: int, user_id: int, role: str) -> int:
    """Let a staff account work for a merchant; again changes nothing. Platform staff are refused:
    `platform_staff` 409, as they see all merchants anyhow."""
    rights.require(by, "merchant.edit")
    if role not in MerchantStaff.Role.values:
        raise DomainError("role_invalid", _("There is no such role."), field="role")
    with transaction.atomic():
        user = User.objects.filter(pk=user_id, is_staff=True).first()
        if user is None or not Merchant.objects.filter(pk=merchant_id).exists():
            raise NotFoundError()
        if user.is_superuser or user.groups.exists():
            raise ConflictError("platform_staff", _("This account works for the platform."))
        made, created = MerchantStaff.objects.get_or_create(
            user=user, merchant_id=merchant_id, role=role
        )
        if created:
            _audit(by, "merchant.add_staff", merchant_id, {"user_id": user_id, "role": role})
    return made.pk


def remove_merchant_staff(*, by: User, staff_id: int) -> None:
    """The account does not work there any more."""
    rights.require(by, "merchant.edit")
    with transaction.atomic():
        found = MerchantStaff.objects.filter(pk=staff_id).first()
        if found is None:
            raise NotFoundError()
        _audit(
            by,
            "merchant.remove_staff",
            found.merchant_id,
            {"user_id": found.user_id, "role": found.role},
        )
        found.delete()


def _audit(by: User, action: str, merchant_id: int, after: dict[str, object]) -> None:
    audit.record(
        actor=rights.actor(by),
        action=action,
        subject=f"merchant:{merchant_id}",
        before={},
        after=after,
    )

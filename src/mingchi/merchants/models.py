"""Merchants, the staff who work for them, and where their goods lie."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Merchant(models.Model):
    """Who sells. The engine knows a merchant by its key as text."""

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        CLOSED = "closed", _("closed")

    MERCHANT_PATH = "pk"

    name = models.CharField(_("name"), max_length=80, unique=True)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.OPEN
    )
    is_demo = models.BooleanField(_("demo merchant"), default=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("merchant")
        verbose_name_plural = _("merchants")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["open", "closed"]), name="merchant_status_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class MerchantStaff(models.Model):
    """A staff account that works for a merchant, and as what."""

    class Role(models.TextChoices):
        MANAGER = "manager", _("manager")
        CLERK = "clerk", _("clerk")
        FINANCE = "finance", _("finance")
        WAREHOUSE = "warehouse", _("warehouse")
        SERVICE = "service", _("customer service")

    MERCHANT_PATH = "merchant"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="merchant_roles",
        verbose_name=_("staff account"),
    )
    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="staff", verbose_name=_("merchant")
    )
    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("merchant staff")
        verbose_name_plural = _("merchant staff")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "merchant", "role"], name="merchant_staff_role_once"
            ),
            models.CheckConstraint(
                condition=Q(role__in=["manager", "clerk", "finance", "warehouse", "service"]),
                name="merchant_staff_role_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()}"


class Warehouse(models.Model):
    """A place where a merchant keeps goods. A closed one sends nothing out."""

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        CLOSED = "closed", _("closed")

    MERCHANT_PATH = "merchant"

    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="warehouses", verbose_name=_("merchant")
    )
    code = models.CharField(_("code"), max_length=20)
    name = models.CharField(_("name"), max_length=60)
    region = models.CharField(_("region code"), max_length=6, null=True, blank=True)
    position = models.IntegerField(_("position"), default=0)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.OPEN
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("warehouse")
        verbose_name_plural = _("warehouses")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["merchant", "code"], name="warehouse_code_once"),
            models.CheckConstraint(
                condition=Q(status__in=["open", "closed"]), name="warehouse_status_known"
            ),
            models.CheckConstraint(
                condition=Q(region__isnull=True) | Q(region__regex="^[0-9]{6}$"),
                name="warehouse_region_six_digits",
            ),
        ]

    def __str__(self) -> str:
        return self.name

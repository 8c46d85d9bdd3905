"""What a merchant draws: flows, decision tables and selectors, each with its versions.

Where `merchant` is null it is the platform's, which every merchant may use.
"""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mingchi.merchants.models import Merchant


class Kind(models.TextChoices):
    """What a flow is about; its subjects are of this kind."""

    ORDER = "order", _("order")
    FULFILMENT = "fulfilment", _("shipment group")
    RETURN = "return", _("return")


def _merchant(name: str) -> Any:
    return models.ForeignKey(
        Merchant,
        models.PROTECT,
        null=True,
        blank=True,
        related_name=name,
        verbose_name=_("merchant"),
        help_text=_("Empty: the platform's, for every merchant."),
    )


class FlowDefinition(models.Model):
    """A flow by its name; what it does stands in its versions."""

    MERCHANT_PATH = "merchant"

    merchant = _merchant("flows")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    key = models.SlugField(_("key"), max_length=40)
    name = models.CharField(_("name"), max_length=80)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("flow")
        verbose_name_plural = _("flows")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "kind", "key"], nulls_distinct=False, name="flow_key_once"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["order", "fulfilment", "return"]), name="flow_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class DecisionTable(models.Model):
    """A decision table by its name, as flows call it."""

    MERCHANT_PATH = "merchant"

    merchant = _merchant("decision_tables")
    name = models.CharField(_("name"), max_length=80)

    class Meta:
        verbose_name = _("decision table")
        verbose_name_plural = _("decision tables")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "name"], nulls_distinct=False, name="decision_table_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


class DecisionTableVersion(models.Model):
    """What a table said at one time. Append-only: a flow that pinned it finds it as it was."""

    MERCHANT_PATH = "table__merchant"

    table = models.ForeignKey(
        DecisionTable, models.PROTECT, related_name="versions", verbose_name=_("decision table")
    )
    number = models.PositiveIntegerField(_("number"))
    data = models.JSONField(_("table"))
    created_by = models.CharField(_("by"), max_length=100)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("version of a decision table")
        verbose_name_plural = _("versions of decision tables")
        ordering = ["table", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["table", "number"], name="decision_table_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.table} v{self.number}"


class FlowVersion(models.Model):
    """A drawing. A draft may have faults; published it never changes (trigger), has none
    (constraint) and stays as long as anything ran under it (foreign key)."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        PUBLISHED = "published", _("published")
        RETIRED = "retired", _("retired")

    MERCHANT_PATH = "definition__merchant"

    definition = models.ForeignKey(
        FlowDefinition, models.PROTECT, related_name="versions", verbose_name=_("flow")
    )
    number = models.PositiveIntegerField(_("number"))
    # The file as it came: XML says its encoding itself.
    bpmn_xml = models.BinaryField(_("BPMN file"))
    graph = models.JSONField(_("compiled flow"), null=True, blank=True)
    digest = models.CharField(_("hash of the compiled flow"), max_length=64, blank=True)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.DRAFT
    )
    # What the checks found in exactly these bytes (their SHA-256); null: not checked since.
    findings = models.JSONField(_("findings"), null=True, blank=True)
    checked_sha256 = models.CharField(_("hash of the checked file"), max_length=64, blank=True)
    created_by = models.CharField(_("drawn by"), max_length=100)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    edited_at = models.DateTimeField(_("edited"), auto_now=True)
    published_by = models.CharField(_("published by"), max_length=100, blank=True)
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)

    class Meta:
        verbose_name = _("version of a flow")
        verbose_name_plural = _("versions of flows")
        ordering = ["definition", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["definition", "number"], name="flow_version_once"),
            models.UniqueConstraint(
                fields=["definition"],
                condition=Q(status="published"),
                name="flow_one_published_version",
            ),
            models.CheckConstraint(
                condition=Q(status="draft")
                | Q(
                    graph__isnull=False,
                    digest__regex="^[0-9a-f]{64}$",
                    findings=[],
                    published_at__isnull=False,
                ),
                name="flow_published_without_findings",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "published", "retired"]),
                name="flow_version_status_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.definition} v{self.number}"


class TablePin(models.Model):
    """The version of a decision table that a version of a flow was published with."""

    MERCHANT_PATH = "version__definition__merchant"

    version = models.ForeignKey(FlowVersion, models.CASCADE, related_name="pins")
    table = models.ForeignKey(DecisionTableVersion, models.PROTECT, related_name="pins")

    class Meta:
        verbose_name = _("pinned decision table")
        verbose_name_plural = _("pinned decision tables")
        constraints = [
            models.UniqueConstraint(fields=["version", "table"], name="table_pinned_once")
        ]

    def __str__(self) -> str:
        return f"{self.version}: {self.table}"


class FlowSelector(models.Model):
    """A decision table (channel, goods, amount, region → key of a flow). Append-only: the latest
    number of a merchant and kind decides."""

    MERCHANT_PATH = "merchant"

    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="flow_selectors", verbose_name=_("merchant")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    number = models.PositiveIntegerField(_("number"))
    data = models.JSONField(_("table"))
    created_by = models.CharField(_("by"), max_length=100)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("choice of flows")
        verbose_name_plural = _("choices of flows")
        ordering = ["merchant", "kind", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "kind", "number"], name="flow_selector_version_once"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["order", "fulfilment", "return"]),
                name="flow_selector_kind_known",
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="flow_selector_numbered"),
        ]
        indexes = [models.Index("merchant", "kind", F("number").desc(), name="flow_selector_last")]

    def __str__(self) -> str:
        return f"{self.merchant} · {self.get_kind_display()} v{self.number}"

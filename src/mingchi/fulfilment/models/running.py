"""What runs: instances of flows, what happened to them, and what holds them."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mingchi.fulfilment.models.drawing import FlowVersion, Kind
from mingchi.merchants.models import Merchant

LONGEST_SUBJECT = 40
LONGEST_NAME = 128


class FlowInstance(models.Model):
    """One subject on its way through one version of a flow.

    `subject` names the order, shipment group or after-sales case (`order:17`); `family` what it
    is part of (a shipment group's order), itself as a rule. `state` is the interpreter's and holds
    nothing of the order. Queued it waits for the worker, and has no version yet.
    """

    class Status(models.TextChoices):
        QUEUED = "queued", _("to be started")
        RUNNING = "running", _("running")
        ENDED = "ended", _("ended")
        CANCELLED = "cancelled", _("cancelled")

    MERCHANT_PATH = "merchant"

    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="flow_instances", verbose_name=_("merchant")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    subject = models.CharField(_("subject"), max_length=LONGEST_SUBJECT)
    family = models.CharField(_("part of"), max_length=LONGEST_SUBJECT)
    version = models.ForeignKey(
        FlowVersion,
        models.PROTECT,
        null=True,
        related_name="instances",
        verbose_name=_("version of the flow"),
    )
    state = models.JSONField(_("state"), default=dict)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.QUEUED
    )
    queued_at = models.DateTimeField(_("queued at"))
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    end_node = models.CharField(_("ended at node"), max_length=LONGEST_NAME, blank=True)
    # Why the merchant's own flow was not taken, or why it could not be started.
    trouble = models.TextField(_("trouble"), blank=True)
    tries = models.PositiveSmallIntegerField(_("tries to start"), default=0)
    next_try_at = models.DateTimeField(_("next try"), null=True, blank=True)

    class Meta:
        verbose_name = _("running flow")
        verbose_name_plural = _("running flows")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["subject"], name="flow_instance_subject"),
            models.Index(fields=["family"], name="flow_instance_family"),
            models.Index(
                fields=["next_try_at"], condition=Q(status="queued"), name="flow_instance_queued"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject"], name="flow_started_once"),
            models.CheckConstraint(
                condition=Q(status="queued", version__isnull=True, started_at__isnull=True)
                | Q(
                    status="running",
                    version__isnull=False,
                    started_at__isnull=False,
                    ended_at__isnull=True,
                )
                | Q(status="ended", version__isnull=False, ended_at__isnull=False)
                # Without a version where its subject came to its end before the start.
                | Q(status="cancelled", ended_at__isnull=False),
                name="flow_instance_status",
            ),
        ]

    def __str__(self) -> str:
        return self.subject


class StepLog(models.Model):
    """What happened, for ever (trigger): with who did it and what a decision saw."""

    MERCHANT_PATH = "instance__merchant"

    instance = models.ForeignKey(FlowInstance, models.PROTECT, db_index=False, related_name="log")
    at = models.DateTimeField(_("at"))
    event = models.CharField(_("event"), max_length=20)
    node = models.CharField(_("node"), max_length=LONGEST_NAME, blank=True)
    token = models.IntegerField(_("token"), default=0)
    actor = models.CharField(_("actor"), max_length=100)
    values = models.JSONField(_("values"), null=True, blank=True, encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = _("log entry")
        verbose_name_plural = _("log")
        ordering = ["id"]
        indexes = [models.Index(fields=["instance", "id"], name="step_log_of_instance")]

    def __str__(self) -> str:
        return f"{self.event} {self.node}"


class Hold(models.Model):
    """Nothing of the subject (and of what is part of it) goes on until this is lifted."""

    MERCHANT_PATH = "merchant"

    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="+", verbose_name=_("merchant")
    )
    subject = models.CharField(_("subject"), max_length=LONGEST_SUBJECT)
    reason = models.CharField(_("reason"), max_length=200)
    placed_by = models.CharField(_("placed by"), max_length=100)
    placed_at = models.DateTimeField(_("placed"))
    lifted_by = models.CharField(_("lifted by"), max_length=100, blank=True)
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "reason"],
                condition=Q(lifted_at__isnull=True),
                name="hold_once_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_by="")
                | Q(lifted_at__isnull=False) & ~Q(lifted_by=""),
                name="hold_lifted_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject}: {self.reason}"

"""What waits for the time, the worker or a signal."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mingchi.fulfilment.models.drawing import Kind
from mingchi.fulfilment.models.running import LONGEST_NAME, LONGEST_SUBJECT, FlowInstance
from mingchi.merchants.models import Merchant


class Timer(models.Model):
    """A due time of a waiting token. It fires at `due_at` or later, once."""

    MERCHANT_PATH = "instance__merchant"

    instance = models.ForeignKey(
        FlowInstance, models.PROTECT, db_index=False, related_name="timers"
    )
    token = models.IntegerField(_("token"))
    node = models.CharField(_("node"), max_length=LONGEST_NAME)
    due_at = models.DateTimeField(_("due"))
    set_at = models.DateTimeField(_("set"))

    class Meta:
        verbose_name = _("timer")
        verbose_name_plural = _("timers")
        # A timer that has fired is deleted, so every row here is still to come.
        indexes = [models.Index(fields=["due_at"], name="timer_due")]
        constraints = [
            models.UniqueConstraint(fields=["instance", "token", "node"], name="timer_once")
        ]

    def __str__(self) -> str:
        return f"{self.node} {self.due_at:%Y-%m-%d %H:%M}"


class Subscription(models.Model):
    """A token that waits for a signal."""

    MERCHANT_PATH = "instance__merchant"

    instance = models.ForeignKey(
        FlowInstance, models.PROTECT, db_index=False, related_name="subscriptions"
    )
    token = models.IntegerField(_("token"))
    node = models.CharField(_("node"), max_length=LONGEST_NAME)
    signal = models.CharField(_("signal"), max_length=80)
    since = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        constraints = [
            models.UniqueConstraint(fields=["instance", "token", "node"], name="subscription_once")
        ]

    def __str__(self) -> str:
        return f"{self.node}: {self.signal}"


class StepJob(models.Model):
    """A step for the worker. Its key, instance and token, is the same for every try.

    `called`: the outside was reached for at least once, so it is asked before it is called again.
    `withdrawn`: the flow has gone another way meanwhile; if the step turns out to have run,
    it is undone by a job of its own (`detached`), which no token waits for.
    """

    class Status(models.TextChoices):
        QUEUED = "queued", _("queued")
        WITHDRAWN = "withdrawn", _("withdrawn, to be looked after")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    MERCHANT_PATH = "instance__merchant"

    instance = models.ForeignKey(FlowInstance, models.PROTECT, db_index=False, related_name="jobs")
    token = models.IntegerField(_("token"))
    node = models.CharField(_("node"), max_length=LONGEST_NAME)
    step = models.CharField(_("step"), max_length=80)
    is_undo = models.BooleanField(_("takes back"), default=False)
    detached = models.BooleanField(_("beside the flow"), default=False)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.QUEUED
    )
    retries = models.PositiveSmallIntegerField(_("retries"), default=0)
    tries = models.PositiveSmallIntegerField(_("failed tries"), default=0)
    called = models.BooleanField(_("called"), default=False)
    outcome = models.CharField(_("outcome"), max_length=80, blank=True)
    error = models.TextField(_("error"), blank=True)
    queued_at = models.DateTimeField(_("queued at"))
    next_try_at = models.DateTimeField(_("next try"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("step job")
        verbose_name_plural = _("step jobs")
        ordering = ["id"]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=Q(status__in=["queued", "withdrawn"]),
                name="step_job_due",
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["instance", "token", "detached"], name="step_job_once")
        ]

    def __str__(self) -> str:
        return f"{self.step} {self.instance_id}:{self.token}"


class Signal(models.Model):
    """What a subject was told, once a `dedupe_key`. Sent it is on its way to the
    subject's flow; kept until something there waits for it; a stray when nothing will any more."""

    class Status(models.TextChoices):
        SENT = "sent", _("on its way")
        KEPT = "kept", _("kept")
        DELIVERED = "delivered", _("delivered")
        STRAY = "stray", _("stray")
        DISMISSED = "dismissed", _("seen by staff")

    MERCHANT_PATH = "merchant"

    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="+", verbose_name=_("merchant")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    subject = models.CharField(_("subject"), max_length=LONGEST_SUBJECT)
    name = models.CharField(_("signal"), max_length=80)
    dedupe_key = models.CharField(_("key"), max_length=120)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.SENT
    )
    sent_at = models.DateTimeField(_("sent"))
    closed_at = models.DateTimeField(_("delivered or stray since"), null=True, blank=True)
    closed_by = models.CharField(_("seen by"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("signal")
        verbose_name_plural = _("signals")
        ordering = ["id"]
        indexes = [
            models.Index(
                fields=["merchant", "id"],
                condition=Q(status__in=["sent", "kept", "stray"]),
                name="signal_left",
            ),
            models.Index(fields=["id"], condition=Q(status="sent"), name="signal_sent"),
            models.Index(
                fields=["kind", "subject", "id"], condition=Q(status="kept"), name="signal_kept"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject", "dedupe_key"], name="signal_once")
        ]

    def __str__(self) -> str:
        return f"{self.subject}: {self.name}"

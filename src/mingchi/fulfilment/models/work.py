"""What people are to do."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mingchi.fulfilment.models.drawing import Kind
from mingchi.fulfilment.models.running import LONGEST_NAME, LONGEST_SUBJECT, FlowInstance
from mingchi.merchants.models import Merchant


class WorkItem(models.Model):
    """What a person is to do, or to repair.

    `role` may do it; a repair (`repair` says why) is for whoever holds the right to repair. A
    repair of a whole advance keeps the interpreter's `call`, to be made again.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        DONE = "done", _("done")
        WITHDRAWN = "withdrawn", _("withdrawn")

    MERCHANT_PATH = "merchant"

    instance = models.ForeignKey(FlowInstance, models.PROTECT, related_name="work_items")
    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="+", verbose_name=_("merchant")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    subject = models.CharField(_("subject"), max_length=LONGEST_SUBJECT)
    token = models.IntegerField(_("token"))
    node = models.CharField(_("node"), max_length=LONGEST_NAME)
    title = models.CharField(_("title"), max_length=200)
    step = models.CharField(_("step"), max_length=80, blank=True)
    role = models.CharField(_("role"), max_length=40, blank=True)
    assignee = models.CharField(_("claimed by"), max_length=100, blank=True)
    quorum = models.CharField(_("quorum"), max_length=4, default="any")
    outcomes = models.JSONField(_("outcomes"), default=list)
    repair = models.TextField(_("to be repaired because"), blank=True)
    call = models.JSONField(_("call to make again"), null=True, blank=True)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.OPEN
    )
    outcome = models.CharField(_("outcome"), max_length=80, blank=True)
    opened_at = models.DateTimeField(_("opened"))
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    claimed_at = models.DateTimeField(_("claimed at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    closed_by = models.CharField(_("closed by"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("work item")
        verbose_name_plural = _("work items")
        ordering = ["id"]
        indexes = [
            models.Index(
                F("merchant"),
                F("role"),
                F("due_at").asc(nulls_last=True),
                F("id"),
                condition=Q(status="open"),
                name="work_item_queue",
            ),
            models.Index(
                fields=["assignee"],
                condition=Q(status="open") & ~Q(assignee=""),
                name="work_item_claimed",
            ),
            models.Index(
                fields=["merchant", "closed_at"],
                condition=Q(status="done"),
                name="work_item_times",
            ),
            models.Index(fields=["subject"], name="work_item_subject"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["instance", "token"],
                condition=Q(status="open", call__isnull=True),
                name="work_item_one_open_a_token",
            ),
            models.CheckConstraint(
                condition=Q(status="open", closed_at__isnull=True)
                | Q(status__in=["done", "withdrawn"], closed_at__isnull=False),
                name="work_item_closed_some_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} · {self.title}"


class Vote(models.Model):
    """What one person said of a work item. One a person."""

    MERCHANT_PATH = "item__merchant"

    item = models.ForeignKey(WorkItem, models.PROTECT, related_name="votes")
    actor = models.CharField(_("who"), max_length=100)
    outcome = models.CharField(_("outcome"), max_length=80)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("vote")
        verbose_name_plural = _("votes")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["item", "actor"], name="vote_one_a_person")]

    def __str__(self) -> str:
        return f"{self.actor}: {self.outcome}"

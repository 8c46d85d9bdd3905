"""Tables that every domain stands on."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """Somebody who signs in to the back office: staff of the platform or of a merchant.

    Members of the shop are no users; they stand in `members`.
    """

    is_read_only = models.BooleanField(
        _("may only look"), default=False, help_text=_("A demo account: every change is refused.")
    )

    class Meta:
        verbose_name = _("staff account")
        verbose_name_plural = _("staff accounts")


class IdempotencyKey(models.Model):
    """A request that was taken once, and what it was answered."""

    scope = models.CharField(_("scope"), max_length=100)
    key = models.CharField(_("key"), max_length=200)
    body_hash = models.CharField(_("hash of the body"), max_length=64)
    answer = models.JSONField(_("answer"), null=True)
    created_at = models.DateTimeField(_("created at"), db_default=Now())

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints = [
            models.UniqueConstraint(fields=["scope", "key"], name="foundation_idempotency_once")
        ]
        indexes = [models.Index(fields=["created_at"], name="foundation_idempotency_age")]

    def __str__(self) -> str:
        return f"{self.scope} {self.key}"


class AuditRecord(models.Model):
    """One action of staff: who, what, before, after, why. Append-only by trigger."""

    at = models.DateTimeField(_("at"), db_default=Now())
    actor = models.CharField(_("actor"), max_length=100)
    action = models.CharField(_("action"), max_length=100)
    subject = models.CharField(_("subject"), max_length=100)
    before = models.JSONField(_("before"))
    after = models.JSONField(_("after"))
    reason = models.TextField(_("reason"), blank=True)
    request_id = models.CharField(_("request id"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("audit record")
        verbose_name_plural = _("audit records")
        indexes = [models.Index(fields=["subject", "-id"], name="foundation_audit_subject")]

    def __str__(self) -> str:
        return f"{self.actor} {self.action} {self.subject}"


class Proposal(models.Model):
    """Something one person asks and another must approve (four eyes)."""

    class Kind(models.TextChoices):
        WITHDRAWAL = "withdrawal", _("withdrawal")
        SUBSIDY = "subsidy", _("subsidy")
        PLAN = "plan", _("plan")
        CLOSE = "close", _("period close")
        COUPON = "coupon", _("coupon")

    class State(models.TextChoices):
        ASKED = "asked", _("asked")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", _("refused")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    payload = models.JSONField(_("payload"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.ASKED)
    asked_by = models.CharField(_("asked by"), max_length=100)
    asked_at = models.DateTimeField(_("asked at"), db_default=Now())
    decided_by = models.CharField(_("decided by"), max_length=100, null=True, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    executed_at = models.DateTimeField(_("executed at"), null=True, blank=True)
    result = models.JSONField(_("result"), default=dict, blank=True)

    class Meta:
        verbose_name = _("proposal")
        verbose_name_plural = _("proposals")
        indexes = [models.Index(fields=["kind", "state", "-id"], name="foundation_proposal_list")]
        constraints = [
            models.CheckConstraint(
                name="foundation_proposal_four_eyes",
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("asked_by")),
            ),
            models.CheckConstraint(
                name="foundation_proposal_decided",
                condition=Q(state="asked", decided_by__isnull=True, decided_at__isnull=True)
                | Q(state__in=["approved", "refused"], decided_by__isnull=False),
            ),
            models.CheckConstraint(
                name="foundation_proposal_executed",
                condition=Q(executed_at__isnull=True) | Q(state="approved"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.pk}"


class RateWindow(models.Model):
    """How often something was tried in the window now running."""

    name = models.CharField(_("name"), max_length=50)
    key_hash = models.CharField(_("hash of the key"), max_length=64)
    started_at = models.DateTimeField(_("started at"))
    hits = models.PositiveIntegerField(_("hits"))

    class Meta:
        verbose_name = _("rate window")
        verbose_name_plural = _("rate windows")
        constraints = [
            models.UniqueConstraint(fields=["name", "key_hash"], name="foundation_rate_once")
        ]

    def __str__(self) -> str:
        return self.name

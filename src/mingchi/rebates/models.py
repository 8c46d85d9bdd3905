"""Tables of a programme. All but events, plans and proposals are written by the settler alone.

Keys of positions and participants join programme and number as those of entries do:
`programme * SPAN + number`.
"""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mingchi.foundation.models import User
from mingchi.ledger.keys import SPAN


class Programme(models.Model):
    """A pool with its points: the settler's own state after the last batch."""

    code = models.SlugField(_("code"), unique=True)
    name = models.CharField(_("name"), max_length=80)
    opening_plan = models.TextField(_("opening plan (TOML)"))
    pool_fen = models.BigIntegerField(_("pool (fen)"), default=0)
    supply_upt = models.BigIntegerField(_("circulating points (micro-points)"), default=0)
    # The last ratio that stood while points circulated, as fen per micro-point.
    ratio_fen = models.BigIntegerField(_("last ratio, fen"))
    ratio_upt = models.BigIntegerField(_("last ratio, micro-points"))
    period_platform_fen = models.BigIntegerField(_("platform share of the period (fen)"), default=0)
    period_first_entry = models.BigIntegerField(_("first entry of the period"), default=1)
    last_entry = models.BigIntegerField(_("last entry"), default=0)
    last_batch = models.BigIntegerField(_("last batch"), default=0)
    last_position = models.BigIntegerField(_("last position"), default=0)
    digest = models.BinaryField(_("hash of the last batch"), default=bytes(32))
    # Counts the settlers that ever took over: one that finds another number commits nothing.
    fence = models.BigIntegerField(_("fence"), default=0)
    settler_seen_at = models.DateTimeField(_("settler last heard from"), null=True)

    class Meta:
        verbose_name = _("programme")
        verbose_name_plural = _("programmes")
        constraints = [
            models.CheckConstraint(condition=Q(pool_fen__gte=0), name="pool_not_negative"),
            models.CheckConstraint(
                condition=(Q(pool_fen=0) & Q(supply_upt=0))
                | (Q(pool_fen__gt=0) & Q(supply_upt__gt=0)),
                name="points_and_pool_end_together",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Event(models.Model):
    """What happened, for ever: the public event of the replay format, opaque ids only."""

    # No constraint in the table: its check would lock the programme's row at every intake.
    programme = models.ForeignKey(Programme, models.DO_NOTHING, db_index=False, db_constraint=False)
    key = models.CharField(_("key"), max_length=40)
    kind = models.CharField(_("kind"), max_length=16)
    payload = models.TextField(_("payload"))
    digest = models.BinaryField(_("hash"))
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    created_at = models.DateTimeField(_("accepted at"), auto_now_add=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        constraints = [
            models.UniqueConstraint(fields=["programme", "key"], name="event_applied_once")
        ]

    def __str__(self) -> str:
        return self.key


class Pending(models.Model):
    """An event that the settler has not taken yet. Lane 0 (redemptions) goes first."""

    event = models.OneToOneField(Event, models.DO_NOTHING, primary_key=True, db_constraint=False)
    programme_id = models.BigIntegerField()
    lane = models.SmallIntegerField(default=1)

    class Meta:
        indexes = [models.Index(fields=["programme_id", "lane", "event"], name="pending_in_order")]


class SetAside(models.Model):
    """An event that the engine could not take, with its error; shown to staff."""

    event = models.OneToOneField(Event, models.DO_NOTHING, primary_key=True)
    programme_id = models.BigIntegerField()
    error = models.TextField(_("error"))
    depends_on = models.CharField(_("because of"), max_length=40, blank=True)
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("event set aside")
        verbose_name_plural = _("events set aside")

    def __str__(self) -> str:
        return str(self.event)


class Participant(models.Model):
    """A member as the engine knows him: sponsor and rank as of the last batch."""

    id = models.BigIntegerField(primary_key=True)
    sponsor_id = models.BigIntegerField(_("sponsor"), null=True, db_index=True)
    rank = models.CharField(_("rank"), max_length=80, null=True)
    # Totals up to the last close; what came since stands in Sale.
    own_sales_fen = models.BigIntegerField(_("own sales (fen)"), default=0)
    orders = models.BigIntegerField(_("orders"), default=0)

    class Meta:
        verbose_name = _("participant")
        verbose_name_plural = _("participants")

    @property
    def member_id(self) -> int:
        """The member's database key."""
        return self.id % SPAN


class Sale(models.Model):
    """What an order or refund added to a member's sales. Without an index: read at a close."""

    entry_id = models.BigIntegerField(primary_key=True)
    member_id = models.BigIntegerField()
    amount_fen = models.BigIntegerField()


class OrderShare(models.Model):
    """What an order was worth when it settled, and which position has its points. A projection of
    entries, written by `figures` alone."""

    entry_id = models.BigIntegerField(primary_key=True)
    position_id = models.BigIntegerField(null=True)
    spend_fen = models.BigIntegerField()
    granted_upt = models.BigIntegerField()


class Figures(models.Model):
    """What members are told of a programme, summed up to an entry. A projection, written by
    `figures` alone: nobody who looks sums over all entries."""

    programme = models.OneToOneField(Programme, models.CASCADE, primary_key=True)
    entry = models.BigIntegerField()
    spent_fen = models.BigIntegerField(default=0)
    contributed_fen = models.BigIntegerField(default=0)
    paid_fen = models.BigIntegerField(default=0)
    subsidy_fen = models.BigIntegerField(default=0)
    orders = models.BigIntegerField(default=0)
    repaid_orders = models.BigIntegerField(default=0)


class Position(models.Model):
    """Points of one member (or one order) with their exit terms."""

    id = models.BigIntegerField(primary_key=True)
    member_id = models.BigIntegerField(_("member"), db_index=True)
    scope = models.CharField(_("scope"), max_length=8)
    spend_fen = models.BigIntegerField(_("spent (fen)"))
    granted_upt = models.BigIntegerField(_("granted (micro-points)"))
    held_upt = models.BigIntegerField(_("held (micro-points)"))
    redeemed_upt = models.BigIntegerField(_("redeemed (micro-points)"))
    paid_fen = models.BigIntegerField(_("paid out (fen)"))
    exit_multiple_ppm = models.BigIntegerField(_("exit multiple (ppm)"))
    exit_fee_ppm = models.BigIntegerField(_("exit fee (ppm)"))

    class Meta:
        verbose_name = _("position")
        verbose_name_plural = _("positions")
        constraints = [
            models.CheckConstraint(condition=Q(held_upt__gte=0), name="held_not_negative")
        ]

    def __str__(self) -> str:
        return f"#{self.number}"

    @property
    def number(self) -> int:
        """The number within the programme, in the order in which positions opened."""
        return self.id % SPAN


class Refunded(models.Model):
    """How much of a settled order's line has been refunded."""

    order_entry_id = models.BigIntegerField(_("order's entry"))
    line = models.IntegerField(_("line"))
    refunded_fen = models.BigIntegerField(_("refunded (fen)"))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order_entry_id", "line"], name="refunded_line_once")
        ]


class WaitingAward(models.Model):
    """A peer award that waits for the close of its period, and what became of it."""

    order_entry_id = models.BigIntegerField(_("order's entry"))
    place = models.IntegerField(_("which award of the order"))
    amount_fen = models.BigIntegerField(_("amount left (fen)"))
    earner_id = models.BigIntegerField(_("whose team must reach the target"))
    target_fen = models.BigIntegerField(_("target (fen)"))
    unclaimed_to = models.CharField(_("where it goes if unclaimed"), max_length=8)
    outcome = models.CharField(_("outcome"), max_length=8, default="waiting")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order_entry_id", "place"], name="waiting_once")
        ]


class Agent(models.Model):
    """Who is agent of a region."""

    programme = models.ForeignKey(Programme, models.DO_NOTHING)
    region = models.CharField(_("region code"), max_length=6)
    member_id = models.BigIntegerField(_("member"))

    class Meta:
        verbose_name = _("regional agent")
        verbose_name_plural = _("regional agents")
        constraints = [
            models.UniqueConstraint(fields=["programme", "region"], name="one_agent_a_region")
        ]


class Shareholder(models.Model):
    """Who takes part in dividends, with what weight."""

    programme = models.ForeignKey(Programme, models.DO_NOTHING)
    member_id = models.BigIntegerField(_("member"))
    weight = models.BigIntegerField(_("weight"))

    class Meta:
        verbose_name = _("shareholder")
        verbose_name_plural = _("shareholders")
        constraints = [
            models.UniqueConstraint(fields=["programme", "member_id"], name="one_weight_a_member")
        ]


class PlanVersion(models.Model):
    """A plan as TOML; never edited once proposed. Active from a date, when its event settles."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        PROPOSED = "proposed", _("proposed")
        APPROVED = "approved", _("approved")
        ACTIVE = "active", _("active")
        RETIRED = "retired", _("retired")
        REFUSED = "refused", _("refused")

    programme = models.ForeignKey(Programme, models.PROTECT)
    number = models.IntegerField(_("version"))
    name = models.CharField(_("name"), max_length=80)
    toml = models.TextField(_("plan (TOML)"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    active_from = models.DateTimeField(_("active from"), null=True, blank=True)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name=_("drawn up by"))
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("plan version")
        verbose_name_plural = _("plan versions")
        constraints = [
            models.UniqueConstraint(fields=["programme", "number"], name="plan_number_once"),
            models.UniqueConstraint(
                fields=["programme"], condition=Q(state="active"), name="one_active_plan"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "proposed", "refused"])
                | Q(active_from__isnull=False),
                name="approved_plan_has_a_date",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class PricePoint(models.Model):
    """The pool after a batch: what the price chart shows."""

    id = models.BigAutoField(primary_key=True)
    programme = models.ForeignKey(Programme, models.DO_NOTHING, db_index=False)
    batch = models.BigIntegerField(_("batch"))
    pool_fen = models.BigIntegerField(_("pool (fen)"))
    supply_upt = models.BigIntegerField(_("circulating points (micro-points)"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("price history")
        indexes = [
            models.Index(fields=["programme", "-id"], name="latest_price_first"),
            models.Index(fields=["programme", "at", "id"], name="price_by_time"),
        ]
        ordering = [F("id").desc()]

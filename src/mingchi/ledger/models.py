"""Tables of the ledger. Postings stand in arrays, one row an entry: see docs/adr."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mingchi.ledger.keys import SPAN


class Postings(models.Model):
    """Postings of one entry as parallel arrays; each commodity sums to zero (by trigger)."""

    accounts = ArrayField(models.BigIntegerField(), verbose_name=_("accounts"))
    amounts = ArrayField(models.BigIntegerField(), verbose_name=_("amounts (fen or micro-points)"))

    class Meta:
        abstract = True


class Entry(Postings):
    """One settled event of a programme. Append-only; written by the settler alone."""

    id = models.BigIntegerField(primary_key=True)
    event_id = models.BigIntegerField(_("event"), unique=True)
    rules = ArrayField(models.IntegerField(), verbose_name=_("rules (line * 100 + rule)"))
    record = models.TextField(_("record"))

    class Meta:
        verbose_name = _("settlement entry")
        verbose_name_plural = _("settlement entries")

    def __str__(self) -> str:
        return f"#{self.number}"

    @property
    def number(self) -> int:
        """The gapless number within the programme."""
        return self.id % SPAN

    @property
    def programme_id(self) -> int:
        """The programme whose journal this is."""
        return self.id // SPAN


class CashEntry(Postings):
    """Money that moved outside settlement: payments, refunds, withdrawals. Append-only."""

    key = models.CharField(_("key"), max_length=80, unique=True)
    kind = models.CharField(_("kind"), max_length=40)
    memo = models.CharField(_("memo"), max_length=200, blank=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("cash entry")
        verbose_name_plural = _("cash entries")

    def __str__(self) -> str:
        return f"C{self.pk}"


class UnsealedCash(models.Model):
    """A cash entry that has no number yet; the settler takes these rows away."""

    entry = models.OneToOneField(CashEntry, models.DO_NOTHING, primary_key=True)


class CashSeal(models.Model):
    """The gapless number that the settler gave to a cash entry."""

    number = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(CashEntry, models.DO_NOTHING)

    class Meta:
        verbose_name = _("cash seal")
        verbose_name_plural = _("cash seals")


class Batch(models.Model):
    """A run of entries with a hash that covers them and the batch before it."""

    CASH = 0  # the programme of the cash journal

    programme_id = models.BigIntegerField(_("programme (0: cash)"))
    number = models.BigIntegerField(_("number"))
    first_entry = models.BigIntegerField(_("first entry"))
    last_entry = models.BigIntegerField(_("last entry"))
    digest = models.BinaryField(_("hash"))
    previous_digest = models.BinaryField(_("hash of the batch before"))
    elapsed_ms = models.IntegerField(_("time taken (ms)"), default=0)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        constraints = [
            models.UniqueConstraint(fields=["programme_id", "number"], name="batch_number_once"),
            models.CheckConstraint(
                condition=Q(last_entry__gte=F("first_entry")), name="batch_not_empty"
            ),
        ]
        indexes = [models.Index(fields=["programme_id", "last_entry"], name="batch_by_last_entry")]

    def __str__(self) -> str:
        return f"#{self.number}"

    @property
    def size(self) -> int:
        """How many entries it covers."""
        return self.last_entry - self.first_entry + 1


class AccountBalance(models.Model):
    """What an account holds in fen. Points stand on positions, not here: one fact, one place."""

    account = models.BigIntegerField(_("account"), primary_key=True)
    balance_fen = models.BigIntegerField(_("balance (fen)"), default=0)
    reserved_fen = models.BigIntegerField(_("reserved (fen)"), default=0)

    class Meta:
        verbose_name = _("balance")
        verbose_name_plural = _("balances")
        constraints = [
            models.CheckConstraint(condition=Q(reserved_fen__gte=0), name="reserved_not_negative")
        ]


class StatementLine(models.Model):
    """One posting on an account that somebody reads a statement of. A projection: it lags."""

    id = models.BigAutoField(primary_key=True)
    account = models.BigIntegerField(_("account"))
    entry_id = models.BigIntegerField(_("settlement entry"), null=True)
    cash_entry_id = models.BigIntegerField(_("cash entry"), null=True)
    rule = models.IntegerField(_("rule"), default=0)
    amount = models.BigIntegerField(_("amount (fen or micro-points)"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("statement line")
        verbose_name_plural = _("statement lines")
        indexes = [models.Index(fields=["account", "id"], name="statement_by_account")]


class StatementCursor(models.Model):
    """How far the statements have got in each journal."""

    journal = models.BigIntegerField(_("programme (0: cash)"), primary_key=True)
    last_entry = models.BigIntegerField(_("last entry"), default=0)
    as_of = models.DateTimeField(_("as of"), null=True)

"""The ledger, read: entries with postings in words, batches with their hashes, balances."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.paginator import InfinitePaginator
from unfold.views import ChangeList

from mingchi.backoffice import display, explain, order_panels
from mingchi.backoffice.pages import Page
from mingchi.backoffice.panels import Panel
from mingchi.ledger import accounts
from mingchi.ledger.keys import SPAN
from mingchi.ledger.models import AccountBalance, Batch, CashEntry, CashSeal, Entry
from mingchi.rebates.models import Event


class _Journal(Page):
    """A table too long to count."""

    paginator = InfinitePaginator
    ordering = ("-pk",)


@admin.register(Entry)
class EntryPage(_Journal):
    """Settled events."""

    list_display = (
        display.column(_("number"), lambda row: row.number, order="pk"),
        display.column(_("event"), lambda row: row.event_key),
        display.column(_("kind"), lambda row: explain.EVENTS.get(row.event_kind, row.event_kind)),
        display.column(_("postings"), lambda row: len(row.accounts)),
        display.column(_("moved (yuan)"), lambda row: display.yuan(_moved(row))),
        display.column(_("accepted at"), lambda row: row.event_at),
    )
    search_fields = ("=pk",)
    fields = (
        (
            display.column(_("number"), lambda row: row.number),
            display.column(_("event"), lambda row: display.link_to(Event, row.event_id,
                                                                  row.event_key)),
        ),
        (
            display.column(_("kind"), lambda row: explain.EVENTS.get(row.event_kind)),
            display.column(_("accepted at"), lambda row: display.moment(row.event_at)),
        ),
        display.column(_("record"), lambda row: display.mono(row.record)),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the event of each."""
        event = Event.objects.filter(pk=OuterRef("event_id"))
        rows: QuerySet[Any] = super().get_queryset(request)
        annotated: QuerySet[Any] = rows.annotate(
            event_key=Subquery(event.values("key")),
            event_kind=Subquery(event.values("kind")),
            event_at=Subquery(event.values("created_at")),
        )
        return annotated

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By event key (o17) or by number within the programme."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if term.isdecimal() and len(term) <= 12:
            number = int(term)
            return queryset.filter(pk__in=[number, SPAN + number]), False
        return queryset.filter(event_key=term), False

    search_help_text = _("number of the entry, or key of the event: o17")

    def get_panels(self, request: HttpRequest, thing: Any) -> Sequence[Panel]:
        """Postings in words."""
        return [order_panels.postings(thing, title=_("Postings"))]


def _moved(row: Entry | CashEntry) -> int:
    return sum(
        amount
        for account, amount in zip(row.accounts, row.amounts, strict=True)
        if amount > 0 and not accounts.holds_points(account)
    )


class _Sealed(ChangeList):
    """Fetches the numbers of a page's cash entries at once."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        keys = [row.pk for row in self.result_list]
        numbers = dict(CashSeal.objects.filter(entry__in=keys).values_list("entry_id", "number"))
        for row in self.result_list:
            row.seal_number = numbers.get(row.pk)


def _seal(row: CashEntry) -> Any:
    if not hasattr(row, "seal_number"):
        seal = CashSeal.objects.filter(entry=row).first()
        return seal.number if seal else _("not sealed yet")
    return row.seal_number or _("not sealed yet")


@admin.register(CashEntry)
class CashEntryPage(_Journal):
    """Money that moved outside settlement."""

    list_display = (
        display.column(_("cash entry"), lambda row: f"C{row.pk}", order="pk"),
        display.column(_("number"), _seal),
        display.column(_("kind"), lambda row: explain.CASH.get(row.kind, row.kind), order="kind"),
        "key",
        display.column(_("moved (yuan)"), lambda row: display.yuan(_moved(row))),
        "created_at",
    )
    list_filter = ("kind", "created_at")
    search_fields = ("^key",)
    fields = (
        (
            display.column(_("cash entry"), lambda row: f"C{row.pk}"),
            display.column(_("number"), _seal),
        ),
        (display.column(_("kind"), lambda row: explain.CASH.get(row.kind, row.kind)), "key"),
        ("memo", "request_id"),
        "created_at",
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """With the numbers."""
        return _Sealed

    def get_panels(self, request: HttpRequest, thing: Any) -> Sequence[Panel]:
        """Postings in words."""
        return [order_panels.postings(thing, title=_("Postings"))]


@admin.register(Batch)
class BatchPage(_Journal):
    """Runs of entries under one hash each."""

    list_display = (
        display.column(_("journal"), lambda row: _journal(row), order="programme_id"),
        "number",
        display.column(_("entries"), lambda row: f"{row.first_entry} – {row.last_entry}"),
        display.column(_("size"), lambda row: row.size),
        "elapsed_ms",
        display.column(_("hash"), lambda row: display.mono(bytes(row.digest).hex()[:16] + "…")),
        "created_at",
    )
    list_filter = ("programme_id",)
    fields = (
        (display.column(_("journal"), lambda row: _journal(row)), "number"),
        ("first_entry", "last_entry"),
        display.column(_("hash"), lambda row: display.mono(bytes(row.digest).hex())),
        display.column(
            _("hash of the batch before"),
            lambda row: display.mono(bytes(row.previous_digest).hex()),
        ),
        ("elapsed_ms", "created_at"),
    )


def _journal(row: Batch) -> Any:
    return _("cash") if row.programme_id == Batch.CASH else _("settlement")


class KindFilter(admin.SimpleListFilter):
    """By kind of account."""

    title = _("account")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """Kinds that hold money."""
        return [
            (kind, explain.ACCOUNTS[name])
            for kind, name in accounts.NAMES.items()
            if kind < accounts.FIRST_POINTS_KIND
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The last two digits of an account number are its kind."""
        value = self.value()
        if value is None or not value.isdecimal():
            return queryset
        of_kind: QuerySet[Any] = queryset.annotate(kind=F("account") % 100)
        return of_kind.filter(kind=int(value))


@admin.register(AccountBalance)
class BalancePage(_Journal):
    """What accounts hold in money."""

    ordering = ("account",)
    list_display = (
        display.column(_("account"), lambda row: explain.account_name(row.account),
                       order="account"),
        display.column(_("number"), lambda row: row.account),
        display.yuan_column("balance_fen", _("balance (yuan)")),
        display.yuan_column("reserved_fen", _("reserved (yuan)")),
    )  # fmt: skip
    list_display_links = None
    list_filter = (KindFilter,)
    search_fields = ("=account",)
    fields = (
        display.column(_("account"), lambda row: explain.account_name(row.account)),
        "account",
        display.yuan_column("balance_fen", _("balance (yuan)")),
        display.yuan_column("reserved_fen", _("reserved (yuan)")),
    )

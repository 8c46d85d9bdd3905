"""Events as they came, what the engine answered, and those it could not take."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant
from unfold.paginator import InfinitePaginator
from unfold.views import ChangeList

from mingchi.backoffice import display, explain, fields, order_panels
from mingchi.backoffice.acts import Act, ActForm, Deed
from mingchi.backoffice.pages import Page
from mingchi.backoffice.panels import Panel
from mingchi.rebates import queries, records
from mingchi.rebates.models import Event, SetAside
from mingchi.usecases.put_back_event import put_back_event


class _Settled(ChangeList):
    """Fetches the entries of a page's events at once."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        entries = queries.entries_of([row.pk for row in self.result_list])
        for row in self.result_list:
            row.entry = entries.get(row.pk)


def _status(row: Any) -> tuple[str, Any]:
    entry = row.entry if hasattr(row, "entry") else queries.entries_of([row.pk]).get(row.pk)
    if entry is not None:
        status = "refused" if entry.record.startswith('{"error"') else "settled"
    else:
        status = "set_aside" if getattr(row, "setaside", None) else "pending"
    return status, explain.STATUS[status]


COLOURS = {"settled": "success", "refused": "danger", "set_aside": "danger", "pending": "warning"}


@admin.register(Event)
class EventPage(Page):
    """Events, opaque ids only."""

    paginator = InfinitePaginator
    ordering = ("-pk",)
    list_display = (
        "key",
        display.column(_("kind"), lambda row: explain.EVENTS.get(row.kind, row.kind),
                       order="kind"),
        display.column(_("concerns"), lambda row: explain.thing(row.kind, row.key)),
        display.column(_("status"), _status, labels=COLOURS),
        "created_at",
        "request_id",
    )  # fmt: skip
    list_select_related = ("setaside",)
    list_filter = ("kind", "created_at")
    search_fields = ("=key", "=request_id")
    search_help_text = _("key (o17) or request id")
    fields = (
        ("key", display.column(_("kind"), lambda row: explain.EVENTS.get(row.kind, row.kind))),
        (
            display.column(_("concerns"), lambda row: explain.thing(row.kind, row.key)),
            display.column(_("status"), lambda row: _status(row)[1]),
        ),
        ("created_at", "request_id"),
        display.column(_("hash"), lambda row: display.mono(bytes(row.digest).hex())),
        display.column(_("payload"), lambda row: display.pretty(row.payload)),
        display.column(_("answer"), lambda row: _answer(row)),
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """With the entries."""
        return _Settled

    def get_panels(self, request: HttpRequest, thing: Any) -> Sequence[Panel]:
        """Its entry."""
        entry = queries.entries_of([thing.pk]).get(thing.pk)
        if entry is None:
            return []
        title = _("Entry %(number)s") % {"number": entry.number}
        return [order_panels.postings(entry, title=title)]


def _answer(row: Event) -> Any:
    entry = queries.entries_of([row.pk]).get(row.pk)
    if entry is None:
        aside = getattr(row, "setaside", None)
        return aside.error if aside else _("waits for the settler")
    return display.pretty(records.public_answer(row.key, entry.record))


class PutBackForm(ActForm):
    """Why it will work now."""

    reason = fields.reason()


def _put_back(deed: Deed) -> Any:
    put_back_event(by=deed.user, event_id=deed.thing.pk, reason=deed.values["reason"])
    return _("The event is in the queue again.")


@admin.register(SetAside)
class SetAsidePage(Page):
    """Events that the engine could not take; their neighbours were settled."""

    acts = (
        Act(
            name="put-back",
            label=_("Put back into the queue"),
            right="event.put_back",
            form=PutBackForm,
            run=_put_back,
            icon="redo",
            variant=ActionVariant.PRIMARY,
            explain=_("Once what stopped it is mended. Put back the cause before what depends."),
            to=lambda thing: reverse("admin:rebates_setaside_changelist"),
        ),
    )
    ordering = ("pk",)
    list_display = (
        display.column(_("event"), lambda row: row.event.key),
        display.column(_("kind"), lambda row: explain.EVENTS.get(row.event.kind, row.event.kind)),
        "error",
        "depends_on",
        "at",
    )
    list_select_related = ("event",)
    fields = (
        display.column(_("event"), lambda row: display.link(row.event)),
        "error",
        "depends_on",
        "at",
        display.column(_("payload"), lambda row: display.pretty(row.event.payload)),
    )

"""The audit log, read."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.paginator import InfinitePaginator
from unfold.views import ChangeList

from mingchi.backoffice import display
from mingchi.backoffice.pages import Page
from mingchi.foundation.models import AuditRecord

ACTORS = (
    "actor",
    "asked_by",
    "decided_by",
    "assignee",
    "closed_by",
    "placed_by",
    "lifted_by",
)


class Named(ChangeList):
    """Fetches the names of the accounts on a page at once. `ACTORS` are looked at."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        names = [
            getattr(row, name) or ""
            for row in self.result_list
            for name in ACTORS
            if hasattr(row, name)
        ]
        users = display.actors(names)
        for row in self.result_list:
            row.people = users


def who(row: Any, name: str) -> str:
    """The account behind a field like `user:3`."""
    actor = getattr(row, name) or ""
    people = getattr(row, "people", None)
    if people is not None and actor in people:
        return str(people[actor].username)
    return display.actor(actor) if people is None or not actor.startswith("user:") else actor


@admin.register(AuditRecord)
class AuditPage(Page):
    """Who did what, for ever."""

    paginator = InfinitePaginator
    ordering = ("-pk",)
    list_display = (
        "at",
        display.column(_("actor"), lambda row: who(row, "actor"), order="actor"),
        "action",
        "subject",
        "reason",
    )
    list_filter = ("at",)
    search_fields = ("=subject", "^action", "=actor", "=request_id")
    search_help_text = _("subject (member:7), action, actor or request id")
    fields = (
        ("at", display.column(_("actor"), lambda row: who(row, "actor"))),
        ("action", "subject"),
        "reason",
        "request_id",
        display.column(_("before"), lambda row: display.pretty(row.before)),
        display.column(_("after"), lambda row: display.pretty(row.after)),
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """With names."""
        return Named

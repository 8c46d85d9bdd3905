"""The work desk: its page, and the list of all work items behind the monitor's figures."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from unfold.views import ChangeList

from mingchi.backoffice import access, audit, desk_path, desk_words, display
from mingchi.backoffice.pages import Page
from mingchi.backoffice.panels import Panel
from mingchi.foundation.models import User
from mingchi.fulfilment import roles
from mingchi.fulfilment.models import FlowInstance, WorkItem
from mingchi.merchants import scope
from mingchi.merchants.models import Merchant
from mingchi.usecases import flow_roles
from mingchi.usecases.desk import queue, words

LABEL = "fulfilment.workitem"
# The desk asks again and again, with an ETag. Server-sent events would hold one of granian's 16
# threads for each client; 50 desks that ask every 4 s are 12.5 requests a second, most of them
# answered 304 after nine queries, before any order is read.
POLL_MS = 4000
COLOURS = {"open": "info", "done": "success", "withdrawn": ""}
VIEWS = ((queue.GROUP, _("Group")), (queue.MINE, _("Mine")), (queue.REPAIRS, _("Repairs")))


@admin.register(WorkItem)
class WorkItemPage(Page):
    """All work items, done and to do; one is done at the desk, not here."""

    ordering = ("-pk",)
    list_display = (
        display.column(_("step"), words.title, order="title"),
        display.column(_("subject"), lambda row: _to_flow(row)),
        "merchant",
        display.column(_("role"), lambda row: words.role(row.role), order="role"),
        display.column(
            _("status"),
            lambda row: (row.status, row.get_status_display()),
            order="status",
            labels=COLOURS,
        ),
        display.column(_("outcome"), lambda row: words.outcome(row.outcome)),
        "opened_at",
        "due_at",
        display.column(_("closed by"), lambda row: audit.who(row, "closed_by")),
    )
    list_select_related = ("merchant",)
    list_filter = ("status", "role", "merchant", "opened_at", "due_at")
    search_fields = ("=subject", "=step", "=node")
    search_help_text = _("subject (order:7), step or node")
    fields = (
        (
            display.column(_("step"), words.title),
            display.column(_("subject"), lambda row: _to_flow(row)),
        ),
        ("merchant", display.column(_("role"), lambda row: words.role(row.role))),
        (
            display.column(_("status"), lambda row: row.get_status_display()),
            display.column(_("outcome"), lambda row: words.outcome(row.outcome)),
        ),
        ("opened_at", "due_at"),
        (
            display.column(_("claimed by"), lambda row: audit.who(row, "assignee")),
            display.column(_("closed by"), lambda row: audit.who(row, "closed_by")),
        ),
        ("closed_at", "quorum"),
        "repair",
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """With numbers and names."""
        return desk_path.Numbered

    def get_urls(self) -> list[URLPattern]:
        """The desk, before the list's own pages."""
        view = self.admin_site.admin_view(self.desk)
        return [path("desk/", view, name="desk"), *super().get_urls()]

    def get_panels(self, request: HttpRequest, thing: Any) -> Sequence[Panel]:
        """Who voted how."""
        votes = list(thing.votes.order_by("id"))
        if not votes:
            return []
        names = queue.people({vote.actor for vote in votes})
        return [
            Panel(
                title=_("votes"),
                headers=[_("who"), _("outcome"), _("at")],
                rows=[
                    [
                        names.get(vote.actor, vote.actor),
                        words.outcome(vote.outcome),
                        display.moment(vote.at),
                    ]
                    for vote in votes
                ],
            )
        ]

    def desk(self, request: HttpRequest) -> HttpResponse:
        """The page that a warehouse, finance or customer-service keeps open all day."""
        user = request.user
        if not self.has_view_permission(request) or not isinstance(user, User):
            raise PermissionDenied
        held = _roles(user)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Work desk"),
            "roles": [(role, words.role(role)) for role in held],
            "views": VIEWS,
            "keys": desk_words.KEYS,
            "config": _config(request, user, held),
        }
        return TemplateResponse(request, "backoffice/desk.html", context)


def _roles(user: User) -> list[str]:
    """The roles whose work the account may see, in the order of a parcel's day."""
    places = flow_roles.places(user)
    held = places.everywhere.union(*places.roles.values())
    order = ("arbiter", "service", "clerk", "finance", "warehouse", "manager")
    assert set(order) == set(roles.STAFF)
    return [role for role in order if role in held]


def _config(request: HttpRequest, user: User, held: list[str]) -> dict[str, Any]:
    return {
        "api": reverse("api:api-root").rstrip("/") + "/staff/desk",
        "path": reverse("admin:fulfilment_flowinstance_change", args=[0]),
        "order": _order_address(user),
        "csrf": get_token(request),
        "language": get_language(),
        "timezone": settings.TIME_ZONE,
        "pollMs": POLL_MS,
        "view": view if (view := request.GET.get("view")) in queue.VIEWS else queue.GROUP,
        "overdue": request.GET.get("overdue") == "1",
        "step": request.GET.get("step", "")[:80],
        "mayAct": not access.is_read_only(user),
        "manyMerchants": scope.for_user(Merchant.objects.all(), user).count() > 1,
        "scansFirst": held == ["warehouse"],
        "words": {name: str(text) for name, text in desk_words.WORDS.items()},
    }


def _order_address(user: User) -> str:
    """Where an order's page is, with 0 for its key; "" for those who may not open it."""
    if not access.sees(user, "orders.order"):
        return ""
    return reverse("admin:orders_order_change", args=[0])


def _to_flow(row: WorkItem) -> Any:
    return display.link_to(FlowInstance, row.instance_id, desk_path.name(row))

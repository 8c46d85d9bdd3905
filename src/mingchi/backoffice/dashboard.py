"""The first page: today's figures, as far as the account may see them."""

from datetime import datetime, time
from typing import Any

from django.db.models import Count, Q, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mingchi.backoffice import access, display, pool, proposals
from mingchi.backoffice.panels import Panel
from mingchi.foundation import clock
from mingchi.foundation.models import Proposal, User
from mingchi.members.models import Member
from mingchi.merchants import scope
from mingchi.orders.models import Order, Refund
from mingchi.rebates import queries
from mingchi.rebates.models import Programme
from mingchi.usecases.desk import queue, watching

SHOWN = 8
State = Order.State


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Called by Unfold for the index. What an account may not see is not even looked up."""
    if not isinstance(request.user, User) or not request.user.is_staff:
        return context
    panels: list[Panel] = []
    programme = Programme.objects.filter(code=queries.MAIN).first()
    if access.sees(request.user, "orders.order"):
        panels.append(_today(request.user))
    if access.sees(request.user, "fulfilment.workitem"):
        panels.append(_work(request.user))
    if programme is not None and access.sees(request.user, "rebates.programme"):
        panels += [pool.standing(programme), pool.chart(programme), pool.settler(programme)]
    if access.sees(request.user, "foundation.proposal"):
        panels.append(_proposals(request.user))
    if access.sees(request.user, "orders.order"):
        panels.append(_orders(request.user))
    return {**context, "panels": panels, "title": _("Overview")}


def _today(user: User) -> Panel:
    midnight = timezone.make_aware(datetime.combine(timezone.localdate(), time.min))
    orders = scope.for_user(Order.objects.filter(placed_at__gte=midnight), user)
    paid = Q(paid_at__isnull=False)
    today = orders.aggregate(placed=Count("pk"), paid=Count("pk", filter=paid),
                             paid_fen=Sum("goods_fen", filter=paid))  # fmt: skip
    to_ship = scope.for_user(Order.objects.filter(state=State.PAID), user).count()
    refunds = scope.for_user(Refund.objects.filter(state=Refund.State.REQUESTED), user).count()
    figures: list[tuple[Any, Any]] = [
        (_("orders today"), today["placed"]),
        (_("of them paid"), today["paid"]),
        (_("paid today (yuan)"), display.yuan(today["paid_fen"] or 0)),
        (_("to be shipped"), display.figure(to_ship, _in_state("orders_order", State.PAID))),
        (
            _("refunds to decide"),
            display.figure(refunds, _in_state("orders_refund", Refund.State.REQUESTED)),
        ),
    ]
    if access.sees(user, "members.member"):
        joined = Member.objects.filter(joined_at__gte=midnight).count()
        figures.append((_("new members today"), joined))
    return Panel(title=_("Today"), figures=figures)


def _in_state(page: str, state: str) -> str:
    return reverse(f"admin:{page}_changelist") + f"?state__exact={state}"


def _work(user: User) -> Panel:
    """What the account itself can do at the desk; what others look after stands on the monitor."""
    now = clock.now()
    counts = queue.counts(user, now=now)
    holds = watching.attention(by=user, now=now).holds
    desk = reverse("admin:desk")
    held = reverse("admin:fulfilment_hold_changelist") + "?lifted_at__isempty=1"
    return Panel(
        title=_("Work"),
        figures=[
            (_("open work"), display.figure(counts.mine + counts.group, desk)),
            (_("overdue"), display.figure(counts.overdue, f"{desk}?overdue=1")),
            (_("to repair"), display.figure(counts.repairs, f"{desk}?view=repairs")),
            (_("on hold"), display.figure(holds, held)),
        ],
        more=desk,
    )


def _proposals(user: User) -> Panel:
    rows = Proposal.objects.filter(state=Proposal.State.ASKED).order_by("-pk")[:SHOWN]
    people = display.actors([row.asked_by for row in rows])
    return Panel(
        title=_("Proposals that wait"),
        headers=[_("proposal"), _("kind"), _("about"), _("asked by"), _("asked at")],
        rows=[
            [
                display.link(row, f"#{row.pk}"),
                row.get_kind_display(),
                proposals.subject(row),
                people[row.asked_by].username
                if row.asked_by in people
                else display.actor(row.asked_by),
                display.moment(row.asked_at),
            ]
            for row in rows
        ],
        more=reverse("admin:foundation_proposal_changelist"),
        note=_("%(count)s of them wait for you.") % {"count": proposals.waiting_for(user)},
    )


def _orders(user: User) -> Panel:
    rows = scope.for_user(Order.objects.select_related("member", "merchant").order_by("-pk"), user)[
        :SHOWN
    ]
    return Panel(
        title=_("Latest orders"),
        headers=[_("number"), _("merchant"), _("state"), _("placed"), _("total (yuan)")],
        rows=[
            [display.link(row), row.merchant.name, row.get_state_display(),
             display.moment(row.placed_at), display.yuan(row.total_fen)]
            for row in rows
        ],
        right=frozenset({4}),
        more=reverse("admin:orders_order_changelist"),
    )  # fmt: skip

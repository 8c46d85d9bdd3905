"""What the page of a member shows beside his own fields."""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from mingchi.backoffice import display, explain
from mingchi.backoffice.panels import Panel
from mingchi.ledger import accounts, balances, statements
from mingchi.members.models import Member
from mingchi.orders.models import Order
from mingchi.payouts.models import Redemption, Withdrawal
from mingchi.rebates import queries
from mingchi.rebates.models import Position

SHOWN = 12
MOST_BELOW = 60
_UP = """
WITH RECURSIVE up (id, name, phone, sponsor_id, level) AS (
    SELECT id, name, phone, sponsor_id, 0 FROM members_member WHERE id = %s
    UNION ALL
    SELECT m.id, m.name, m.phone, m.sponsor_id, up.level + 1
    FROM members_member m JOIN up ON m.id = up.sponsor_id WHERE up.level < 50)
SELECT id, name, phone, level FROM up WHERE level > 0 ORDER BY level
"""
# In the order of a tree that is read from the top: each below the one who brought him.
_DOWN = """
WITH RECURSIVE down (id, name, phone, joined_at, level, path) AS (
    SELECT id, name, phone, joined_at, 0, ARRAY[id] FROM members_member WHERE id = %s
    UNION ALL
    SELECT m.id, m.name, m.phone, m.joined_at, down.level + 1, down.path || m.id
    FROM members_member m JOIN down ON m.sponsor_id = down.id WHERE down.level < 4)
SELECT id, name, phone, level, joined_at FROM down WHERE level > 0 ORDER BY path LIMIT %s
"""


def money(member: Member) -> Panel:
    """Wallet and points, as of now."""
    wallet = balances.balance(accounts.wallet(member.pk))
    held_upt = queries.holding(member.pk)
    standing = queries.standing()
    fen, upt = standing.ratio
    figures = [
        (_("wallet (yuan)"), display.yuan(wallet.balance_fen)),
        (_("reserved (yuan)"), display.yuan(wallet.reserved_fen)),
        (_("available (yuan)"), display.yuan(wallet.available_fen)),
        (_("points held"), display.points(held_upt)),
        (_("worth at today's price (yuan)"), display.yuan(held_upt * fen // upt)),
    ]
    debt = _("A negative balance is a debt from take-backs; it is set off against later income.")
    return Panel(
        title=_("Wallet and points"), figures=figures, note=debt if wallet.balance_fen < 0 else ""
    )


def uplines(member: Member) -> Panel:
    """Everybody above, the sponsor first."""
    with connection.cursor() as cursor:
        cursor.execute(_UP, [member.pk])
        rows = cursor.fetchall()
    return Panel(
        title=_("Uplines"),
        headers=[_("generation"), _("member"), _("phone")],
        rows=[
            [level, display.link_to(Member, key, f"m{key} {name}"), _masked(phone)]
            for key, name, phone, level in rows
        ],
        empty=_("Nobody stands above this member."),
    )


def downlines(member: Member) -> Panel:
    """Who was brought, four generations deep."""
    with connection.cursor() as cursor:
        cursor.execute(_DOWN, [member.pk, MOST_BELOW + 1])
        rows = cursor.fetchall()
    return Panel(
        title=_("Downlines"),
        headers=[_("member"), _("generation"), _("phone"), _("joined")],
        rows=[
            [_twig(key, name, level), level, _masked(phone), display.moment(joined)]
            for key, name, phone, level, joined in rows[:MOST_BELOW]
        ],
        note=_("Only the first are shown; open one of them to see more.")
        if len(rows) > MOST_BELOW
        else "",
        empty=_("This member has brought nobody yet."),
    )


def doors(member: Member) -> Panel:
    """By which WeChat they sign in, and what they were told before they joined."""
    bound = [
        (_("WeChat"), f"{row.app_id} {row.masked_openid}", display.moment(row.bound_at))
        for row in member.wechat_bindings.all()
    ]
    told = [
        (_("read and understood"), str(row.disclosure), display.moment(row.agreed_at))
        for row in member.consents.select_related("disclosure")
    ]
    return Panel(
        title=_("Signing in and consent"),
        headers=[_("what"), _("which"), _("when")],
        rows=[*bound, *told],
        empty=_("By phone only; nothing is written down of what they were told."),
    )


def positions(member: Member) -> Panel:
    """Points with their exit terms."""
    rows = queries.positions(member.pk)
    return Panel(
        title=_("Positions"),
        headers=[_("number"), _("spent (yuan)"), _("granted"), _("held"), _("redeemed"),
                 _("paid out (yuan)"), _("exit multiple")],
        rows=[
            [
                display.link_to(Position, row.pk, row.number),
                display.yuan(row.spend_fen),
                display.points(row.granted_upt),
                display.points(row.held_upt),
                display.points(row.redeemed_upt),
                display.yuan(row.paid_fen),
                display.multiple(row.exit_multiple_ppm),
            ]
            for row in list(rows)[-SHOWN:]
        ],
        right=frozenset({1, 2, 3, 4, 5, 6}),
    )  # fmt: skip


def awards(member: Member) -> Panel:
    """Each award with what it came from."""
    return Panel(
        title=_("Awards"),
        headers=[_("kind"), _("order"), _("rule"), _("rate"), _("base (yuan)"), _("generation"),
                 _("amount (yuan)"), _("at")],
        rows=explain.award_rows(member.pk, limit=SHOWN),
        right=frozenset({3, 4, 5, 6}),
    )  # fmt: skip


def statement(member: Member, *, of_points: bool) -> Panel:
    """What moved on the wallet, or among the points."""
    account = accounts.points(member.pk) if of_points else accounts.wallet(member.pk)
    found = statements.statement(account, limit=SHOWN)
    show = display.points if of_points else display.yuan
    return Panel(
        title=_("Statement of points") if of_points else _("Statement of the wallet"),
        headers=[_("at"), _("rule"), _("entry"), _("amount")],
        rows=[
            [display.moment(line.at), explain.line_reason(line), explain.line_entry(line),
             show(line.amount)]
            for line in found.lines
        ],
        right=frozenset({3}),
        note=_("As of %(time)s.") % {"time": display.moment(found.as_of)} if found.as_of else "",
    )  # fmt: skip


def orders(member: Member) -> Panel:
    """The latest orders."""
    rows = Order.objects.filter(member=member).select_related("merchant").order_by("-id")[:SHOWN]
    return Panel(
        title=_("Orders"),
        headers=[_("number"), _("merchant"), _("state"), _("placed"), _("total (yuan)")],
        rows=[
            [display.link(row), row.merchant.name, row.get_state_display(),
             display.moment(row.placed_at), display.yuan(row.total_fen)]
            for row in rows
        ],
        right=frozenset({4}),
        more=reverse("admin:orders_order_changelist") + f"?member__id__exact={member.pk}",
    )  # fmt: skip


def payouts(member: Member) -> Sequence[Panel]:
    """Redemptions and withdrawals."""
    redemptions = list(Redemption.objects.filter(member=member).order_by("-id")[:SHOWN])
    withdrawals = Withdrawal.objects.filter(member=member).order_by("-id")[:SHOWN]
    answers = explain.answers("redeem", [row.pk for row in redemptions])
    return [
        Panel(
            title=_("Redemptions"),
            headers=[_("redemption"), _("asked at"), _("points"), _("net (yuan)"), _("status")],
            rows=[
                [
                    display.link(row, row.key),
                    display.moment(row.asked_at),
                    display.points(row.points_upt) if row.points_upt else _("all"),
                    display.yuan(answers[row.pk].net_fen),
                    answers[row.pk].label,
                ]
                for row in redemptions
            ],
            right=frozenset({2, 3}),
        ),
        Panel(
            title=_("Withdrawals"),
            headers=[_("withdrawal"), _("asked at"), _("amount (yuan)"), _("state")],
            rows=[
                [display.link(row), display.moment(row.asked_at), display.yuan(row.amount_fen),
                 row.get_state_display()]
                for row in withdrawals
            ],
            right=frozenset({2}),
        ),
    ]  # fmt: skip


def _twig(key: int, name: str, level: int) -> SafeString:
    link = display.link_to(Member, key, f"m{key} {name}")
    return format_html("{}{}", "\u3000" * (level - 1) + ("└ " if level > 1 else ""), link)


def _masked(phone: Any) -> str:
    from mingchi.foundation import masking

    return masking.phone(str(phone))

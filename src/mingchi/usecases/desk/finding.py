"""What a scanned code means: an order, a parcel (by our number or the carrier's), a case or an
article; and which work of the one who scans is behind it."""

from dataclasses import dataclass
from typing import Final

from django.db.models import Q
from django.utils.translation import gettext as _

from mingchi.foundation.errors import ConflictError, DomainError
from mingchi.foundation.models import User
from mingchi.fulfilment import queries
from mingchi.fulfilment.models import WorkItem
from mingchi.merchants import scope
from mingchi.orders.models import AfterSalesCase, Order, OrderLine, Shipment
from mingchi.orders.subjects import CASE, ORDER, SHIPMENT
from mingchi.usecases import rights
from mingchi.usecases.desk import queue, words

LONGEST: Final = 60
MOST: Final = 20
# An article is looked for in so many of the most urgent items.
MOST_SEARCHED: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The items behind a code, most urgent first. `is_article`: an article was scanned, so that
    several orders may wait for it."""

    items: list[WorkItem]
    is_article: bool


def find(*, by: User, code: str) -> Found:
    """Errors, each with words for somebody who does not look at the screen: `code_invalid` and
    `code_unknown` 422, `claimed` 409 by a colleague, `for_others` 409 with the role it waits for,
    `nothing_to_do` 409 with what was done last."""
    code = code.strip()
    if not code or len(code) > LONGEST or not code.isprintable():
        raise DomainError("code_invalid", _("This is no code."), field="code", status=422)
    subjects = _subjects(by, code)
    if subjects:
        return Found(items=_of_subjects(by, code, subjects), is_article=False)
    items = _with_article(by, code)
    if not items:
        raise DomainError(
            "code_unknown",
            _("No order, parcel or article here is called %(code)s.") % {"code": code},
            field="code",
            status=422,
        )
    return Found(items=items, is_article=True)


def _subjects(by: User, code: str) -> Q | None:
    """Which subjects the code names among what the account may see."""
    orders = scope.for_user(Order.objects.filter(number=code), by)
    families = [f"{ORDER}:{key}" for key in orders.values_list("pk", flat=True)]
    by_number = Q(number__iexact=code) | Q(tracking_number=code) & ~Q(tracking_number="")
    parcels = scope.for_user(Shipment.objects.filter(by_number), by)
    exact = []
    for key, order_id, case_id in parcels.values_list("pk", "order_id", "case_id"):
        exact += [f"{SHIPMENT}:{key}", f"{CASE}:{case_id}" if case_id else f"{ORDER}:{order_id}"]
    if code[:1] in "aA" and code[1:].isascii() and code[1:].isdigit():
        cases = scope.for_user(AfterSalesCase.objects.filter(pk=int(code[1:])), by)
        exact += [f"{CASE}:{key}" for key in cases.values_list("pk", flat=True)]
    if not families and not exact:
        return None
    return Q(subject__in=[*families, *exact]) | Q(instance__family__in=families)


def _of_subjects(by: User, code: str, subjects: Q) -> list[WorkItem]:
    me = rights.actor(by)
    found = list(queries.in_order(queue.items_of(by).filter(subjects))[:MOST])
    mine = [item for item in found if item.assignee in ("", me)]
    if mine:
        return mine
    if found:
        names = queue.people({found[0].assignee})
        raise ConflictError(
            "claimed",
            _("%(code)s: %(who)s has claimed this.")
            % {"code": code, "who": names.get(found[0].assignee, found[0].assignee)},
        )
    raise _why_not(by, code, subjects)


def _why_not(by: User, code: str, subjects: Q) -> DomainError:
    """There is nothing here for this account: it waits for others, or it is done."""
    rows = scope.for_user(WorkItem.objects.filter(subjects), by)
    other = rows.filter(status=WorkItem.Status.OPEN).order_by("id").first()
    if other is not None:
        return ConflictError(
            "for_others",
            _("%(code)s waits for %(role)s: %(step)s.")
            % {
                "code": code,
                "role": words.role(other.role) if other.role else _("staff who may repair"),
                "step": words.title(other),
            },
            details={"role": other.role},
        )
    last = rows.filter(status=WorkItem.Status.DONE).order_by("-closed_at").first()
    if last is None:
        return ConflictError("nothing_to_do", _("%(code)s: nothing to do.") % {"code": code})
    who = queue.people({last.closed_by}).get(last.closed_by, last.closed_by)
    return ConflictError(
        "nothing_to_do",
        _("%(code)s: nothing to do. %(step)s was done last, by %(who)s.")
        % {"code": code, "step": words.title(last), "who": who},
    )


def _with_article(by: User, code: str) -> list[WorkItem]:
    """One's own and the group's work on orders that hold the article."""
    me = rights.actor(by)
    waiting = queries.in_order(queue.items_of(by).filter(assignee__in=["", me]))
    families = dict(waiting.values_list("pk", "instance__family")[:MOST_SEARCHED])
    keys = {
        int(name[6:]) for name in families.values() if name[:6] == "order:" and name[6:].isdigit()
    }
    lines = OrderLine.objects.filter(order__in=keys, sku__code__iexact=code)
    with_it = {f"{ORDER}:{key}" for key in lines.values_list("order_id", flat=True)}
    chosen = [pk for pk, family in families.items() if family in with_it][:MOST]
    return list(queries.in_order(queue.items_of(by).filter(pk__in=chosen)))

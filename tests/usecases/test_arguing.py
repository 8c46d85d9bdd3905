"""Buyer, merchant and platform argue about a case, on its real flow: answers, time limits, appeals,
rulings, and what each of them gets to read."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from tests.usecases.shop import NOW, Shop, lines, member, received, sku, staff

from mingchi.catalogue.models import Image, Sku
from mingchi.foundation.errors import DomainError
from mingchi.foundation.models import AuditRecord, User
from mingchi.fulfilment import checking
from mingchi.fulfilment.models import FlowInstance, WorkItem
from mingchi.merchants.models import Merchant
from mingchi.orders import case_history, case_reasons
from mingchi.orders.models import AfterSalesCase, CaseEntry, Order, Refund
from mingchi.usecases import after_sales, argue_case, do_work, follow_flow, run_flows, templates
from mingchi.usecases.after_sales import WholeWish, Wish
from mingchi.usecases.templates.drawing import Name
from mingchi.usecases.templates.lists import Line, ListTemplate, draw_list

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)
Kind, Cause = AfterSalesCase.Kind, AfterSalesCase.Cause


@pytest.fixture
def order(shop: Shop) -> Order:
    return received(shop, member(), sku(shop.merchant, on_hand=5))


@pytest.fixture
def helper(shop: Shop) -> User:
    """Customer service of the merchant."""
    return staff(merchant=shop.merchant, role="service")


@pytest.fixture
def arbiter(shop: Shop) -> User:
    """Customer service of the platform."""
    return staff("service")


def refused(code: str) -> "pytest.RaisesExc[DomainError]":
    return pytest.raises(DomainError, match=f"^{code}:")


def opened(order: Order, kind: str = "refund_only", **more: Any) -> AfterSalesCase:
    amount_fen = 0 if kind == "exchange" else 40_000
    wish = {"kind": kind, "units": 1, "cause": "quality", "amount_fen": amount_fen, **more}
    found = after_sales.open_case(
        order_id=order.pk,
        wish=Wish(line_id=lines(order)[0].pk, **wish),
        idempotency_key="c",
        now=NOW,
        member_id=order.member_id,
    )
    run_flows.work_off(now=NOW)
    return AfterSalesCase.objects.get(pk=found.case_id)


def answer(case: AfterSalesCase, by: User, outcome: str, words: str = "", **more: Any) -> None:
    said = {"outcome": outcome, "words": words, "now": NOW, **more}
    argue_case.answer_case(by=by, case_id=case.pk, **said)
    run_flows.work_off(now=said["now"])


def appeal(case: AfterSalesCase, now: datetime = NOW, **more: Any) -> None:
    said = {"words": "it was broken", "image_ids": [], "now": now, **more}
    argue_case.appeal_case(member_id=case.order.member_id, case_id=case.pk, **said)


def say(case: AfterSalesCase, words: str = "more", **more: Any) -> None:
    said = {"words": words, "image_ids": [], "now": NOW, **more}
    argue_case.say_in_case(member_id=case.order.member_id, case_id=case.pk, **said)


def rule(case: AfterSalesCase, by: User, *, for_member: bool, words: str = "seen") -> None:
    argue_case.arbitrate_case(
        by=by, case_id=case.pk, for_member=for_member, words=words, note="", now=NOW
    )
    run_flows.work_off(now=NOW)


def do(step: str, by: User, outcome: str = "", now: datetime = NOW) -> None:
    item = WorkItem.objects.get(closed_at__isnull=True, step=step)
    do_work.complete_work(by=by, item_id=item.pk, now=now, outcome=outcome)
    run_flows.work_off(now=now)


def state(case: AfterSalesCase) -> str:
    case.refresh_from_db()
    return str(case.state)


def flow_of(case: AfterSalesCase) -> str:
    return str(FlowInstance.objects.get(subject=f"case:{case.pk}").status)


def acts(case: AfterSalesCase, *, for_staff: bool = False) -> list[tuple[str, str]]:
    return [(row.act, row.side) for row in case_history.of(case, for_staff=for_staff)]


def test_agreed_the_money_goes_back(shop: Shop, order: Order, helper: User) -> None:
    case = opened(order)
    answer(case, helper, "agreed", "sorry")
    assert (state(case), flow_of(case)) == ("closed", "ended")
    refund = Refund.objects.get()
    assert (refund.amount_fen, refund.decided_by) == (40_000, helper)
    assert acts(case) == [
        ("opened", "member"),
        ("agreed", "merchant"),
        ("refunded", "system"),
        ("closed", "system"),
    ]


def test_a_merchant_that_says_nothing_has_agreed(shop: Shop, order: Order) -> None:
    case = opened(order)
    assert follow_flow.deadlines("return", [f"case:{case.pk}"]) == {
        f"case:{case.pk}": NOW + 2 * DAY
    }
    run_flows.work_off(now=NOW + 2 * DAY - timedelta(seconds=1))
    assert state(case) == "opened"
    run_flows.work_off(now=NOW + 2 * DAY)
    assert (state(case), case.decided_by) == ("closed", "system")
    refund = Refund.objects.get()
    assert (refund.automatic, refund.decided_by, refund.state) == (True, None, "paid")
    assert ("unanswered", "system") in acts(case)


def test_more_is_asked_and_given(shop: Shop, order: Order, helper: User) -> None:
    case = opened(order)
    with refused("text_invalid"):
        answer(case, helper, "more")
    answer(case, helper, "more", "Which part?")
    assert (state(case), case.answer) == ("asked", "Which part?")
    with refused("flow_waits"):
        answer(case, helper, "agreed")
    shown = Image.objects.create(member=order.member, digest="a" * 64, width=9, height=9)
    say(case, "the lid", image_ids=[shown.pk])
    assert state(case) == "opened"
    entry = CaseEntry.objects.get(act="said")
    assert [row.image_id for row in entry.pictures.all()] == [shown.pk]
    answer(case, helper, "agreed")
    assert state(case) == "closed"


def test_a_case_has_27_pictures_of_its_buyer_at_most(
    shop: Shop, order: Order, helper: User
) -> None:
    case = opened(order)
    made = (
        Image(member=order.member, digest=f"{number:064x}", width=9, height=9)
        for number in range(28)
    )
    shown = [each.pk for each in Image.objects.bulk_create(made)]
    for first in (0, 9, 18):
        say(case, image_ids=shown[first : first + 9])
    with refused("images_too_many"):
        say(case, image_ids=shown[27:])
    answer(case, helper, "declined", "It was whole.")
    with refused("images_too_many"):
        appeal(case, image_ids=shown[27:])
    assert state(case) == "declined"
    assert sum(row.pictures.count() for row in CaseEntry.objects.all()) == 27


def test_more_that_never_comes_ends_it(shop: Shop, order: Order, helper: User) -> None:
    case = opened(order)
    answer(case, helper, "more", "Which part?")
    run_flows.work_off(now=NOW + 5 * DAY)
    assert (state(case), flow_of(case), lines(order)[0].refunding_fen) == ("withdrawn", "ended", 0)
    with refused("case_over"):
        say(case, now=NOW + 5 * DAY)


def test_declined_and_not_appealed_it_stands(shop: Shop, order: Order, helper: User) -> None:
    case = opened(order)
    answer(case, helper, "declined", "It was used.")
    assert (state(case), lines(order)[0].refunding_fen) == ("declined", 40_000)
    run_flows.work_off(now=NOW + 7 * DAY)
    assert (state(case), flow_of(case), lines(order)[0].refunding_fen) == ("refused", "ended", 0)
    with refused("impossible_move"):
        appeal(case, now=NOW + 7 * DAY)
    assert not Refund.objects.exists()


@pytest.mark.parametrize(("for_member", "end"), [(True, "closed"), (False, "refused")])
def test_the_platform_decides_an_appeal(
    shop: Shop, order: Order, helper: User, arbiter: User, for_member: bool, end: str
) -> None:
    case = opened(order)
    answer(case, helper, "declined", "It was used.")
    appeal(case)
    assert state(case) == "appealed"
    rule(case, arbiter, for_member=for_member, words="The pictures show it.")
    assert (state(case), flow_of(case), case.ruling) == (end, "ended", "The pictures show it.")
    assert Refund.objects.filter(decided_by=arbiter).exists() == for_member
    assert lines(order)[0].refunding_fen == 0
    said = "for_member" if for_member else "for_merchant"
    assert (said, "platform") in acts(case)
    assert AuditRecord.objects.filter(action="case.arbitrate", subject=f"case:{case.pk}").exists()


def test_who_answers_for_the_merchant_does_not_arbitrate(
    shop: Shop, order: Order, helper: User, arbiter: User
) -> None:
    case = opened(order)
    both = staff("operator", merchant=shop.merchant)
    answer(case, arbiter, "declined", "no")
    appeal(case)
    for by, code in (
        (helper, "not_allowed"),
        (staff(merchant=shop.merchant), "not_allowed"),
        (staff(merchant=Merchant.objects.create(name="Elsewhere")), "not_found"),
        (staff("auditor"), "not_allowed"),
        (arbiter, "own_answer"),
        (both, "own_answer"),
    ):
        with refused(code):
            rule(case, by, for_member=False)
    for by in (helper, staff(merchant=shop.merchant), both):
        with refused("not_your_role"):
            do("case.arbitrate", by)
    with refused("own_answer"):
        do("case.arbitrate", arbiter)
    with refused("ruling_missing"):
        do("case.arbitrate", staff("service"))
    assert state(case) == "appealed"
    with pytest.raises(IntegrityError, match="case_arbitrated_by_another"):
        AfterSalesCase.objects.update(arbitrated_by=f"user:{arbiter.pk}")


def test_at_the_desk_a_no_needs_words_and_the_opener_does_not_answer(
    shop: Shop, order: Order, helper: User
) -> None:
    case = opened(order)
    with refused("answer_missing"):
        do("case.answer", helper, "declined")
    AfterSalesCase.objects.update(opened_by=f"user:{helper.pk}")
    with refused("own_proposal"):
        answer(case, helper, "agreed")
    assert (state(case), case.answer) == ("opened", "")


def test_goods_that_failed_the_inspection_are_argued_about_too(
    shop: Shop, order: Order, arbiter: User
) -> None:
    manager = staff(merchant=shop.merchant)
    case = opened(order, "return")
    answer(case, manager, "agreed")
    do("case.receive_goods", manager)
    do("case.inspect", manager, "failed")
    with refused("impossible_move"):
        after_sales.withdraw_case(member_id=order.member_id, case_id=case.pk, now=NOW)
    appeal(case)
    rule(case, arbiter, for_member=True)
    assert (state(case), case.passed, case.scrapped, case.restocked) == ("closed", True, 1, 0)
    assert Refund.objects.get().amount_fen == 40_000
    article = Sku.objects.get()
    assert (article.on_hand, article.reserved) == (4, 0)


def test_goods_on_their_way_are_not_lost_by_a_merchant_that_says_nothing(
    shop: Shop, order: Order, helper: User
) -> None:
    case = opened(order, "return")
    answer(case, helper, "agreed")
    after_sales.send_back(
        member_id=order.member_id,
        case_id=case.pk,
        carrier="SF",
        tracking_number="SF1",
        now=NOW + 6 * DAY,
    )
    run_flows.work_off(now=NOW + 7 * DAY)
    assert state(case) == "authorised"
    run_flows.work_off(now=NOW + 25 * DAY)
    assert (state(case), case.goods_back_at) == ("goods_back", NOW + 25 * DAY)
    assert WorkItem.objects.filter(closed_at=None, step="case.inspect").exists()


def test_nothing_sent_back_in_time_ends_it(shop: Shop, order: Order, helper: User) -> None:
    case = opened(order, "return")
    answer(case, helper, "agreed")
    run_flows.work_off(now=NOW + 7 * DAY)
    assert (state(case), flow_of(case)) == ("withdrawn", "ended")


@pytest.mark.parametrize("how", ["opened", "asked", "declined", "appealed"])
def test_the_buyer_gives_it_up_wherever_it_is(
    shop: Shop, order: Order, helper: User, how: str
) -> None:
    case = opened(order)
    if how == "asked":
        answer(case, helper, "more", "Which part?")
    elif how != "opened":
        answer(case, helper, "declined", "no")
    if how == "appealed":
        appeal(case)
    after_sales.withdraw_case(member_id=order.member_id, case_id=case.pk, now=NOW)
    assert (state(case), flow_of(case)) == ("withdrawn", "cancelled")
    assert not WorkItem.objects.filter(closed_at=None).exists()
    assert acts(case)[-1] == ("withdrawn", "member")
    assert lines(order)[0].refunding_fen == 0


def test_all_that_is_left_of_an_order_at_once(shop: Shop) -> None:
    buyer = member()
    order = received(shop, buyer, *(sku(shop.merchant) for _number in range(3)), qty=2)
    opened(order)
    wish = WholeWish(kind="return", cause="no_reason")
    ask = {"order_id": order.pk, "member_id": buyer.pk, "wish": wish, "now": NOW}
    made = after_sales.open_cases_for_all(**ask, idempotency_key="whole")
    assert after_sales.open_cases_for_all(**ask, idempotency_key="whole") == made
    found = AfterSalesCase.objects.filter(pk__in=made.case_ids).order_by("pk")
    left = lines(order)[1:]
    assert [(x.line_id, x.units, x.amount_fen) for x in found] == [
        (line.pk, 2, 200_000) for line in left
    ]
    with refused("nothing_left"):
        after_sales.open_cases_for_all(**ask, idempotency_key="other")
    with refused("not_found"):
        after_sales.open_cases_for_all(
            **{**ask, "member_id": member().pk}, idempotency_key="stranger"
        )


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"cause": "no_reason"}, "cause_invalid"),
        ({"cause": "ugly"}, "cause_invalid"),
        ({"cause": "other", "reason": ""}, "reason_missing"),
        ({"reason": "x" * 201}, "text_invalid"),
        ({"image_ids": [10**12]}, "not_found"),
    ],
)
def test_what_is_refused_when_a_case_is_opened(
    shop: Shop, order: Order, wish: dict[str, Any], code: str
) -> None:
    with refused(code):
        opened(order, **wish)
    assert not AfterSalesCase.objects.exists()


def test_each_kind_has_its_causes_and_other_last() -> None:
    assert set(case_reasons.CAUSES) == set(Kind)
    assert all(causes[-1] == Cause.OTHER for causes in case_reasons.CAUSES.values())
    assert {cause for causes in case_reasons.CAUSES.values() for cause in causes} == set(Cause)


def test_notes_are_for_staff_and_words_for_both(shop: Shop, order: Order, helper: User) -> None:
    case = opened(order)
    note = {"by": helper, "case_id": case.pk, "now": NOW}
    argue_case.note_case(**note, note="a regular who returns much")
    argue_case.note_case(**note, words="We look into it.")
    with refused("text_invalid"):
        argue_case.note_case(**note)
    answer(case, helper, "declined", "It was used.", note="third time")
    assert acts(case) == [
        ("opened", "member"),
        ("said", "merchant"),
        ("declined", "merchant"),
    ]
    notes = [row.note for row in case_history.of(case, for_staff=True) if row.note]
    assert notes == ["a regular who returns much", "third time"]
    with pytest.raises(IntegrityError):
        CaseEntry.objects.update(words="never said")


def test_another_members_case_is_not_there(shop: Shop, order: Order, helper: User) -> None:
    case = opened(order)
    stranger = member().pk
    answer(case, helper, "declined", "no")
    said = {"member_id": stranger, "case_id": case.pk, "words": "x", "image_ids": [], "now": NOW}
    for call in (argue_case.say_in_case, argue_case.appeal_case):
        with refused("not_found"):
            call(**said)
    assert state(case) == "declined"


def drawn(step: str, *assent: str) -> list[tuple[str, str]]:
    """Codes and elements of what is wrong with a list that begins with this step."""
    lines = (Line(step=step, role="service", assent=assent[0]), Line(step="case.refund"))
    name = Name("退", "back")
    bpmn = draw_list(ListTemplate(key="own", kind="return", name=name, about=name, lines=lines))
    found = checking.look(bpmn, kind="return", tables=()).findings
    return [(finding.code, finding.element) for finding in found]


def test_a_drawing_without_appeals_is_not_published() -> None:
    assert ("retired-step", "authorise_1") in drawn("case.authorise", "approved")
    unheard = [one for one in drawn("case.answer", "agreed") if one[0] == "not-heard"]
    assert unheard == [("not-heard", "answer_1"), ("not-heard", "answer_1")]
    for key, template in templates.ALL.items():
        found = checking.look(templates.bpmn(key), kind=template.kind, tables=()).findings
        assert not [one for one in found if one.code in ("retired-step", "not-heard")], key

"""The registered steps: what they declare, and those that no template shows at work."""

import pytest
from django.db import transaction
from django.utils import translation
from pytest_django import Settings
from tests.usecases.shop import (
    NOW,
    Shop,
    at_once,
    lines,
    member,
    open_case,
    paid,
    place,
    received,
    sku,
)
from tests.usecases.test_refunds import ask

from mingchi.catalogue.models import Sku
from mingchi.flows import REGISTRY, Doing, Step, StepContext
from mingchi.foundation.errors import DomainError
from mingchi.fulfilment import subjects
from mingchi.fulfilment.roles import ROLES
from mingchi.ledger import accounts
from mingchi.ledger.balances import balance
from mingchi.orders import cases, papers, shipments
from mingchi.orders.models import Notification, Order, OrderDecision, Refund, Shipment
from mingchi.payments.models import PaymentRefund, SandboxDeal
from mingchi.usecases import flow_subjects, flow_values
from mingchi.usecases.cancel_order import cancel_order
from mingchi.usecases.pay_order import pay_order
from mingchi.usecases.write_invoice import issue_invoice, request_invoice

# step → (doing, requires, provides, removes, undo)
PROMISED = {
    "stock.reserve": ("automatic", "not shipped", "reserved", "released", "stock.release"),
    "shipment.create": (
        "either",
        "reserved and (paid or cash_on_delivery)",
        "shipped",
        "",
        "shipment.void",
    ),
    "payment.capture": (
        "automatic",
        "not cash_on_delivery",
        "paid",
        "refunded",
        "payment.refund",
    ),
    "payment.refund": ("automatic", "paid", "refunded", "paid", None),
    "order.receive": ("either", "shipped", "delivered received", "", None),
    "order.complete": (
        "automatic",
        "paid and delivered and window_closed",
        "completed kept",
        "",
        None,
    ),
}
NAMES = [
    "stock.reserve",
    "stock.release",
    "order.review",
    "order.approve_price",
    "finance.confirm",
    "payment.capture",
    "payment.collect",
    "payment.refund",
    "warehouse.allocate",
    "shipment.pick",
    "shipment.pack",
    "shipment.weigh",
    "shipment.print_slip",
    "shipment.create",
    "shipment.void",
    "shipment.hand_over",
    "shipment.take_back",
    "shipment.deliver",
    "shipment.pick_up",
    "shipment.send_virtual",
    "order.receive",
    "order.close_window",
    "case.authorise",
    "case.answer",
    "case.agree_unanswered",
    "case.arbitrate",
    "case.arbitrate_inspection",
    "case.let_stand",
    "case.expire",
    "case.count_back",
    "case.receive_goods",
    "case.inspect",
    "case.restock",
    "case.scrap",
    "case.reserve_exchange",
    "case.exchange",
    "case.refund",
    "case.close",
    "case.withdraw",
    "invoice.issue",
    "member.notify",
    "order.complete",
    "order.cancel",
    "order.expire",
    "order.try_close_window",
    "order.try_complete",
]


def run(
    name: str, subject: str, *, outcome: str = "", actor: str = "", token: int = 1
) -> str | None:
    """The step over a subject, with whatever merchant it belongs to."""
    context = StepContext(
        subject=subject,
        merchant=flow_subjects._order(subject).merchant_id,
        instance=1,
        token=token,
        node="n",
        step=name,
        now=NOW,
        outcome=outcome,
        actor=actor,
    )
    return REGISTRY[name].run(context)


def stocked(article: Sku) -> tuple[int, int]:
    article.refresh_from_db()
    return article.on_hand, article.reserved


def test_all_that_was_promised_is_registered() -> None:
    assert [name for name in NAMES if name not in REGISTRY] == []
    REGISTRY.verify()


@pytest.mark.parametrize("step", [REGISTRY[name] for name in NAMES], ids=lambda step: step.name)
def test_what_a_step_says_of_itself(step: Step) -> None:
    chinese, english = step.title
    assert chinese != english
    assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese)
    assert step.actors <= ROLES
    assert (step.doing is Doing.AUTOMATIC) == (not step.actors), "who does it by hand is said"


@pytest.mark.parametrize("name", PROMISED)
def test_the_facts_of_the_steps_that_others_build_on(name: str) -> None:
    step = REGISTRY[name]
    told = (
        str(step.doing),
        step.requires.text if step.requires else "",
        " ".join(sorted(step.provides)),
        " ".join(sorted(step.removes)),
        step.undo,
    )
    assert told == PROMISED[name]


def test_stock_is_released_and_reserved_again(shop: Shop) -> None:
    tea = sku(shop.merchant, on_hand=5)
    order = paid(member(), tea, qty=2)
    subject = f"order:{order.pk}"
    for name, after in (
        ("warehouse.allocate", (5, 2)),
        ("warehouse.give_up", (5, 2)),
        ("stock.release", (5, 0)),
        ("stock.reserve", (5, 2)),
    ):
        for _ in range(2):
            run(name, subject)
            assert stocked(tea) == after, name
    assert {str(parcel.state) for parcel in Shipment.objects.all()} == {"voided"}


def test_a_parcel_by_hand_and_by_itself(shop: Shop) -> None:
    tea = sku(shop.merchant)
    subject = f"order:{paid(member(), tea, qty=2).pk}"
    assert run("shipment.pick", subject, outcome="short", actor="user:1") is None
    assert not Shipment.objects.exists()
    for actor in ("user:1", ""):
        with pytest.raises(DomainError, match="weight_missing"):
            run("shipment.weigh", subject, actor=actor)
    Sku.objects.update(weight_g=30)
    with pytest.raises(DomainError, match="weight_missing"):
        run("shipment.weigh", subject, actor="user:1")
    run("shipment.weigh", subject)
    run("shipment.print_slip", subject)
    parcel = Shipment.objects.get()
    assert (parcel.weight_g, parcel.slip["weight_g"]) == (60, 60)
    run("shipment.create", subject)
    assert Shipment.objects.get().tracking_number == f"SB{parcel.number}"
    for _ in range(2):
        run("shipment.void", subject)
        assert stocked(tea) == (100, 2)
    with pytest.raises(DomainError, match="no_parcel"):
        run("shipment.hand_over", subject)


def test_what_the_carrier_has_is_not_undone(shop: Shop) -> None:
    tea = sku(shop.merchant)
    subject = f"order:{paid(member(), tea).pk}"
    run("shipment.create", subject)
    run("shipment.hand_over", subject, actor="user:1")
    with pytest.raises(DomainError, match="impossible_move"):
        run("shipment.void", subject)
    assert stocked(tea) == (99, 0)


def test_live_needs_a_carrier(shop: Shop, settings: Settings) -> None:
    order = paid(member(), sku(shop.merchant))
    settings.LIVE = True
    with pytest.raises(DomainError, match="carrier_missing"):
        run("shipment.create", f"order:{order.pk}")
    (parcel,) = shipments.of_order(order)
    shipments.name_carrier(parcel, carrier="SF", tracking_number="1")
    run("shipment.create", f"order:{order.pk}")
    assert Order.objects.get().state == "shipped"


def test_one_parcel_of_its_own(shop: Shop) -> None:
    order = paid(member(), sku(shop.merchant))
    (parcel,) = shipments.prepare(order)
    subject = f"shipment:{parcel.pk}"
    run("shipment.create", subject)
    with pytest.raises(DomainError, match="proof_missing"):
        run("shipment.deliver", subject)
    run("shipment.deliver", subject, actor="user:4")
    parcel.refresh_from_db()
    assert (parcel.state, parcel.proof) == ("delivered", "told by user:4")
    with pytest.raises(DomainError, match="not_found"):
        run("case.close", subject)


def test_reviews_and_finance_are_kept_by_the_token(shop: Shop) -> None:
    subject = f"order:{paid(member(), sku(shop.merchant)).pk}"
    for _ in range(2):
        run("order.review", subject, outcome="approved", actor="user:1")
        run("finance.confirm", subject, outcome="rejected", actor="user:2")
    found = OrderDecision.objects.order_by("id").values_list("kind", "approved", "actor", "key")
    assert list(found) == [("review", True, "user:1", "1:1"), ("finance", False, "user:2", "1:1")]


def test_an_invoice_is_waited_for(shop: Shop) -> None:
    order = paid(member(), sku(shop.merchant))
    run("invoice.issue", f"order:{order.pk}")
    request_invoice(member_id=order.member_id, order_id=order.pk, title="Li", now=NOW)
    with pytest.raises(DomainError, match="invoice_missing"):
        run("invoice.issue", f"order:{order.pk}")
    issue_invoice(by=shop.finance, order_id=order.pk, number="1", now=NOW)
    run("invoice.issue", f"order:{order.pk}")
    assert not papers.invoice_waits(order)


def test_a_message_a_token(shop: Shop) -> None:
    subject = f"order:{paid(member(), sku(shop.merchant)).pk}"
    for token in (1, 1, 2):
        run("member.notify", subject, token=token)
    assert Notification.objects.count() == 2
    assert Order.objects.get().number in Notification.objects.all()[0].text


def test_a_message_is_in_the_platforms_language_whoever_did_the_step(shop: Shop) -> None:
    subject = f"order:{paid(member(), sku(shop.merchant)).pk}"
    with translation.override("en"):
        run("member.notify", subject, token=1)
    assert "已付款" in Notification.objects.get().text


def test_scrapped(shop: Shop) -> None:
    tea = sku(shop.merchant, on_hand=5)
    line = lines(received(shop, member(), tea))[0]
    case = open_case(line, amount_fen=1)
    for name, outcome in (
        ("case.authorise", "approved"),
        ("case.receive_goods", ""),
        ("case.inspect", "passed"),
        ("case.scrap", ""),
    ):
        run(name, f"case:{case.pk}", outcome=outcome, actor="user:9")
    case.refresh_from_db()
    assert (case.scrapped, stocked(tea)) == (1, (4, 0))
    with pytest.raises(DomainError, match="impossible_move"):
        run("case.reserve_exchange", f"case:{case.pk}")
    assert stocked(tea) == (4, 0)


def test_a_replacement_is_given_up(shop: Shop) -> None:
    tea = sku(shop.merchant, on_hand=5)
    case = open_case(lines(received(shop, member(), tea))[0], kind="exchange")
    assert stocked(tea) == (4, 1)
    cases.authorise(case, approve=True, actor="user:1", now=NOW)
    cases.goods_back(case, now=NOW)
    cases.inspect(case, passed=True, actor="user:1", now=NOW)
    subject = f"case:{case.pk}"
    for name, after in (
        ("case.reserve_exchange", (4, 1)),
        ("case.release_exchange", (4, 0)),
        ("case.reserve_exchange", (4, 1)),
    ):
        for _ in range(2):
            run(name, subject)
            assert stocked(tea) == after, name
    with pytest.raises(DomainError, match="impossible_move"):
        run("case.refund", subject)
    run("case.exchange", subject)
    assert stocked(tea) == (4 - 1, 0)


def test_money_is_not_taken_back_of_a_settled_or_unpaid_order(shop: Shop) -> None:
    placed = place(member(), sku(shop.merchant))
    with pytest.raises(DomainError, match="impossible_move"):
        run("payment.refund", f"order:{placed.order_id}")
    assert not PaymentRefund.objects.exists()


def test_what_was_asked_before_is_decided_when_all_goes_back(shop: Shop) -> None:
    tea, cup = sku(shop.merchant), sku(shop.merchant)
    order = paid(member(), tea, cup)
    ask(order, 30_000)
    line = lines(order)[1]
    line.order = order
    case = open_case(line, kind="refund_only", amount_fen=100_000)
    for _ in range(2):
        run("payment.refund", f"order:{order.pk}")
    case.refresh_from_db()
    assert (case.state, Order.objects.get().state) == ("withdrawn", "refunded")
    found = Refund.objects.order_by("id").values_list("amount_fen", "asked_by_member", "state")
    assert list(found) == [
        (30_000, True, "paid"),
        (70_000, False, "paid"),
        (100_000, False, "paid"),
    ]
    assert balance(accounts.order_held()).balance_fen == 0
    assert stocked(tea) == stocked(cup) == (100, 0)


def test_money_for_a_cancelled_order_that_is_asked_for_goes_back(shop: Shop) -> None:
    buyer = member()
    placed = place(buyer, sku(shop.merchant))
    data = pay_order(member_id=buyer.pk, order_id=placed.order_id, idempotency_key="pay", now=NOW)
    cancel_order(order_id=placed.order_id, now=NOW)
    SandboxDeal.objects.create(number=data.out_trade_no, amount_fen=data.amount_fen)
    with pytest.raises(DomainError, match="not_paid"):
        run("payment.capture", f"order:{placed.order_id}")
    sent = PaymentRefund.objects.get()
    assert (sent.reason, sent.amount_fen) == ("order_cancelled", 100_000)
    assert Order.objects.get().state == "cancelled"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["shipment.create", "stock.release", "payment.refund"])
def test_four_workers_do_a_step_once(transactional_db: None, shop: Shop, name: str) -> None:
    tea = sku(shop.merchant, on_hand=5)
    order = paid(member(), tea, qty=2)

    def work() -> str:
        if REGISTRY[name].outside:
            run(name, f"order:{order.pk}")
        else:
            with transaction.atomic():
                run(name, f"order:{order.pk}")
        return "done"

    assert at_once([work] * 4) == ["done"] * 4
    assert stocked(tea) == ((3, 0) if name == "shipment.create" else (5, 0))
    money = PaymentRefund.objects.values_list("amount_fen", "state")
    assert list(money) == ([(200_000, "paid")] if name == "payment.refund" else [])


def test_ask_tells_what_became_of_a_try(shop: Shop) -> None:
    order = paid(member(), sku(shop.merchant))
    context = StepContext(
        subject=f"order:{order.pk}",
        merchant=shop.merchant.pk,
        instance=1,
        token=1,
        node="n",
        step="payment.refund",
        now=NOW,
    )
    capture, refund = REGISTRY["payment.capture"].ask, REGISTRY["payment.refund"].ask
    assert capture is not None
    assert refund is not None
    assert (capture(context), refund(context)) == ("done", None)
    REGISTRY["payment.refund"].run(context)
    assert refund(context) == "done"
    PaymentRefund.objects.update(state="failed")
    assert refund(context) is None
    assert balance(accounts.order_held()).balance_fen == 0


@pytest.mark.parametrize("subject", ["", "order:", "order:x", "order:９", "cart:1", "order:-1"])
def test_what_is_no_subject(subject: str) -> None:
    with pytest.raises(DomainError, match="not_found"):
        flow_values.read("order", subject)


def test_what_conditions_may_read(shop: Shop) -> None:
    buyer = member()
    tea = sku(shop.merchant)
    Sku.objects.update(weight_g=120)
    order = paid(buyer, tea, qty=3, region="440305")
    (parcel,) = shipments.prepare(order)
    line = lines(order)[0]
    line.order = order
    case = open_case(line, kind="refund_only", amount_fen=7)
    values = {
        "order": flow_values.read("order", f"order:{order.pk}"),
        "fulfilment": flow_values.read("fulfilment", f"shipment:{parcel.pk}"),
        "return": flow_values.read("return", f"case:{case.pk}"),
    }
    types = {"int": int, "string": str, "bool": bool, "list<string>": list}
    for kind, found in values.items():
        context = flow_values.CONTEXTS[kind]
        assert found.keys() == context.keys()
        for name, value in found.items():
            assert type(value) is types[context[name].type.value], name
    told = values["order"]
    assert (told["amount_fen"], told["paid_fen"], told["quantity"]) == (300_000, 300_000, 3)
    assert (told["weight_g"], told["region"], told["goods"]) == (360, "440305", "physical")
    assert (told["first_order"], told["member_rank"], told["categories"]) == (True, "", ["Tea"])
    assert values["fulfilment"]["parcel_units"] == 3
    assert (values["return"]["case_kind"], values["return"]["refund_fen"]) == ("refund_only", 7)
    second = paid(buyer, tea)
    assert flow_values.read("order", f"order:{second.pk}")["first_order"] is False


def test_how_the_flows_find_their_subjects(shop: Shop) -> None:
    order = paid(member(), sku(shop.merchant))
    (parcel,) = shipments.prepare(order)
    answers = subjects.of("fulfilment")
    subject = f"shipment:{parcel.pk}"
    assert answers.merchant(subject) == shop.merchant.pk
    assert answers.family(subject) == f"order:{order.pk}"
    assert answers.owner(subject) == f"member:{order.member_id}"
    assert answers.recent(shop.merchant.pk, 10) == [subject]
    assert answers.recent(shop.merchant.pk + 1, 10) == []
    with pytest.raises(DomainError, match="not_found"):
        answers.merchant("shipment:0")

"""What staff do in the back office goes through use cases, by those who may, and nobody alone."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings
from tests.backoffice.conftest import SignIn
from tests.usecases.shop import Shop, completed, member, paid, settle, sku, staff

from mingchi.catalogue.models import Category, Product, Sku
from mingchi.foundation.models import AuditRecord, Proposal, User
from mingchi.ledger import accounts, balances
from mingchi.members.models import AgentAppointment, Member, RankChange, ShareholderAppointment
from mingchi.merchants.models import Merchant, MerchantStaff
from mingchi.orders.models import Order, Refund
from mingchi.payouts.models import Withdrawal
from mingchi.rebates import queries
from mingchi.rebates.models import Event, PlanVersion, SetAside
from mingchi.usecases import rights
from mingchi.usecases.withdraw import request_withdrawal

pytestmark = pytest.mark.django_db


def do(client: Client, thing: Any, act: str, **values: Any) -> Any:
    """Open the act's page, send its form, follow the redirect; the page that is shown then."""
    meta = thing._meta
    name = f"admin:{meta.app_label}_{meta.model_name}_do"
    address = (
        reverse(f"{name}_on_list", args=[act])
        if isinstance(thing, type)
        else reverse(name, args=[thing.pk, act])
    )
    shown = client.get(address)
    if shown.status_code == 200:
        hidden = shown.context_data["form"]
        sent = {field.name: field.value() for field in hidden.hidden_fields()}
        return client.post(address, {**sent, **values}, follow=True)
    return client.post(address, values)


@pytest.fixture
def owner(shop: Shop, sign_in: SignIn) -> Client:
    return sign_in(shop.owner)


def test_an_order_goes_its_way(shop: Shop, owner: Client) -> None:
    order = paid(member(), sku(shop.merchant))
    do(owner, order, "ship", carrier="SF", tracking_number="1")
    do(owner, order, "receive")
    order.refresh_from_db()
    assert (order.state, order.carrier) == ("received", "SF")
    assert do(owner, order, "complete").status_code == 302  # too early: a warning, no change
    order.refresh_from_db()
    assert order.state == "received"
    do(owner, order, "skip")
    order.refresh_from_db()
    assert order.state == "completed"
    assert Event.objects.filter(key=order.key).exists()
    audited = set(AuditRecord.objects.values_list("action", flat=True))
    assert {"order.ship", "order.receive", "order.complete"} <= audited


def test_an_unpaid_order_is_cancelled(shop: Shop, owner: Client) -> None:
    order = paid(member(), sku(shop.merchant))
    Order.objects.filter(pk=order.pk).update(state="created", paid_at=None)
    do(owner, order, "cancel")
    order.refresh_from_db()
    assert order.state == "cancelled"


def test_who_asks_a_refund_does_not_decide_it(shop: Shop, owner: Client, sign_in: SignIn) -> None:
    order = completed(shop, member(), sku(shop.merchant))
    settle()
    line = order.lines.get()
    do(owner, order, "refund", line_id=line.pk, amount_fen="250.50", reason="broken")
    refund = Refund.objects.get()
    assert (refund.amount_fen, refund.state) == (25_050, "requested")
    assert do(owner, refund, "approve").status_code == 403
    refund.refresh_from_db()
    assert refund.state == "requested"
    do(sign_in(shop.finance), refund, "approve")
    refund.refresh_from_db()
    assert (refund.state, refund.decided_by) == ("approved", shop.finance)
    assert Event.objects.filter(key=refund.key).exists()


def test_a_refund_form_sent_twice_asks_once(shop: Shop, owner: Client) -> None:
    order = completed(shop, member(), sku(shop.merchant))
    address = reverse("admin:orders_order_do", args=[order.pk, "refund"])
    once = owner.get(address).context_data["form"]["once"].value()  # type: ignore[attr-defined]
    sent = {"line_id": order.lines.get().pk, "amount_fen": "1", "reason": "x", "once": once}
    for _again in range(2):
        assert owner.post(address, sent).status_code == 302
    assert Refund.objects.count() == 1


def test_more_than_was_paid_is_said_at_the_field(shop: Shop, owner: Client) -> None:
    order = completed(shop, member(), sku(shop.merchant))
    page = do(
        owner, order, "refund", line_id=order.lines.get().pk, amount_fen="1000.01", reason="x"
    )
    assert "amount_fen" in page.context_data["form"].errors
    assert not Refund.objects.exists()


def test_members_are_appointed_and_frozen(shop: Shop, owner: Client) -> None:
    some, sponsor = member(), member()
    do(owner, some, "rank", rank="V2", reason="x")
    do(owner, some, "agent", region="3301")
    do(owner, some, "shareholder", weight="7")
    do(owner, some, "sponsor", sponsor_id=sponsor.pk, reason="a mistake at joining")
    do(owner, some, "freeze", reason="asked by the police")
    some.refresh_from_db()
    assert (some.is_frozen, some.sponsor) == (True, sponsor)
    assert RankChange.objects.get().rank == "V2"
    assert AgentAppointment.objects.get().region == "3301"
    assert ShareholderAppointment.objects.get().weight == 7
    page = do(owner, sponsor, "sponsor", sponsor_id=some.pk, reason="a loop")
    assert page.context_data["form"].errors["sponsor_id"]


def test_the_shelves_are_kept(shop: Shop, owner: Client) -> None:
    do(owner, Category, "add", name="Tea", parent_id="", position="1")
    shelf = Category.objects.get()
    do(owner, Product, "add", merchant_id=shop.merchant.pk, title="Longjing", category_id=shelf.pk,
       status="on_sale", goods_type="physical", description="")  # fmt: skip
    product = Product.objects.get()
    do(owner, product, "sku", code="A", title="100 g", price_fen="318", cost_fen="108.50",
       distribution_fen="", pool_fen="", on_hand="5")  # fmt: skip
    article = Sku.objects.get()
    assert (article.price_fen, article.cost_fen, article.on_hand) == (31_800, 10_850, 5)
    do(owner, article, "stock", delta="-2", reason="broken")
    page = do(owner, article, "stock", delta="-9", reason="broken")
    assert page.context_data["form"].errors
    do(
        owner,
        product,
        "edit",
        title="Longjing",
        category_id=shelf.pk,
        status="off",
        goods_type="physical",
        description="",
    )
    product.refresh_from_db()
    article.refresh_from_db()
    assert (product.status, article.on_hand) == ("off", 3)


def test_merchants_and_their_staff(shop: Shop, owner: Client) -> None:
    clerk = staff()
    do(owner, Merchant, "add", name="Tea house")
    merchant = Merchant.objects.get(name="Tea house")
    do(owner, merchant, "staff", user_id=clerk.pk, role="clerk")
    post = MerchantStaff.objects.get(user=clerk)
    do(owner, merchant, "close")
    do(owner, post, "remove")
    merchant.refresh_from_db()
    assert merchant.status == "closed"
    assert not MerchantStaff.objects.exists()


def test_a_withdrawal_is_decided_and_paid(shop: Shop, sign_in: SignIn) -> None:
    sponsor = member()
    completed(shop, member(sponsor), sku(shop.merchant))
    settle()
    request_withdrawal(
        member_id=sponsor.pk, amount_fen=5_000, idempotency_key="w", now=timezone.now()
    )
    finance, withdrawal = sign_in(shop.finance), Withdrawal.objects.get()
    assert do(sign_in(staff("service")), withdrawal, "approve").status_code == 403
    do(finance, withdrawal, "approve")
    do(finance, withdrawal, "pay", transfer_no="B-1")
    withdrawal.refresh_from_db()
    assert (withdrawal.state, withdrawal.transfer_no) == ("paid", "B-1")
    assert balances.balance(accounts.wallet(sponsor.pk)).balance_fen == 5_000


def test_a_subsidy_and_a_close_need_two(shop: Shop, owner: Client, sign_in: SignIn) -> None:
    completed(shop, member(), sku(shop.merchant))
    settle()
    programme, finance = queries.programme(), sign_in(shop.finance)
    do(owner, programme, "subsidy", amount_fen="100", reason="opening")
    do(owner, programme, "close", period="2026-10")
    for kind in ("subsidy", "close"):
        proposal = Proposal.objects.get(kind=kind)
        assert do(owner, proposal, f"approve-{kind}").status_code == 403
        do(finance, proposal, f"approve-{kind}")
        proposal.refresh_from_db()
        assert (proposal.state, proposal.decided_by) == ("approved", f"user:{shop.finance.pk}")
        assert Event.objects.filter(kind=kind).exists()


def test_a_plan_goes_from_draft_to_force(shop: Shop, owner: Client, sign_in: SignIn) -> None:
    toml = queries_plan().toml.replace('redeem_fee = "20%"', 'redeem_fee = "10%"')
    do(owner, PlanVersion, "new", toml=toml.replace('grant = "70%"', 'grant = "170%"'))
    version = PlanVersion.objects.get(number=2)
    now = timezone.localtime()
    when = {"active_from_0": now.strftime("%Y-%m-%d"), "active_from_1": now.strftime("%H:%M:%S")}
    page = do(owner, version, "propose", **when)
    assert "points.grant" in str(page.context_data["form"].errors)
    do(owner, version, "toml", toml=toml)
    do(owner, version, "propose", **when)
    version.refresh_from_db()
    assert version.state == "proposed"
    do(owner, version, "toml", toml="no")
    version.refresh_from_db()
    assert version.toml.strip() == toml.strip()
    proposal = Proposal.objects.get()
    assert do(owner, proposal, "approve-plan").status_code == 403
    do(sign_in(staff("compliance")), proposal, "approve-plan")
    settle()
    version.refresh_from_db()
    assert version.state == "active"


def queries_plan() -> PlanVersion:
    return PlanVersion.objects.get(state="active")


def test_an_event_set_aside_is_put_back(shop: Shop, owner: Client) -> None:
    member()
    event = Event.objects.get()
    settle()
    SetAside.objects.create(event=event, programme_id=event.programme_id, error="a bug")
    aside = SetAside.objects.get()
    page = owner.get(reverse("admin:rebates_setaside_changelist"))
    assert "a bug" in page.content.decode()
    do(owner, aside, "put-back", reason="mended")
    assert not SetAside.objects.exists()
    assert AuditRecord.objects.filter(action="event.put_back").exists()


def test_the_owner_takes_staff_on(shop: Shop, owner: Client) -> None:
    weak = do(owner, User, "add", username="wang", name="Wang", role="service", password="123")
    assert weak.context_data["form"].errors["password"]
    do(owner, User, "add", username="wang", name="Wang", role="service", password="tea-Gate-91")
    wang = User.objects.get(username="wang")
    do(owner, wang, "roles", roles=["finance", "auditor"], reason="promoted")
    do(owner, wang, "password", password="tea-Gate-92")
    do(owner, wang, "shut", reason="left")
    wang.refresh_from_db()
    assert set(wang.groups.values_list("name", flat=True)) == {"finance", "auditor"}
    assert wang.check_password("tea-Gate-92")
    assert not wang.is_active
    own = do(owner, shop.owner, "roles", roles=["owner", "finance"], reason="x")
    assert own.context_data["form"].errors
    assert "password" not in str(list(AuditRecord.objects.values_list("after", flat=True)))


EVERY_ACT = [
    (model, act)
    for model, page in admin.site._registry.items()
    for act in (*page.acts, *page.list_acts)  # type: ignore[attr-defined]
]


@pytest.mark.parametrize(
    ("model", "act"), EVERY_ACT, ids=[f"{m.__name__}-{a.name}" for m, a in EVERY_ACT]
)
def test_an_act_asks_for_a_right_that_exists(model: type, act: Any) -> None:
    assert act.right in rights.RIGHTS


@pytest.mark.parametrize("kind", ["looks only", "no role"])
def test_who_may_only_look_can_do_nothing(shop: Shop, sign_in: SignIn, kind: str) -> None:
    some = member()
    order = completed(shop, some, sku(shop.merchant))
    user = staff("owner") if kind == "looks only" else staff()
    User.objects.filter(pk=user.pk).update(is_read_only=kind == "looks only")
    client = sign_in(user)
    before = AuditRecord.objects.count()
    for thing in (some, order, shop.merchant, queries.programme(), queries_plan(), shop.owner):
        page = admin.site._registry[type(thing)]
        for act in page.acts:  # type: ignore[attr-defined]
            assert do(client, thing, act.name, reason="x").status_code in (403, 404), act.name
    assert AuditRecord.objects.count() == before
    shown = client.get(reverse("admin:orders_order_change", args=[order.pk]))
    assert b"/do/" not in shown.content


def test_an_act_that_is_none_is_not_found(shop: Shop, owner: Client) -> None:
    for address in ("do/none/", f"{member().pk}/do/none/", "999999/do/rank/", "x/do/rank/"):
        home = reverse("admin:members_member_changelist")
        assert owner.post(home + address).status_code == 404


def test_a_form_without_its_token_is_refused(shop: Shop) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(shop.owner)
    some = member()
    address = reverse("admin:members_member_do", args=[some.pk, "freeze"])
    assert client.post(address, {"reason": "x"}).status_code == 403
    assert not Member.objects.get(pk=some.pk).is_frozen


def test_skipping_the_window_is_not_offered_live(
    shop: Shop, owner: Client, settings: Settings
) -> None:
    order = completed(shop, member(), sku(shop.merchant))
    Order.objects.filter(pk=order.pk).update(
        state="received", complete_due_at=timezone.now() + timedelta(days=1)
    )
    page = reverse("admin:orders_order_change", args=[order.pk])
    assert b"/do/skip/" in owner.get(page).content
    settings.LIVE = True
    assert b"/do/skip/" not in owner.get(page).content


def test_too_many_tries_to_sign_in_have_to_wait(shop: Shop) -> None:
    User.objects.filter(pk=shop.owner.pk).update(username="boss")
    client = Client(headers={"accept-language": "en"})
    page = None
    for _try in range(11):
        page = client.post(reverse("admin:login"), {"username": "Boss", "password": "wrong"})
    assert page is not None
    assert b"Too many tries" in page.content

"""Warehouse, finance and customer-service at the work desk, in a real browser: on a wide screen and
on a warehouse's phone, with a scanner and with the keyboard, in Chinese and English."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

import pytest
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect
from tests import desk_world as desk
from tests.journeys.conftest import DESK, PHONE, Login
from tests.journeys.pictures import keep_picture
from tests.usecases.shop import sku, staff

from mingchi.catalogue.models import Sku
from mingchi.foundation.models import User
from mingchi.fulfilment.models import WorkItem
from mingchi.merchants.models import Merchant
from mingchi.orders.models import Order
from mingchi.usecases import do_work
from mingchi.usecases.demo import people

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
AT = "/admin/fulfilment/workitem/desk/"
MONITOR = "/admin/fulfilment/flowinstance/monitor/"
# Fingers are slower than scanners.
FINGERS_MS = 80
POLLED_MS = 8000


@dataclass
class Shed:
    """A merchant of its own with people of each role."""

    merchant: Merchant
    articles: list[Sku]

    def hire(self, role: str, name: str = "") -> User:
        user = staff(merchant=self.merchant, role=role)
        user.first_name, user.password = name, make_password(people.STAFF_PASSWORD)
        user.save()
        return user

    def order(self, *, qty: int = 1, hours: float = 0.5, kinds: int = 1) -> Order:
        return desk.order(*self.articles[:kinds], qty=qty, at=desk.ago(hours=hours))


@pytest.fixture
def shed(server: str) -> Shed:
    made = Merchant.objects.create(name=f"青山茶行 {uuid4().hex[:6]}")
    tea, cup = sku(made, price_fen=12_800, cost_fen=3_000), sku(made, price_fen=4_900, cost_fen=900)
    for article, code, title in ((tea, "QS-A", "明前龙井 250 克"), (cup, "QS-B", "青瓷品茗杯")):
        type(article).objects.filter(pk=article.pk).update(code=code)
        type(article.product).objects.filter(pk=article.product_id).update(title=title)
        article.refresh_from_db()
    return Shed(made, [tea, cup])


@pytest.fixture
def to_pick(shed: Shed) -> Shed:
    desk.publish(
        shed.merchant, desk.ALLOCATE, desk.PICK, desk.SLIP, desk.CHECK,
        names="allocate pick slip check",
    )  # fmt: skip
    return shed


@pytest.fixture
def at_desk(login: Login) -> Callable[..., Page]:
    def open_desk(user: User, *, scanner: bool = False) -> Page:
        page = login(user.username)
        page.goto(AT)
        expect(page.locator("#desk-list")).to_have_attribute("aria-busy", "false")
        page.locator("#desk-keep").set_checked(scanner)
        return page

    return open_desk


def row(page: Page, order: Order) -> Locator:
    return page.locator(".desk-row", has_text=order.number)


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)
        page.wait_for_timeout(FINGERS_MS)


def scan(page: Page, code: str) -> None:
    """As a scanner does: at once, and Enter."""
    page.keyboard.type(code)
    page.keyboard.press("Enter")


def said(page: Page, kind: str, words: str) -> None:
    expect(page.locator(f"#desk-said.is-{kind}")).to_contain_text(words)


def steps(order: Order) -> list[str]:
    """What waits for people."""
    return [one.node for one in desk.items(order)]


def look(page: Page, name: str) -> None:
    """Pictures in both widths; nothing sticks out, what is pressed is large enough."""
    page.evaluate("document.fonts.ready")
    for size, suffix in ((PHONE, "narrow"), (DESK, "wide")):
        page.set_viewport_size(size)
        page.wait_for_timeout(150)
        keep_picture(page, f"desk-{name}-{suffix}")
        beyond = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert beyond <= 0, f"{name} {suffix} sticks out by {beyond} px"
        small = page.evaluate(
            """[...document.querySelectorAll('.desk button, .desk [type=text], .desk-tick')]
            .filter(e => e.offsetParent && (e.offsetHeight < 44 || e.offsetWidth < 44))
            .map(e => e.className + e.textContent)"""
        )
        assert small == [], name


def test_a_warehouse_works_with_the_scanner(to_pick: Shed, at_desk: Callable[..., Page]) -> None:
    order = to_pick.order(qty=2, hours=3)
    to_pick.order()
    page = at_desk(to_pick.hire("warehouse", "小李"), scanner=True)
    field = page.locator("#desk-code")
    expect(field).to_be_focused()
    expect(page.locator(".desk-row").first).to_contain_text("已逾期")
    look(page, "queue")
    scan(page, "NO-SUCH")
    said(page, "bad", "没有编号为 NO-SUCH 的")
    scan(page, order.number)
    said(page, "good", order.number)
    expect(page.locator("#desk-detail")).to_contain_text("138****1234")
    expect(page.locator("#desk-detail")).not_to_contain_text("文三路")
    scan(page, "QS-B")
    said(page, "bad", "QS-B 不属于当前打开的单")
    for told in ("第 1 件", "第 2 件"):
        scan(page, "QS-A")
        said(page, "good", told)
    look(page, "counted")
    scan(page, "QS-A")
    said(page, "bad", "多了")
    look(page, "wrong")
    page.locator("#desk-tabs, .desk-tabs").first.click(position={"x": 400, "y": 10})
    expect(field).to_be_focused()
    scan(page, order.number)
    said(page, "good", "拣货已完成")
    assert steps(order) == ["slip"]
    scan(page, order.number)
    expect(page.locator("#desk-detail")).to_contain_text("文三路 1 号")


def test_everything_goes_by_the_keyboard(to_pick: Shed, at_desk: Callable[..., Page]) -> None:
    orders = [to_pick.order(hours=hours) for hours in (0.9, 0.6, 0.3)]
    page = at_desk(to_pick.hire("warehouse"))
    expect(page.locator(".desk-row")).to_have_count(3)
    press(page, "j", "j", "k")
    expect(row(page, orders[0]).locator(".desk-main")).to_be_focused()
    press(page, "j", "c")
    said(page, "good", "已由您认领")
    expect(row(page, orders[1])).to_have_count(0)
    press(page, "g")
    expect(page.locator(".desk-row")).to_have_count(1)
    press(page, "g")
    expect(page.locator(".desk-row")).to_have_count(2)
    press(page, "j", "Enter")
    expect(page.locator(".desk-pane-title")).to_be_focused()
    press(page, "Escape")
    expect(page.locator("#desk-detail")).to_be_hidden()
    press(page, "x", "j", "x", "d")
    expect(page.locator("#desk-confirm")).to_be_visible()
    look(page, "confirm")
    press(page, "Enter")
    said(page, "good", "已完成 2 项")
    assert [steps(one) for one in orders] == [["slip"], ["pick"], ["slip"]]
    press(page, "?")
    expect(page.locator("#desk-help")).to_be_visible()
    look(page, "help")
    press(page, "Escape", "/")
    expect(page.locator("#desk-code")).to_be_focused()


def test_a_scanner_never_presses_a_command(to_pick: Shed, at_desk: Callable[..., Page]) -> None:
    order = to_pick.order()
    page = at_desk(to_pick.hire("warehouse"))
    press(page, "j")
    scan(page, "d-c-x")
    said(page, "bad", "d-c-x")
    assert steps(order) == ["pick"]


def test_what_a_colleague_takes_is_marked_and_what_is_typed_stays(
    to_pick: Shed, at_desk: Callable[..., Page]
) -> None:
    mine, taken, done = (to_pick.order(hours=hours) for hours in (0.9, 0.6, 0.3))
    colleague = to_pick.hire("warehouse", "小周")
    page = at_desk(to_pick.hire("warehouse"))
    row(page, mine).locator(".desk-tick").click()
    row(page, taken).locator(".desk-main").click()
    page.click("#desk-detail summary")
    page.fill("[name=carrier]", "顺丰")
    now = timezone.now()
    do_work.claim_work(by=colleague, item_id=desk.item(taken).pk, now=now)
    do_work.complete_work(
        by=colleague, item_id=desk.items(done, step="shipment.pick")[0].pk, now=now
    )
    to_pick.order(hours=5)
    expect(row(page, taken)).to_contain_text("小周已认领", timeout=POLLED_MS)
    expect(page.locator(".desk-gone")).to_contain_text("小周已认领")
    expect(page.locator(".desk-row").first).to_contain_text("已逾期")
    expect(page.locator("[name=carrier]")).to_have_value("顺丰")
    expect(row(page, mine).locator("input")).to_be_checked()
    expect(page.locator(".desk-outcomes button").first).to_be_disabled()
    look(page, "taken")


def test_many_at_once_say_what_was_refused(to_pick: Shed, at_desk: Callable[..., Page]) -> None:
    first, second = to_pick.order(hours=0.9), to_pick.order()
    colleague = to_pick.hire("warehouse", "小周")
    page = at_desk(to_pick.hire("warehouse"))
    # It hears of nothing.
    page.route("**/api/staff/desk?*", lambda route: route.fulfill(status=304))
    for order in (first, second):
        row(page, order).locator(".desk-tick").click()
    do_work.claim_work(by=colleague, item_id=desk.item(second).pk, now=timezone.now())
    page.click("#desk-bulk button:has-text('完成')")
    page.click("#desk-confirm button[value=yes]")
    said(page, "bad", "完成 1 项，未通过 1 项")
    said(page, "bad", second.number)
    assert (steps(first), steps(second)) == (["slip"], ["pick"])


@pytest.mark.parametrize("phone", [False, True], ids=["wide", "phone"])
def test_customer_service_votes(shed: Shed, at_desk: Callable[..., Page], phone: bool) -> None:
    desk.publish(shed.merchant, desk.REVIEW, desk.PICK, names="review pick")
    order = shed.order()
    for number, name in enumerate(("小陈", "小郑")):
        page = at_desk(shed.hire("service", name))
        if phone:
            page.set_viewport_size(PHONE)
        row(page, order).locator(".desk-main").click()
        expect(page.locator("#desk-detail")).to_contain_text(f"已投 {number} 票，需 2 票")
        page.click("[data-outcome=approved]")
        said(page, "good", "还需他人表决" if number == 0 else "已完成")
        look(page, f"vote-{number}")
        page.set_viewport_size(DESK)
    assert steps(order) == ["pick"]


def test_finance_in_english_on_a_phone(shed: Shed, at_desk: Callable[..., Page]) -> None:
    desk.publish(shed.merchant, desk.CHECK, names="check")
    order = shed.order()
    page = at_desk(shed.hire("finance", "Mei"))
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": page.url}])
    page.goto(AT)
    page.set_viewport_size(PHONE)
    expect(page.locator("#desk-list")).to_have_attribute("aria-busy", "false")
    page.locator("#desk-keep").set_checked(False)
    expect(page.locator("body")).to_contain_text("Overdue")
    row(page, order).locator(".desk-main").click()
    expect(page.locator("#desk-detail")).to_contain_text("cash on delivery")
    look(page, "finance-english")
    page.set_viewport_size(PHONE)
    page.go_back()
    expect(page.locator("#desk-detail")).to_be_hidden()
    row(page, order).get_by_role("button", name="Done").click()
    said(page, "good", "done.")
    expect(page.locator("#desk-empty")).to_be_visible()
    assert not WorkItem.objects.filter(subject=f"order:{order.pk}", status="open").exists()


def test_figures_lead_to_what_is_behind_them(to_pick: Shed, login: Login) -> None:
    order = to_pick.order(hours=5)
    to_pick.order()
    page = login(to_pick.hire("manager", "王店长").username)
    page.goto(MONITOR)
    expect(page.locator("#content-main")).to_contain_text("拣货")
    look(page, "monitor")
    page.click("#content-main a[href*='/waiting/']")
    expect(page.locator(".bo-table tbody tr")).to_have_count(2)
    look(page, "waiting")
    page.click(f"#content-main a:has-text('{order.number}')")
    expect(page.locator("body")).to_contain_text("流转记录")
    look(page, "path")
    page.click(".bo-buttons a:has-text('冻结')")
    page.fill("[name=reason]", "地址待核实")
    page.click(".bo-submit button")
    expect(page.locator("body")).to_contain_text("地址待核实")
    page.goto(AT)
    expect(row(page, order)).to_contain_text("已冻结：地址待核实")
    page.goto(f"/admin/orders/order/{order.pk}/change/")
    page.click("#content a[href*='/flowinstance/']")
    page.click("#content a:has-text('地址待核实')")
    page.click(".bo-buttons a:has-text('解除冻结')")
    page.click(".bo-submit button")
    expect(page.locator("body")).to_contain_text("已解除冻结")
    page.goto(AT)
    expect(row(page, order)).not_to_contain_text("已冻结")

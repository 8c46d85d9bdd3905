"""A merchant's manager draws the merchant's own flow: in the list and on the canvas, in both
languages and on a phone; it is checked, mended, tried out, published, compared and chosen."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.journeys.conftest import DESK, PHONE, Login
from tests.journeys.pictures import keep_picture

from mingchi.flows import Kind
from mingchi.flows.reading import read_flow
from mingchi.fulfilment.models import FlowSelector, FlowVersion
from mingchi.usecases import templates

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
FLOWS = "/admin/fulfilment/flowdefinition/"


def shot(page: Page, name: str) -> None:
    page.wait_for_timeout(150)
    keep_picture(page, f"flow-{name}")
    beyond = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert beyond <= 0, f"{name} sticks out by {beyond} px"


def begin(page: Page, *, template: str, key: str) -> FlowVersion:
    """A draft from a template; its editor opens with the list."""
    page.goto(f"{FLOWS}new/")
    page.click(f"[data-template={template}]")
    page.locator("input[pattern]").fill(key)
    page.click(".new-flow button[type=submit]")
    page.wait_for_url("**/versions/*/")
    page.wait_for_selector(".row")
    return FlowVersion.objects.select_related("definition").get(pk=key_of(page))


def key_of(page: Page) -> int:
    return int(page.url.rstrip("/").rsplit("/", 1)[1])


def row(page: Page, node: str) -> Locator:
    return page.locator(f".row[data-id={node}]")


def show(page: Page, editor: str) -> None:
    page.click(f"[role=tab]:has-text('{editor}')")
    page.wait_for_selector(".djs-shape" if editor in ("画布", "Canvas") else ".row")


def press(page: Page, label: str) -> None:
    page.locator(f".bar button:has-text('{label}')").first.click()


def choose(page: Page, name: str, content: bytes) -> None:
    with page.expect_file_chooser() as chooser:
        page.click(".new-flow .file")
    chooser.value.set_files({"name": name, "mimeType": "text/xml", "buffer": content})
    expect(page.locator(".new-flow .file")).to_have_text(name)


def english(page: Page, server: str) -> None:
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": server}])


def test_a_flow_is_made_from_a_template_broken_mended_and_published(login: Login) -> None:
    page = login("tea-manager")
    page.goto(f"{FLOWS}new/")
    page.wait_for_selector(".choice-card")
    shot(page, "new")
    draft = begin(page, template="review_first", key="standard")
    assert draft.definition.merchant is not None
    shot(page, "list")

    # The refund goes: money taken would be kept by nobody.
    row(page, "refund").locator(".head").click()
    row(page, "refund").locator(".details button.danger").click()
    expect(row(page, "refund")).to_have_count(0)
    press(page, "发布")
    expect(page.locator(".flash")).to_contain_text("未发布")
    expect(page.locator(".findings")).to_contain_text("已收的款既没有留下也没有退还")
    expect(page.locator(".row.path").first).to_be_visible()
    shot(page, "list-red")
    show(page, "画布")
    expect(page.locator(".canvas .mark-fault").first).to_be_attached()
    expect(page.locator(".canvas .mark-path.djs-connection").first).to_be_attached()
    expect(page.locator(".bjs-powered-by")).to_be_visible()
    shot(page, "canvas-red")
    draft.refresh_from_db()
    assert draft.status == "draft"

    show(page, "列表")
    page.click(".bar button[aria-label=撤销]")
    expect(row(page, "refund")).to_have_count(1)
    press(page, "检查")
    expect(page.locator(".flash.good")).to_contain_text("检查通过")
    press(page, "用最近100单试跑")
    expect(page.locator(".tried .badge").first).to_have_text(re.compile(r"\d+"))
    page.locator(".tried li button").first.click()
    expect(page.locator(".row.taken").first).to_be_visible()
    shot(page, "list-tried")
    show(page, "画布")
    expect(page.locator(".canvas .badge.count").first).to_be_visible()
    shot(page, "canvas-tried")
    press(page, "发布")
    expect(page.locator(".flash.good")).to_contain_text("已发布")
    draft.refresh_from_db()
    assert (draft.status, draft.findings) == ("published", [])

    # What is published is only looked at; a change is a new version.
    expect(page.locator(".djs-palette")).to_have_count(0)
    press(page, "以此新建草稿")
    page.wait_for_url(lambda url: not url.endswith(f"/{draft.pk}/"))
    page.wait_for_selector(".djs-shape")
    show(page, "列表")
    row(page, "pick").locator(".head").click()
    row(page, "pick").get_by_label("时限").first.fill("2")
    row(page, "pick").get_by_label("时限").first.press("Tab")
    expect(row(page, "pick").locator(".chip", has_text="2天内")).to_be_visible()
    press(page, "保存")
    expect(page.locator(".flash.good")).to_contain_text("已保存")
    page.click(".more summary")
    page.click(".menu button:has-text('对比')")
    page.wait_for_url("**/compare/**")
    expect(page.locator(".difference .changed")).to_contain_text("P1D → P2D")
    expect(page.locator(".both .mark-changed").first).to_be_attached()
    shot(page, "compare")
    page.goto(FLOWS)
    shot(page, "flows")
    page.goto(f"{FLOWS}{draft.definition_id}/change/")
    expect(page.locator(".bo-table")).to_contain_text("tea-manager")
    shot(page, "versions")
    page.click(".bo-buttons a:has-text('迁移进行中的订单')")
    expect(page.locator("body")).to_contain_text("没有订单运行在旧版本上")
    shot(page, "migrate")


def test_the_list_is_built_by_hand_by_keyboard_and_by_dragging(login: Login) -> None:
    page = login("tea-manager")
    page.goto(f"{FLOWS}new/")
    page.select_option("select >> nth=1", "fulfilment")
    page.click("[data-template=parcel]")
    page.locator("input[pattern]").fill("by-list")
    page.click(".new-flow button[type=submit]")
    page.wait_for_selector(".row")
    draft = FlowVersion.objects.get(pk=key_of(page))

    row(page, "pack").locator(".add.between").first.focus()
    page.keyboard.press("Enter")
    page.keyboard.type("称重")
    shot(page, "picker")
    page.keyboard.press("Enter")
    weigh = row(page, "weigh")
    expect(weigh).to_be_visible()
    weigh.get_by_label("与上一步同时进行").check()
    expect(page.locator(".row.together")).to_be_visible()
    row(page, "print_slip").locator(".head").focus()
    page.keyboard.press("Alt+ArrowDown")
    row(page, "hand_over").locator(".grip").drag_to(row(page, "print_slip").locator(".title"))
    page.locator(".palette .pick[data-step='member.notify']").drag_to(
        row(page, "deliver").locator(".title")
    )
    expect(row(page, "notify")).to_be_visible()
    row(page, "deliver").locator(".head").click()
    row(page, "deliver").get_by_label("会签").select_option("all")
    row(page, "deliver").locator("button:has-text('添加条件')").click()
    expect(row(page, "deliver").locator(".chip.if")).to_be_visible()
    shot(page, "list-built")
    press(page, "保存")
    expect(page.locator(".flash.good")).to_contain_text("已保存")
    draft.refresh_from_db()
    graph = read_flow(bytes(draft.bpmn_xml)).graph
    assert graph is not None
    kinds = [node.kind for node in graph.nodes.values()]
    assert kinds.count(Kind.PARALLEL) == 2
    assert graph.nodes["deliver"].quorum == "all"
    assert {"weigh", "notify"} <= graph.nodes.keys()
    assert b"BPMNShape" in bytes(draft.bpmn_xml)


def test_the_canvas_is_drawn_on_in_english(login: Login, server: str) -> None:
    page = login("tea-manager")
    english(page, server)
    draft = begin(page, template="virtual_goods", key="by-canvas")
    show(page, "Canvas")
    page.click("[data-element-id=send_virtual] .djs-hit-all")
    page.click(".djs-context-pad [data-action='append.step']")
    page.fill(".djs-popup input", "Notify")
    page.click(".djs-popup .entry:has-text('Notify')")
    panel = page.locator(".panel")
    expect(panel).to_be_visible()
    panel.get_by_label("Name").fill("Tell the buyer")
    panel.get_by_label("Name").press("Tab")
    expect(page.locator(".djs-shape", has_text="Tell").first).to_be_attached()
    shot(page, "canvas-drawn")
    press(page, "Check")
    expect(page.locator(".findings")).to_contain_text("no way leads out of it")
    shot(page, "canvas-findings")
    page.click(".canvas-tools button[aria-label='Undo']")
    page.click(".canvas-tools button[aria-label='Undo']")
    press(page, "Check")
    expect(page.locator(".flash.good")).to_contain_text("Nothing is wrong")

    page.click(".canvas-tools button[aria-label='All of it']")
    page.click("[data-element-id=wait] .djs-hit")
    panel.get_by_label("After").first.fill("10")
    panel.get_by_label("After").first.press("Tab")
    press(page, "Save")
    expect(page.locator(".flash.good")).to_contain_text("Saved")
    draft.refresh_from_db()
    graph = read_flow(bytes(draft.bpmn_xml)).graph
    assert graph is not None
    assert graph.nodes["wait"].duration == "P10D"
    page.click(".bts-toggle-mode")
    expect(page.locator(".bjs-container.simulation .bts-palette")).to_be_visible()
    shot(page, "simulation")
    page.click(".bts-toggle-mode")
    page.click(".canvas-tools button[aria-label='Map']")
    expect(page.locator(".djs-minimap.open")).to_be_visible()
    page.evaluate("document.documentElement.classList.add('dark')")
    shot(page, "canvas-dark")
    show(page, "List")
    row(page, "wait").locator(".head").click()
    shot(page, "list-dark")


def test_two_edit_one_draft_and_the_second_loses_nothing(login: Login) -> None:
    mine = login("tea-manager")
    draft = begin(mine, template="virtual_goods", key="shared")
    theirs = login("operator")
    theirs.goto(mine.url)
    theirs.wait_for_selector(".row")
    for page, name in ((theirs, "他们的"), (mine, "我的")):
        row(page, "notify").first.locator(".head").first.click()
        field = row(page, "notify").first.get_by_label("名称")
        field.fill(name)
        field.press("Tab")
        press(page, "保存")
    expect(theirs.locator(".flash.good")).to_contain_text("已保存")
    expect(mine.locator(".conflict")).to_contain_text("您的修改没有丢失")
    expect(mine.locator(".conflict")).to_be_in_viewport()
    shot(mine, "conflict")
    mine.click(".conflict button.primary")
    mine.wait_for_url(lambda url: not url.endswith(f"/{draft.pk}/"))
    mine.wait_for_selector(".row")
    draft.refresh_from_db()
    kept = FlowVersion.objects.get(pk=key_of(mine))
    assert "他们的" in bytes(draft.bpmn_xml).decode()
    assert "我的" in bytes(kept.bpmn_xml).decode()


def test_on_a_phone_the_list_works_and_the_canvas_says_so(login: Login) -> None:
    page = login("tea-manager")
    page.set_viewport_size(PHONE)
    begin(page, template="standard", key="phone")
    row(page, "pack").locator(".head").click()
    shot(page, "phone-row")
    row(page, "pack").get_by_label("由谁").select_option("warehouse")
    row(page, "pack").locator(".add.between").click()
    page.fill(".picker input", "称重")
    shot(page, "phone-picker")
    page.click(".picker .pick:has-text('称重')")
    expect(row(page, "weigh")).to_be_visible()
    press(page, "检查")
    expect(page.locator(".flash.good")).to_contain_text("检查通过")
    shot(page, "phone-checked")
    show(page, "画布")
    expect(page.locator(".narrow-only")).to_be_visible()
    page.goto(f"{FLOWS}tables/")
    page.wait_for_selector(".table-grid")
    shot(page, "phone-tables")


def test_a_foreign_file_is_refused_with_element_and_line_and_ours_comes_back(login: Login) -> None:
    page = login("tea-manager")
    page.goto(f"{FLOWS}new/")
    sound = templates.bpmn("standard")
    script = sound.replace(b"serviceTask", b"scriptTask")
    choose(page, "foreign.bpmn", script)
    page.click(".new-flow button[type=submit]")
    expect(page.locator(".refusals li").first).to_contain_text("不支持的元素")
    expect(page.locator(".refusals li").first).to_contain_text(re.compile(r"第 \d+ 行"))
    shot(page, "refused")
    choose(page, "ours.bpmn", sound)
    page.locator("input[pattern]").fill("imported")
    page.click(".new-flow button[type=submit]")
    page.wait_for_selector(".row")
    page.click(".more summary")
    with page.expect_download() as download:
        page.click("text=导出文件")
    assert download.value.suggested_filename == "imported-v1.bpmn"
    assert download.value.path().read_bytes() == sound


def test_a_table_says_which_order_gets_which_flow(login: Login) -> None:
    page = login("tea-manager")
    page.set_viewport_size(DESK)
    page.goto(f"{FLOWS}tables/")
    page.wait_for_selector(".table-grid")
    page.click(".table-grid button:has-text('行')")
    page.get_by_label("应付金额（元） 1").fill(">= 1000")
    page.get_by_label("渠道 1").fill("app, h5")
    page.locator(".table-grid button[type=submit]").click()
    expect(page.locator(".flash.good")).to_contain_text("已保存为第 1 版")
    shot(page, "tables")
    found = FlowSelector.objects.get()
    assert found.data["rows"][0]["when"] == {
        "amount_fen": {"from": 100_000},
        "channel": ["app", "h5"],
    }
    page.get_by_label("应付金额（元） 1").fill("much")
    page.locator(".table-grid button[type=submit]").click()
    expect(page.locator(".table-grid .flash.bad")).to_contain_text("“much”")


def test_who_may_only_look_changes_nothing(login: Login) -> None:
    page = login("tea-manager")
    begin(page, template="standard", key="looked-at")
    onlooker = login("demo-auditor")
    onlooker.goto(page.url)
    onlooker.wait_for_selector(".row")
    for label in ("保存", "检查", "发布"):
        expect(onlooker.locator(f".bar button:has-text('{label}')")).to_have_count(0)
    expect(onlooker.locator(".grip, .add, .palette")).to_have_count(0)
    assert onlooker.request.get(f"{FLOWS}new/").status == 403

"""Pasted lines: what is found, and what is said to be a guess."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingchi.members import address_text, areas
from mingchi.members.address_text import Reading

XIHU = ("330106", "浙江省 杭州市 西湖区")
# line → name, phone, (code, area), detail, what to look at
LINES = {
    "张三 13800138000 浙江省杭州市西湖区文三路 138 号 3 幢": (
        "张三", "13800138000", XIHU, "文三路 138 号 3 幢", ""),
    "浙江省杭州市西湖区文三路138号，张三，138 0013 8000": (
        "张三", "13800138000", XIHU, "文三路138号", ""),
    "收货人：欧阳明月\n手机号码：+86 138-0013-8000\n所在地区：浙江省杭州市西湖区\n"
    "详细地址：文三路138号": (
        "欧阳明月", "13800138000", XIHU, "文三路138号", ""),
    "李四,13912345678,北京市北京市朝阳区建国路 1 号": (
        "李四", "13912345678", ("110105", "北京市 朝阳区"), "建国路 1 号", ""),
    "王五 13912345678 上海浦东新区世纪大道 100 号": (
        "王五", "13912345678", ("310115", "上海市 浦东新区"), "世纪大道 100 号", ""),
    "赵六 13912345678 浙江西湖区文三路 1 号": (  # the city left out
        "赵六", "13912345678", XIHU, "文三路 1 号", ""),
    "杭州西湖区文三路 1 号 孙七 13912345678": (  # the province left out
        "孙七", "13912345678", XIHU, "文三路 1 号", ""),
    "广东省东莞市长安镇中山路 8 号 周八 0769-88888888": (
        "周八", "0769-88888888", ("441900", "广东省 东莞市"), "长安镇中山路 8 号", ""),
    "吴九 13912345678 五常市民乐乡 1 号 邮编 150200": (  # a district that is alone in its name
        "吴九", "13912345678", ("230184", "黑龙江省 哈尔滨市 五常市"), "民乐乡 1 号", ""),
    "张三13800138000浙江省杭州市西湖区文三路138号": (
        "张三", "13800138000", XIHU, "文三路138号", ""),
    "浙江省杭州市西湖区文三路138号张三13800138000": (  # glued to the address
        "张三", "13800138000", XIHU, "文三路138号", "name"),
    "浙江省杭州市西湖区阳光水岸 张三 13800138000": (
        "张三", "13800138000", XIHU, "阳光水岸", ""),
    "Jane Doe 13800138000 浙江省杭州市西湖区文三路 1 号": (
        "Jane Doe", "13800138000", XIHU, "文三路 1 号", ""),
    "张三 李四 13800138000 浙江省杭州市西湖区文三路 1 号": (  # which of the two?
        "张三", "13800138000", XIHU, "李四 文三路 1 号", "name"),
    "张三 13800138000 13900139000 浙江省杭州市西湖区文三路 1 号": (
        "张三", "13800138000", XIHU, "文三路 1 号", "phone"),
    "张三 13800138000 浙江省杭州市文三路 1 号": (  # no district
        "张三", "13800138000", (None, "浙江省 杭州市"), "文三路 1 号", "region"),
    "张三 13800138000 文三路 1 号": (
        "张三", "13800138000", (None, ""), "文三路 1 号", "region"),
    "浙江省杭州市西湖区": ("", "", XIHU, "", "name phone detail"),
    "": ("", "", (None, ""), "", "name phone region detail"),
}  # fmt: skip


@pytest.mark.parametrize("line", LINES)
def test_what_is_found(line: str) -> None:
    name, phone, (code, area), detail, unsure = LINES[line]
    assert address_text.read(line) == Reading(
        name=name,
        phone=phone,
        region=code,
        area_name=area,
        detail=detail,
        unsure=tuple(unsure.split()),
    )


@given(st.text(max_size=400))
def test_any_text_is_read(text: str) -> None:
    found = address_text.read(text)
    assert len(found.detail) <= 4 * address_text.LONGEST
    assert set(found.unsure) <= {"name", "phone", "region", "detail"}


LAST = [area for area in areas.everything() if area.is_last]


@given(st.sampled_from(LAST))
def test_every_area_written_out_is_found(area: areas.Area) -> None:
    written = areas.full_name(area).replace(" ", "")
    found = address_text.read(f"张三 13800138000 {written}人民路 1 号")
    assert (found.region, found.detail, found.unsure) == (area.code, "人民路 1 号", ())

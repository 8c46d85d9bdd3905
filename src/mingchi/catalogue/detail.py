"""HTML of product pages: what is harmless stays, the rest goes."""

import re
from typing import Final

import nh3

from mingchi.catalogue.images import NAME

TAGS: Final = {
    "p", "br", "hr", "b", "strong", "i", "em", "u", "s", "small", "sub", "sup", "blockquote",
    "h2", "h3", "h4", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "img",
}  # fmt: skip
_ATTRIBUTES: Final = {
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
_OURS: Final = re.compile(rf".*/{NAME.pattern}")
_WHOLE: Final = re.compile(r"[0-9]{1,4}")


def clean(html: str) -> str:
    """The harmless part: text, emphasis, lists, tables, and pictures of ours. No links, no styles,
    no scripts; the text within what goes is kept, but for scripts and styles."""
    return nh3.clean(html, tags=TAGS, attributes=_ATTRIBUTES, attribute_filter=_filtered).strip()


def _filtered(tag: str, attribute: str, value: str) -> str | None:
    if (tag, attribute) == ("img", "src"):
        return value if _OURS.fullmatch(value) else None
    if attribute in ("width", "height", "colspan", "rowspan"):
        return value if _WHOLE.fullmatch(value) else None
    return value

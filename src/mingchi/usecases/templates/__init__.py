"""The flows that merchants start from, in Chinese and English.

Signals that they wait for, sent by whoever moves an order: `paid` money was booked, `cancel` the
buyer wants out, `arrived` goods on pre-order came in, `refused` the parcel was not accepted,
`withdrawn` the buyer gave a case up.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mingchi.usecases.templates import orders, returns
from mingchi.usecases.templates.drawing import LANGUAGES, Language, Name, Template, draw

ALL: Final[Mapping[str, Template]] = MappingProxyType(
    {template.key: template for template in (*orders.TEMPLATES, *returns.TEMPLATES)}
)
# What the platform runs where a merchant has drawn nothing.
STANDARD: Final[Mapping[str, str]] = MappingProxyType(
    {"order": "standard", "fulfilment": "parcel", "return": "after_sales"}
)


def bpmn(key: str, *, language: Language = "zh") -> bytes:
    """The template of this key as a BPMN file."""
    return draw(ALL[key], language)


__all__ = ["ALL", "LANGUAGES", "STANDARD", "Language", "Name", "Template", "bpmn"]

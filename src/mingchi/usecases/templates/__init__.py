"""The flows that merchants start from, in Chinese and English: drawn ones with deadlines and second
thoughts, and plain lists (`list_…`).

Signals that they wait for, sent by whoever moves an order: `paid` money was booked, `cancel` the
buyer wants out, `arrived` goods on pre-order came in, `refused` the parcel was not accepted,
`withdrawn` the buyer gave a case up, `supplied` said more about it, `appealed` to the platform,
`parcels_closed` the flow of the last parcel has ended.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mingchi.usecases.templates import lists, orders, parcels, returns
from mingchi.usecases.templates.drawing import LANGUAGES, Language, Name, Template, draw
from mingchi.usecases.templates.lists import ListTemplate, draw_list

ALL: Final[Mapping[str, Template | ListTemplate]] = MappingProxyType(
    {
        template.key: template
        for template in (
            *orders.TEMPLATES,
            *parcels.TEMPLATES,
            *returns.TEMPLATES,
            *lists.TEMPLATES,
        )
    }
)
# What the platform runs where a merchant has drawn nothing.
STANDARD: Final[Mapping[str, str]] = MappingProxyType(
    {"order": "standard", "fulfilment": "parcel", "return": "after_sales"}
)


def bpmn(key: str, *, language: Language = "zh") -> bytes:
    """The template of this key as a BPMN file."""
    template = ALL[key]
    if isinstance(template, ListTemplate):
        return draw_list(template, language)
    return draw(template, language)


__all__ = ["ALL", "LANGUAGES", "STANDARD", "Language", "ListTemplate", "Name", "Template", "bpmn"]

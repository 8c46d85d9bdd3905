"""What a product may say of itself, checked before it is written down."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from mingchi.catalogue import detail
from mingchi.catalogue.models import Brand, Category, Product
from mingchi.foundation.errors import DomainError, NotFoundError
from mingchi.usecases import checks

_TEXTS: Final = {
    "title": (120, True),
    "subtitle": (120, False),
    "description": (20_000, False),
    "detail": (50_000, False),
    "keywords": (200, False),
}
MOST_PARAMETERS: Final = 50
MOST_PER_MEMBER: Final = 10**6


def checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of what is given. Errors: `text_invalid`, `status_invalid`,
    `goods_type_invalid`, `limit_invalid`, `parameters_invalid`, `not_found` 404."""
    values = dict(given)
    for field, (longest, needed) in _TEXTS.items():
        if field in values:
            text = str(values[field]).replace("\r\n", "\n")
            values[field] = checks.text(text, field=field, longest=longest, needed=needed)
    if "detail" in values:
        values["detail"] = detail.clean(values["detail"])
    if "parameters" in values:
        values["parameters"] = _parameters(values["parameters"])
    checks.moment(values.get("on_sale_at"), field="on_sale_at")
    _refuse_unknown(values)
    limit = values.get("limit_per_member")
    if limit is not None and not 1 <= limit <= MOST_PER_MEMBER:
        raise DomainError(
            "limit_invalid", _("From 1 to a million a member."), field="limit_per_member"
        )
    return values


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as the audit log keeps them."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
    }


def _refuse_unknown(values: Mapping[str, Any]) -> None:
    if "status" in values and values["status"] not in Product.Status.values:
        raise DomainError("status_invalid", _("There is no such status."), field="status")
    if "goods_type" in values and values["goods_type"] not in Product.GoodsType.values:
        raise DomainError(
            "goods_type_invalid", _("There is no such type of goods."), field="goods_type"
        )
    category, brand = values.get("category_id"), values.get("brand_id")
    if "category_id" in values and not Category.objects.filter(pk=category or 0).exists():
        raise NotFoundError(field="category_id")
    if brand is not None and not Brand.objects.filter(pk=brand).exists():
        raise NotFoundError(field="brand_id")


def _parameters(pairs: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    names = [name.strip() for name, _value in pairs]
    if len(names) > MOST_PARAMETERS or len(set(names)) != len(names):
        raise DomainError(
            "parameters_invalid", _("At most 50 parameters, each name once."), field="parameters"
        )
    return [
        {
            "name": checks.text(name, field="parameters", longest=30, needed=True),
            "value": checks.text(value, field="parameters", longest=200, needed=True),
        }
        for name, value in pairs
    ]

"""Amounts as people read them, and columns that show them."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django.contrib import admin
from django.db.models import Model
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from mingchi.backoffice import looking
from mingchi.catalogue import images
from mingchi.members import areas
from mingchi.payments import gateways

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    Text = str | _StrPromise
else:
    Text = object
Column = Callable[[Any], Any]
NOTHING = "–"
GATEWAYS: Final = {**gateways.NAMES, "sandbox": _("sandbox gateway")}


def yuan(fen: int | None) -> str:
    """`123456` → `1,234.56`."""
    if fen is None:
        return NOTHING
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def points(upt: int | None) -> str:
    """`1500000` → `1.5`; six decimals at most, no zeros at the end."""
    if upt is None:
        return NOTHING
    sign = "-" if upt < 0 else ""
    whole, part = divmod(abs(upt), 1_000_000)
    tail = f".{part:06d}".rstrip("0").rstrip(".")
    return f"{sign}{whole:,}{tail}"


def percent(ppm: int | None) -> str:
    """`125000` → `12.5%`."""
    if ppm is None:
        return NOTHING
    whole, part = divmod(ppm, 10_000)
    return f"{whole}{f'.{part:04d}'.rstrip('0').rstrip('.')}%"


def multiple(ppm: int) -> str:
    """`3000000` → `3×`; 0 means never."""
    return f"{points(ppm)}×" if ppm else NOTHING


def price(fen: int, upt: int) -> str:
    """The ratio in yuan a point, rounded down to six decimals."""
    if not upt:
        return NOTHING
    whole, part = divmod(fen * 10_000 * 1_000_000 // upt, 1_000_000)
    return f"{whole}.{part:06d}"


def moment(at: datetime | None) -> str:
    """A time in the platform's zone, as the language writes it."""
    if at is None:
        return NOTHING
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M:%S")


def yes(flag: bool | None) -> Any:
    """Yes or no in a word; nothing where neither is known."""
    return NOTHING if flag is None else _("yes") if flag else _("no")


def link(to: Model | None, text: object = None) -> str | SafeString:
    """A link to a thing's page in the back office; a dash where there is no thing."""
    if to is None:
        return NOTHING
    return link_to(type(to), to.pk, str(to) if text is None else text)


def link_to(model: type[Model], key: object, text: object) -> str | SafeString:
    """The same by model and key, without loading the row; just the text for whoever looks and may
    not open it."""
    if not looking.may_open(model):
        return str(text)
    meta = model._meta
    url = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[key])
    return format_html('<a class="text-primary-600 hover:underline" href="{}">{}</a>', url, text)


def figure(number: int, to: str) -> SafeString:
    """A number that leads to what it counts."""
    return format_html('<a class="text-primary-600 hover:underline" href="{}">{}</a>', to, number)


def pretty(value: object) -> SafeString:
    """JSON, indented; text that is JSON is read first."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return format_html('<pre class="bo-pre">{}</pre>', value)
    text = json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True)
    return format_html('<pre class="bo-pre">{}</pre>', text)


def mono(text: object) -> SafeString:
    """Hashes and codes."""
    return format_html('<code class="bo-code">{}</code>', text)


def thumbnail(digest: str | None) -> str | SafeString:
    """A small picture, by the digest of its files."""
    if not digest:
        return NOTHING
    return format_html('<img class="bo-thumb" src="{}" alt="">', images.url(digest, 200))


def thumbnails(digests: Iterable[str]) -> SafeString:
    """Several beside each other."""
    return format_html_join("", "{}", ((thumbnail(digest),) for digest in digests))


def column(
    label: Text, read: Column, *, order: str | None = None, labels: Mapping[str, str] | None = None
) -> Column:
    """A column of a list, or a field of a page, that shows what `read` makes of the row."""

    def show(row: Any) -> Any:
        return read(row)

    name = order or str(getattr(read, "__name__", "column"))
    show.__name__ = f"show_{name}".replace("<lambda>", "value")
    options: dict[str, Any] = {"description": label, "ordering": order}
    shown: Column = admin.display(**options)(show)
    if labels is not None:
        shown.label = dict(labels)  # type: ignore[attr-defined]
    return shown


def yuan_column(name: str, label: Text) -> Column:
    """A field in fen, shown in yuan."""
    return column(label, lambda row: yuan(getattr(row, name)), order=name)


def gateway(code: str) -> Any:
    """A gateway by its name; a dash where there is none."""
    return GATEWAYS.get(code, code) or NOTHING


def area(code: str) -> str:
    """A region by its names, whether all six digits of its code are given or the first of them."""
    found = areas.by_prefix(code) if code else None
    return areas.full_name(found) if found else code or NOTHING


GATEWAY: Final = column(_("gateway"), lambda row: gateway(row.gateway), order="gateway")
REGION: Final = column(_("region"), lambda row: area(row.region), order="region")


def points_column(name: str, label: Text) -> Column:
    """A field in micro-points, shown in points."""
    return column(label, lambda row: points(getattr(row, name)), order=name)


def date_format(at: datetime) -> str:
    """The day, as the language writes it."""
    return str(formats.date_format(timezone.localtime(at), "SHORT_DATE_FORMAT"))


def actor(name: str | None) -> str:
    """Who acts, as pages show it: `user:3` by login, `member:7` as m7."""
    from mingchi.foundation.models import User

    kind, _colon, key = (name or "").partition(":")
    if kind == "user" and key.isdigit():
        return str(actors([name or ""]).get(name or "", User(username=key)).username)
    if kind == "member":
        return f"m{key}"
    return name or NOTHING


def actors(names: list[str]) -> dict[str, Any]:
    """Staff accounts behind `user:3` and the like, in one query."""
    from mingchi.foundation.models import User

    keys = {int(name[5:]) for name in names if name.startswith("user:") and name[5:].isdigit()}
    return {f"user:{user.pk}": user for user in User.objects.filter(pk__in=keys)}

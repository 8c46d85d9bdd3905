"""Shipping templates: what sending costs to which regions, with a picker for the regions."""

import json
from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from mingchi.backoffice import display, fields
from mingchi.backoffice.acts import Act, ActForm, Deed
from mingchi.backoffice.pages import Page
from mingchi.backoffice.panels import Panel
from mingchi.catalogue.models import Product
from mingchi.foundation.models import User
from mingchi.members import areas
from mingchi.merchants import scope
from mingchi.merchants.models import Merchant
from mingchi.pricing import templates
from mingchi.pricing.models import ShippingTemplate
from mingchi.pricing.shipping import Fee, Rule
from mingchi.usecases import edit_shipping
from mingchi.usecases.edit_shipping import TemplateData

WORDS: Final = {
    "add": _("Add a rule"),
    "additional": _("each further"),
    "all": _("All other regions"),
    "cancel": _("Cancel"),
    "choose": _("Choose regions"),
    "done": _("Done"),
    "first": _("first"),
    "free_from": _("free from (yuan)"),
    "free_pieces": _("free from (pieces)"),
    "grams": _("g"),
    "none": _("no region chosen yet"),
    "pieces": _("piece(s)"),
    "remove": _("Remove"),
    "sent": _("sent there"),
    "taken": _("in another rule"),
    "yuan": _("yuan"),
}
UNITS: Final = ("first_units", "additional_units")
AMOUNTS: Final = ("first_fen", "additional_fen")
FREE: Final = ("free_from_fen", "free_from_pieces")
USUAL: Final = Fee(first_units=1, first_fen=1000, additional_units=1, additional_fen=200)


def as_json(default: Fee | None, rules: Sequence[Rule]) -> str:
    """Rules as the page's editor takes them: amounts in fen."""

    def fee(found: Fee | None) -> dict[str, Any] | None:
        names = (*UNITS, *AMOUNTS, *FREE)
        return None if found is None else {name: getattr(found, name) for name in names}

    return json.dumps(
        {
            "default": fee(default),
            "rules": [{"regions": list(rule.prefixes), "fee": fee(rule.fee)} for rule in rules],
        }
    )


class RulesField(forms.CharField):
    """The editor's rules; cleans to (fee of all other regions, rules)."""

    def clean(self, value: Any) -> tuple[Fee | None, list[Rule]]:
        """Whatever is no rules at all is refused; the use case looks at what they say."""
        try:
            found = json.loads(super().clean(value))
            rules = [
                Rule(prefixes=tuple(str(x) for x in rule["regions"]), fee=_fee(rule["fee"]))
                for rule in found["rules"]
            ]
            return _fee(found["default"]), rules
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise forms.ValidationError(_("These rules can't be read.")) from error


def _fee(given: dict[str, Any] | None) -> Fee | None:
    if given is None:
        return None
    values: dict[str, Any] = {
        **{name: given[name] for name in (*UNITS, *AMOUNTS)},
        **{name: given.get(name) for name in FREE},
    }
    for name, value in values.items():
        if type(value) is not int and not (name in FREE and value is None):
            raise ValueError(name)
    return Fee(**values)


class TemplateForm(ActForm):
    """Name, what is counted, and the rules."""

    name = fields.text(_("name"), length=60)
    unit = fields.choice(_("charged"), ShippingTemplate.Unit.choices)
    unit.initial = ShippingTemplate.Unit.PIECE
    is_default = fields.switch(
        _("merchant's default"), help_text=_("Goods that name no other template go by it.")
    )
    rules = RulesField(
        label=_("shipping rules"),
        widget=forms.Textarea(attrs={"class": "bo-rules-source", "rows": 8}),
        initial=as_json(USUAL, []),
        max_length=200_000,
    )

    @property
    def config(self) -> dict[str, Any]:
        """What the editor's script is told."""
        return {
            "areas": reverse("api:list_areas") + "?whole=true",
            "words": {name: str(text) for name, text in WORDS.items()},
        }


class NewTemplateForm(TemplateForm):
    """A template, and whose it is."""

    merchant_id = fields.choice(_("merchant"), ())
    field_order = ("merchant_id", "name", "unit", "is_default", "rules")

    def prepare(self, request: HttpRequest, thing: Any) -> None:
        """A merchant's staff see no other merchant's name."""
        assert isinstance(request.user, User)
        own = scope.for_user(Merchant.objects.all(), request.user)
        merchant = self.fields["merchant_id"]
        assert isinstance(merchant, forms.ChoiceField)
        merchant.choices = list(own.values_list("pk", "name"))


class GoodsForm(ActForm):
    """Which products go by it."""

    products = fields.several(
        _("products"), (), help_text=_("All others go by the merchant's default.")
    )

    def prepare(self, request: HttpRequest, thing: Any) -> None:
        """The merchant's products."""
        own = Product.objects.filter(merchant=thing.merchant_id).order_by("-pk")[:1000]
        products = self.fields["products"]
        assert isinstance(products, forms.MultipleChoiceField)
        products.choices = [(row.pk, row.title) for row in own]


def _stated(values: dict[str, Any]) -> TemplateData:
    default, rules = values["rules"]
    return TemplateData(
        name=values["name"],
        unit=values["unit"],
        is_default=values["is_default"],
        default=default,
        rules=rules,
    )


def _add(deed: Deed) -> Any:
    edit_shipping.add_template(
        by=deed.user, merchant_id=int(deed.values["merchant_id"]), data=_stated(deed.values)
    )
    return _("The template is added.")


def _edit(deed: Deed) -> Any:
    edit_shipping.edit_template(by=deed.user, template_id=deed.thing.pk, data=_stated(deed.values))
    return _("The template is changed, for orders placed from here on.")


def _goods(deed: Deed) -> Any:
    template = deed.thing
    chosen = {int(key) for key in deed.values["products"]}
    before = set(template.products.values_list("product_id", flat=True))
    for template_id, product_ids in ((template.pk, chosen), (None, before - chosen)):
        if product_ids:
            edit_shipping.assign_template(
                by=deed.user,
                merchant_id=template.merchant_id,
                template_id=template_id,
                product_ids=product_ids,
            )
    return _("%(count)s products go by it now.") % {"count": len(chosen)}


def _remove(deed: Deed) -> Any:
    edit_shipping.remove_template(by=deed.user, template_id=deed.thing.pk)
    return _("The template is deleted.")


def _initial(row: ShippingTemplate) -> dict[str, Any]:
    found = templates.of(row)
    return {
        "name": row.name,
        "unit": row.unit,
        "is_default": row.is_default,
        "rules": as_json(found.default, found.rules),
    }


@admin.register(ShippingTemplate)
class ShippingTemplatePage(Page):
    """Templates; a merchant's staff see its own."""

    list_acts = (
        Act(
            name="add",
            label=_("Add a template"),
            right="shipping.edit",
            form=NewTemplateForm,
            run=_add,
            template="backoffice/shipping.html",
            icon="add",
            variant=ActionVariant.PRIMARY,
        ),
    )
    acts = (
        Act(
            name="edit",
            label=_("Edit"),
            right="shipping.edit",
            form=TemplateForm,
            run=_edit,
            initial=_initial,
            template="backoffice/shipping.html",
            icon="edit",
            submit=_("Save"),
            explain=_("Counts for orders placed from here on; placed ones keep what they paid."),
        ),
        Act(
            name="goods",
            label=_("Products that go by it"),
            right="shipping.edit",
            form=GoodsForm,
            run=_goods,
            initial=lambda row: {"products": list(row.products.values_list("product", flat=True))},
            icon="inventory_2",
            submit=_("Save"),
        ),
        Act(
            name="remove",
            label=_("Delete"),
            right="shipping.edit",
            run=_remove,
            icon="delete",
            variant=ActionVariant.DANGER,
            to=lambda thing: reverse("admin:pricing_shippingtemplate_changelist"),
        ),
    )
    list_display = (
        "name",
        "merchant",
        display.column(_("charged"), lambda row: row.get_unit_display(), order="unit"),
        display.column(_("merchant's default"), lambda row: display.yes(row.is_default),
                       order="is_default"),
        "products_count",
    )  # fmt: skip
    list_select_related = ("merchant",)
    list_filter = ("unit", "merchant")
    search_fields = ("name", "merchant__name")
    fields = (
        ("name", "merchant"),
        (
            display.column(_("charged"), lambda row: row.get_unit_display()),
            display.column(_("merchant's default"), lambda row: display.yes(row.is_default)),
        ),
        "products_count",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the number of products that name it."""
        rows: QuerySet[Any] = super().get_queryset(request)
        counted: QuerySet[Any] = rows.annotate(named=Count("products"))
        return counted

    @admin.display(description=_("products that name it"), ordering="named")
    def products_count(self, row: Any) -> int:
        """How many go by it by name."""
        return int(row.named)

    def get_panels(self, request: HttpRequest, thing: Any) -> Sequence[Panel]:
        """The rules in words."""
        found = templates.of(thing)
        unit = _("g") if thing.unit == ShippingTemplate.Unit.WEIGHT else _("piece(s)")
        whole = [*found.rules, Rule(prefixes=(), fee=found.default)]
        return [
            Panel(
                title=_("shipping rules"),
                headers=[_("regions"), _("first"), _("each further"), _("free")],
                rows=[[_regions(rule), *_in_words(rule.fee, unit)] for rule in whole],
                note=_("The rule with the smallest region that fits counts."),
            )
        ]


def _regions(rule: Rule) -> str:
    if not rule.prefixes:
        return str(_("All other regions"))
    found = (areas.by_prefix(prefix) for prefix in rule.prefixes)
    names = [prefix if area is None else areas.full_name(area)
             for prefix, area in zip(rule.prefixes, found, strict=True)]  # fmt: skip
    return "、".join(names)


def _in_words(fee: Fee | None, unit: Any) -> tuple[str, str, str]:
    if fee is None:
        return str(_("not sent there")), display.NOTHING, display.NOTHING
    free = []
    if fee.free_from_fen is not None:
        free.append(str(_("from %(yuan)s yuan") % {"yuan": display.yuan(fee.free_from_fen)}))
    if fee.free_from_pieces is not None:
        free.append(str(_("from %(count)s pieces") % {"count": fee.free_from_pieces}))
    return (
        f"{fee.first_units:,} {unit}: {display.yuan(fee.first_fen)}",
        f"{fee.additional_units:,} {unit}: {display.yuan(fee.additional_fen)}",
        " / ".join(free) or display.NOTHING,
    )

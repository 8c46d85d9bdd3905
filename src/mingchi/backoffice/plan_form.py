"""A plan as a form: sections, and ranks and awards as rows. Whatever is typed becomes TOML, which
the engine's own reader checks."""

import tomllib
from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from mingchi.backoffice import explain, plan_toml
from mingchi.backoffice.acts import ActForm
from mingchi.backoffice.plan_panels import WORDS
from mingchi.rebates import plans

BLANK_ROWS = 2
KINDS = ("direct", "indirect", "levels", "differential", "peer", "region", "dividend")


def _line(label: Any, *, help_text: Any = "", required: bool = False) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        max_length=120,
        help_text=help_text,
        widget=UnfoldAdminTextInputWidget(),
    )


def _one_of(label: Any, *values: str, blank: bool = False) -> forms.ChoiceField:
    choices = [(value, WORDS.get(value, value)) for value in values]
    return forms.ChoiceField(
        label=label,
        required=False,
        choices=[("", "–"), *choices] if blank else choices,
        widget=UnfoldAdminSelectWidget(),
    )


def _gone() -> forms.BooleanField:
    return forms.BooleanField(label=_("remove"), required=False, widget=UnfoldBooleanWidget())


class RankRow(forms.Form):
    """A rank."""

    name = _line(_("name"))
    rate = _line(_("rate"))
    own_sales = _line(_("own sales (yuan)"))
    team_sales = _line(_("team sales (yuan)"))
    direct_members = _line(_("direct members"))
    gone = _gone()

    def row(self) -> dict[str, Any] | None:
        """What was typed, None for a row left empty or removed."""
        stated = {key: value for key, value in self.cleaned_data.items() if value}
        if stated.pop("gone", False) or not stated:
            return None
        return _with_integers(stated, "direct_members")


class AwardRow(forms.Form):
    """An award; which fields count depends on its kind."""

    kind = forms.ChoiceField(
        label=_("kind"),
        required=False,
        choices=[("", "–"), *((kind, explain.RULES[kind]) for kind in KINDS)],
        widget=UnfoldAdminSelectWidget(attrs={"x-model": "kind"}),
    )
    rate = _line(_("rate"))
    base = _one_of(_("base"), "price", "budget", blank=True)
    rates = _line(_("rates"), help_text=_("From generation 1 on: 10%, 5%, 3%"))
    district = _line(_("district"))
    city = _line(_("city"))
    province = _line(_("province"))
    mode = _one_of(_("mode"), "stacked", "differential", blank=True)
    max_generations = _line(_("generations at most"))
    generations = _line(_("generations"))
    target = _line(_("target (yuan)"))
    gone = _gone()

    # Field → the kinds for which it is shown and read.
    FOR = {
        "rate": ("direct", "indirect", "peer", "dividend"),
        "base": ("direct", "indirect", "levels", "differential", "region"),
        "rates": ("levels",),
        "district": ("region",),
        "city": ("region",),
        "province": ("region",),
        "mode": ("region",),
        "max_generations": ("differential",),
        "generations": ("peer",),
        "target": ("peer",),
    }

    def cells(self) -> list[tuple[Any, str]]:
        """Fields with the condition under which they show."""
        return [(self[name], f"{list(kinds)}.includes(kind)") for name, kinds in self.FOR.items()]

    def row(self) -> dict[str, Any] | None:
        """What was typed for the kind, None for a row left empty or removed."""
        typed = self.cleaned_data
        kind = typed.get("kind")
        if typed.get("gone") or not kind:
            return None
        row: dict[str, Any] = {"kind": kind}
        for name, kinds in self.FOR.items():
            if kind in kinds and typed.get(name):
                row[name] = typed[name]
        if "rates" in row:
            row["rates"] = [rate.strip() for rate in row["rates"].split(",")]
        levels = {name: row.pop(name) for name in ("district", "city", "province") if name in row}
        if kind == "region":
            row["rates"] = levels
        return _with_integers(row, "max_generations", "generations")


def _with_integers(row: dict[str, Any], *names: str) -> dict[str, Any]:
    """Whole numbers as integers; anything else stays as typed, and the check names the key."""
    for name in names:
        if name in row and row[name].isdecimal() and len(row[name]) < 10:
            row[name] = int(row[name])
    return row


RankRows = formset_factory(RankRow, extra=BLANK_ROWS, max_num=40)
AwardRows = formset_factory(AwardRow, extra=BLANK_ROWS, max_num=40)


class PlanForm(ActForm):
    """The sections; ranks and awards follow as rows."""

    name = _line(_("name of the plan"), required=True)
    cost = _line(_("cost"), help_text=_("For lines that state no cost."))
    distribution = _line(_("distribution"), required=True)
    pool = _line(_("into the pool"), required=True)
    unclaimed = _one_of(_("unclaimed distribution goes to"), "platform", "pool")
    opening_price = _line(_("opening price (yuan)"), required=True)
    grant = _line(_("grant"), required=True, help_text=_("Of the contribution, by value."))
    redeem_fee = _line(_("redemption fee"), required=True)
    exit_multiple = _line(_("exit multiple"), help_text=_("0: never."))
    exit_fee = _line(_("exit fee"))
    exit_scope = _one_of(_("exits count by"), "member", "order")

    SECTIONS = {
        "split": ("cost", "distribution", "pool", "unclaimed"),
        "points": (
            "opening_price", "grant", "redeem_fee", "exit_multiple", "exit_fee", "exit_scope",
        ),
    }  # fmt: skip
    ranks: "BaseFormSet[RankRow]"
    awards: "BaseFormSet[AwardRow]"

    def prepare(self, request: HttpRequest, thing: Any) -> None:
        """Rows from the version, or from what was sent."""
        data = request.POST if request.method == "POST" else None
        plan = read(thing.toml) if thing is not None else {}
        self.ranks = RankRows(data, prefix="ranks", initial=plan.get("ranks", []))
        awards = [_award_initial(row) for row in plan.get("awards", [])]
        self.awards = AwardRows(data, prefix="awards", initial=awards)

    def clean(self) -> dict[str, Any]:
        """The TOML, once the engine's reader takes it."""
        cleaned = super().clean() or {}
        if self.errors or not self.ranks.is_valid() or not self.awards.is_valid():
            raise forms.ValidationError(_("Look at the fields marked below."))
        toml = plan_toml.dump(self._plan(cleaned))
        faults = plans.check(toml)
        if faults:
            raise forms.ValidationError(faults)
        return {"toml": toml}

    def _plan(self, typed: dict[str, Any]) -> dict[str, Any]:
        sections = {
            section: {name: typed[name] for name in names if typed.get(name)}
            for section, names in self.SECTIONS.items()
        }
        rows = {
            "ranks": [row for form in self.ranks if (row := form.row())],
            "awards": [row for form in self.awards if (row := form.row())],
        }
        heading = {"plan": {"name": typed["name"], "currency": "CNY"}}
        return {**heading, **sections, **{key: found for key, found in rows.items() if found}}


def initial(thing: Any) -> dict[str, Any]:
    """What the sections hold now."""
    plan = read(thing.toml)
    return {
        "name": plan.get("plan", {}).get("name", ""),
        **plan.get("split", {}),
        **plan.get("points", {}),
    }


def read(toml: str) -> dict[str, Any]:
    """The plan's object; empty where the text is no TOML (a draft may have faults)."""
    try:
        return tomllib.loads(toml)
    except ValueError:
        return {}


def _award_initial(row: dict[str, Any]) -> dict[str, Any]:
    shown = dict(row)
    rates = shown.pop("rates", None)
    if isinstance(rates, dict):
        shown.update(rates)
    elif isinstance(rates, list):
        shown["rates"] = ", ".join(map(str, rates))
    return shown

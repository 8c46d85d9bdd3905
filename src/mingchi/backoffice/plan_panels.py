"""A plan version in words: its rules, what is wrong with it, how it differs from another."""

import difflib
import tomllib
from collections.abc import Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from mingchi.backoffice import display, explain
from mingchi.backoffice.panels import Panel
from mingchi.rebates import plans
from mingchi.rebates.models import PlanVersion

LABELS = {
    "split": {
        "cost": _("cost (where a line gives none)"),
        "distribution": _("distribution"),
        "pool": _("into the pool"),
        "unclaimed": _("unclaimed distribution goes to"),
    },
    "points": {
        "opening_price": _("opening price (yuan)"),
        "grant": _("grant"),
        "redeem_fee": _("redemption fee"),
        "exit_multiple": _("exit multiple"),
        "exit_fee": _("exit fee"),
        "exit_scope": _("exits count by"),
    },
}


def of_version(version: PlanVersion) -> Sequence[Panel]:
    """Faults, rules, and the difference to the version in force (or to the one before)."""
    faults = plans.check(version.toml)
    panels = []
    if faults:
        panels.append(
            Panel(title=_("This plan cannot be used yet"), headers=[_("fault")],
                  rows=[[fault] for fault in faults])
        )  # fmt: skip
    else:
        panels += _rules(tomllib.loads(version.toml))
    other = _compared_with(version)
    if other is not None:
        panels.append(difference(other, version))
    return [*panels, Panel(title=_("plan (TOML)"), text=_text(version.toml))]


def difference(old: PlanVersion, new: PlanVersion) -> Panel:
    """Line by line."""
    lines = difflib.unified_diff(
        old.toml.splitlines(), new.toml.splitlines(), lineterm="", n=2, fromfile="", tofile=""
    )
    marked = [(_mark(line), line) for line in list(lines)[2:]]
    title = _("Changes against version %(number)s") % {"number": old}
    if not marked:
        return Panel(title=title, note=_("No difference."))
    body = format_html_join("\n", '<span class="{}">{}</span>', marked)
    return Panel(title=title, text=format_html('<pre class="bo-pre">{}</pre>', body))


def _compared_with(version: PlanVersion) -> PlanVersion | None:
    others = PlanVersion.objects.filter(programme=version.programme).exclude(pk=version.pk)
    in_force = others.filter(state=PlanVersion.State.ACTIVE).first()
    if in_force is not None and in_force.number < version.number:
        return in_force
    return others.filter(number__lt=version.number).order_by("-number").first()


def _mark(line: str) -> str:
    return {"+": "bo-add", "-": "bo-del"}.get(line[:1], "bo-same")


def _text(toml: str) -> Any:
    return format_html('<pre class="bo-pre">{}</pre>', toml)


def _rules(plan: dict[str, Any]) -> list[Panel]:
    figures = [
        (label, _shown(plan[section][key]))
        for section, labels in LABELS.items()
        for key, label in labels.items()
        if key in plan.get(section, {})
    ]
    return [
        Panel(title=_("Split and points"), figures=figures),
        Panel(
            title=_("Ranks"),
            headers=[_("rank"), _("rate"), _("own sales (yuan)"), _("team sales (yuan)"),
                     _("direct members")],
            rows=[
                [row["name"], row["rate"], row.get("own_sales", display.NOTHING),
                 row.get("team_sales", display.NOTHING), row.get("direct_members", display.NOTHING)]
                for row in plan.get("ranks", [])
            ],
            right=frozenset({1, 2, 3, 4}),
        ),
        Panel(
            title=_("Awards"),
            headers=[_("rule"), _("kind"), _("terms")],
            rows=[
                [place, explain.RULES.get(row["kind"], row["kind"]), _terms(row)]
                for place, row in enumerate(plan.get("awards", []), 1)
            ],
        ),
    ]  # fmt: skip


TERMS = {
    "base": _("base"),
    "rate": _("rate"),
    "rates": _("rates"),
    "mode": _("mode"),
    "max_generations": _("generations at most"),
    "generations": _("generations"),
    "target": _("target (yuan)"),
}
WORDS = {
    "price": _("of the price"),
    "budget": _("of the distribution budget"),
    "platform": _("platform"),
    "pool": _("pool"),
    "member": _("member"),
    "order": _("order"),
    "stacked": _("each its rate"),
    "differential": _("less what was met below"),
    "district": _("district"),
    "city": _("city"),
    "province": _("province"),
}


def _terms(row: dict[str, Any]) -> str:
    stated = [(key, value) for key, value in row.items() if key != "kind"]
    return "; ".join(f"{TERMS.get(key, key)}: {_shown(value)}" for key, value in stated)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{WORDS.get(key, key)} {_shown(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    return str(WORDS.get(value, value)) if isinstance(value, str) else str(value)

"""What a close would pay, to whom; as it stands now, or as it stood when it was asked."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from mingchi.backoffice import display, explain
from mingchi.backoffice.panels import Panel
from mingchi.members.models import Member
from mingchi.rebates import ids, queries
from mingchi.rebates.models import Programme


def now(programme: Programme) -> Sequence[Panel]:
    """If it were closed now."""
    return panels(queries.close_preview(programme), title=_("If the period closed now"))


def panels(preview: Mapping[str, Any], *, title: Any) -> Sequence[Panel]:
    """Awards and promotions of a preview."""
    awards = preview.get("awards", [])
    promotions = preview.get("promotions", [])
    missed = preview.get("unclaimed", [])
    names = _names([row["member"] for row in [*awards, *promotions]])
    total_fen = sum(row["amount"] for row in awards)
    return [
        Panel(
            title=title,
            figures=[
                (_("awards"), len(awards)),
                (_("in all (yuan)"), display.yuan(total_fen)),
                (_("promotions"), len(promotions)),
                (_("awards that miss their target"), len(missed)),
                (_("of these (yuan)"), display.yuan(sum(row["amount"] for row in missed))),
            ],
            headers=[_("member"), _("kind"), _("amount (yuan)")],
            rows=[
                [
                    _member(row["member"], names),
                    explain.RULES.get(row["kind"], row["kind"]),
                    display.yuan(row["amount"]),
                ]
                for row in awards
            ],
            right=frozenset({2}),
            empty=_("Nothing would be paid."),
        ),
        Panel(
            title=_("Promotions"),
            headers=[_("member"), _("new rank")],
            rows=[[_member(row["member"], names), row["rank"]] for row in promotions],
            empty=_("Nobody would be promoted."),
        ),
    ]


def _names(keys: Sequence[str]) -> dict[int, str]:
    members = {ids.primary_key(key) for key in keys}
    return dict(Member.objects.filter(pk__in=members).values_list("pk", "name"))


def _member(key: str, names: Mapping[int, str]) -> Any:
    pk = ids.primary_key(key)
    return display.link_to(Member, pk, f"{key} {names.get(pk, '')}".strip())

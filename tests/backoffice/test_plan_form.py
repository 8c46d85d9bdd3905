"""A plan as a form says what the TOML said, and its faults name the key."""

import tomllib
from typing import Any

import pytest
from django.test import RequestFactory

from mingchi.backoffice import plan_form, plan_toml
from mingchi.rebates.models import PlanVersion
from mingchi.usecases.open_platform import baseline

AWKWARD = """
[plan]
name = 'a "quoted" \\\\ 名'
currency = "CNY"
[split]
distribution = "30%"
pool = "0.3"
[points]
opening_price = "1.00"
grant = "70%"
redeem_fee = "20%"
[[awards]]
kind = "levels"
base = "budget"
rates = ["10%", "5%"]
[[awards]]
kind = "differential"
max_generations = 3
[[awards]]
kind = "peer"
rate = "10%"
generations = 2
target = "1000.00"
[[awards]]
kind = "region"
mode = "differential"
rates = { district = "2%", province = "3%" }
"""


@pytest.mark.parametrize("toml", [baseline(), AWKWARD], ids=["baseline", "awkward"])
def test_toml_is_written_as_it_was_read(toml: str) -> None:
    plan = tomllib.loads(toml)
    assert tomllib.loads(plan_toml.dump(plan)) == plan


@pytest.mark.parametrize("toml", [baseline(), AWKWARD], ids=["baseline", "awkward"])
def test_a_form_sent_back_unchanged_is_the_same_plan(toml: str) -> None:
    form = _sent(toml, {})
    assert form.is_valid(), form.errors
    kept, was = tomllib.loads(form.cleaned_data["toml"]), tomllib.loads(toml)
    assert kept["awards"] == was["awards"]
    assert kept.get("ranks", []) == was.get("ranks", [])
    assert {**kept["split"], **kept["points"]}.items() >= was["points"].items()


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"pool": "80%"}, "split.pool"),
        ({"grant": "70"}, "points.grant"),
        ({"awards-0-rate": "lots"}, "awards[0].rate"),
        ({"ranks-1-rate": "1%"}, "ranks[1].rate"),
        ({"awards-3-generations": "many"}, "awards[3].generations"),
        ({"awards-2-kind": ""}, "awards[2].kind"),
    ],
)
def test_a_fault_names_its_key(changes: dict[str, str], key: str) -> None:
    form = _sent(baseline(), changes)
    assert not form.is_valid()
    assert key in str(form.errors)


def test_a_row_can_be_taken_out_and_one_added() -> None:
    form = _sent(
        baseline(), {"awards-1-gone": "on", "awards-6-kind": "direct", "awards-6-rate": "1%"}
    )
    assert form.is_valid(), form.errors
    kinds = [row["kind"] for row in tomllib.loads(form.cleaned_data["toml"])["awards"]]
    assert kinds == ["direct", "differential", "peer", "region", "dividend", "direct"]


def _sent(toml: str, changes: dict[str, str]) -> plan_form.PlanForm:
    """The form as a browser sends it back, with some fields changed."""
    version = PlanVersion(toml=toml)
    shown = plan_form.PlanForm(initial=plan_form.initial(version))
    shown.prepare(RequestFactory().get("/"), version)
    data: dict[str, Any] = {name: shown[name].value() or "" for name in shown.fields}
    for rows in (shown.ranks, shown.awards):
        for form in (rows.management_form, *rows):
            typed = {form.add_prefix(name): form[name].value() for name in form.fields}
            data |= {name: value for name, value in typed.items() if value not in (None, "")}
    request = RequestFactory().post("/", {**data, **changes})
    form = plan_form.PlanForm(request.POST)
    form.prepare(request, version)
    return form

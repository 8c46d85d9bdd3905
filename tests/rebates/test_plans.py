"""Versions of a plan."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

import pytest
from django.db import IntegrityError, connections, transaction
from tests.rebates.online import PLAN, answers, found_programme, member, order, settle
from tests.rebates.online import version as approved

from mingchi.foundation.errors import DomainError
from mingchi.rebates import plans
from mingchi.rebates.models import PlanVersion, Programme

OTHER = PLAN.replace('"baseline"', '"other"').replace('grant = "70%"', 'grant = "50%"')


@pytest.fixture
def programme(db: None) -> Programme:
    return found_programme()


@pytest.mark.parametrize(
    ("toml", "named"),
    [
        (PLAN.replace('"70%"', '"170%"'), "points.grant"),
        (PLAN.replace('redeem_fee = "20%"\n', ""), "points.redeem_fee"),
        (PLAN + 'colour = "red"\n', "colour"),
        (PLAN.replace("[points]", "[points"), "line"),
        ("", "plan"),
    ],
)
def test_what_is_wrong_is_named(toml: str, named: str) -> None:
    (fault,) = plans.check(toml)
    assert named in fault
    with pytest.raises(DomainError) as caught:
        plans.read(toml)
    assert (caught.value.code, caught.value.status) == ("bad_plan", 422)
    assert fault in str(caught.value.message)
    assert caught.value.field


def test_a_sound_plan() -> None:
    assert plans.check(PLAN) == []
    assert plans.read(PLAN).grant_ppm == 700_000
    assert plans.payload(PLAN)["points"]["grant"] == "70%"


def test_versions_are_numbered_and_drafts_may_have_faults(programme: Programme) -> None:
    sound = plans.draft(programme=programme, toml=OTHER, by=None)
    faulty = plans.draft(programme=programme, toml="x", by=None)
    assert [(v.number, v.state) for v in (sound, faulty)] == [(2, "draft"), (3, "draft")]
    assert sound.name == "other"
    assert faulty.name  # something to call it by
    edited = plans.edit_draft(version_id=faulty.pk, toml=OTHER)
    assert (edited.name, edited.toml, edited.number) == ("other", OTHER, 3)
    assert plans.active(programme).number == 1


@pytest.mark.parametrize("state", ["proposed", "approved", "active", "retired", "refused"])
def test_only_a_draft_is_edited(programme: Programme, state: str) -> None:
    version = plans.draft(programme=programme, toml=OTHER, by=None)
    PlanVersion.objects.filter(state="active").update(state="retired")
    PlanVersion.objects.filter(pk=version.pk).update(
        state=state, active_from=datetime(2026, 10, 1, tzinfo=UTC)
    )
    with pytest.raises(DomainError) as caught:
        plans.edit_draft(version_id=version.pk, toml=PLAN)
    assert (caught.value.code, caught.value.status) == ("plan_not_draft", 409)
    version.refresh_from_db()
    assert version.toml == OTHER


@pytest.mark.django_db(transaction=True)
def test_drafts_of_four_people_at_once_have_four_numbers() -> None:
    programme = found_programme()
    barrier = Barrier(4)

    def call(_number: int) -> int:
        try:
            barrier.wait()
            return plans.draft(programme=programme, toml=OTHER, by=None).number
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(call, range(4))) == [2, 3, 4, 5]


def test_the_table_keeps_one_active_plan_and_a_date_with_an_approved_one(
    programme: Programme,
) -> None:
    version = plans.draft(programme=programme, toml=OTHER, by=None)
    for changed in ({"state": "approved"}, {"state": "active", "active_from": datetime.now(UTC)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            PlanVersion.objects.filter(pk=version.pk).update(**changed)


def test_a_settled_plan_event_makes_its_version_active(programme: Programme) -> None:
    version = approved(programme, OTHER)
    key = f"p{version.pk}"
    settle(programme, [member(1), order(1, 1)])
    settle(programme, [{"type": "plan", "id": key, "plan": plans.payload(OTHER)}, order(2, 1)])
    settle(programme, [order(3, 1)])  # by a settler that read the plan from the table
    states = PlanVersion.objects.order_by("number").values_list("number", "state")
    assert list(states) == [(1, "retired"), (2, "active")]
    granted = [a["grants"][0]["points"] for a in answers(programme) if "grants" in a]
    # 150 yuan at 1.428571, then at 60000 fen for 315 points
    assert granted == [210_000_000, 105_000_000, 78_750_000]

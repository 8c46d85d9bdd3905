"""The published examples through the settler: the answers are those of the file."""

from typing import Any

import pytest
from tests.rebates.online import (
    EXAMPLES,
    Names,
    answers,
    differences,
    found_programme,
    lines_of,
    record,
    settle,
    settler,
    stands_as,
    sums_fen,
    until_quiet,
)

from mingchi.ledger.models import Entry
from mingchi.rebates.models import Programme

pytestmark = pytest.mark.django_db(transaction=True)


def one_batch(programme: Programme, payloads: list[Any]) -> None:
    settle(programme, payloads)


def event_by_event(programme: Programme, payloads: list[Any]) -> None:
    """With a new settler for each, so that everything comes from the tables."""
    for payload in payloads:
        settle(programme, [payload])


def with_a_writer(programme: Programme, payloads: list[Any]) -> None:
    """Small batches, each worked out while the one before it is written."""
    record(programme, payloads)
    with settler(programme, threaded=True) as one:
        until_quiet(one, limit=4)


def all_at_once_with_a_writer(programme: Programme, payloads: list[Any]) -> None:
    record(programme, payloads)
    with settler(programme, threaded=True) as one:
        until_quiet(one)


@pytest.mark.parametrize("name", ["worked", "awards"])
@pytest.mark.parametrize("how", [one_batch, event_by_event, all_at_once_with_a_writer])
def test_answers_are_those_of_the_file(name: str, how: Any) -> None:
    names = Names(lines_of(EXAMPLES / f"{name}.jsonl"))
    programme = found_programme((EXAMPLES / f"{name}.toml").read_text())
    how(programme, names.payloads(programme))

    *expected, summary = lines_of(EXAMPLES / f"{name}.expected.jsonl")
    expected = [names.answer(one) for one in expected if "duplicate" not in one]
    assert answers(programme) == expected
    assert Entry.objects.count() == len(names.events)
    stand = stands_as(programme)
    assert stand == {key: names.answer({"wallets": {}, **summary}).get(key, {}) for key in stand}
    assert sums_fen() == 0
    assert differences(programme) == []


def test_small_batches_answer_alike_whatever_overtakes() -> None:
    """Redemptions overtake here, so the file's answers are not to be had; its laws are."""
    names = Names(lines_of(EXAMPLES / "awards.jsonl"))
    programme = found_programme((EXAMPLES / "awards.toml").read_text())
    with_a_writer(programme, names.payloads(programme))
    assert len(answers(programme)) == len(names.events)
    assert sums_fen() == 0
    assert differences(programme) == []

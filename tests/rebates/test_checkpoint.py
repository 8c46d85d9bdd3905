"""`mingchi verify --since-last`: goes on where it ended, and finds the same differences."""

from typing import Any

import pytest
from tests.rebates.online import EXAMPLES, Names, change, found_programme, lines_of, settle

from mingchi.cli import main as mingchi
from mingchi.rebates import checkpoint, verify
from mingchi.rebates.models import Programme
from mingchi.rebates.recompute import Recomputation


@pytest.fixture
def history(transactional_db: None) -> tuple[Programme, list[dict[str, Any]]]:
    """A programme with every kind of award, closes and refunds, and its events to come."""
    names = Names(lines_of(EXAMPLES / "awards.jsonl"))
    programme = found_programme((EXAMPLES / "awards.toml").read_text())
    return programme, names.payloads(programme)


def since_last(programme: Programme) -> list[Any]:
    return list(verify.differences(programme, since_last=True))


def read_since(programme: Programme) -> int:
    """How many entries a run that goes on looks at."""
    programme.refresh_from_db()
    recomputed = checkpoint.resume(programme)
    return len(list(recomputed._stored()))


@pytest.mark.parametrize("step", [1, 3, 7])
def test_in_steps_as_at_once(history: tuple[Programme, list[dict[str, Any]]], step: int) -> None:
    programme, events = history
    for place in range(0, len(events), step):
        settle(programme, events[place : place + step])
        assert read_since(programme) == len(events[place : place + step])
        assert since_last(programme) == []
    assert list(verify.differences(programme)) == []
    kept, anew = checkpoint.resume(programme), Recomputation(programme)
    assert list(anew.differences()) == []
    assert checkpoint._dump(kept) == checkpoint._dump(anew)


class TestWhatItFinds:
    """After a checkpoint in the middle."""

    @pytest.fixture
    def verified(self, history: tuple[Programme, list[dict[str, Any]]]) -> Programme:
        programme, events = history
        settle(programme, events[:20])
        assert since_last(programme) == []
        settle(programme, events[20:])
        return programme

    def found(self, programme: Programme) -> str:
        before = checkpoint.path(programme).read_bytes()
        (difference, *_others) = since_last(programme)
        assert checkpoint.path(programme).read_bytes() == before, "kept only where it is clean"
        return str(difference)

    def test_a_later_posting(self, verified: Programme) -> None:
        assert change(
            "UPDATE ledger_entry SET amounts[1] = amounts[1] + 1 WHERE id = "
            "(SELECT max(id) FROM ledger_entry WHERE cardinality(amounts) > 0)"
        )
        assert "expected" in self.found(verified)

    def test_a_position_that_was_opened_before(self, verified: Programme) -> None:
        assert change("UPDATE rebates_position SET paid_fen = paid_fen + 1 WHERE id % 1000 = 1")
        assert "position 1" in self.found(verified)

    def test_a_balance(self, verified: Programme) -> None:
        assert change("UPDATE ledger_accountbalance SET balance_fen = balance_fen + 1")
        assert "fen" in self.found(verified)

    def test_another_history_under_the_same_number(self, verified: Programme) -> None:
        last = checkpoint.resume(verified).batches
        assert change("UPDATE ledger_batch SET digest = sha256('other') WHERE number = %s", last)
        assert f"batch {last}, verified hash" in self.found(verified)


class TestTheFile:
    def test_damage_is_told_with_the_remedy(
        self,
        history: tuple[Programme, list[dict[str, Any]]],
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        programme, events = history
        settle(programme, events[:5])
        assert mingchi(["verify", "--since-last"]) == 0
        file = checkpoint.path(programme)
        file.write_bytes(file.read_bytes()[:-1])
        assert mingchi(["verify", "--since-last"]) == 2
        assert "remove it" in capsys.readouterr().err
        file.unlink()
        assert mingchi(["verify", "--since-last"]) == 0

    def test_of_another_programme(self, history: tuple[Programme, list[dict[str, Any]]]) -> None:
        programme, events = history
        settle(programme, events[:5])
        assert since_last(programme) == []
        Programme.objects.update(opening_plan=programme.opening_plan + "\n")
        programme.refresh_from_db()
        with pytest.raises(checkpoint.CheckpointError, match="another programme"):
            checkpoint.resume(programme)

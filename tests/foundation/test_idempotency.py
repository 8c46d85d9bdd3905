"""The same request twice is worked once."""

import threading

import pytest
from django.db import connection, transaction

from mingchi.foundation import idempotency
from mingchi.foundation.errors import DomainError
from mingchi.foundation.models import IdempotencyKey


@pytest.mark.django_db
class TestOnce:
    def once(self, *, key: str = "k", body: bytes = b"{}", runs: list[int] | None = None):
        def run() -> dict[str, int]:
            if runs is not None:
                runs.append(1)
            return {"order": 7}

        with transaction.atomic():
            return idempotency.once(scope="member:1", key=key, body=body, run=run)

    def test_runs_once_and_answers_the_same(self) -> None:
        runs: list[int] = []
        assert self.once(runs=runs) == ({"order": 7}, False)
        assert self.once(runs=runs) == ({"order": 7}, True)
        assert len(runs) == 1

    def test_another_body_is_a_conflict(self) -> None:
        self.once()
        with pytest.raises(DomainError) as refusal:
            self.once(body=b'{"qty": 2}')
        assert (refusal.value.code, refusal.value.status) == ("idempotency_conflict", 409)

    def test_a_dict_is_compared_whatever_its_order(self) -> None:
        with transaction.atomic():
            idempotency.once(scope="s", key="k", body={"a": 1, "b": 2}, run=dict)
            assert idempotency.once(scope="s", key="k", body={"b": 2, "a": 1}, run=dict)[1]

    def test_a_refused_run_leaves_the_key_free(self) -> None:
        def refuse() -> dict[str, int]:
            raise DomainError("no", "no")

        with pytest.raises(DomainError), transaction.atomic():
            idempotency.once(scope="member:1", key="k", body=b"{}", run=refuse)
        assert not IdempotencyKey.objects.exists()
        assert self.once()[1] is False

    @pytest.mark.parametrize("key", ["", "x" * 201, "钥匙", "a\x00b", "a\nb"])
    def test_bad_keys(self, key: str) -> None:
        with pytest.raises(DomainError) as refusal:
            self.once(key=key)
        assert refusal.value.code == "idempotency_key_invalid"


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_run_once() -> None:
    runs: list[int] = []
    answers: list[tuple[dict[str, int], bool]] = []
    start = threading.Barrier(8)

    def work() -> None:
        start.wait()
        try:
            with transaction.atomic():
                answers.append(
                    idempotency.once(
                        scope="s", key="k", body=b"", run=lambda: {"n": runs.append(1) or 1}
                    )
                )
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(runs) == 1
    assert sorted(replayed for _, replayed in answers) == [False] + [True] * 7
    assert all(answer == {"n": 1} for answer, _ in answers)

"""A proxy that lends sessions by the transaction is found, and nothing else is."""

from itertools import count

import pytest

from mingchi.config import pooling


class Pool:
    """A server behind a proxy. `by`: what it lends a session for, a "session" or a "transaction".
    `newest`: an idle session is lent anew before an older one, as PgBouncer does."""

    def __init__(self, *, by: str, newest: bool = True) -> None:
        self.by, self.newest = by, newest
        self.idle: list[int] = []
        self.numbers = count(1)

    def lend(self) -> int:
        if not self.idle:
            return next(self.numbers)
        return self.idle.pop(-1 if self.newest else 0)


class Client:
    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.own = pool.lend() if pool.by == "session" else 0
        self.in_transaction = False

    def backend(self) -> int:
        if self.own:
            return self.own
        lent = self.pool.lend()
        if self.in_transaction:
            self.own = lent
        else:
            self.pool.idle.append(lent)
        return lent

    def begin(self) -> None:
        self.in_transaction = True

    def close(self) -> None:
        self.pool.idle.append(self.own)


@pytest.mark.parametrize(
    ("by", "newest", "idle", "shared"),
    [
        ("session", True, 0, False),
        ("session", True, 3, False),
        ("transaction", True, 0, True),
        ("transaction", True, 3, True),
        ("transaction", False, 3, True),
    ],
)
def test_what_a_proxy_lends(by: str, newest: bool, idle: int, shared: bool) -> None:
    pool = Pool(by=by, newest=newest)
    pool.idle = [next(pool.numbers) for _ in range(idle)]
    assert pooling.are_shared(lambda: Client(pool)) is shared


@pytest.mark.django_db(transaction=True)
def test_the_server_itself_is_taken() -> None:
    pooling.refuse_shared()


def test_it_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = Pool(by="transaction")
    monkeypatch.setattr(pooling, "_Connection", lambda: Client(pool))
    with pytest.raises(SystemExit, match="pool_mode = session"):
        pooling.refuse_shared()

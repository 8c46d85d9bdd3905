"""Where an instance of a flow stands: tokens, half-arrived joins, outcomes. Never order data.

A `State` is a value: the interpreter returns a new one and leaves the old as it was. `to_json` is
compact (the twelve-task flow stays under 400 bytes) and names nodes by id, so that a state can be
read by another version of the flow.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from mingchi.flows.errors import StateError

CANCELLED = "cancelled"
# What can be the matter with a token: its job failed for good, or a decision gave no answer.
FAILED = "failed"
STOPPED = "stopped"


class Token(NamedTuple):
    """A token that rests on a node. `id` is never used again within an instance: instance and
    token name a work item, a timer or a job for ever.

    `scope`: id of the token that rests on the sub-process around it, 0 outside. `outcome`: of the
    latest task on its way. `trouble`: FAILED or STOPPED, and it waits for a person; "" as a rule.
    `undo`: nodes still to be undone before it goes on, the next one first.
    """

    id: int
    node: str
    scope: int = 0
    outcome: str = ""
    trouble: str = ""
    undo: tuple[str, ...] = ()


class State(NamedTuple):
    """`arrivals`: per (scope, join) how many tokens came by which way. `outcomes`: per node the
    latest, of those that conditions read. `done`: (scope, node) of what can be undone, oldest
    first. `ended`: the end node once it is over, `CANCELLED` after `cancel`."""

    tokens: Mapping[int, Token]
    arrivals: Mapping[tuple[int, str], Mapping[str, int]]
    outcomes: Mapping[str, str]
    done: tuple[tuple[int, str], ...]
    next_token: int
    ended: str | None

    def to_json(self) -> dict[str, Any]:
        """Plain data for a JSON column; what is empty is left out."""
        data: dict[str, Any] = {"n": self.next_token}
        if self.tokens:
            data["t"] = [_token_to_json(token) for token in self.tokens.values()]
        if self.arrivals:
            data["j"] = [[scope, node, dict(ways)] for (scope, node), ways in self.arrivals.items()]
        if self.outcomes:
            data["o"] = dict(self.outcomes)
        if self.done:
            data["d"] = [[node, scope] if scope else node for scope, node in self.done]
        if self.ended is not None:
            data["e"] = self.ended
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "State":
        """The state of `to_json`. Raises StateError where it has another form."""
        try:
            tokens = [_token_from_json(*token) for token in data.get("t", ())]
            return cls(
                tokens={token.id: token for token in tokens},
                arrivals={(scope, node): ways for scope, node, ways in data.get("j", ())},
                outcomes=data.get("o", {}),
                done=tuple([_done_from_json(entry) for entry in data.get("d", ())]),
                next_token=data["n"],
                ended=data.get("e"),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise StateError(f"not the state of a flow: {error}") from None

    def token_at(self, node: str) -> Token | None:
        """The oldest token that rests on a node, if any."""
        for token in self.tokens.values():
            if token.node == node:
                return token
        return None


EMPTY = State(tokens={}, arrivals={}, outcomes={}, done=(), next_token=1, ended=None)


def _token_to_json(token: Token) -> list[Any]:
    """What stands at the end and is as usual is left out."""
    if token.undo:
        return [token.id, token.node, token.scope, token.outcome, token.trouble, list(token.undo)]
    if token.trouble:
        return [token.id, token.node, token.scope, token.outcome, token.trouble]
    if token.outcome:
        return [token.id, token.node, token.scope, token.outcome]
    if token.scope:
        return [token.id, token.node, token.scope]
    return [token.id, token.node]


def _token_from_json(
    token: int, node: str, scope: int = 0, outcome: str = "", trouble: str = "", undo: Any = ()
) -> Token:
    return Token(token, node, scope, outcome, trouble, tuple(undo))


def _done_from_json(entry: str | list[Any]) -> tuple[int, str]:
    if isinstance(entry, str):
        return 0, entry
    node, scope = entry
    return scope, node

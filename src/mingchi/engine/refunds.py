"""Refunding a part of a settled order: each share gives back its part, rounded down in total.

The pool gives back no more than the points burned and the money returned are worth, so the price
never falls, and buying, redeeming and returning gains nobody anything.
"""

from collections.abc import Iterator

from mingchi.engine.events import RefundEvent
from mingchi.engine.orders import Record, SettledOrder, note_refund, order_from_record
from mingchi.engine.outcome import Outcome, Refund, TakeBack
from mingchi.engine.split import LineShares, part_of_line
from mingchi.engine.state import Position, Refused, State


class LineRefund:
    """A refund of `amount_fen` of one line, and what the line's shares give back for it."""

    __slots__ = ("_after_fen", "_before_fen", "_budgets_fen", "number", "order", "record")

    def __init__(
        self, *, record: Record, order: SettledOrder, number: int, amount_fen: int
    ) -> None:
        self.record = record
        self.order = order
        self.number = number
        self._before_fen = order.refunded_fen[number]
        self._after_fen = self._before_fen + amount_fen
        self._budgets_fen = [line.budget_fen for line in order.lines]

    @property
    def line(self) -> LineShares:
        """The shares of the line refunded."""
        return self.order.lines[self.number]

    def step(self, part: int) -> int:
        """What is taken back now of the line's part of a share.

        In all, refunds of T take back floor(part * T / goods).
        """
        goods_fen = self.line.goods_fen
        return part * self._after_fen // goods_fen - part * self._before_fen // goods_fen

    def step_by_budget(self, share_fen: int) -> int:
        """What is taken back now of a share that is spread over the lines by their budgets."""
        return self.step(part_of_line(share_fen, weights=self._budgets_fen, line=self.number))

    def step_of_points(self) -> int:
        """The points to take back now; they are spread by the lines' contributions."""
        weights = [line.contribution_fen for line in self.order.lines]
        return self.step(part_of_line(self.order.granted_upt, weights=weights, line=self.number))


def refund_line(state: State, event: RefundEvent) -> Outcome:
    """Refunds a part of an order's line. Raises Refused, before anything has changed."""
    work = _line_refund(state, event)
    order, line = work.order, work.line
    position = None if order.position is None else state.positions[order.position]
    contribution_fen = work.step(line.contribution_fen)
    points_upt = work.step_of_points()
    burned_upt, turned_upt, returned_fen = _points_back(position, points_upt)
    worth_fen = burned_upt * state.pool_fen // state.supply_upt if burned_upt else 0
    pool_fen = min(contribution_fen, returned_fen + worth_fen)

    if position is not None:
        position.redeemed_upt -= turned_upt
        position.paid_fen -= returned_fen
        position.held_upt -= burned_upt
        position.spend_fen -= event.amount_fen
        position.granted_upt -= points_upt
        state.exits.watch(position)
    state.pool_fen += returned_fen - pool_fen
    state.supply_upt -= burned_upt
    refund = Refund(
        line=work.number,
        amount_fen=event.amount_fen,
        member=order.member,
        merchant=line.merchant,
        cost_fen=work.step(line.cost_fen),
        pool_fen=pool_fen,
        burned_upt=burned_upt,
        returned_fen=returned_fen,
        shortfall_fen=contribution_fen - pool_fen,
        unclaimed_fen=_unclaimed_in_pool(state, work),
        take_backs=list(_take_backs(state, work)),
    )
    _settle(state, order, refund)
    outcome = Outcome()
    outcome.refund = refund
    outcome.order = order.id
    outcome.record = work.record
    note_refund(work.record, line=work.number, amount_fen=event.amount_fen)
    state.orders[order.id] = work.record
    if position is not None:
        outcome.positions = (position,)
    return outcome


def _line_refund(state: State, event: RefundEvent) -> LineRefund:
    record = state.orders.get(event.order)
    if record is None:
        raise Refused("unknown order")
    order = order_from_record(event.order, record)
    number = event.line
    if number is None:
        if len(order.lines) > 1:
            raise Refused("line needed")
        number = 0
    if number >= len(order.lines):
        raise Refused("unknown line")
    if order.refunded_fen[number] + event.amount_fen > order.lines[number].goods_fen:
        raise Refused("refund exceeds line")
    return LineRefund(record=record, order=order, number=number, amount_fen=event.amount_fen)


def _points_back(position: Position | None, points_upt: int) -> tuple[int, int, int]:
    """Of the points to take back: those burned, those that were turned into money, and the fen
    that come back for these."""
    if position is None:
        return 0, 0, 0
    burned_upt = min(position.held_upt, points_upt)
    turned_upt = min(points_upt - burned_upt, position.redeemed_upt)
    if not turned_upt:
        return burned_upt, 0, 0
    return burned_upt, turned_upt, position.paid_fen * turned_upt // position.redeemed_upt


def _take_backs(state: State, work: LineRefund) -> Iterator[TakeBack]:
    order = work.order
    for place, award in enumerate(order.awards):
        if award.waiting and (order.id, place) in state.forfeited:
            continue
        amount_fen = work.step_by_budget(award.amount_fen)
        waits = award.waiting and (order.id, place) in state.waiting
        if amount_fen:
            if waits:
                state.waiting[order.id, place].amount_fen -= amount_fen
            yield TakeBack(award.member, award.kind, amount_fen, waits)


def _unclaimed_in_pool(state: State, work: LineRefund) -> int:
    """What would be taken back of unclaimed parts that went to the pool; they stay there, since
    nothing may leave it but what points and returned money are worth."""
    order = work.order
    stays_fen = work.step_by_budget(order.unclaimed_fen) if order.unclaimed_to == "pool" else 0
    for place, award in enumerate(order.awards):
        if award.waiting and state.forfeited.get((order.id, place)) == "pool":
            stays_fen += work.step_by_budget(award.amount_fen)
    return stays_fen


def _settle(state: State, order: SettledOrder, refund: Refund) -> None:
    """Takes from merchant, wallets and platform; the buyer's sales fall."""
    if refund.cost_fen:
        state.merchants[refund.merchant] -= refund.cost_fen
    if refund.returned_fen:
        state.wallets[order.member] -= refund.returned_fen
    for taken in refund.take_backs:
        if not taken.waiting:
            state.wallets[taken.member] -= taken.amount_fen
    state.credit_platform(-refund.platform_fen)
    state.refund_loss_fen += refund.loss_fen
    state.received_fen -= refund.amount_fen
    buyer = state.members[order.member]
    buyer.own_sales_fen -= refund.amount_fen
    buyer.period_sales_fen -= refund.amount_fen

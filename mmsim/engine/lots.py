"""The hedge's lots: what closing trades have realised, matched last or first in first out, or at average cost."""

from __future__ import annotations

from mmsim.engine.state import State, micros
from mmsim.kernel import internal

LIFO, FIFO, AVERAGE = 0, 1, 2


@internal
def trade_lots(state: State, u: int, units: float, price: float) -> None:
    """Enter a trade of the hedge: close opposite lots in the order of matching, open a lot with what is left.

    Costs are integers: the part k of a lot of n closes at round(cost * k / n), and the lot keeps the rest, so that
    realised result and open cost always sum to the cash.
    """
    underlying, desk = state.underlyings[u], state.desk[0]
    left, flow = units, -micros(state, units * price)
    while left != 0.0 and underlying["lot_tail"] > underlying["lot_head"]:
        k = underlying["lot_head"] if state.rules[0]["matching"] == FIFO else underlying["lot_tail"] - 1
        held = state.lot_units[u, k]
        if held * left > 0.0:
            break
        closes_lot = abs(left) >= abs(held)
        closed = -held if closes_lot else left
        cost = state.lot_costs[u, k] if closes_lot else round(state.lot_costs[u, k] * (-closed / held))
        proceeds = flow if closed == left else round(flow * (closed / left))
        desk["realised"] += proceeds - cost
        flow -= proceeds
        state.lot_costs[u, k] -= cost
        state.lot_units[u, k] += closed
        left -= closed
        if closes_lot:
            if state.rules[0]["matching"] == FIFO:
                underlying["lot_head"] += 1
            else:
                underlying["lot_tail"] -= 1
    if left != 0.0:
        _open_lot(state, u, left, -flow)


@internal
def _open_lot(state: State, u: int, units: float, cost: int) -> None:
    """A new lot at the end, or into the one lot of average cost; a row whose front is free is moved there first."""
    underlying = state.underlyings[u]
    head, tail = underlying["lot_head"], underlying["lot_tail"]
    if state.rules[0]["matching"] == AVERAGE and tail > head:
        state.lot_units[u, tail - 1] += units
        state.lot_costs[u, tail - 1] += cost
        return
    if head > 0 and tail == state.lot_units.shape[1]:
        for k in range(head, tail):
            state.lot_units[u, k - head] = state.lot_units[u, k]
            state.lot_costs[u, k - head] = state.lot_costs[u, k]
        head, tail = 0, tail - head
    state.lot_units[u, tail] = units
    state.lot_costs[u, tail] = cost
    underlying["lot_head"], underlying["lot_tail"] = head, tail + 1


@internal
def lots_have_room(state: State) -> bool:
    """Whether every row of lots can take the trades of one event."""
    desk = state.desk[0]
    room = 2 * state.options.shape[0] + 8 + desk["hedge_tail"] - desk["hedge_head"]
    for u in range(state.underlyings.shape[0]):
        underlying = state.underlyings[u]
        if underlying["lot_tail"] - underlying["lot_head"] + room > state.lot_units.shape[1]:
            return False
    return True

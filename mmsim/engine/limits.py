"""The desk's limits: every breach is an event of the run; beyond the loss limit quoting ends and the delta goes."""

from __future__ import annotations

from mmsim.engine.execution import round_to_lot, send_hedge
from mmsim.engine.greeks import book_at, net_delta
from mmsim.engine.journal import note_breach
from mmsim.engine.state import Limit, State
from mmsim.kernel import internal
from mmsim.ledger import Account


@internal
def equity(state: State) -> int:
    """What the desk is worth with options at theo: the sum of its assets, micro-units."""
    total = 0
    for row in range(state.balances.shape[0]):
        for account in range(Account.CASH_OPTIONS, Account.HEDGE + 1):
            total += state.balances[row, account]
    return total


@internal
def check_limits(state: State, u: int) -> None:
    """Note every limit of the underlying's book that is breached and was not at the last look."""
    underlying, rules = state.underlyings[u], state.rules[0]
    before, book = underlying["breached"], book_at(state, underlying, state.desk[0]["now"])
    net_delta = book.delta + underlying["hedge"] + underlying["pending"]
    breached = _look(state, u, Limit.NET_DELTA, net_delta, rules["limit_delta"], before)
    breached |= _look(state, u, Limit.NET_GAMMA, book.gamma, rules["limit_gamma"], before)
    breached |= _look(state, u, Limit.NET_VEGA, book.vega, rules["limit_vega"], before)
    underlying["breached"] = breached


@internal
def check_position(state: State, i: int) -> None:
    """Note an option's position beyond its limit (quotes are cut to stay within: a full one is no breach)."""
    position = state.options[i]["position"]
    if abs(position) > state.rules[0]["limit_position"]:
        note_breach(state, i, Limit.POSITION, position)


@internal
def check_loss(state: State) -> None:
    """Beyond the loss limit: no more quotes, and every underlying's delta is sent to zero, once."""
    desk = state.desk[0]
    change = (equity(state) - desk["opening_equity"]) * 1e-6
    if desk["halted"] != 0 or change > -state.rules[0]["limit_loss"]:
        return
    desk["halted"] = 1
    note_breach(state, -1, Limit.LOSS, change)
    for u in range(state.underlyings.shape[0]):
        underlying = state.underlyings[u]
        if underlying["spot"] == underlying["spot"]:
            send_hedge(state, u, round_to_lot(-net_delta(state, underlying), underlying["lot"]))


@internal
def _look(state: State, u: int, limit: Limit, value: float, bound: float, before: int) -> int:
    """The limit's bit if |value| is beyond its bound; noted if the bit was not set before."""
    if not abs(value) > bound:
        return 0
    bit = 1 << limit
    if before & bit == 0:
        note_breach(state, u, limit, value)
    return bit

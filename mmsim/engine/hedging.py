"""The hedge's decision: what the policy is shown, and what is done with its answer."""

from __future__ import annotations

from mmsim.engine.delayed import tell
from mmsim.engine.execution import round_to_lot, send_hedge
from mmsim.engine.greeks import book_at, keep_fresh
from mmsim.engine.hedge_delta import Answer, as_marked, price_held
from mmsim.engine.quoting import keep_fault
from mmsim.engine.seats import HedgeSeat
from mmsim.engine.state import Counter, State
from mmsim.engine.tracing import Asked, Traced, trace_trade
from mmsim.kernel import internal
from mmsim.policy import HedgeView


@internal
def ask_hedge(state: State, u: int, timer: int, hedger: HedgeSeat) -> bool:
    """Ask the hedging policy and send what it answers; False if the answer is no number.

    Outside the session only an expiry asks it, so that a hedge does not outlive its option overnight.
    """
    underlying, desk = state.underlyings[u], state.desk[0]
    is_closed = desk["open"] == 0 and underlying["ask_due"] == 0
    if is_closed or underlying["spot"] != underlying["spot"]:
        return True
    keep_fresh(state, u)
    if underlying["untold"] != 0:
        tell(state, u, -1, 0.0, 0.0, 0.0, 0.0, 0.0)
    book = book_at(state, underlying, desk["now"])
    held = as_marked(book)
    if state.rules[0]["prices_book"] != 0:
        held = price_held(state, u, book, hedger)
        if not held.is_valid:
            return False
    view = HedgeView(
        ts_ns=desk["now"],
        underlying=u,
        ticks=underlying["ticks"],
        timer=timer,
        spot=underlying["spot"],
        spot_bid=underlying["bid"],
        spot_ask=underlying["ask"],
        option_delta=book.delta,
        hedge=underlying["hedge"],
        pending=underlying["pending"],
        net_delta=book.delta + underlying["hedge"] + underlying["pending"],
        net_gamma=book.gamma,
        net_vega=book.vega,
        net_theta=underlying["book_theta"],
        last_hedge_ns=underlying["hedge_ts"],
        last_hedge_spot=underlying["hedge_spot"],
        expected_volatility=underlying["expected_volatility"],
        hedge_delta=held.delta + underlying["hedge"] + underlying["pending"],
        years=held.years,
        implied_volatility=held.volatility,
        rate=held.rate,
    )
    units = hedger.decide(view, hedger.shown_memory, hedger.parameters)
    state.counters[Counter.HEDGE_DECISIONS] += 1
    if not abs(units) < 1e300:
        keep_fault(state, view)
        state.fault[1, 0], state.fault[1, 1] = units, 0 + Answer.HEDGE
        return False
    size = round_to_lot(units, underlying["lot"])
    if state.rules[0]["traced"] == Traced.ALL:
        trace_trade(state, Asked.HEDGE, view, units, size)
    send_hedge(state, u, size)
    return True

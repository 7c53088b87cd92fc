"""Trades with a volatility desk: what the hedging policy sheds of the options held, or adds to them, at a cost."""

from __future__ import annotations

from typing import Any

from mmsim.engine.delayed import tell
from mmsim.engine.execution import round_to_lot
from mmsim.engine.fees import option_fee
from mmsim.engine.fills import enter_tranche, pay_premium, start_tranche
from mmsim.engine.greeks import book_at, keep_fresh
from mmsim.engine.hedge_delta import Answer, is_held, keep_answer, option_view
from mmsim.engine.journal import begin, new_fill, post
from mmsim.engine.limits import check_position
from mmsim.engine.seats import HedgeSeat
from mmsim.engine.state import Counter, State, TransactionKind, micros
from mmsim.engine.tracing import Asked, Traced, trace_trade
from mmsim.engine.valuation import greeks_now, market_fair
from mmsim.kernel import internal
from mmsim.ledger import Account
from mmsim.pricing.black_scholes import Greeks


@internal
def offload(state: State, u: int, hedger: HedgeSeat) -> int:
    """Ask the policy, option by option, what of those held to trade with the volatility desk, and trade it at once.

    The number of trades; -1 if an answer is no number. Nothing is asked outside the session.
    """
    underlying, desk = state.underlyings[u], state.desk[0]
    dealt = 0
    if desk["open"] == 0:
        return dealt
    for k in range(underlying["active"]):
        i = state.options[underlying["first"] + k]["held"]
        option = state.options[i]
        if not is_held(state, option) or desk["now"] >= option["expiry"]:
            continue
        keep_fresh(state, u)
        at = greeks_now(state, i)
        view = option_view(state, i, at, book_at(state, underlying, desk["now"]))
        contracts = hedger.offload(view, hedger.shown_memory, hedger.offload_parameters)
        if not abs(contracts) < 1e300:
            keep_answer(state, view, contracts, Answer.OFFLOAD)
            return -1
        size = round_to_lot(contracts, 1.0)
        if size != 0.0:
            if state.rules[0]["traced"] == Traced.ALL:
                trace_trade(state, Asked.OFFLOAD, view, contracts, size)
            fill_offload(state, i, size, at)
            check_position(state, i)
            dealt += 1
    if dealt > 0:
        keep_fresh(state, u)
    return dealt


@internal
def fill_offload(state: State, i: int, size: float, at: Greeks) -> None:
    """Trade `size` contracts (+ buys) of option `i` with the volatility desk, which deals against the desk's side.

    ``at`` are the present theo and Greeks of one unit.
    """
    option = state.options[i]
    cost = state.rules[0]["offload_half_spread_vol"] * at.vega
    fair = market_fair(state, option, at.theo)
    if fair != fair:
        fair = at.theo
    price = fair + cost if size > 0.0 else max(fair - cost, 0.0)
    steps = start_tranche(state, i, size, at)
    row = _post_offload(state, i, size, price, at.theo)
    enter_tranche(state, i, size, at, steps, row)
    tell(state, option["underlying"], i, 0.0, 0.0, 0.0, 0.0, 0.0)
    state.counters[Counter.OFFLOADS] += 1


@internal
def _post_offload(state: State, i: int, size: float, price: float, theo: float) -> Any:
    """The postings of a trade with the volatility desk and its row of the fills: its edge is a cost of hedging."""
    option = state.options[i]
    u = option["underlying"]
    units = size * option["multiplier"]
    premium, worth = micros(state, units * price), micros(state, units * theo)
    fee = option_fee(state, option, abs(size), price, False)
    begin(state, TransactionKind.OFFLOAD)
    pay_premium(state, i, premium, worth, fee)
    post(state, Account.HEDGE_COST, i, u, premium - worth)
    post(state, Account.FEES_OPTIONS, i, u, fee)
    state.desk[0]["offload_cost"] += premium - worth
    row = new_fill(state, TransactionKind.OFFLOAD, i, state.client_rules.shape[0], size, price)
    row["theo"], row["spot"] = theo, state.underlyings[u]["spot"]
    row["market_bid"], row["market_ask"] = option["bid"], option["ask"]
    row["implied_volatility"] = option["volatility"]
    row["policy_fair"] = row["quoted"] = float("nan")
    row["edge"], row["fee"] = units * (theo - price), fee * 1e-6
    row["decision_mid"] = theo
    row["spread_market"] = row["spread_mark"] = 0
    return row

"""A client fill: its transaction, its tranche's start between two marks, and its delta that the hedge will answer."""

from __future__ import annotations

from typing import Any

from mmsim.engine.cash import move_options_cash
from mmsim.engine.delayed import tell
from mmsim.engine.fees import option_fee
from mmsim.engine.greeks import add_fill, is_exact
from mmsim.engine.journal import begin, new_fill, post
from mmsim.engine.marking import Steps, activate, add_taylor, settle_answered, start_marks, steps_to
from mmsim.engine.markouts import await_markouts
from mmsim.engine.quoting import QuoteInForce
from mmsim.engine.state import Counter, State, TransactionKind, micros
from mmsim.engine.valuation import delta_now, market_fair
from mmsim.kernel import internal
from mmsim.ledger import Account
from mmsim.policy import FillView
from mmsim.pricing.black_scholes import Greeks


@internal
def start_tranche(state: State, i: int, size: float, at: Greeks) -> Steps:
    """Before the postings of a fill of `size` contracts of option `i`: what it is not to earn of the next mark.

    ``at`` are the present theo and Greeks of one unit.
    """
    option, now = state.options[i], state.desk[0]["now"]
    spot = state.underlyings[option["underlying"]]["spot"]
    if option["marked"] == 0:
        start_marks(state, i)
    if option["active"] == 0:
        activate(state, i)
    units = size * option["multiplier"]
    steps = steps_to(state, option, spot, now, option["volatility"], at.theo)
    option["early_time"] += units * steps.time
    option["early_spot"] += units * steps.spot
    option["early_volatility"] += units * steps.volatility
    add_taylor(state, option, -units, spot, now, option["volatility"], steps.theo)
    settle_answered(option, spot)
    return steps


@internal
def enter_tranche(state: State, i: int, size: float, at: Greeks, steps: Steps, row: Any) -> float:
    """The fill in `row` becomes a part of the book; the delta of one unit that the hedge will answer for."""
    option = state.options[i]
    underlying = state.underlyings[option["underlying"]]
    units, delta = size * option["multiplier"], delta_now(state, i, at.delta)
    option["answered"] += units * delta
    row["unit_dividends"] = option["unit_dividends"]
    row["unit_time"] = option["unit_time"] + steps.time
    row["unit_spot"] = option["unit_spot"] + steps.spot
    row["unit_volatility"] = option["unit_volatility"] + steps.volatility
    row["unit_answered"], row["hedged_delta"], row["delta"] = option["unit_answered"], option["hedged_delta"], delta
    row["growth"] = state.desk[0]["growth"]
    option["position"] += size
    row["position_after"] = option["position"]
    if is_exact(state):
        underlying["stale"] = 1
    else:
        add_fill(state, underlying, units, at)
    return delta


@internal
def fill_client(
    state: State, i: int, size: float, price: float, chain: QuoteInForce, client: int, at: Greeks
) -> FillView:
    """The desk deals `size` contracts (+ buys) of option `i` at `price`; what its listeners are shown of it.

    ``at`` are the present theo and Greeks of one unit.
    """
    option, now = state.options[i], state.desk[0]["now"]
    u = option["underlying"]
    spot = state.underlyings[u]["spot"]
    steps = start_tranche(state, i, size, at)
    row = _post_client(state, i, size, price, at.theo, client)
    row["policy_fair"] = chain.policy_fair
    row["quoted"] = chain.policy_bid if size > 0.0 else chain.policy_ask
    delta = enter_tranche(state, i, size, at, steps, row)
    if state.rules[0]["quote_latency"] != 0:
        if size > 0.0:
            option["consumed_bid"] += size
        else:
            option["consumed_ask"] -= size
    tell(state, u, i, size, price, at.theo, delta, at.vega)
    state.counters[Counter.CLIENT_FILLS] += 1
    await_markouts(state, i, row["transaction"])
    return FillView(
        ts_ns=now, option=i, underlying=u, size=size, price=price, theo=at.theo, spot=spot, delta=delta, vega=at.vega
    )


@internal
def pay_premium(state: State, i: int, premium: int, worth: int, fee: int) -> None:
    """Pay for what was dealt, with its fee, and book what it is worth; a premium that is margined is not paid."""
    option, desk = state.options[i], state.desk[0]
    u = option["underlying"]
    if option["futures_style"] != 0:
        option["margined"] += premium
        move_options_cash(state, u, -fee)
        post(state, Account.OPTIONS, i, u, worth - premium)
    else:
        desk["premium"] -= premium
        move_options_cash(state, u, -premium - fee)
        post(state, Account.OPTIONS, i, u, worth)
    option["value"] += worth
    desk["option_fees"] += fee


@internal
def _post_client(state: State, i: int, size: float, price: float, theo: float, client: int) -> Any:
    """The postings of a client fill and its row of the fills."""
    option = state.options[i]
    u = option["underlying"]
    units = size * option["multiplier"]
    mid = market_fair(state, option, theo)
    if mid != mid:
        mid = price  # no market value: the whole edge is Mark's
        state.counters[Counter.MARKET_MID_MISSING] += 1
    premium, worth = micros(state, units * price), micros(state, units * theo)
    fee = option_fee(state, option, abs(size), price, True)
    of_market, of_mark = micros(state, units * (mid - price)), micros(state, units * (theo - mid))
    rest = worth - premium - of_market - of_mark
    if abs(of_market) >= abs(of_mark):
        of_market += rest
    else:
        of_mark += rest
    begin(state, TransactionKind.CLIENT)
    pay_premium(state, i, premium, worth, fee)
    post(state, Account.SPREAD_MARKET, i, u, -of_market)
    post(state, Account.SPREAD_MARK, i, u, -of_mark)
    post(state, Account.FEES_OPTIONS, i, u, fee)
    row = new_fill(state, TransactionKind.CLIENT, i, client, size, price)
    row["theo"], row["spot"] = theo, state.underlyings[u]["spot"]
    row["dividends"] = state.underlyings[u]["dividends_paid"]
    row["market_bid"], row["market_ask"] = option["bid"], option["ask"]
    row["implied_volatility"] = option["volatility"]
    row["edge"], row["fee"] = units * (theo - price), fee * 1e-6
    row["decision_mid"] = mid
    row["spread_market"], row["spread_mark"] = of_market, of_mark
    return row

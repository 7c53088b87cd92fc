"""The hedge: the policy's decision, the order on its way, and the fill that the options' deltas are measured from."""

from __future__ import annotations

from math import floor

from mmsim.engine.cash import accrue_borrow, move_hedge_cash
from mmsim.engine.delayed import tell
from mmsim.engine.greeks import book_at, expanded_delta, keep_fresh, years_since
from mmsim.engine.hedge_delta import Answer, as_marked, price_held
from mmsim.engine.journal import begin, new_fill, post_underlying
from mmsim.engine.lots import trade_lots
from mmsim.engine.marking import settle_answered
from mmsim.engine.quoting import keep_fault
from mmsim.engine.seats import HedgeSeat
from mmsim.engine.state import Counter, State, TransactionKind, micros
from mmsim.kernel import internal
from mmsim.ledger import Account
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
    send_hedge(state, u, round_to_lot(units, underlying["lot"]))
    return True


@internal
def round_to_lot(units: float, lot: float) -> float:
    """Units to the nearest multiple of the lot, ties away from zero; a lot of 0 rounds nothing."""
    if lot == 0.0:
        return units
    count = float(floor(abs(units) / lot))
    if abs(units) / lot - count >= 0.5:
        count += 1.0
    return count * lot if units > 0.0 else -count * lot


@internal
def send_hedge(state: State, u: int, units: float) -> None:
    """Send a hedge of `units`: filled at once without latency, else under way. Less than a micro-unit is nothing."""
    underlying = state.underlyings[u]
    mid = state.underlyings[underlying["instrument"]]["spot"]
    if not abs(units * mid) >= 1e-6:
        return
    latency, desk = state.rules[0]["hedge_latency"], state.desk[0]
    if latency == 0:
        fill_hedge(state, u, units, mid)
        return
    if desk["hedge_tail"] == state.pending.shape[0]:
        head, tail = desk["hedge_head"], desk["hedge_tail"]
        for k in range(head, tail):
            state.pending[k - head] = state.pending[k]
        desk["hedge_head"], desk["hedge_tail"] = 0, tail - head
    order = state.pending[desk["hedge_tail"]]
    order["due"], order["underlying"], order["units"], order["mid"] = desk["now"] + latency, u, units, mid
    desk["hedge_tail"] += 1
    underlying["pending"] += units
    tell(state, u, -1, 0.0, 0.0, 0.0, 0.0, 0.0)


@internal
def pending_has_room(state: State) -> bool:
    """Whether the queue of hedges under way can take what one event may add."""
    desk = state.desk[0]
    room = 4 * state.underlyings.shape[0] + 4
    return desk["hedge_tail"] - desk["hedge_head"] + room <= state.pending.shape[0]


@internal
def next_hedge_due(state: State) -> int:
    """When the next hedge under way is filled; the far future if there is none."""
    desk = state.desk[0]
    if desk["hedge_head"] == desk["hedge_tail"]:
        return 9_223_372_036_854_775_807
    return state.pending[desk["hedge_head"]]["due"]


@internal
def fill_next_hedge(state: State) -> None:
    """Fill the next hedge under way, now."""
    desk = state.desk[0]
    order = state.pending[desk["hedge_head"]]
    desk["hedge_head"] += 1
    u, units = order["underlying"], order["units"]
    underlying = state.underlyings[u]
    underlying["pending"] -= units
    if desk["hedge_head"] == desk["hedge_tail"]:
        for v in range(state.underlyings.shape[0]):
            state.underlyings[v]["pending"] = 0.0  # no residue of sums and differences
    fill_hedge(state, u, units, order["mid"])


@internal
def hedge_price(state: State, u: int, units: float) -> float:
    """Mid, or the touch that the trade takes (the mid where that side is missing)."""
    instrument = state.underlyings[state.underlyings[u]["instrument"]]
    touch = instrument["ask"] if units > 0.0 else instrument["bid"]
    is_mid = state.rules[0]["hedge_at_touch"] == 0 or touch != touch
    return instrument["spot"] if is_mid else touch


@internal
def fill_hedge(state: State, u: int, units: float, decision_mid: float) -> None:
    """Trade `units` of the hedge now; every option of the underlying is answered for anew."""
    underlying, desk = state.underlyings[u], state.desk[0]
    mid = state.underlyings[underlying["instrument"]]["spot"]
    price = hedge_price(state, u, units)
    accrue_borrow(state, u)
    paid, worth = micros(state, units * price), micros(state, units * mid)
    fee = micros(state, abs(units) / underlying["multiplier"] * state.rules[0]["fee_hedge"])
    begin(state, TransactionKind.HEDGE)
    if underlying["future"] != 0:
        underlying["hedge_base"] += paid
        move_hedge_cash(state, u, -fee)
        post_underlying(state, Account.HEDGE, u, worth - paid)
        underlying["hedge_value"] += worth - paid
    else:
        desk["hedge_flow"] -= paid
        move_hedge_cash(state, u, -paid - fee)
        post_underlying(state, Account.HEDGE, u, worth)
        underlying["hedge_value"] += worth
    post_underlying(state, Account.HEDGE_COST, u, paid - worth)
    post_underlying(state, Account.FEES_HEDGE, u, fee)
    desk["hedge_fees"] += fee
    trade_lots(state, u, units, price)
    answer_deltas(state, u)
    underlying["hedge"] += units
    if abs(underlying["hedge"]) < 1e-9:
        underlying["hedge"] = 0.0
    underlying["hedge_ts"], underlying["hedge_spot"] = desk["now"], mid
    row = new_fill(state, TransactionKind.HEDGE, u, -1, units, price)
    row["theo"], row["spot"] = mid, underlying["spot"]
    row["market_bid"] = state.underlyings[underlying["instrument"]]["bid"]
    row["market_ask"] = state.underlyings[underlying["instrument"]]["ask"]
    row["policy_fair"] = row["quoted"] = row["implied_volatility"] = float("nan")
    row["edge"], row["fee"] = units * (mid - price), fee * 1e-6
    row["decision_mid"], row["position_after"] = decision_mid, underlying["hedge"]
    row["delta"] = row["growth"] = 0.0
    state.counters[Counter.HEDGE_FILLS] += 1
    tell(state, u, -1, 0.0, 0.0, 0.0, 0.0, 0.0)


@internal
def answer_deltas(state: State, u: int) -> None:
    """A hedge has been filled: from here the hedge answers for every option's present delta."""
    keep_fresh(state, u)
    underlying = state.underlyings[u]
    spot = underlying["spot"]
    move, wait = spot - underlying["book_spot"], years_since(state, underlying, state.desk[0]["now"])
    for k in range(underlying["active"]):
        option = state.options[state.options[underlying["first"] + k]["held"]]
        if option["settled"] != 0 or option["marked"] == 0:
            continue
        settle_answered(option, spot)
        option["hedged_delta"] = expanded_delta(option, move, wait)
        option["answered"] = option["position"] * option["multiplier"] * option["hedged_delta"]

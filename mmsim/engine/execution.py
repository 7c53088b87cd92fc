"""The hedge's order: on its way, dealt or left to rest, and the fill that the options' deltas are measured from."""

from __future__ import annotations

from math import floor

from mmsim.engine.cash import accrue_borrow, move_hedge_cash
from mmsim.engine.delayed import tell
from mmsim.engine.fees import hedge_fee
from mmsim.engine.greeks import expanded_delta, keep_fresh, years_since
from mmsim.engine.impact import move_market, own_impact
from mmsim.engine.journal import begin, new_fill, post_underlying
from mmsim.engine.lots import trade_lots
from mmsim.engine.luck import uniform
from mmsim.engine.marking import settle_answered
from mmsim.engine.state import Counter, State, TransactionKind, micros
from mmsim.kernel import internal
from mmsim.ledger import Account


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
        execute(state, u, units, mid)
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
            state.underlyings[v]["pending"] = state.underlyings[v]["resting"]  # no residue of sums and differences
    execute(state, u, units, order["mid"])


@internal
def execute(state: State, u: int, units: float, decision_mid: float) -> None:
    """A hedge order arrives: dealt at once, or left to rest in the market."""
    if state.rules[0]["passive"] != 0:
        rest(state, u, units, decision_mid)
    else:
        fill_hedge(state, u, units, taker_price(state, u, units), decision_mid, False)


@internal
def taker_price(state: State, u: int, units: float) -> float:
    """Mid, or the touch that the trade takes (the mid where that side is missing), and its own impact.

    Its distance from the mid is as many times as long as the rules say.
    """
    instrument, rules = state.underlyings[state.underlyings[u]["instrument"]], state.rules[0]
    touch = instrument["ask"] if units > 0.0 else instrument["bid"]
    is_mid = rules["hedge_at_touch"] == 0 or touch != touch
    price = instrument["spot"] if is_mid else touch
    if rules["impact"] != 0:
        price += own_impact(instrument, units)
    if rules["hedge_cost"] == 1.0:
        return price
    return instrument["spot"] + rules["hedge_cost"] * (price - instrument["spot"])


@internal
def rest(state: State, u: int, units: float, decision_mid: float) -> None:
    """`units` more for the order at rest: it keeps its price and time, or a new one joins the near touch."""
    underlying, before = state.underlyings[u], state.underlyings[u]["resting"]
    total = before + units
    if abs(total) < 1e-9:
        total = 0.0
    underlying["resting"] = total
    underlying["pending"] += total - before
    if before * total <= 0.0:
        instrument = state.underlyings[underlying["instrument"]]
        near = instrument["bid"] if total > 0.0 else instrument["ask"]
        underlying["resting_price"] = near if near == near else instrument["spot"]
        underlying["resting_ts"], underlying["resting_mid"] = state.desk[0]["now"], decision_mid
    tell(state, u, -1, 0.0, 0.0, 0.0, 0.0, 0.0)


@internal
def try_resting(state: State, v: int) -> None:
    """After a tick of instrument `v`: its orders at rest are dealt through, lucky, out of patience, or wait on."""
    instrument, rules, now = state.underlyings[v], state.rules[0], state.desk[0]["now"]
    for u in range(state.underlyings.shape[0]):
        underlying = state.underlyings[u]
        units, price = underlying["resting"], underlying["resting_price"]
        if units == 0.0 or underlying["instrument"] != v:
            continue
        if units > 0.0:
            is_through, is_first = instrument["ask"] <= price, not instrument["bid"] > price
        else:
            is_through, is_first = instrument["bid"] >= price, not instrument["ask"] < price
        is_impatient = now - underlying["resting_ts"] >= rules["patience"]
        draw = uniform(underlying["luck_0"], underlying["luck_1"], instrument["ticks"], rules["path"])
        is_lucky = is_first and draw < rules["fill_probability"]
        if not (is_through or is_lucky or is_impatient):
            continue
        underlying["resting"] = 0.0
        underlying["pending"] -= units
        is_maker = is_through or is_lucky
        dealt = price if is_maker else taker_price(state, u, units)
        fill_hedge(state, u, units, dealt, underlying["resting_mid"], is_maker)


@internal
def fill_hedge(state: State, u: int, units: float, price: float, decision_mid: float, is_maker: bool) -> None:
    """Trade `units` of the hedge now at a price; every option of the underlying is answered for anew."""
    underlying, desk = state.underlyings[u], state.desk[0]
    mid = state.underlyings[underlying["instrument"]]["spot"]
    accrue_borrow(state, u)
    paid, worth = micros(state, units * price), micros(state, units * mid)
    fee = hedge_fee(state, abs(units) / underlying["multiplier"], is_maker)
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
    if state.rules[0]["impact"] != 0 and not is_maker:
        move_market(state, u, units)
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

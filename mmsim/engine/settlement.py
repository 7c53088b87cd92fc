"""What is rare: the opening book, dividends, variation margin and expiries."""

from __future__ import annotations

from mmsim.engine.cash import accrue_borrow, move_hedge_cash, move_options_cash
from mmsim.engine.delayed import tell
from mmsim.engine.journal import begin, new_fill, post, post_underlying
from mmsim.engine.limits import equity
from mmsim.engine.lots import trade_lots
from mmsim.engine.marking import activate, mark_option, post_split, set_band, start_marks
from mmsim.engine.markouts import settle_markouts
from mmsim.engine.state import Counter, State, TransactionKind, micros
from mmsim.engine.valuation import has_mark, is_best_exercised, theo_at
from mmsim.kernel import internal
from mmsim.ledger import Account


@internal
def open_book(state: State) -> bool:
    """Book the opening positions against equity; False where one has neither a given price nor a market yet."""
    desk = state.desk[0]
    desk["opened"] = 1
    if state.opening.shape[0] == 0:
        return True
    begin(state, TransactionKind.OPENING)
    for k in range(state.opening.shape[0]):
        row = state.opening[k]
        if row["is_hedge"] != 0:
            booked = _open_hedge(state, row["instrument"], row["size"], row["price"])
        else:
            booked = _open_option(state, row["instrument"], row["size"], row["price"])
        if not booked:
            state.fault[0, 0] = k
            return False
    desk["opening_equity"] = equity(state)
    return True


@internal
def _open_option(state: State, i: int, size: float, mark: float) -> bool:
    """An option position at a given mark, or at theo."""
    option = state.options[i]
    u = option["underlying"]
    if mark != mark:
        if not has_mark(state, option):
            return False
        mark = theo_at(state, option, state.underlyings[u]["spot"], state.desk[0]["now"], option["volatility"])
    worth = micros(state, size * option["multiplier"] * mark)
    option["position"], option["opening_mark"], option["value"] = size, mark, worth
    activate(state, i)
    if option["futures_style"] != 0:
        option["margined"] = worth
        return True
    option["opening_value"] = worth
    post(state, Account.OPTIONS, i, u, worth)
    post(state, Account.OPENING, i, u, -worth)
    return True


@internal
def _open_hedge(state: State, u: int, units: float, price: float) -> bool:
    """A hedge position at a given price, or at mid; a future's is worth nothing at its own price."""
    underlying = state.underlyings[u]
    if price != price:
        price = state.underlyings[underlying["instrument"]]["spot"]
    if price != price:
        return False
    worth = micros(state, units * price)
    underlying["hedge"] += units
    if underlying["future"] != 0:
        underlying["hedge_base"] += worth
    else:
        underlying["hedge_value"] += worth
        underlying["opening_value"] += worth
        post_underlying(state, Account.HEDGE, u, worth)
        post_underlying(state, Account.OPENING, u, -worth)
    trade_lots(state, u, units, price)
    accrue_borrow(state, u)
    if underlying["borrow_spot"] != underlying["borrow_spot"]:
        underlying["borrow_spot"] = price  # there is no market yet
    return True


@internal
def _pay_hedge_dividend(state: State, v: int, before: float, amount: float) -> None:
    """The hedge of underlying `v` loses the dividend in price and receives it in cash (short: the reverse)."""
    underlying = state.underlyings[v]
    fall = micros(state, underlying["hedge"] * (before - amount)) - micros(state, underlying["hedge"] * before)
    received = micros(state, underlying["hedge"] * amount)
    underlying["hedge_value"] += fall
    state.desk[0]["dividends"] += received
    post_underlying(state, Account.HEDGE, v, fall)
    post_underlying(state, Account.DIVIDENDS, v, -fall)
    move_hedge_cash(state, v, received)
    post_underlying(state, Account.CARRY_DIVIDENDS, v, -received)


@internal
def pay_dividend(state: State, u: int, amount: float) -> None:
    """At its ex-date a dividend leaves model and spot together; the hedge receives it, or pays it when short."""
    underlying = state.underlyings[u]
    paid = state.dividends[underlying["first_dividend"]]
    underlying["first_dividend"] += 1
    before = underlying["spot"]
    if before != before:
        return
    begin(state, TransactionKind.DIVIDEND)
    paid["transaction"] = state.desk[0]["transaction"]
    underlying["dividends_paid"] += amount
    post_split(state, u)
    for v in range(state.underlyings.shape[0]):
        if state.underlyings[v]["instrument"] == u:
            _pay_hedge_dividend(state, v, before, amount)
    underlying["spot"] -= amount
    underlying["bid"] -= amount
    underlying["ask"] -= amount
    underlying["stale"] = 1
    for i in range(underlying["first"], underlying["last"]):
        option = state.options[i]
        if option["settled"] != 0 or option["marked"] == 0:
            continue
        option["answered_spot"] -= amount
        option["mark_spot"] -= amount
        step = 0.0
        if option["active"] != 0:
            theo = theo_at(state, option, option["mark_spot"], option["mark_ts"], option["mark_volatility"])
            step = theo - option["mark_theo"]
            option["mark_theo"] = theo
        mark_option(state, i, underlying["spot"], step)
    set_band(state, u)


@internal
def settle_margins(state: State) -> None:
    """Pay the day's variation margin of futures and of options with a futures-style premium; all is marked before."""
    desk = state.desk[0]
    begin(state, TransactionKind.SETTLEMENT)
    for u in range(state.underlyings.shape[0]):
        underlying = state.underlyings[u]
        if underlying["future"] != 0 and underlying["hedge_value"] != 0:
            margin = underlying["hedge_value"]
            underlying["hedge_value"] = 0
            underlying["hedge_base"] += margin
            desk["margin"] += margin
            post_underlying(state, Account.HEDGE, u, -margin)
            move_hedge_cash(state, u, margin)
    for i in range(state.options.shape[0]):
        option = state.options[i]
        if option["futures_style"] != 0 and option["value"] != option["margined"]:
            margin = option["value"] - option["margined"]
            option["margined"] = option["value"]
            desk["settlement"] += margin
            post(state, Account.OPTIONS, i, option["underlying"], -margin)
            move_options_cash(state, option["underlying"], margin)


@internal
def expire(state: State, i: int) -> None:
    """The last mark of an option at its settlement price, and its exercise, assignment or end."""
    option = state.options[i]
    u = option["underlying"]
    underlying = state.underlyings[u]
    spot = underlying["spot"]
    price = option["settlement_price"] if option["settlement_price"] == option["settlement_price"] else spot
    if option["active"] == 0:
        option["settled"] = 1
        return
    if price != price:
        return  # no price to settle at: it stays unsettled, which fails the run
    if option["marked"] == 0:
        start_marks(state, i)
    _last_mark(state, i, price)
    option["settled"] = 1
    if _settle(state, i, price, TransactionKind.EXPIRY):
        state.counters[Counter.EXPIRIES] += 1


@internal
def exercise_early(state: State) -> None:
    """The holders of American options exercise those that are worth no more alive: the desk its own, others against it.

    Whoever holds an option decides alike, so a position ends as a whole.
    """
    for u in range(state.underlyings.shape[0]):
        exercise_options_on(state, u)


@internal
def exercise_options_on(state: State, u: int) -> None:
    """The same for the options on one underlying."""
    rules, underlying = state.rules[0], state.underlyings[u]
    for i in range(underlying["first"], underlying["last"]):
        option = state.options[i]
        decides = rules["early_exercise"] if option["position"] > 0.0 else rules["early_assignment"]
        if option["position"] == 0.0 or decides == 0 or option["settled"] != 0 or not is_best_exercised(state, option):
            continue
        _last_mark(state, i, underlying["spot"])
        _settle(state, i, underlying["spot"], TransactionKind.EXERCISE)
        state.counters[Counter.EXERCISES] += 1
        underlying["ask_due"] = 1
        state.desk[0]["due"] = 1
        tell(state, u, i, 0.0, 0.0, 0.0, 0.0, 0.0)


@internal
def _last_mark(state: State, i: int, price: float) -> None:
    """Mark a position at the price that ends it; the hedge answers for it no more."""
    option = state.options[i]
    u = option["underlying"]
    begin(state, TransactionKind.MARK)
    mark_option(state, i, price, 0.0)
    post_split(state, u)
    option["answered"] = option["hedged_delta"] = 0.0
    settle_markouts(state, i, price)
    state.underlyings[u]["stale"] = 1


@internal
def _settle(state: State, i: int, price: float, kind: TransactionKind) -> bool:
    """End a position, marked at `price`, by payment or delivery of what it is worth; whether there was one."""
    option, desk = state.options[i], state.desk[0]
    u = option["underlying"]
    begin(state, kind)
    in_the_money = option["right"] * (price - option["strike"]) > 0.0
    fee = micros(state, abs(option["position"]) * state.rules[0]["fee_exercise"]) if in_the_money else 0
    flow = option["value"] - option["margined"]
    post(state, Account.OPTIONS, i, u, -flow)
    move_options_cash(state, u, flow - fee)
    post(state, Account.FEES_OPTIONS, i, u, fee)
    desk["settlement"] += flow
    desk["option_fees"] += fee
    size, units = option["position"], option["position"] * option["multiplier"]
    option["value"] = option["margined"] = 0
    option["position"] = 0.0
    if size == 0.0:
        return False
    row = new_fill(state, kind, i, -1, -size, max(option["right"] * (price - option["strike"]), 0.0))
    row["theo"], row["spot"] = row["price"], price
    row["market_bid"], row["market_ask"] = option["bid"], option["ask"]
    row["implied_volatility"] = option["volatility"]
    row["policy_fair"] = row["quoted"] = row["decision_mid"] = float("nan")
    row["edge"], row["fee"], row["position_after"] = 0.0, fee * 1e-6, 0.0
    row["unit_dividends"], row["unit_time"] = option["unit_dividends"], option["unit_time"]
    row["unit_spot"], row["unit_volatility"] = option["unit_spot"], option["unit_volatility"]
    row["unit_answered"], row["hedged_delta"] = option["unit_answered"], 0.0
    row["delta"], row["growth"], row["dividends"] = 0.0, desk["growth"], option["dividends_settled"]
    if option["physical"] != 0 and in_the_money:
        _deliver(state, u, option["right"] * units, price)
    return True


@internal
def _deliver(state: State, u: int, units: float, price: float) -> None:
    """Exercised units enter the hedge at the settlement price, within the transaction begun."""
    underlying, desk = state.underlyings[u], state.desk[0]
    mid = state.underlyings[underlying["instrument"]]["spot"]
    accrue_borrow(state, u)
    paid, worth = micros(state, units * price), micros(state, units * mid)
    if underlying["future"] != 0:
        underlying["hedge_base"] += paid
        underlying["hedge_value"] += worth - paid
        post_underlying(state, Account.HEDGE, u, worth - paid)
    else:
        desk["hedge_flow"] -= paid
        move_hedge_cash(state, u, -paid)
        underlying["hedge_value"] += worth
        post_underlying(state, Account.HEDGE, u, worth)
    post_underlying(state, Account.DELTA, u, paid - worth)
    trade_lots(state, u, units, price)
    underlying["hedge"] += units
    if abs(underlying["hedge"]) < 1e-9:
        underlying["hedge"] = 0.0

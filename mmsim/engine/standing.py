"""Standing quotes: decided anew at each tick, fill and hedge of their underlying, replaced where it is worth a message.

They come into force a quote latency after the decision, after the market data of that time and before its orders. An
order meets what stands, whatever the policy would say by now.
"""

from __future__ import annotations

from typing import Any

from mmsim.engine.duty import account, account_all, note_quote
from mmsim.engine.greeks import keep_fresh
from mmsim.engine.queueing import joined
from mmsim.engine.quoting import QuoteInForce, quote_in_force, tick_at
from mmsim.engine.seats import Seat
from mmsim.engine.state import Counter, State
from mmsim.engine.tracing import trace_placed
from mmsim.engine.valuation import greeks_now, greeks_seen, has_mark
from mmsim.kernel import internal


@internal
def decide_due(state: State, ts: int, quoter: Seat) -> bool:
    """Decide the quotes of underlyings that something has happened to, as of `ts`; False on the policy's fault."""
    if state.desk[0]["open"] == 0:
        return True
    for u in range(state.underlyings.shape[0]):
        row = state.seen_underlyings[u]
        if row["requote_due"] != 0:
            row["requote_due"] = 0
            if row["spot"] == row["spot"] and not _decide(state, u, ts, quoter):
                return False
    return True


@internal
def _decide(state: State, u: int, ts: int, quoter: Seat) -> bool:
    """Decide the quote of every option of an underlying as of `ts`."""
    latency, desk = state.rules[0]["quote_latency"], state.desk[0]
    desk["decided"] = ts
    if latency == 0:
        keep_fresh(state, u)
    in_force = ts + latency
    if in_force < state.underlyings[u]["frozen_until"]:
        return True
    for i in range(state.underlyings[u]["first"], state.underlyings[u]["last"]):
        option = state.options[i]
        is_over = option["settled"] != 0 or in_force > option["last_trade"] or in_force >= option["expiry"]
        if is_over or not has_mark(state, option) or not has_mark(state, state.seen_options[i]):
            continue
        at = greeks_now(state, i) if latency == 0 else greeks_seen(state, i, ts)
        chain = quote_in_force(state, i, ts, at, quoter)
        if not chain.is_valid:
            return False
        _place(state, i, in_force, chain)
    return True


@internal
def _place(state: State, i: int, ts: int, chain: QuoteInForce) -> None:
    """A quote decided comes into force at `ts`, unless what stands is near enough or no message is to be had."""
    option = state.options[i]
    account(state, option, ts)
    option["stands"] = 1
    if not _is_worth_it(state, option, chain):
        return
    if not _take_message(state, ts):
        state.counters[Counter.QUOTES_HELD_BACK] += 1
        return
    state.counters[Counter.QUOTE_MESSAGES] += 1
    if chain.bid_size > 0.0 and (chain.bid != option["stand_bid"] or chain.bid_size > option["stand_bid_size"]):
        option["ahead_bid"] = joined(chain.bid, option["bid"], option["bid_size"], 1.0)
    if chain.ask_size > 0.0 and (chain.ask != option["stand_ask"] or chain.ask_size > option["stand_ask_size"]):
        option["ahead_ask"] = joined(chain.ask, option["ask"], option["ask_size"], -1.0)
    option["stand_bid"], option["stand_ask"] = chain.bid, chain.ask
    option["stand_bid_size"], option["stand_ask_size"] = chain.bid_size, chain.ask_size
    option["stand_fair"] = chain.policy_fair
    option["stand_policy_bid"], option["stand_policy_ask"] = chain.policy_bid, chain.policy_ask
    note_quote(state, option)
    trace_placed(state, i)


@internal
def _is_worth_it(state: State, option: Any, chain: QuoteInForce) -> bool:
    """Whether a side comes, goes, or differs by enough in its price or its size."""
    return _differs(
        state, option, option["stand_bid"], option["stand_bid_size"], chain.bid, chain.bid_size
    ) or _differs(state, option, option["stand_ask"], option["stand_ask_size"], chain.ask, chain.ask_size)


@internal
def _differs(state: State, option: Any, old: float, old_size: float, new: float, new_size: float) -> bool:
    """Whether one side differs by enough."""
    if old_size <= 0.0 or new_size <= 0.0:
        return old_size > 0.0 or new_size > 0.0
    rules = state.rules[0]
    is_moved = abs(new - old) >= (rules["requote_ticks"] - 1e-6) * tick_at(state, option, new)
    return is_moved or abs(new_size - old_size) > rules["requote_size"] * old_size


@internal
def _take_message(state: State, ts: int) -> bool:
    """A message from the bucket, which fills at the venue's rate up to what may be sent at once."""
    rules, desk = state.rules[0], state.desk[0]
    if rules["message_rate"] == 0.0:
        return True
    filled = desk["messages"] + rules["message_rate"] * 1e-9 * max(ts - desk["messages_ts"], 0)
    desk["messages"], desk["messages_ts"] = min(filled, rules["message_burst"]), max(ts, desk["messages_ts"])
    if desk["messages"] < 1.0 - 1e-9:
        return False
    desk["messages"] -= 1.0
    return True


@internal
def standing_quote(state: State, i: int) -> QuoteInForce:
    """What an order in option `i` meets."""
    option = state.options[i]
    is_quoted = state.desk[0]["halted"] == 0
    return QuoteInForce(
        option["stand_bid"],
        option["stand_ask"],
        option["stand_bid_size"] if is_quoted else 0.0,
        option["stand_ask_size"] if is_quoted else 0.0,
        option["stand_fair"],
        option["stand_policy_bid"],
        option["stand_policy_ask"],
        True,
    )


@internal
def use_up(state: State, i: int, size: float) -> None:
    """A fill of `size` (+ the desk buys) has been taken from what stands."""
    option = state.options[i]
    account(state, option, state.desk[0]["now"])
    if state.rules[0]["quote_latency"] == 0:
        shrink(state, i, size)
    note_quote(state, option)


@internal
def shrink(state: State, i: int, size: float) -> None:
    """What stands is less by a fill that the desk knows of."""
    option = state.options[i]
    if size > 0.0:
        option["stand_bid_size"] = max(option["stand_bid_size"] - size, 0.0)
    else:
        option["stand_ask_size"] = max(option["stand_ask_size"] + size, 0.0)


@internal
def withdraw(state: State, u: int, ts: int) -> None:
    """No quote on an underlying stands any longer; the next decision may place one again."""
    for i in range(state.underlyings[u]["first"], state.underlyings[u]["last"]):
        option = state.options[i]
        account(state, option, ts)
        option["stand_bid_size"] = option["stand_ask_size"] = 0.0
        option["met"] = 0


@internal
def withdraw_all(state: State, ts: int) -> None:
    """No quote stands any longer."""
    for u in range(state.underlyings.shape[0]):
        withdraw(state, u, ts)
        state.seen_underlyings[u]["requote_due"] = 1


@internal
def clear_away(state: State) -> None:
    """The session opens or closes: quotes are made anew at the open, and none stand after the close."""
    account_all(state, state.desk[0]["now"])
    withdraw_all(state, state.desk[0]["now"])

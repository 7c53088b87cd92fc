"""What makes the desk pull or widen its quotes: a jump of the spot, a thin book, a volatility mark that moves fast.

The desk acts on what it has seen: with quote latency the rows of its delayed view raise alarms for its quotes, and the
live rows, which see it first, write it down.
"""

from __future__ import annotations

from typing import Any

from mmsim.engine.journal import note_breach
from mmsim.engine.state import RECENT_MARKS, RECENT_TICKS, Counter, Limit, State
from mmsim.kernel import internal
from mmsim.policy import Quote


@internal
def _moved(state: State, row: Any, value: float, ts: int, within: int, room: int, is_relative: bool) -> float:
    """The largest move to `value` from any earlier one of the time `within`, which it then joins.

    Relative to the earlier value, or absolute.
    """
    first, count, largest = row["recent_first"], row["recent_count"], 0.0
    for k in range(count - 1, max(count - room, 0) - 1, -1):
        earlier = state.recent[first + k % room]
        if earlier["ts"] < ts - within:
            break
        move = abs(value - earlier["value"])
        largest = max(largest, move / earlier["value"] if is_relative else move)
    latest = state.recent[first + count % room]
    latest["ts"], latest["value"] = ts, value
    row["recent_count"] = count + 1
    return largest


@internal
def watch_tick(state: State, u: int, underlying: Any, event: Any, is_live: bool) -> None:
    """A tick of underlying `u`, already in its row: whether it has jumped, and whether its book is thin."""
    rules, ts = state.rules[0], event["ts"]
    if rules["jump_for"] != 0 and underlying["spot"] == underlying["spot"]:
        move = _moved(state, underlying, underlying["spot"], ts, rules["jump_within"], RECENT_TICKS, True)
        if move >= rules["jump_move"]:
            _note(state, u, Limit.JUMP, move, is_live and underlying["jump_until"] <= ts)
            underlying["jump_until"] = ts + rules["jump_for"]
    if rules["thin_for"] != 0:
        size = min(event["bid_size"], event["ask_size"])
        if size < rules["thin_size"]:
            _note(state, u, Limit.THIN, size, is_live and underlying["thin_until"] <= ts)
            underlying["thin_until"] = ts + rules["thin_for"]


@internal
def watch_volatility(state: State, underlying: Any, option: Any, volatility: float, ts: int, is_live: bool) -> None:
    """An option's volatility mark: whether it has moved fast, which is an alarm for all options of the underlying."""
    rules = state.rules[0]
    if rules["volatility_for"] == 0 or volatility != volatility:
        return
    move = _moved(state, option, volatility, ts, rules["volatility_within"], RECENT_MARKS, False)
    if move >= rules["volatility_move"]:
        _note(state, option["underlying"], Limit.VOLATILITY, move, is_live and underlying["volatility_until"] <= ts)
        underlying["volatility_until"] = ts + rules["volatility_for"]


@internal
def _note(state: State, u: int, limit: Limit, value: float, is_new: bool) -> None:
    """Write an alarm down where it was not on already."""
    if is_new:
        state.counters[Counter.ALARMS] += 1
        note_breach(state, u, limit, value)


@internal
def guarded(state: State, u: int, ts: int, theo: float, quote: Quote) -> Quote:
    """A policy's quote, decided at `ts`, as the alarms leave it: without size, or its prices further from the middle.

    A two-sided quote widens from its middle, a one-sided one from theo.
    """
    rules, underlying, factor = state.rules[0], state.seen_underlyings[u], 1.0
    if ts < underlying["jump_until"]:
        factor = rules["jump_factor"]
    if ts < underlying["thin_until"]:
        factor = _stronger(factor, rules["thin_factor"])
    if ts < underlying["volatility_until"]:
        factor = _stronger(factor, rules["volatility_factor"])
    if factor == 1.0:
        return quote
    if factor == 0.0:
        return Quote(quote.bid, quote.ask, 0.0, 0.0)
    middle = 0.5 * (quote.bid + quote.ask) if quote.bid_size > 0.0 and quote.ask_size > 0.0 else theo
    bid, ask = middle - factor * (middle - quote.bid), middle + factor * (quote.ask - middle)
    return Quote(bid, ask, quote.bid_size if bid > 0.0 else 0.0, quote.ask_size if ask > 0.0 else 0.0)


@internal
def _stronger(one: float, other: float) -> float:
    """Of two factors the wider; 0 pulls."""
    return 0.0 if one == 0.0 or other == 0.0 else max(one, other)

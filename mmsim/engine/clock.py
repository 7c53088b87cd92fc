"""The scenario's clock: time itself, or nanoseconds of variance where nights and weekends have weights of their own."""

from __future__ import annotations

from mmsim.engine.state import State
from mmsim.kernel import inlined, internal


@inlined
def clock_at(state: State, ts: int) -> int:
    """What the clock shows at `ts`, in nanoseconds."""
    return ts if state.knots.shape[0] == 0 else _variance_at(state, ts)


@internal
def _variance_at(state: State, ts: int) -> int:
    """Nanoseconds of variance at `ts`; a cursor stands at the knot that was looked up last."""
    desk, count = state.desk[0], state.knots.shape[0]
    k = desk["knot"]
    while k > 0 and state.knots[k]["ts"] > ts:
        k -= 1
    while k + 1 < count and state.knots[k + 1]["ts"] <= ts:
        k += 1
    desk["knot"] = k
    knot = state.knots[k]
    return knot["passed"] + int(knot["rate"] * (ts - knot["ts"]))


@inlined
def clock_between(state: State, start: int, end: int) -> int:
    """Nanoseconds of the clock from one time to another."""
    return end - start if state.knots.shape[0] == 0 else _variance_at(state, end) - _variance_at(state, start)


@inlined
def years_between(state: State, start: int, end: int) -> float:
    """Years of volatility from one time to another."""
    return clock_between(state, start, end) / state.rules[0]["volatility_year"]

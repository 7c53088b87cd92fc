"""The volatility expected of an underlying from its own ticks: what a desk may quote at instead of the mark.

It is sampled at the first tick that comes `every` or more after the last sample, from the log returns of the ticks in
between (a dividend is no return), and is known at that tick and not before. The delayed view has rows of its own, so
that what it expects is of the ticks that it has seen.
"""

from __future__ import annotations

from enum import IntEnum
from math import log, sqrt
from typing import Any

from mmsim.engine.clock import years_between
from mmsim.engine.state import State
from mmsim.expected_volatility.recursion import average_ahead, gain, target
from mmsim.kernel import internal


class Memory(IntEnum):
    """How an expectation keeps what it has seen."""

    NONE = 0  # it does not change
    RECURSION = 1  # GARCH(1,1), and the exponentially weighted average
    WINDOW = 2  # the samples of a time, all with one weight


@internal
def observe(state: State, underlying: Any, before: float) -> None:
    """A tick of an underlying, whose spot was `before`: a sample is taken where enough time has passed."""
    if underlying["expected_memory"] == Memory.NONE:
        return
    spot, ts = underlying["spot"], underlying["tick_ts"]
    if before > 0.0 and spot > 0.0:
        underlying["expected_move"] += log(spot / before)
    if not before > 0.0:
        underlying["expected_ts"] = underlying["expected_since"] = ts
    if ts - underlying["expected_ts"] < underlying["expected_every"]:
        return
    years = years_between(state, underlying["expected_ts"], ts)
    if years <= 0.0:  # the clock stands still: the next sample has this one's return too
        return
    if underlying["expected_memory"] == Memory.RECURSION:
        _recur(underlying, underlying["expected_move"], years)
    else:
        _slide(state, underlying, underlying["expected_move"], years)
    underlying["expected_ts"], underlying["expected_move"] = ts, 0.0


@internal
def _recur(underlying: Any, move: float, years: float) -> None:
    """One sample into the recursion; nothing is expected until half of all weight is on samples."""
    weight = gain(years, underlying["expected_decay"])
    pull = target(move, years, underlying["expected_long_run"], underlying["expected_share"])
    underlying["expected_variance"] += weight * (pull - underlying["expected_variance"])
    underlying["expected_known"] += weight * (1.0 - underlying["expected_known"])
    if underlying["expected_known"] >= 0.5:
        underlying["expected_volatility"] = sqrt(underlying["expected_variance"] / underlying["expected_known"])


@internal
def _slide(state: State, underlying: Any, move: float, years: float) -> None:
    """One sample into the window, and out of it what has become too old; nothing is expected before it is full."""
    first, room, ts = underlying["first_sample"], underlying["sample_room"], underlying["tick_ts"]
    sample = state.samples[first + underlying["sample_tail"] % room]
    underlying["sample_tail"] += 1
    sample["ts"], sample["square"], sample["years"] = ts, move * move, years
    underlying["sample_square"] += move * move
    underlying["sample_years"] += years
    while state.samples[first + underlying["sample_head"] % room]["ts"] <= ts - underlying["expected_window"]:
        old = state.samples[first + underlying["sample_head"] % room]
        underlying["sample_head"] += 1
        underlying["sample_square"] -= old["square"]
        underlying["sample_years"] -= old["years"]
    if underlying["sample_tail"] % room == 0:
        _sum_afresh(state, underlying)
    if ts - underlying["expected_since"] >= underlying["expected_window"]:
        mean = underlying["sample_square"] / underlying["sample_years"]
        underlying["expected_volatility"] = sqrt(max(mean, 0.0))


@internal
def _sum_afresh(state: State, underlying: Any) -> None:
    """The window's sums, without what adding and taking away has rounded."""
    square = years = 0.0
    for n in range(underlying["sample_head"], underlying["sample_tail"]):
        sample = state.samples[underlying["first_sample"] + n % underlying["sample_room"]]
        square += sample["square"]
        years += sample["years"]
    underlying["sample_square"], underlying["sample_years"] = square, years


@internal
def expected_over(underlying: Any, years: float) -> float:
    """The volatility expected of an underlying over the next `years`, where one is."""
    if underlying["expected_persistence"] == 1.0:
        return underlying["expected_volatility"]
    steps = years / underlying["expected_step"]
    square = underlying["expected_volatility"] * underlying["expected_volatility"]
    return sqrt(average_ahead(square, underlying["expected_long_run"], underlying["expected_persistence"], steps))

"""Checks of the clock, the trading hours and the grid of marks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mmsim.scenario.checks.common import crowded
from mmsim.scenario.checks.registry import Mistake, reads
from mmsim.units import instant_text

if TYPE_CHECKING:
    from mmsim.scenario.model import Scenario


@reads("clock")
def _clock(s: Scenario) -> Iterator[Mistake]:
    if s.clock.end <= s.clock.start:
        yield Mistake(("clock", "end"), f"must be later than the start, {instant_text(s.clock.start)}")


@reads("clock", "sessions", "market")
def _weights(s: Scenario) -> Iterator[Mistake]:
    if s.clock.weights is None:
        return
    if s.market.theo.volatility == "surface":
        yield Mistake(("clock", "weights"), "is not for a fitted surface, whose years are the calendar's")
    if s.sessions is None and s.clock.weights.calendar is None:
        yield Mistake(("clock", "weights"), "needs `sessions`, whose hours weigh 1, or a calendar")
    if s.clock.volatility_days != 365.0:
        yield Mistake(("clock", "volatility_days"), "is not for a clock with weights: they say what a year is")


@reads("clock", "report")
def _marks(s: Scenario) -> Iterator[Mistake]:
    if wrong := crowded(s.clock.end - s.clock.start, s.report.mark_every, "marks"):
        yield Mistake(("report", "mark_every"), wrong)


@reads("sessions")
def _sessions(s: Scenario) -> Iterator[Mistake]:
    if s.sessions is not None and s.sessions.open == s.sessions.close:
        yield Mistake(("sessions", "close"), "must differ from the open")

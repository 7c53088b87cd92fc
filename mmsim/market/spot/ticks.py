"""The ticks of an underlying: a motion on a grid of instants, with dividends, scheduled jumps and a spread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from mmsim.events import Events, Kind, rows
from mmsim.market.grid import Grid
from mmsim.market.spot.escrow import Escrow
from mmsim.market.spot.leaps import Leaps
from mmsim.market.spot.motion import Floats, Motion, Moves, Span, Times, Walk
from mmsim.trading_time import VarianceClock
from mmsim.units import DAY_NS


class TickSteps(NamedTuple):
    """Ticks that follow one another, worked out but for what is drawn."""

    span: Span
    steps: Any  # the motion's
    escrow: Floats  # (ticks,) what dividends ahead are worth
    leaps: Times | None  # (ticks,) how many have happened


@dataclass(frozen=True)
class Ticks:
    """Where an underlying's ticks come from. A year has ``year_days`` days, by the calendar."""

    underlying: int
    grid: Grid
    motion: Motion
    half_spread: float
    year_days: float
    escrow: Escrow
    leaps: Leaps | None = None
    clock: VarianceClock | None = None  # by which it moves, while it drifts by the calendar; None: by the calendar

    @property
    def count(self) -> int:
        """How many ticks there are."""
        return self.grid.count

    def rows(self, times: Times, mids: Floats) -> Events:
        """SPOT rows half a spread on both sides of mids. A model's touch has no limit of size."""
        bids, asks = mids - self.half_spread, mids + self.half_spread
        return rows(Kind.SPOT, times, self.underlying, bid=bids, ask=asks, bid_size=np.inf, ask_size=np.inf)

    def room(self) -> Events:
        """The ticks as rows that wait for a path's prices."""
        return self.rows(self.grid.times(), np.full(self.count, np.nan))

    def steps(self, first: int, stop: int) -> TickSteps:
        """What no path changes of the ticks from number ``first`` and before ``stop``."""
        span = self._span(first, stop)
        leaps = None if self.leaps is None else self.leaps.passed(span.times)
        return TickSteps(span, self.motion.steps(span), self.escrow.at(span.times), leaps)

    def walk(self, seed: int, path: int) -> TickWalk:
        """Path number ``path`` from its first tick on."""
        factors = None if self.leaps is None else self.leaps.factors(seed, path)
        return TickWalk(self.motion.walk(seed, path), factors)

    def _span(self, first: int, stop: int) -> Span:
        times = self.grid.times(max(first - 1, 0), stop)
        years = np.diff(times) / (self.year_days * DAY_NS)
        moving = years if self.clock is None else np.diff(self.clock.at(times)) / (self.clock.year_days * DAY_NS)
        return Span(times[min(first, 1) :], years, moving)


@dataclass
class TickWalk:
    """One path on its way."""

    walk: Walk
    factors: Floats | None  # of the leaps

    def over(self, steps: TickSteps) -> Moves:
        """The moves of the next ticks; their prices are mids, in currency a unit."""
        moves = self.walk.over(steps.steps)
        prices = moves.prices
        if self.factors is not None:
            prices = prices * self.factors[steps.leaps]
        return moves._replace(prices=prices + steps.escrow)

"""Models of the spot: where the ticks of an underlying come from when they are not recorded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mmsim import spool
from mmsim.events import Events, Kind, rows
from mmsim.trading_time import VarianceClock
from mmsim.units import DAY_NS

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]


def ticks(underlying: int, times: Times, mids: Floats, half_spread: float) -> Events:
    """SPOT rows ``half_spread`` (price units) on both sides of ``mids``. A model's touch has no limit of size."""
    bids, asks = mids - half_spread, mids + half_spread
    return rows(Kind.SPOT, times, underlying, bid=bids, ask=asks, bid_size=np.inf, ask_size=np.inf)


def explicit_path(
    underlying: int, start_ns: int, end_ns: int, step_ns: int, prices: Sequence[float], half_spread: float
) -> Events:
    """SPOT rows of given prices: ``prices[k]`` at ``start_ns + k * step_ns``, those after ``end_ns`` cut off."""
    times = start_ns + step_ns * np.arange(len(prices), dtype=np.int64)
    inside = times <= end_ns
    return ticks(underlying, times[inside], np.asarray(prices, np.float64)[inside], half_spread)


@dataclass(frozen=True)
class GeometricBrownianMotion:
    """dX = drift·X·dt + volatility·X·dW, in exact lognormal steps; the spot S is X plus the dividends yet to be paid.

    X(t) = X(0) · exp((drift − volatility²/2)·t + volatility·W(t)): Black and Scholes, 1973. Ticks stand at
    ``start_ns + k * step_ns`` and, where that grid misses it, at ``end_ns``. ``drift`` and ``volatility`` are a year
    of ``year_days`` days.

    With ``dividends`` this is the escrowed model, by which theo prices options too: S(t) = X(t) + Σ amount ·
    exp(−rate·(ex − t)) over those with ex > t, and S(0) = ``start``. So the spot falls by each dividend as it goes
    ex and stays down, and is never below zero. Source: Hull, Options, Futures, and Other Derivatives, the chapter on
    the Black-Scholes-Merton model, "Dividends".
    """

    underlying: int
    stream: str
    start_ns: int
    end_ns: int
    step_ns: int
    start: float
    volatility: float
    drift: float
    half_spread: float
    year_days: float
    dividends: tuple[tuple[int, float], ...] = ()  # (ex-date in nanoseconds, currency a unit)
    rate: float = 0.0  # a year, at which dividends are discounted
    clock: VarianceClock | None = None  # by which it moves, while it drifts by the calendar; None: by the calendar

    @property
    def count(self) -> int:
        """How many ticks there are."""
        return -(-(self.end_ns - self.start_ns) // self.step_ns) + 1

    def times(self, first: int = 0, stop: int | None = None) -> Times:
        """The times of the ticks, or of those from number ``first`` and before ``stop``."""
        numbers = np.arange(first, self.count if stop is None else stop, dtype=np.int64)
        return np.minimum(self.start_ns + self.step_ns * numbers, self.end_ns)

    def escrow(self, times: Times) -> Floats:
        """Present value at these times, shape (times,), of the dividends yet to be paid, in currency a unit."""
        worth = np.zeros(len(times))
        for ex, amount in self.dividends:
            years = (ex - times) / (self.year_days * DAY_NS)
            worth += np.where(times < ex, amount * np.exp(-self.rate * years), 0.0)
        return worth

    def room(self) -> Events:
        """The ticks as rows that wait for a path's prices."""
        return ticks(self.underlying, self.times(), np.full(self.count, np.nan), 0.0)

    def prepare(self, slots: npt.NDArray[np.intp]) -> PreparedSpot:
        """What does not depend on the path; ``slots`` are the places of this model's ticks among the events."""
        return PreparedSpot(self.stream, slots, self._steps(0, self.count), self.half_spread)

    def pieces(self, draws: np.random.Generator) -> Iterator[Events]:
        """One path piece by piece: the rows, to the bit, that `PreparedSpot` fills from the same draws."""
        reached = 0.0
        for first in range(0, self.count, spool.PIECE):
            stop = min(first + spool.PIECE, self.count)
            steps = self._steps(first, stop)
            logarithms = steps.logarithms(draws, reached)
            reached = float(logarithms[-1])
            yield ticks(self.underlying, self.times(first, stop), steps.mids(logarithms), self.half_spread)

    def _steps(self, first: int, stop: int) -> Steps:
        times = self.times(max(first - 1, 0), stop)
        years = np.diff(times) / (self.year_days * DAY_NS)
        moving = years if self.clock is None else np.diff(self.clock.at(times)) / (self.clock.year_days * DAY_NS)
        return Steps(
            worth=self.start - float(self.escrow(self.times(0, 1))[0]),
            drifts=(self.drift - 0.5 * self.volatility**2) * moving + self.drift * (years - moving),
            deviations=self.volatility * np.sqrt(moving),
            escrow=self.escrow(self.times(first, stop)),
        )


class Steps(NamedTuple):
    """Ticks of a path that follow one another, worked out but for what is drawn."""

    worth: float  # X(0), in currency a unit
    drifts: Floats  # of the logarithm, to each tick from the one before; the path's first tick has none
    deviations: Floats  # of the logarithm, as many
    escrow: Floats  # (ticks,) what dividends yet to be paid are worth

    def logarithms(self, draws: np.random.Generator, reached: float) -> Floats:
        """Ln X / X(0) at each tick, ``reached`` being that of the tick before; 0 at the path's first."""
        sums = np.empty(len(self.drifts) + 1)
        sums[0] = reached
        sums[1:] = self.drifts + self.deviations * draws.standard_normal(len(self.drifts))
        np.cumsum(sums, out=sums)
        return sums[len(sums) - len(self.escrow) :]

    def mids(self, logarithms: Floats) -> Floats:
        """The mid at each tick, in currency a unit."""
        return np.exp(logarithms) * self.worth + self.escrow


@dataclass(frozen=True)
class PreparedSpot:
    """A geometric Brownian motion whose steps are worked out: what is left for each path is to draw."""

    stream: str
    slots: npt.NDArray[np.intp]  # (ticks,) where the ticks stand among the events
    steps: Steps
    half_spread: float

    def mids(self, draws: np.random.Generator) -> Floats:
        """One path of mids, shape (ticks,)."""
        return self.steps.mids(self.steps.logarithms(draws, 0.0))

    def fill(self, events: Events, draws: np.random.Generator) -> None:
        """Write one path into this model's ticks among ``events``."""
        mids = self.mids(draws)
        events["bid"][self.slots] = mids - self.half_spread
        events["ask"][self.slots] = mids + self.half_spread

"""Models of the spot: where the ticks of an underlying come from when they are not recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mmsim.events import Events, Kind, rows
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

    def times(self) -> Times:
        """The times of the ticks."""
        grid = np.arange(self.start_ns, self.end_ns + 1, self.step_ns, dtype=np.int64)
        return grid if grid[-1] == self.end_ns else np.append(grid, np.int64(self.end_ns))

    def escrow(self) -> Floats:
        """Present value at each tick, shape (ticks,), of the dividends yet to be paid, in currency a unit."""
        times = self.times()
        worth = np.zeros(len(times))
        for ex, amount in self.dividends:
            years = (ex - times) / (self.year_days * DAY_NS)
            worth += np.where(times < ex, amount * np.exp(-self.rate * years), 0.0)
        return worth

    def prepare(self, slots: npt.NDArray[np.intp]) -> PreparedSpot:
        """What does not depend on the path; ``slots`` are the places of this model's ticks among the events."""
        years = np.diff(self.times()) / (self.year_days * DAY_NS)
        drifts = (self.drift - 0.5 * self.volatility**2) * years
        deviations = self.volatility * np.sqrt(years)
        return PreparedSpot(self.stream, slots, self.start, drifts, deviations, self.escrow(), self.half_spread)


@dataclass(frozen=True)
class PreparedSpot:
    """A geometric Brownian motion whose steps are worked out: what is left for each path is to draw."""

    stream: str
    slots: npt.NDArray[np.intp]  # (ticks,) where the ticks stand among the events
    start: float
    drifts: Floats  # (ticks - 1,) of the logarithm, a step
    deviations: Floats  # (ticks - 1,) of the logarithm, a step
    escrow: Floats  # (ticks,) what dividends yet to be paid are worth
    half_spread: float

    def mids(self, draws: np.random.Generator) -> Floats:
        """One path of mids, shape (ticks,)."""
        mids = np.empty(len(self.drifts) + 1)
        mids[0] = 0.0
        np.cumsum(self.drifts + self.deviations * draws.standard_normal(len(self.drifts)), out=mids[1:])
        np.exp(mids, out=mids)
        mids *= self.start - self.escrow[0]
        mids += self.escrow
        return mids

    def fill(self, events: Events, draws: np.random.Generator) -> None:
        """Write one path into this model's ticks among ``events``."""
        mids = self.mids(draws)
        events["bid"][self.slots] = mids - self.half_spread
        events["ask"][self.slots] = mids + self.half_spread

"""What hedging less often than always may have cost: the error's expected size, and other hedges of the same book.

A book of gamma Γ whose delta is flat at each hedge has, a wait s after one, the delta Γ(S − S₀), of variance Γ²S²σ²s.
Until the next hedge, h later, that earns ∫Γ(S − S₀)dS: a variance of ∫₀ʰ(ΓS²σ²)²s ds = ½(ΓS²σ²)²h². Over all waits

    sd² = Σ ½(ΓS²σ²)²·dt·h,    h the length of the wait that each dt lies in.

With equal waits T/N, and the gamma that an at-the-money option has on average over its life, this is √(π/4)·vega·σ/√N.
Source: Derman and Kamal, When You Cannot Hedge Continuously (1999). Waits are taken as given, whatever the spot did.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmsim.report import rows
from mmsim.report.moves import variance
from mmsim.scenario.years import Years

if TYPE_CHECKING:
    from mmsim.results import Run

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]


class Hedging(NamedTuple):
    """The hedge of one underlying, and what it did; or that another hedge would have done at the marks."""

    trades: int
    units: float  # traded, bought and sold
    earned: Floats  # from each mark to the next: hedge · dS at mid, currency
    expected_variance: float  # of the error, by the formula above; NaN where nothing moved


def error_variance(
    marks: rows.Times, gamma: Floats, spot: Floats, hedges: rows.Times, volatility: float, years: Years
) -> float:
    """sd² of the formula above, currency squared, between the first and the last of ``marks``.

    ``gamma`` and ``spot`` are of the marks, and hold until the next; ``hedges`` are the times of hedging.
    """
    if len(marks) < 2:
        return np.nan
    inside = hedges[(hedges > marks[0]) & (hedges < marks[-1])]
    flat = np.unique(np.concatenate([marks[[0, -1]], inside])).astype(np.int64)
    grid = np.unique(np.concatenate([marks, inside]))
    starts = grid[:-1].astype(np.int64)
    spans = np.asarray(years.of_volatility(starts, grid[1:].astype(np.int64)))
    waits = np.asarray(years.of_volatility(flat[:-1], flat[1:]))[np.searchsorted(flat, starts, side="right") - 1]
    book = (gamma * spot**2)[np.searchsorted(marks, grid[:-1], side="right") - 1]
    return float((0.5 * (book * volatility**2) ** 2 * spans * waits).sum())


class Book(NamedTuple):
    """One underlying at its marks: arrays of one length."""

    times: rows.Times
    spot: Floats
    gamma: Floats
    hedge: Floats  # units held
    options_delta: Floats  # that the hedge is to offset
    fills: pd.DataFrame  # its hedges: ts, side, size, spot
    volatility: float  # realised, from the spot at marks and hedges
    years: Years

    def as_hedged(self) -> Hedging:
        """The hedge that the desk had, each trade taken at the mid of its fill."""
        signed = np.where(self.fills["side"] == "buy", 1.0, -1.0) * rows.values(self.fills, "size")
        at = rows.times(self.fills["ts"])
        following = np.searchsorted(self.times, at)  # the mark at or after each fill
        late = following >= len(self.times)
        following, late = np.where(late, 0, following), late | (following == 0)
        gains = signed * (self.spot[following] - rows.values(self.fills, "spot"))
        earned = self.hedge[:-1] * np.diff(self.spot)
        np.add.at(earned, following[~late] - 1, gains[~late])
        return Hedging(len(at), float(np.abs(signed).sum()), earned, self._variance(at))

    def flat_at(self, hedged: Indices) -> Hedging:
        """Hedged to flat at some marks, at mid, and held in between; before the first as it was."""
        latest = np.full(len(self.times), -1)
        latest[hedged] = hedged
        latest = np.maximum.accumulate(latest)
        held = np.where(latest < 0, self.hedge[0], -self.options_delta[latest])
        before = np.concatenate([self.hedge[:1], held[:-1]])
        traded = np.abs(held - before)
        earned = held[:-1] * np.diff(self.spot)
        return Hedging(int((traded > 0).sum()), float(traded.sum()), earned, self._variance(self.times[hedged]))

    def _variance(self, hedges: rows.Times) -> float:
        return error_variance(self.times, self.gamma, self.spot, hedges, self.volatility, self.years)


def book_of(run: Run, symbol: str, years: Years) -> Book:
    """An underlying at the marks at which it has a spot."""
    marks, fills = rows.book(run, symbol).dropna(subset="spot"), rows.hedges(run, symbol)
    seen = pd.concat([marks[["ts", "spot"]], fills[["ts", "spot"]]]).sort_values("ts", kind="stable")
    hedge = rows.values(marks, "hedge")
    return Book(
        times=rows.times(marks["ts"]),
        spot=rows.values(marks, "spot"),
        gamma=rows.values(marks, "gamma"),
        hedge=hedge,
        options_delta=rows.values(marks, "net_delta") - hedge - rows.values(marks, "pending"),
        fills=fills,
        volatility=variance(rows.times(seen["ts"]), rows.values(seen, "spot"), years) ** 0.5,
        years=years,
    )


def first_of_each(times: rows.Times, start: np.datetime64, every_ns: int) -> Indices:
    """Indices of the first time in each stretch of ``every_ns`` after ``start``; ``times`` ascend."""
    stretch = (times - start).astype(np.int64) // every_ns
    return np.flatnonzero(np.diff(stretch, prepend=stretch[:1] - 1))

"""What the spot did from mark to mark, and what the book's gamma and theta made of it.

With Greeks Γ and Θ at a mark, a move dS over dt years earns ½Γ·dS² and costs Θ·dt. The two cancel at the break-even
move √(2|Θ|dt / |Γ|): a longer one is a gain for a book that is long gamma and a loss for one that is short. Of a
volatility σ the move is S·σ·√dt, so that over many marks the break-even volatility is

    √( Σ 2|Θ|dt / Σ |Γ|S²dt ),   against   √( Σ |Γ|dS² / Σ |Γ|S²dt ),

the volatility realised, both weighted by gamma: half the difference of their squares, times Σ ΓS²dt, is what gamma and
theta have earned together. Theta is the option model's, with the interest on the premium in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmsim.report import rows
from mmsim.scenario.years import Years

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class Moves(NamedTuple):
    """From each mark of an underlying to its next, arrays of one length."""

    ends: rows.Times  # the next mark
    spot: Floats  # before
    move: Floats  # of the spot
    years: Floats  # of volatility
    gamma: Floats  # of the book, before: units of delta per 1.00 of spot
    theta: Floats  # of the book, before: currency a year

    @property
    def break_even(self) -> Floats:
        """The move at which gamma pays for theta, currency; NaN where the two do not have opposite signs."""
        opposed = self.gamma * self.theta < 0.0
        ratio = np.divide(self.theta, self.gamma, out=np.full(len(self.gamma), np.nan), where=opposed)
        moves: Floats = np.sqrt(-2.0 * ratio * self.years)
        return moves

    @property
    def gamma_pnl(self) -> Floats:
        """½Γ·dS², currency."""
        return 0.5 * self.gamma * self.move**2

    @property
    def theta_pnl(self) -> Floats:
        """Θ·dt, currency."""
        return self.theta * self.years

    def where(self, kept: Flags | npt.NDArray[np.intp]) -> Moves:
        """Some of them: those flagged, or numbered."""
        columns: Sequence[Any] = self
        return Moves(*(column[kept] for column in columns))

    def break_even_volatility(self) -> float:
        """Weighted by gamma; NaN where gamma and theta do not have opposite signs over the whole."""
        return _volatility(-2.0 * self.theta_pnl.sum(), self._weight())

    def realised_volatility(self) -> float:
        """Weighted by gamma; NaN where there is none."""
        return _volatility(2.0 * self.gamma_pnl.sum(), self._weight())

    def _weight(self) -> float:
        return float((self.gamma * self.spot**2 * self.years).sum())


def between_marks(book: pd.DataFrame, years: Years) -> Moves:
    """The moves between the marks of one underlying that have a spot; ``book`` is its rows of marks."""
    seen = book.loc[book["spot"].notna()]
    times, spot = rows.times(seen["ts"]), rows.values(seen, "spot")
    instants = times.astype(np.int64)
    waits = np.asarray(years.of_volatility(instants[:-1], instants[1:]))
    before = seen.iloc[:-1]
    return Moves(times[1:], spot[:-1], np.diff(spot), waits, rows.values(before, "gamma"), rows.values(before, "theta"))


def variance(times: rows.Times, spot: Floats, years: Years) -> float:
    """Realised variance a year of a spot at ascending times: the squares of its log returns; NaN of a single time."""
    if len(times) < 2:
        return np.nan
    span = float(years.of_volatility(times[:1].astype(np.int64), times[-1:].astype(np.int64))[0])
    return float((np.diff(np.log(spot)) ** 2).sum() / span) if span > 0.0 else np.nan


def _volatility(variance: float, weight: float) -> float:
    return float(np.sqrt(variance / weight)) if variance * weight > 0.0 else np.nan

"""What a model of the spot has to be: the price without dividends from tick to tick.

A motion works out once what no path changes (`Motion.steps`), and each path is a walk over it, in one piece or in
several: sums are carried from piece to piece, so that the bits are the same.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]


class Span(NamedTuple):
    """Ticks that follow one another. To the path's first tick there is no step, to every other there is one."""

    times: Times  # (ticks,) nanoseconds UTC
    years: Floats  # (steps,) by the calendar, from the tick before
    moving: Floats  # (steps,) of variance, from the tick before: by the calendar too, but on a clock with weights


class Moves(NamedTuple):
    """What a walk makes of a span."""

    prices: Floats  # (ticks,) without what dividends ahead are worth, currency a unit
    shocks: Floats | None = None  # (steps,) standard normal numbers of the Brownian motion, where there is one
    variances: Floats | None = None  # (ticks,) a year, where the model draws them


class Walk(Protocol):
    """One path on its way."""

    def over(self, steps: Any) -> Moves:
        """The next span's moves, from what `Motion.steps` made of it."""


class Motion(Protocol):
    """A model of the spot."""

    def steps(self, span: Span) -> Any:
        """What can be said of a span before anything is drawn."""

    def walk(self, seed: int, path: int) -> Walk:
        """Path number ``path`` from its first tick on, by streams of its own."""

"""Recorded returns, drawn again in blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mmsim.market.spot.motion import Floats, Moves, Span
from mmsim.market.streams import generator


class BootstrapSteps(NamedTuple):
    """What no path changes of a span."""

    ticks: int
    drifts: Floats  # (steps,) of the logarithm
    scales: Floats  # (steps,) by which a return is multiplied


@dataclass(frozen=True)
class Bootstrap:
    """Each step is a recorded return of the logarithm; blocks of returns that followed one another stay together.

    With ``is_stationary`` a block's length is geometric with mean ``block``: at each step, with probability 1/block, a
    new block begins at a return drawn evenly, and else the next return follows, the first one after the last (D.
    Politis and J. Romano, The stationary bootstrap, Journal of the American Statistical Association 89 (1994), section
    2). Without, every block is ``block`` returns long (the circular block bootstrap of the same authors, 1992).

    A step of less variance than ``step_years``, or of more, as a night's, is a return times the root of its share.
    """

    stream: str
    worth: float  # X(0), currency a unit
    returns: Floats  # of the logarithm; with a drift of their own, less their mean growth
    block: int
    is_stationary: bool
    drift: float  # a year of the calendar, beside that of the returns
    step_years: float  # of variance, of a recorded return

    def steps(self, span: Span) -> BootstrapSteps:
        return BootstrapSteps(len(span.times), self.drift * span.years, np.sqrt(span.moving / self.step_years))

    def walk(self, seed: int, path: int) -> BootstrapWalk:
        blocks, places = (generator(seed, f"{self.stream}:{use}", path) for use in ("blocks", "places"))
        return BootstrapWalk(self, blocks, places)


@dataclass
class BootstrapWalk:
    """One path of drawn returns."""

    motion: Bootstrap
    block_draws: np.random.Generator
    place_draws: np.random.Generator
    drawn: int = 0  # returns so far
    place: int = -1  # of the last one
    reached: float = 0.0  # ln X / X(0) at the last tick

    def over(self, steps: BootstrapSteps) -> Moves:
        of, count = self.motion, len(steps.drifts)
        places = self._places(count)
        sums = np.empty(count + 1)
        sums[0] = self.reached
        sums[1:] = of.returns[places] * steps.scales + steps.drifts
        np.cumsum(sums, out=sums)
        self.reached = float(sums[-1])
        return Moves(np.exp(sums[len(sums) - steps.ticks :]) * of.worth)

    def _places(self, count: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """The numbers of the next returns."""
        of = self.motion
        numbers = np.arange(count)
        begins = self.block_draws.random(count) * of.block < 1.0
        if not of.is_stationary:
            begins = (self.drawn + numbers) % of.block == 0
        if self.drawn == 0:
            begins[:1] = True
        starts = (self.place_draws.random(count) * len(of.returns)).astype(np.int64)
        last = np.maximum.accumulate(np.where(begins, numbers, -1))  # where the block of each begins; −1: before
        from_before = self.place + 1 + numbers
        places = np.where(last >= 0, starts[last] + numbers - last, from_before) % len(of.returns)
        if count:
            self.drawn, self.place = self.drawn + count, int(places[-1])
        return places

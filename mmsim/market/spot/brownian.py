"""Geometric Brownian motion."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from mmsim.market.spot.motion import Floats, Moves, Span
from mmsim.market.streams import generator


class BrownianSteps(NamedTuple):
    """The logarithm's steps, worked out but for what is drawn."""

    ticks: int
    drifts: Floats  # (steps,)
    deviations: Floats  # (steps,)


@dataclass(frozen=True)
class BrownianMotion:
    """dX = drift·X·dt + volatility·X·dW, in exact lognormal steps.

    X(t) = X(0) · exp((drift − volatility²/2)·t + volatility·W(t)): Black and Scholes, 1973. ``drift`` is a year of the
    calendar, ``volatility`` one of variance.
    """

    stream: str
    worth: float  # X(0), currency a unit
    volatility: float
    drift: float

    def steps(self, span: Span) -> BrownianSteps:
        years, moving = span.years, span.moving
        drifts = (self.drift - 0.5 * self.volatility**2) * moving + self.drift * (years - moving)
        return BrownianSteps(len(span.times), drifts, self.volatility * np.sqrt(moving))

    def walk(self, seed: int, path: int) -> BrownianWalk:
        return BrownianWalk(self.worth, generator(seed, self.stream, path))


@dataclass
class BrownianWalk:
    """One path of a geometric Brownian motion."""

    worth: float
    draws: np.random.Generator
    reached: float = field(default=0.0)  # ln X / X(0) at the last tick

    def over(self, steps: BrownianSteps) -> Moves:
        shocks = self.draws.standard_normal(len(steps.drifts))
        sums = np.empty(len(steps.drifts) + 1)
        sums[0] = self.reached
        sums[1:] = steps.drifts + steps.deviations * shocks
        np.cumsum(sums, out=sums)
        self.reached = float(sums[-1])
        return Moves(np.exp(sums[len(sums) - steps.ticks :]) * self.worth, shocks)

"""Heston's model: the spot with a variance that is drawn too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mmsim.market.spot.motion import Floats, Moves, Span
from mmsim.market.spot.quadratic_exponential import advance
from mmsim.market.streams import generator


class HestonSteps(NamedTuple):
    """What no path changes of a span."""

    ticks: int
    years: Floats
    moving: Floats


@dataclass(frozen=True)
class HestonMotion:
    """dX = drift·X·dt + √v·X·dW, dv = κ(θ − v)dt + ξ√v·dB, dW·dB = ρ·dt.

    Steven L. Heston, A closed-form solution for options with stochastic volatility, Review of Financial Studies 6
    (1993), equations 1 and 4; the steps are Andersen's (`quadratic_exponential`), whatever Feller's condition says.
    ``drift`` is a year of the calendar, all else one of variance.
    """

    stream: str
    worth: float  # X(0), currency a unit
    drift: float
    variance: float  # v(0)
    long_run_variance: float  # θ
    mean_reversion: float  # κ
    vol_of_vol: float  # ξ
    correlation: float  # ρ

    def steps(self, span: Span) -> HestonSteps:
        return HestonSteps(len(span.times), span.years, span.moving)

    def walk(self, seed: int, path: int) -> HestonWalk:
        spot, variance = (generator(seed, name, path) for name in (self.stream, f"{self.stream}:variance"))
        return HestonWalk(self, spot, variance, np.array([0.0, self.variance]))


@dataclass
class HestonWalk:
    """One path of Heston's model."""

    motion: HestonMotion
    draws: np.random.Generator
    variance_draws: np.random.Generator
    reached: Floats  # ln X / X(0) and v at the last tick

    def over(self, steps: HestonSteps) -> Moves:
        of, count = self.motion, len(steps.moving)
        made = np.empty((count + 1, 2))
        made[0] = self.reached
        advance(
            steps.moving,
            of.drift * steps.years,
            self.draws.standard_normal(count),
            self.variance_draws.standard_normal(count),
            of.mean_reversion,
            of.long_run_variance,
            of.vol_of_vol,
            of.correlation,
            made,
        )
        self.reached = made[-1].copy()
        logarithms, variances = made[len(made) - steps.ticks :].T
        return Moves(np.exp(logarithms) * of.worth, None, variances)

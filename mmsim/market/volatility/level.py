"""The volatility at the money from which a smile is made: constant, or drawn."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, sqrt
from typing import NamedTuple, Protocol

import numpy as np

from mmsim.market.spot.motion import Floats
from mmsim.market.streams import generator
from mmsim.market.volatility.implied import View
from mmsim.market.volatility.sight import Sight


class LevelSteps(NamedTuple):
    """What no path changes of some instants."""

    instants: int
    kept: Floats  # (steps,) share of a distance from the long run that is left after each
    deviations: Floats  # (steps,) of the logarithm


class LevelWalk(Protocol):
    """One path on its way."""

    def over(self, steps: LevelSteps, sight: Sight) -> Floats:
        """Levels at the next instants, (instants,)."""


class Level(Protocol):
    """A model of the level."""

    def steps(self, view: View) -> LevelSteps:
        """What can be said of some instants before anything is drawn."""

    def walk(self, seed: int, path: int) -> LevelWalk:
        """Path number ``path``."""


@dataclass(frozen=True)
class ConstantLevel:
    """One level for ever, and its own walk."""

    level: float

    def steps(self, view: View) -> LevelSteps:
        return LevelSteps(len(view.times), np.empty(0), np.empty(0))

    def walk(self, seed: int, path: int) -> ConstantLevel:  # noqa: ARG002  (every path is alike)
        return self

    def over(self, steps: LevelSteps, sight: Sight) -> Floats:  # noqa: ARG002
        return np.full(steps.instants, self.level)


@dataclass(frozen=True)
class MeanRevertingLevel:
    """d ln σ = speed·(ln long_run − ln σ)dt + vol_of_vol·dB, corr(dB, dW) = correlation, W being the spot's.

    Steps are exact: with e = exp(−speed·Δt), ln σ moves to ln long_run + e·(ln σ − ln long_run) + vol_of_vol ·
    √((1 − e²)/(2·speed))·Z (G. Uhlenbeck and L. Ornstein, On the theory of the Brownian motion, Physical Review 36,
    1930). Z is normal with the given correlation to what the spot's Brownian motion has done in the step, as a whole;
    where no tick lies in the step it is independent. In the long run ln σ is normal with mean ln long_run and variance
    vol_of_vol²/(2·speed). Years are of variance.
    """

    stream: str
    start: float
    long_run: float
    speed: float
    vol_of_vol: float
    correlation: float

    def steps(self, view: View) -> LevelSteps:
        if self.speed == 0.0:
            return LevelSteps(len(view.times), np.ones(len(view.moving)), self.vol_of_vol * np.sqrt(view.moving))
        passed = self.speed * view.moving
        deviations = self.vol_of_vol * np.sqrt(-np.expm1(-2.0 * passed) / (2.0 * self.speed))
        return LevelSteps(len(view.times), np.exp(-passed), deviations)

    def walk(self, seed: int, path: int) -> MeanRevertingWalk:
        return MeanRevertingWalk(self, generator(seed, self.stream, path), log(self.start / self.long_run))


@dataclass
class MeanRevertingWalk:
    """One path of a mean-reverting level."""

    level: MeanRevertingLevel
    draws: np.random.Generator
    reached: float  # ln σ − ln long_run at the last instant

    def over(self, steps: LevelSteps, sight: Sight) -> Floats:
        of = self.level
        own = self.draws.standard_normal(len(steps.kept))
        if of.correlation != 0.0:
            assert sight.pushes is not None, "checked when the scenario was read"
            both = of.correlation * sight.pushes + sqrt(1.0 - of.correlation**2) * own
            own = np.where(np.isnan(sight.pushes), own, both)
        moves = steps.deviations * own
        distance = self.reached
        found = [distance] if steps.instants > len(moves) else []
        for kept, move in zip(steps.kept.tolist(), moves.tolist(), strict=True):
            distance = kept * distance + move
            found.append(distance)
        self.reached = distance
        return of.long_run * np.array([exp(x) for x in found], np.float64)

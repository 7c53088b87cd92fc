"""A smile: what strikes and expiries make of the volatility at the money."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

import numpy as np

from mmsim.market.spot.motion import Floats
from mmsim.market.volatility.implied import View
from mmsim.market.volatility.level import Level, LevelSteps, LevelWalk
from mmsim.market.volatility.sight import Sight


class Sticky(Enum):
    """What keeps its volatility as the spot moves."""

    STRIKE = "strike"
    MONEYNESS = "moneyness"
    DELTA = "delta"


class SmileSteps(NamedTuple):
    """What no path changes of some instants."""

    view: View
    level: LevelSteps
    nearness: Floats  # (instants, options) how much of today's level an expiry's average has; 1: all


@dataclass(frozen=True)
class Smile:
    """σ(K, T) = a + skew·x + curvature·x², a the volatility at the money for the expiry, x the strike's distance.

    a² = long_run² + (level² − long_run²)·(1 − e^{−kτ})/(kτ), the average until expiry of a variance that goes back to
    its long run at the speed k = ``reversion``; with k = 0 every expiry has the level itself. The distance is

    sticky strike: x = ln(K/F), F being the forward at the clock's start, so that a strike keeps its volatility;
    sticky moneyness: x = ln(K/F) with the present forward, so that the smile moves with the spot;
    sticky delta: x = ln(K/F)/(a√τ), so that an option keeps its volatility as long as it keeps its delta.

    A volatility is never below a/4 nor above 4a: parabolas have no wings.
    Source of the three rules: E. Derman, Regimes of volatility, Risk, April 1999.
    """

    level: Level
    sticky: Sticky
    skew: float  # volatility a unit of x
    curvature: float  # the same of x²
    reversion: float  # k, a year
    long_run: float

    def steps(self, view: View) -> SmileSteps:
        passed = self.reversion * view.years
        nearness = np.divide(-np.expm1(-passed), passed, out=np.ones(passed.shape), where=passed > 0.0)
        return SmileSteps(view, self.level.steps(view), nearness)

    def walk(self, seed: int, path: int) -> SmileWalk:
        return SmileWalk(self, self.level.walk(seed, path))


@dataclass
class SmileWalk:
    """One path of smiles."""

    smile: Smile
    level: LevelWalk
    anchors: Floats | None = None  # (options,) the forwards at the path's first instant

    def over(self, steps: SmileSteps, sight: Sight) -> Floats:
        of, view = self.smile, steps.view
        levels = self.level.over(steps.level, sight)[:, None]
        money = np.sqrt(of.long_run**2 + (levels**2 - of.long_run**2) * steps.nearness)
        if of.skew == of.curvature == 0.0:
            return money
        distance = self._distance(view, sight, money)
        return np.clip(money + (of.skew + of.curvature * distance) * distance, 0.25 * money, 4.0 * money)

    def _distance(self, view: View, sight: Sight, money: Floats) -> Floats:
        """x, (instants, options)."""
        forwards = view.forwards(sight.spots)
        if self.smile.sticky is Sticky.STRIKE:
            if self.anchors is None:
                self.anchors = forwards[0]
            forwards = np.broadcast_to(self.anchors, forwards.shape)
        logarithms = np.log(view.strikes / forwards)
        if self.smile.sticky is not Sticky.DELTA:
            return logarithms
        deviations = money * np.sqrt(view.years)
        return np.divide(logarithms, deviations, out=np.zeros(money.shape), where=deviations > 0.0)

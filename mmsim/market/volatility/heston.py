"""The surface of Heston's model, from the variance of the spot's own path."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmsim.kernel import F1, F2, F64, VOID, entry
from mmsim.market.spot.motion import Floats
from mmsim.market.volatility.implied import LOWEST, View
from mmsim.market.volatility.sight import Sight
from mmsim.pricing.heston import HestonTerms, implied


@entry(VOID(F2, F2, F1, F64, F64, F64, F64, F64, F2))
def surface(
    distances: Floats,
    years: Floats,
    variances: Floats,
    long_run_variance: float,
    mean_reversion: float,
    vol_of_vol: float,
    correlation: float,
    lowest: float,
    made: Floats,
) -> None:
    """Writes the implied volatility of each option at each instant, 0 years being without one.

    Shapes (instants, options): ``distances`` ln(strike/forward), ``years`` and ``made``; ``variances`` (instants,).
    """
    for n in range(made.shape[0]):
        of = HestonTerms(variances[n], long_run_variance, mean_reversion, vol_of_vol, correlation)
        for o in range(made.shape[1]):
            found = implied(distances[n, o], years[n, o], of) if years[n, o] > 0.0 else lowest
            made[n, o] = max(lowest, found)


@dataclass(frozen=True)
class HestonSurface:
    """The Black–Scholes volatility of each option's price in Heston's model, the variance being that of the spot.

    The parameters are those by which options are priced; they need not be those by which variance moves. Every path is
    a function of the spot's, so it is its own walk.
    """

    long_run_variance: float
    mean_reversion: float
    vol_of_vol: float
    correlation: float

    def steps(self, view: View) -> View:
        return view

    def walk(self, seed: int, path: int) -> HestonSurface:  # noqa: ARG002
        return self

    def over(self, steps: View, sight: Sight) -> Floats:
        assert sight.variances is not None, "checked when the scenario was read"
        distances = np.log(steps.strikes / steps.forwards(sight.spots))
        made = np.empty(distances.shape)
        priced = (self.long_run_variance, self.mean_reversion, self.vol_of_vol, self.correlation)
        surface(distances, steps.years, np.ascontiguousarray(sight.variances), *priced, LOWEST, made)
        return made

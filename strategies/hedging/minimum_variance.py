"""Hedge by the delta of least variance: implied volatility moves with the spot."""

from math import sqrt
from typing import NamedTuple

from mmsim import HedgeView, OptionView


class MinimumVariance(NamedTuple):
    """Trade back to flat, by deltas that know the smile's usual answer to the spot, when they stand outside ± `band`.

    units = −hedge_delta if |hedge_delta| > band, else 0; of each option Δ_MV = Δ + 𝒱 / (S √τ) · (a + b Δ + c Δ²)

    Δ is a call's; a put's is raised by 1, so that put and call of one strike share their volatility's answer. For
    equities a + bΔ + cΔ² is below 0: volatility falls as the spot rises.

    Fit a, b and c on data before those that are traded: `mmsim.fit_minimum_variance`. There are no defaults, since what
    was found for one market and decade holds for no other.

    Source: Hull and White, Optimal delta hedging for options, Journal of Banking and Finance 82 (2017) 180–190.
    """

    a: float  # of the quadratic in delta: volatility · √year
    b: float  # the same
    c: float  # the same
    band: float = 0.0  # units of the underlying

    def check(self) -> dict[str, str]:
        return {} if self.band >= 0.0 else {"band": "must be at least 0"}

    def hedge_slope(self, view: OptionView) -> float:
        if view.years <= 0.0:
            return 0.0
        delta = view.delta if view.right > 0.0 else view.delta + 1.0
        return (self.a + delta * (self.b + delta * self.c)) / (view.spot * sqrt(view.years))

    def hedge(self, view: HedgeView) -> float:
        return 0.0 if abs(view.hedge_delta) <= self.band else -view.hedge_delta

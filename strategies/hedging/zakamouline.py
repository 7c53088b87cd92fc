"""Hedge to the edge of a band, around the delta at another volatility: the utility-optimal hedge, approximated."""

from math import exp, sqrt
from typing import NamedTuple

from mmsim import HedgeView, OptionView


class Zakamouline(NamedTuple):
    """Do nothing while |hedge_delta| ≤ H₀ + H₁, else trade to the nearest edge; deltas are Δ(S, σ_m).

    H₀ = λ / (γ S σ² τ)
    H₁ = 1.12 λ^0.31 τ^0.05 (e^(−rτ)/σ)^0.25 (|Γ|/γ)^0.5
    σ_m² = σ² (1 + K) where gamma is long, σ² (1 − K) where it is short
    K = −4.76 λ^0.78 / τ^0.02 (e^(−rτ)/σ)^0.25 (γ S² |Γ|)^0.15

    λ = `cost` of a trade as a share of the spot, γ = `risk_aversion`, Γ the book's; τ, r and σ are each option's in K
    and means over those held in H. An expired book is brought back to flat.

    Long gamma and high costs leave no real volatility, 1 + K ≤ 0: the run stops there and says so, unless `clamp` is
    above 0, which σ_m²/σ² is then never below. A lower cost or risk aversion is the other remedy.

    Source: Zakamouline, Efficient analytic approximation of the optimal hedging strategy for a European call option
    with transaction costs, Quantitative Finance 6 (2006) 435–445.
    """

    cost: float = 0.001  # of a trade, as a share of the spot
    risk_aversion: float = 0.1  # of an exponential utility, per unit of currency
    clamp: float = 0.0  # least σ_m²/σ²; 0: where it would be 0 or less the run stops

    def check(self) -> dict[str, str]:
        wrong = {key: "must be above 0" for key in ("cost", "risk_aversion") if not getattr(self, key) > 0.0}
        return wrong | ({} if 0.0 <= self.clamp <= 1.0 else {"clamp": "must be from 0 to 1"})

    def hedge_vol(self, view: OptionView) -> float:
        if view.years <= 0.0:
            return view.implied_volatility
        size = (self.risk_aversion * view.spot * view.spot * abs(view.net_gamma)) ** 0.15
        discounted = (exp(-view.rate * view.years) / view.implied_volatility) ** 0.25
        shift = 4.76 * self.cost**0.78 / view.years**0.02 * discounted * size  # −K
        share = max(1.0 - shift if view.net_gamma > 0.0 else 1.0 + shift, self.clamp)
        if share <= 0.0:
            raise ValueError("imaginary volatility, 1 + K <= 0: set clamp, or lower cost or risk_aversion")
        return view.implied_volatility * sqrt(share)

    def hedge(self, view: HedgeView) -> float:
        width = 0.0
        if view.years > 0.0:
            variance = view.implied_volatility * view.implied_volatility * view.years
            discounted = (exp(-view.rate * view.years) / view.implied_volatility) ** 0.25
            grown = self.cost**0.31 * view.years**0.05 * discounted
            width = self.cost / (self.risk_aversion * view.spot * variance)
            width += 1.12 * grown * sqrt(abs(view.net_gamma) / self.risk_aversion)
        if view.hedge_delta > width:
            return width - view.hedge_delta
        return -width - view.hedge_delta if view.hedge_delta < -width else 0.0

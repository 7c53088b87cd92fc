"""Hedge to the edge of a band that grows with gamma and costs."""

from math import exp
from typing import NamedTuple

from mmsim import HedgeView


class WhalleyWilmott(NamedTuple):
    """Do nothing while |net_delta| ≤ w, else trade to the nearest edge of the band, which leaves ± w.

    w = (3/2 · e^(−rτ) · cost · S · Γ² / risk_aversion)^(1/3), in units of the underlying

    Γ is the book's, τ and r means over the options held. `cost` is what one unit costs to trade, once, as a share of
    the spot: with `hedge_at: touch`, half the spread over the mid.

    Source: Whalley and Wilmott, An asymptotic analysis of an optimal hedging model for option pricing with transaction
    costs, Mathematical Finance 7 (1997) 307–324: the limit of small costs of the policy that maximises an exponential
    utility.
    """

    cost: float = 0.001  # of a trade, as a share of the spot
    risk_aversion: float = 0.1  # of an exponential utility, per unit of currency

    PRICES_BOOK = True  # type: ignore[misc]  # a class attribute, no field

    def check(self) -> dict[str, str]:
        wrong = {} if self.cost >= 0.0 else {"cost": "must be at least 0"}
        return wrong | ({} if self.risk_aversion > 0.0 else {"risk_aversion": "must be above 0"})

    def hedge(self, view: HedgeView) -> float:
        width = 0.0
        if view.years >= 0.0:
            discounted = exp(-view.rate * view.years) * self.cost * view.spot
            width = (1.5 * discounted * view.net_gamma * view.net_gamma / self.risk_aversion) ** (1.0 / 3.0)
        if view.net_delta > width:
            return width - view.net_delta
        return -width - view.net_delta if view.net_delta < -width else 0.0

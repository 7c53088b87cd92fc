"""Hedge by the clock, at a volatility that has the cost of hedging in it."""

from math import pi, sqrt
from typing import Any, NamedTuple

from mmsim import HedgeView, OptionView


class Leland(NamedTuple):
    """Trade back to flat every `interval_ns` by the deltas at Leland's volatility.

    units = −hedge_delta at the policy's own timer, and at once before the first hedge; deltas are Δ(S, σ̂) with
    σ̂² = σ² (1 ± √(2/π) · k / (σ √δt)), σ the option's mark, k = `round_trip` and δt = `interval_ns` in years: + where
    the book's gamma is short, which makes deltas smoother and rehedging cheaper, − where it is long.

    Long gamma and costs of √(2/π) k ≥ σ √δt leave no real volatility: the run stops there and says so, unless `clamp`
    is above 0, which σ̂²/σ² is then never below. A longer interval is the other remedy.

    Source: Leland, Option pricing and replication with transactions costs, Journal of Finance 40 (1985) 1283–1301; the
    sign by the gamma of the book is that of Hoggard, Whalley and Wilmott, Hedging option portfolios in the presence of
    transaction costs, Advances in Futures and Options Research 7 (1994) 21–35.
    """

    round_trip: float = 0.002  # cost of buying and selling one unit, as a share of the spot
    interval_ns: int = 86_400_000_000_000  # between hedges
    clamp: float = 0.0  # least σ̂²/σ²; 0: where it would be 0 or less the run stops
    year_days: float = 0.0  # days in a year of volatility; 0: clock.volatility_days

    def check(self) -> dict[str, str]:
        wrong = {key: "must be at least 0" for key in ("round_trip", "year_days") if getattr(self, key) < 0.0}
        if not 0.0 <= self.clamp <= 1.0:
            wrong["clamp"] = "must be from 0 to 1"
        return wrong | ({} if self.interval_ns > 0 else {"interval_ns": "must be longer than 0"})

    def prepare(self, scenario: Any) -> "Leland":
        return self if self.year_days > 0.0 else self._replace(year_days=scenario.clock.volatility_days)

    def hedge_vol(self, view: OptionView) -> float:
        interval = self.interval_ns / (self.year_days * 86_400e9)
        number = sqrt(2.0 / pi) * self.round_trip / (view.implied_volatility * sqrt(interval))
        share = max(1.0 - number if view.net_gamma > 0.0 else 1.0 + number, self.clamp)
        if share <= 0.0:
            raise ValueError("imaginary volatility for long gamma: set clamp, lower round_trip or lengthen interval_ns")
        return view.implied_volatility * sqrt(share)

    def hedge(self, view: HedgeView) -> float:
        return -view.hedge_delta if view.timer or view.last_hedge_ns == 0 else 0.0

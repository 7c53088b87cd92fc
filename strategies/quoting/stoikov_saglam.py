"""The premiums of Stoikov and Sağlam: for the demand, and for the risk that hedging leaves."""

from typing import Any, NamedTuple

from mmsim import Quote, QuoteView

DAY_NS = 86_400_000_000_000


class StoikovSaglam(NamedTuple):
    """Quote theo with the premium that linear demand pays most for, moved by half of what a trade adds in risk.

    Orders come at the rate C − D·ε for a premium ε. Hedged continuously in a complete market, the best premium is
    C/(2·D) on both sides, whatever is held (theorems 1 and 4). Where hedging leaves risk, a mean-variance desk counts
    ½·γ·τ·(N_Δ²·s² + ½·h·N_Γ²·s⁴ + N_𝒱²·ν²) against its net delta (if unhedged), gamma and vega over a horizon τ, with
    s = spot · implied volatility a √day, h the time between hedges, ν the volatility's own standard deviation. A lot
    bought adds `added` to it a unit of the option, a lot sold `shed`; then bid = theo − C/(2·D) − ½·added, ask = theo
    + C/(2·D) + ½·shed: a linear demand passes on half of a cost. A bid below zero is not made.

    Source: Stoikov and Sağlam, Option market making under inventory risk, Review of Derivatives Research 12 (2009)
    55–79. The risk is to first order in the horizon.
    """

    per_hour: float = 60.0  # C, orders an hour and side that would trade at theo
    slope: float = 6000.0  # D, orders an hour and side lost for 1.00 of premium (currency; in_vol: volatility)
    risk_aversion: float = 1.0e-5  # γ, per currency of wealth
    vol_sd: float = 0.01  # ν, absolute volatility a √day of 24 hours; 0: no vega risk
    rehedge_ns: int = 0  # h, time between hedges; 0: continuous, no gamma risk
    horizon_ns: int = 21600000000000  # τ, time for which inventory is at risk
    is_hedged: bool = True  # whether the delta is hedged; false: the net delta is risk too
    lot: float = 1.0  # contracts of a usual trade
    in_vol: bool = True  # true: premiums are volatilities, times vega; false: currency per unit of the underlying
    size: float = 10.0  # contracts a side
    year_days: float = 0.0  # days of 24 hours in a year of volatility; 0: as the scenario's clock has it

    def check(self) -> dict[str, str]:
        wrong = {key: "must be above 0" for key in ("per_hour", "slope") if not getattr(self, key) > 0.0}
        least = ("risk_aversion", "vol_sd", "lot", "size", "year_days")
        return wrong | {key: "must be at least 0" for key in least if not getattr(self, key) >= 0.0}

    def prepare(self, scenario: Any) -> "StoikovSaglam":
        return self if self.year_days > 0.0 else self._replace(year_days=scenario.clock.volatility_days)

    def quote(self, view: QuoteView) -> Quote:
        aversion = self.risk_aversion * self.horizon_ns / DAY_NS
        spot_variance = (view.spot * view.implied_volatility) ** 2 / self.year_days
        of_delta = 0.0 if self.is_hedged else aversion * spot_variance
        of_gamma = aversion * 0.5 * self.rehedge_ns / DAY_NS * spot_variance**2
        of_vega = aversion * self.vol_sd**2
        held = of_delta * view.net_delta * view.delta + of_gamma * view.net_gamma * view.gamma
        held += of_vega * view.net_vega * view.vega
        own = of_delta * view.delta**2 + of_gamma * view.gamma**2 + of_vega * view.vega**2
        own *= 0.5 * self.lot * view.multiplier
        premium = 0.5 * self.per_hour / self.slope * (view.vega if self.in_vol else 1.0)
        bid = view.theo - premium - 0.5 * (own + held)
        ask = view.theo + premium + 0.5 * (own - held)
        return Quote(bid, ask, self.size if bid >= 0.0 else 0.0, self.size if ask >= 0.0 else 0.0)

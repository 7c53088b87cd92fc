"""The quotes of Baldacci, Bergault and Guéant: an options market maker with a bound on vega, solved and looked up."""

from math import exp, floor, log, sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmsim import Quote, QuoteView

DAY_NS = 86_400_000_000_000
HOURS_A_DAY = 24.0
MOMENTS = 64  # of the table, nearer to one another towards the end
LEAST = -600.0  # of an exponent: Lambert's function is e^LEAST there, which is nothing
NEWTON = 6  # steps to Lambert's function: to the last digits


class BaldacciBergaultGueant(NamedTuple):
    """Quote optimally around a value of the book's vega, to clients who take a price with logistic probability.

    In volatility (distances divided by vega), requests come at the rate λ and are taken with probability 1/(1 + exp(α
    + β·δ)). With Z the vega of a usual order, the value v(τ, 𝒱) of vega 𝒱 with τ left satisfies ∂v/∂τ = μ·𝒱 −
    ½·γ·ν²·𝒱² + Z·Σ H((v(𝒱) − v(𝒱 ± Z))/Z), v(0) = 0, over trades that stay within ±𝒱̄, where in closed form H(p) =
    sup λ·(δ − p)/(1 + exp(α + β·δ)) = λ·W(exp(−1 − α − β·p))/β with Lambert's W, at δ(p) = p + (1 + W)/β. bid = theo
    − vega · δ, ask = theo + vega · δ; no more contracts than 𝒱̄ leaves room for; a bid below zero is not made.

    Source: Baldacci, Bergault and Guéant, Algorithmic market making for options, Quantitative Finance 21 (2021)
    85–97: vegas are constant as there (assumption of section 3), ν = ξ/2 a √day, and the variance premium (a_P −
    a_Q)/(2·√ν) is a constant μ, so that the value does not depend on the variance.
    """

    per_hour: float = 60.0  # λ, requests of one lot an hour and side on all options of an underlying
    alpha: float = 0.7  # α, a pure number: at theo 1/(1 + exp(α)) of the requests trade
    beta: float = 150.0  # β, per 1.00 of volatility
    risk_aversion: float = 1.0e-5  # γ, per currency of wealth
    vol_sd: float = 0.01  # ν, absolute volatility a √day of 24 hours
    vol_drift: float = 0.0  # μ, absolute volatility a day of 24 hours: what implied volatility is expected to gain
    vega_lot: float = 10000.0  # Z, vega of a usual order (currency per 1.00 of volatility)
    max_vega: float = 500000.0  # 𝒱̄, the bound on the book's vega (currency per 1.00 of volatility)
    horizon_ns: int = 0  # time that is left, at every instant; 0: until the clock's end
    size: float = 10.0  # contracts a side
    end: float = 0.0  # nanoseconds UTC: the clock's end, from the scenario
    span: float = 0.0  # nanoseconds for which `slopes` are solved, from the scenario
    slopes: NDArray[np.float64] = np.zeros((1, 1))  # solved: −∂v/∂𝒱 by time left, between one lot and the next

    def check(self) -> dict[str, str]:
        wrong = {
            key: "must be above 0" for key in ("per_hour", "beta", "vega_lot", "max_vega") if not getattr(self, key) > 0
        }
        least = ("risk_aversion", "vol_sd", "size")
        wrong |= {key: "must be at least 0" for key in least if not getattr(self, key) >= 0.0}
        if not wrong and not 1.0 <= self.max_vega / self.vega_lot <= 500.0:
            wrong["max_vega"] = "must be from 1 to 500 times vega_lot"
        wrong |= {key: "is taken from the clock" for key in ("end", "span") if getattr(self, key) != 0.0}
        return wrong | ({"slopes": "is solved, not given"} if self.slopes.size > 1 else {})

    def prepare(self, scenario: Any) -> "BaldacciBergaultGueant":
        end = float(scenario.clock.end)
        span = float(self.horizon_ns if self.horizon_ns > 0 else end - scenario.clock.start)
        days = span / DAY_NS * np.linspace(0.0, 1.0, MOMENTS) ** 2
        slopes = -np.diff(self._values(days), axis=1) / self.vega_lot
        return self._replace(end=end, span=span, slopes=slopes)

    def _values(self, days: NDArray[np.float64]) -> NDArray[np.float64]:
        """(times, vegas) v with so many days left at vegas from −𝒱̄ to 𝒱̄ by the lot: Runge and Kutta's fourth order."""
        bound = int(self.max_vega / self.vega_lot)
        values = np.zeros((len(days), 2 * bound + 1))
        if days[-1] * HOURS_A_DAY * self.per_hour > 1e5:
            raise ValueError("more than 100,000 requests until the end: give a shorter `horizon_ns`")
        for moment in range(1, len(days)):
            parts = int((days[moment] - days[moment - 1]) * 2.0 * HOURS_A_DAY * self.per_hour) + 1
            step, value = (days[moment] - days[moment - 1]) / parts, values[moment - 1]
            for _ in range(parts):
                first = self._growth(value)
                second = self._growth(value + 0.5 * step * first)
                third = self._growth(value + 0.5 * step * second)
                fourth = self._growth(value + step * third)
                value = value + step / 6.0 * (first + 2.0 * second + 2.0 * third + fourth)
            values[moment] = value
        return values

    def _growth(self, value: NDArray[np.float64]) -> NDArray[np.float64]:
        """∂v/∂τ a day, shape (vegas,)."""
        bound = len(value) // 2
        vegas = self.vega_lot * np.arange(-bound, bound + 1.0)
        growth = self.vol_drift * vegas - 0.5 * self.risk_aversion * self.vol_sd**2 * vegas**2
        slopes = -np.diff(value) / self.vega_lot
        exponents = -1.0 - self.alpha - self.beta * np.stack([slopes, -slopes])  # of buying, of selling
        exponents = np.maximum(exponents, LEAST)
        lambert = np.where(exponents > 1.0, exponents, np.exp(np.minimum(exponents, 1.0)))
        for _ in range(NEWTON):
            lambert *= (1.0 + exponents - np.log(lambert)) / (1.0 + lambert)
        worth = self.vega_lot * HOURS_A_DAY * self.per_hour / self.beta * lambert
        growth[:-1] += worth[0]
        growth[1:] += worth[1]
        return growth

    def quote(self, view: QuoteView) -> Quote:
        left = self.span if self.horizon_ns > 0 else min(max(self.end - view.ts_ns, 0.0), self.span)
        moment = sqrt(left / self.span) * (self.slopes.shape[0] - 1)
        row = min(int(moment), self.slopes.shape[0] - 2)
        later, last = moment - row, self.slopes.shape[1] - 1
        distances = (0.0, 0.0)
        for side in (1.0, -1.0):  # the bid, the ask
            lots = (view.net_vega + 0.5 * side * self.vega_lot) / self.vega_lot + 0.5 * last
            lots = min(max(lots, 0.0), float(last))
            column = min(int(lots), max(last - 1, 0))
            right, next_column = lots - column, min(column + 1, last)
            before = (1.0 - right) * self.slopes[row, column] + right * self.slopes[row, next_column]
            after = (1.0 - right) * self.slopes[row + 1, column] + right * self.slopes[row + 1, next_column]
            priced = side * ((1.0 - later) * before + later * after)
            exponent = max(-1.0 - self.alpha - self.beta * priced, LEAST)
            lambert = exponent if exponent > 1.0 else exp(exponent)
            for _ in range(NEWTON):
                lambert *= (1.0 + exponent - log(lambert)) / (1.0 + lambert)
            distances = (distances[1], priced + (1.0 + lambert) / self.beta)
        bid, ask = view.theo - view.vega * distances[0], view.theo + view.vega * distances[1]
        unit = max(view.multiplier * view.vega, 1e-12)
        bid_size = max(min(self.size, float(floor((self.max_vega - view.net_vega) / unit))), 0.0)
        ask_size = max(min(self.size, float(floor((self.max_vega + view.net_vega) / unit))), 0.0)
        return Quote(bid, ask, bid_size if bid >= 0.0 else 0.0, ask_size if ask >= 0.0 else 0.0)

"""Hedge when the spot has moved."""

from math import log, sqrt
from typing import Any, NamedTuple

from mmsim import HedgeView


class SpotMove(NamedTuple):
    """Trade back to flat delta when the spot stands `deviations` standard deviations or more from the last hedge.

    units = −net_delta if |ln(S / S_last)| ≥ deviations · σ √period, else 0, where S_last is the spot at the last hedge,
    σ the mean implied volatility of the options held and `period_ns` the time whose standard deviation is meant. The
    first hedge is made at once; what clients deal in between waits for the next move.

    Source: Henrotte, Transaction costs and duplication strategies, Stanford University working paper (1993), compares
    hedging by the clock with hedging by moves of the spot; Sinclair, Volatility Trading (2nd ed., 2013), chapter 4.
    """

    deviations: float = 0.5  # standard deviations of the spot over `period_ns`
    period_ns: int = 86_400_000_000_000  # time of one standard deviation
    year_days: float = 0.0  # days in a year of volatility; 0: clock.volatility_days

    PRICES_BOOK = True  # type: ignore[misc]  # a class attribute, no field

    def check(self) -> dict[str, str]:
        wrong = {key: "must be at least 0" for key in ("deviations", "year_days") if getattr(self, key) < 0.0}
        return wrong | ({} if self.period_ns > 0 else {"period_ns": "must be longer than 0"})

    def prepare(self, scenario: Any) -> "SpotMove":
        return self if self.year_days > 0.0 else self._replace(year_days=scenario.clock.volatility_days)

    def hedge(self, view: HedgeView) -> float:
        if view.last_hedge_ns == 0 or not view.implied_volatility > 0.0:
            return -view.net_delta
        period = self.period_ns / (self.year_days * 86_400e9)
        threshold = self.deviations * view.implied_volatility * sqrt(period)
        return -view.net_delta if abs(log(view.spot / view.last_hedge_spot)) >= threshold else 0.0

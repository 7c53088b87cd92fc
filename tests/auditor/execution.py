"""What hedges cost and do: fees of makers and takers, impact on the price, orders that rested."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, sqrt

from .journal import micros


class Market:
    """What the desk's own trades have done to the market of one instrument."""

    def __init__(self, impact: Mapping[str, float] | None) -> None:
        self.impact = impact or {"permanent": 0.0, "temporary": 0.0}
        self.shift = 0.0  # by trades before the last one's time
        self.shift_later = 0.0
        self.last_ns = -1

    def shift_at(self, ts_ns: int) -> float:
        """What the trades before a time add to the model's price."""
        return self.shift_later if ts_ns > self.last_ns else self.shift

    def trade(self, ts_ns: int, units: float) -> None:
        """The desk has bought ``units``."""
        self.shift, self.last_ns = self.shift_at(ts_ns), ts_ns
        self.shift_later += self.impact["permanent"] * units

    def own(self, units: float, mid: float) -> float:
        """What a trade that takes a price moves that price by: half of what stays, and what passes."""
        stays = self.impact["permanent"] * units / 2
        return stays + self._passing(units, mid)

    def _passing(self, units: float, mid: float) -> float:
        if not self.impact["temporary"]:
            return 0.0
        days = sqrt(abs(units) / self.impact["daily_volume"])
        size = self.impact["temporary"] * self.impact["daily_volatility"] * mid * days
        return size if units > 0 else -size


def option_fee(fees: Mapping[str, float], contracts: float, price: float, multiplier: float) -> int:
    """The desk is the maker of what its clients trade."""
    return micros(contracts * min(fees["option"], fees.get("option_cap", inf) * price * multiplier))


def hedge_fee(fees: Mapping[str, float], contracts: float, is_maker: bool) -> int:
    """By contract, for a hedge that rested or one that did not."""
    return micros(contracts * (fees.get("hedge_maker", fees["hedge"]) if is_maker else fees["hedge"]))

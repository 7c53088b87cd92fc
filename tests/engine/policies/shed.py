"""Hedging policies that offload, or hedge by a volatility of their own, as their parameters say; numba takes two."""

from math import nan
from typing import NamedTuple

from mmsim import HedgeView, OptionView

SETTINGS = {"one": 1.0}  # numba reads no such thing


class Shed(NamedTuple):
    """Trade so many contracts with the volatility desk of any option of which it holds `least` or more."""

    contracts: float = 0.0  # + buys
    least: float = 1.0  # contracts, of either side
    is_nan: bool = False  # answer no number

    def hedge(self, view: HedgeView) -> float:
        return -view.net_delta

    def offload(self, view: OptionView) -> float:
        if self.is_nan:
            return nan
        return self.contracts if abs(view.position) >= self.least else 0.0


class PlainShed(NamedTuple):
    """The same, which numba refuses."""

    contracts: float = 0.0  # + buys
    least: float = 1.0  # contracts, of either side
    is_nan: bool = False  # answer no number

    def hedge(self, view: HedgeView) -> float:
        return -view.net_delta

    def offload(self, view: OptionView) -> float:
        return Shed(*self).offload(view) * SETTINGS["one"]


class Own(NamedTuple):
    """Hedge at a given volatility and slope."""

    volatility: float = 0.2  # a year
    slope: float = 0.0  # of volatility, for a move of 1

    def hedge_vol(self, view: OptionView) -> float:
        return self.volatility

    def hedge_slope(self, view: OptionView) -> float:
        return self.slope if self.slope < 9.0 else nan

    def hedge(self, view: HedgeView) -> float:
        return -view.hedge_delta


class Shown(NamedTuple):
    """Hedge by a number that is made of what a priced book alone shows."""

    PRICES_BOOK = True

    def hedge(self, view: HedgeView) -> float:
        if not view.years > 0.0 or view.hedge != 0.0:
            return 0.0
        return 1e6 * view.years + 1e3 * view.implied_volatility + view.rate

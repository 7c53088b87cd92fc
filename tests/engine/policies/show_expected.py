"""Policies that tell what they were shown of the expected volatility."""

from typing import NamedTuple

from mmsim import HedgeView, Quote, QuoteView


class ShowQuoter(NamedTuple):
    """Bid and ask what is expected: the volatility, or the value at it."""

    worth: bool = False  # the value
    size: float = 10.0  # contracts

    def quote(self, view: QuoteView) -> Quote:
        shown = view.expected_theo if self.worth else view.expected_volatility
        return Quote(shown, shown, self.size, self.size) if shown == shown else Quote(0.0, 0.0, 0.0, 0.0)


class ShowHedger(NamedTuple):
    """Buy as many units as what is expected in millionths, at each tick."""

    def hedge(self, view: HedgeView) -> float:
        return 1e6 * view.expected_volatility if view.expected_volatility == view.expected_volatility else 0.0

"""Hedge at every event that may change the delta."""

from typing import NamedTuple

from mmsim import HedgeView


class EveryTick(NamedTuple):
    """Trade back to flat delta whenever asked: at each tick of the underlying and after each fill.

    units = −net_delta

    Source: Black and Scholes, The Pricing of Options and Corporate Liabilities, Journal of Political Economy 81
    (1973) 637–654: the hedge is "continuously" adjusted; this is as near as the data come.
    """

    def hedge(self, view: HedgeView) -> float:
        return -view.net_delta

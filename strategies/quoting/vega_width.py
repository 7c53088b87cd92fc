"""A quote of one width in volatility around theoretical value."""

from typing import NamedTuple

from mmsim import Quote, QuoteView


class VegaWidth(NamedTuple):
    """Quote theo ± `half_spread_vol` × vega: as wide in volatility for every option of the chain.

    bid = theo − max(half_spread_vol · vega, min_half_spread), ask likewise above; a bid below zero is not made.

    Source: Natenberg, Option Volatility and Pricing (2nd ed., 2015), on quoting in volatility: an option's price risk
    is its vega, so an edge of one point of volatility is worth the vega of it.
    """

    half_spread_vol: float = 0.005  # absolute volatility: 0.01 is one point
    min_half_spread: float = 0.0  # currency per unit of the underlying
    size: float = 10.0  # contracts a side

    def check(self) -> dict[str, str]:
        return {
            key: "must be at least 0"
            for key in ("half_spread_vol", "min_half_spread", "size")
            if getattr(self, key) < 0.0
        }

    def quote(self, view: QuoteView) -> Quote:
        half_spread = max(self.half_spread_vol * view.vega, self.min_half_spread)
        bid = view.theo - half_spread
        ask = view.theo + half_spread
        return Quote(bid, ask, self.size if bid >= 0.0 else 0.0, self.size)

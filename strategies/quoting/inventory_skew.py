"""A quote in volatility that leans against the book's vega."""

from typing import NamedTuple

from mmsim import Quote, QuoteView


class InventorySkew(NamedTuple):
    """Quote around theo, leaning against the book's vega: a desk long vega shows lower prices, and sells more.

    fair = theo − (lean_vol_per_vega · net_vega) · vega, bid and ask = fair ∓ half_spread_vol · vega; a bid below zero
    is not made.

    Source: Stoikov and Sağlam, Option market making under inventory risk, Review of Derivatives Research 12 (2009)
    55–79: the reservation price moves linearly with inventory risk. Here the risk is the vega of the book on one
    underlying, and the price is a volatility.
    """

    half_spread_vol: float = 0.005  # absolute volatility: 0.01 is one point
    lean_vol_per_vega: float = 1.0e-7  # absolute volatility per unit of net vega (currency per 1.00 of volatility)
    size: float = 10.0  # contracts a side

    def check(self) -> dict[str, str]:
        return {key: "must be at least 0" for key in ("half_spread_vol", "size") if getattr(self, key) < 0.0}

    def quote(self, view: QuoteView) -> Quote:
        fair = view.theo - self.lean_vol_per_vega * view.net_vega * view.vega
        half_spread = self.half_spread_vol * view.vega
        bid = fair - half_spread
        ask = fair + half_spread
        return Quote(bid, ask, self.size if bid >= 0.0 else 0.0, self.size if ask >= 0.0 else 0.0)

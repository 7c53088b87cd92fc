"""A quote in volatility that leans against the book's vega and delta, and against each strike's own gamma."""

from typing import NamedTuple

from mmsim import Quote, QuoteView


class InventorySkew(NamedTuple):
    """Quote around theo, leaning against what the book holds: a desk long vega shows lower prices, and sells more.

    fair = theo − (lean_vol_per_vega · net_vega) · vega − (lean_spot_per_delta · net_delta) · delta −
    (lean_vol_per_gamma · gamma held at the strike) · vega, bid and ask = fair ∓ half_spread_vol · vega; a bid below
    zero is not made. The gamma held at the strike is position · multiplier · gamma of this option: it leans against a
    strike that the rest of the book would hide.

    Source: Stoikov and Sağlam, Option market making under inventory risk, Review of Derivatives Research 12 (2009)
    55–79: the reservation price moves linearly with inventory risk. Here the risk is the vega of the book on one
    underlying, and the price is a volatility; its delta, and the price is a spot; the gamma of one strike.
    """

    half_spread_vol: float = 0.005  # absolute volatility: 0.01 is one point
    lean_vol_per_vega: float = 1.0e-7  # absolute volatility per unit of net vega (currency per 1.00 of volatility)
    lean_spot_per_delta: float = 0.0  # currency of the spot per unit of net delta (units of the underlying)
    lean_vol_per_gamma: float = 0.0  # absolute volatility per unit of gamma held at the strike (delta per 1.00 of spot)
    size: float = 10.0  # contracts a side

    def check(self) -> dict[str, str]:
        return {key: "must be at least 0" for key in ("half_spread_vol", "size") if getattr(self, key) < 0.0}

    def quote(self, view: QuoteView) -> Quote:
        fair = view.theo - self.lean_vol_per_vega * view.net_vega * view.vega
        fair -= self.lean_spot_per_delta * view.net_delta * view.delta
        fair -= self.lean_vol_per_gamma * view.position * view.multiplier * view.gamma * view.vega
        half_spread = self.half_spread_vol * view.vega
        bid = fair - half_spread
        ask = fair + half_spread
        return Quote(bid, ask, self.size if bid >= 0.0 else 0.0, self.size if ask >= 0.0 else 0.0)

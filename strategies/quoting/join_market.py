"""A quote at the market's own prices, as long as they leave an edge."""

from typing import NamedTuple

from mmsim import Quote, QuoteView


class JoinMarket(NamedTuple):
    """Join the market's bid and ask, or improve them by ticks, but stay `min_edge` away from theo.

    bid = min(market_bid + improve_ticks · tick, theo − edge), ask = max(market_ask − improve_ticks · tick, theo +
    edge), edge = max(min_edge, min_edge_vol · vega). Nothing on a side that the market does not show; a bid below
    zero is not made. A market of models shows no quotes: there this policy is silent.

    Source: Harris, Trading and Exchanges (2003), chapter 14, on undercutting and matching; a desk that follows others
    lets them find the price.
    """

    improve_ticks: float = 0.0  # ticks better than the market; 0 joins it, below 0 stands behind it
    min_edge: float = 0.0  # currency per unit of the underlying: the least distance from theo
    min_edge_vol: float = 0.0  # absolute volatility: the same as a share of vega; the larger of both holds
    size: float = 10.0  # contracts a side

    def check(self) -> dict[str, str]:
        return {
            key: "must be at least 0" for key in ("min_edge", "min_edge_vol", "size") if not getattr(self, key) >= 0.0
        }

    def quote(self, view: QuoteView) -> Quote:
        edge = max(self.min_edge, self.min_edge_vol * view.vega)
        better = self.improve_ticks * view.tick
        has_bid = view.market_bid == view.market_bid
        has_ask = view.market_ask == view.market_ask
        bid = min(view.market_bid + better, view.theo - edge) if has_bid else 0.0
        ask = max(view.market_ask - better, view.theo + edge) if has_ask else view.theo + edge
        return Quote(bid, ask, self.size if has_bid and bid >= 0.0 else 0.0, self.size if has_ask else 0.0)

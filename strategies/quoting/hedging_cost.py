"""A quote that asks for what its rehedging will cost, by Leland's adjusted volatility."""

from math import floor, pi, sqrt
from typing import Any, NamedTuple

from mmsim import Quote, QuoteView

DAY_NS = 86_400_000_000_000


class HedgingCost(NamedTuple):
    """Quote around the values that hedging costs leave: an option sold is worth more volatility, one bought less.

    Rehedged every Δt at a round-trip cost k of what is traded, a short option costs what it would at the variance σ²
    · (1 + L), and a long one brings what it would at σ² · (1 − L), L = √(2/π)·k/(σ·√Δt). So ask = theo + vega ·
    (σ·√(1 + L) − σ) + half_spread_vol · vega, and the bid likewise below (to first order in the volatility; a side
    that costs leave no real volatility, the bid at L ≥ 1 say, is not made). With `is_netted` it is the book's gamma
    that is rehedged: L times what a lot adds to its absolute value, over the lot's own gamma, from 1 (adds all of it)
    to −1 (the hedge is spared). The side that is spared a hedge is shown for no more lots than there is gamma to net.
    A bid below zero is not made.

    Source: Leland, Option pricing and replication with transactions costs, Journal of Finance 40 (1985) 1283–1301,
    for the seller; Hoggard, Whalley and Wilmott, Advances in Futures and Options Research 7 (1994), for books.
    """

    round_trip_cost: float = 0.0002  # k, share of the price that is paid for buying and selling the underlying once
    rehedge_ns: int = 3600000000000  # Δt, time between hedges
    is_netted: bool = True  # whether what the book's gamma spares or adds is counted; false: each option by itself
    half_spread_vol: float = 0.004  # absolute volatility: 0.01 is one point
    lot: float = 1.0  # contracts of a usual trade
    size: float = 10.0  # contracts a side
    year_days: float = 0.0  # days of 24 hours in a year of volatility; 0: as the scenario's clock has it

    def check(self) -> dict[str, str]:
        wrong = {key: "must be above 0" for key in ("rehedge_ns", "lot") if not getattr(self, key) > 0}
        least = ("round_trip_cost", "half_spread_vol", "size", "year_days")
        return wrong | {key: "must be at least 0" for key in least if not getattr(self, key) >= 0.0}

    def prepare(self, scenario: Any) -> "HedgingCost":
        return self if self.year_days > 0.0 else self._replace(year_days=scenario.clock.volatility_days)

    def quote(self, view: QuoteView) -> Quote:
        volatility, years = view.implied_volatility, self.rehedge_ns / DAY_NS / self.year_days
        leland = sqrt(2.0 / pi) * self.round_trip_cost / (max(volatility, 1e-9) * sqrt(years))
        bought = sold = 1.0
        gamma = self.lot * view.multiplier * view.gamma
        if self.is_netted and gamma > 0.0:
            bought = (abs(view.net_gamma + gamma) - abs(view.net_gamma)) / gamma
            sold = (abs(view.net_gamma - gamma) - abs(view.net_gamma)) / gamma
        size = self.size
        if min(bought, sold) < 0.0:  # a price for what is netted holds for no more than there is to net
            size = min(size, max(float(floor(abs(view.net_gamma) / gamma)), 1.0) * self.lot)
        bid_size, ask_size = size if bought < 0.0 else self.size, size if sold < 0.0 else self.size
        bid_share, ask_share = 1.0 - bought * leland, 1.0 + sold * leland
        bid_vol = volatility * sqrt(max(bid_share, 0.0)) - volatility
        ask_vol = volatility * sqrt(max(ask_share, 0.0)) - volatility
        bid = view.theo + view.vega * (bid_vol - self.half_spread_vol)
        ask = view.theo + view.vega * (ask_vol + self.half_spread_vol)
        has_bid, has_ask = bid_share > 0.0 and bid >= 0.0, ask_share > 0.0 and ask >= 0.0
        return Quote(bid, ask, bid_size if has_bid else 0.0, ask_size if has_ask else 0.0)

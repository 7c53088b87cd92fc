"""The reservation price and the spread of Avellaneda and Stoikov, for an option or for the book's volatility."""

from math import log
from typing import Any, NamedTuple

from mmsim import Quote, QuoteView

DAY_NS = 86_400_000_000_000


class AvellanedaStoikov(NamedTuple):
    """Quote around a reservation price that falls with the inventory, less so as the end comes near.

    With q lots held and T − t days to go: reservation = theo − q·γ·σ²·(T − t) (eq. 3.9 in the limit), bid and ask =
    reservation ∓ ½·[γ·σ²·(T − t) + (2/γ)·ln(1 + γ/k)] (eq. 3.12). The price is an arithmetic Brownian motion of σ a
    √day, and orders come at the rate A·exp(−k·distance). With `in_vol` the asset is the volatility of all options on
    an underlying: q is the book's vega in lots, and prices move by vega for 1.00 of it. A bid below zero is not made.

    `symmetric` is the paper's benchmark: no lean, and the average spread of the horizon.

    Source: Avellaneda and Stoikov, High-frequency trading in a limit order book, Quantitative Finance 8 (2008) 217–224.
    """

    risk_aversion: float = 2.0  # γ, per 1.00 of the asset's price (currency; in_vol: volatility) on one lot
    decay: float = 200.0  # k, per 1.00 of the asset's price: orders fall by e for every 1/k of distance
    sd: float = 0.01  # σ, of the asset's price (currency; in_vol: absolute volatility) a √day of 24 hours
    lot: float = 10000.0  # contracts (in_vol: vega, currency per 1.00 of volatility) that are one unit of inventory
    horizon_ns: int = 0  # time for which inventory is a risk, at every instant; 0: until the clock's end
    symmetric: bool = False  # true: without lean, at the average spread of the horizon
    in_vol: bool = True  # true: the asset is the volatility, the inventory the book's vega; false: it is each option
    size: float = 10.0  # contracts a side
    start: float = 0.0  # nanoseconds UTC: the clock's start, from the scenario
    end: float = 0.0  # nanoseconds UTC: the clock's end, from the scenario

    def check(self) -> dict[str, str]:
        wrong = {key: "must be above 0" for key in ("risk_aversion", "decay", "lot") if not getattr(self, key) > 0.0}
        wrong |= {key: "must be at least 0" for key in ("sd", "size") if not getattr(self, key) >= 0.0}
        return wrong | {key: "is taken from the clock" for key in ("start", "end") if getattr(self, key) != 0.0}

    def prepare(self, scenario: Any) -> "AvellanedaStoikov":
        return self._replace(start=float(scenario.clock.start), end=float(scenario.clock.end))

    def quote(self, view: QuoteView) -> Quote:
        worth = view.vega if self.in_vol else 1.0
        lots = (view.net_vega if self.in_vol else view.position) / self.lot
        if self.horizon_ns > 0:
            days = self.horizon_ns / DAY_NS
        elif self.symmetric:
            days = 0.5 * (self.end - self.start) / DAY_NS
        else:
            days = max(self.end - view.ts_ns, 0.0) / DAY_NS
        risk = self.risk_aversion * self.sd * self.sd * days
        fair = view.theo - (0.0 if self.symmetric else worth * lots * risk)
        half_spread = worth * (0.5 * risk + log(1.0 + self.risk_aversion / self.decay) / self.risk_aversion)
        bid = fair - half_spread
        ask = fair + half_spread
        return Quote(bid, ask, self.size if bid >= 0.0 else 0.0, self.size if ask >= 0.0 else 0.0)

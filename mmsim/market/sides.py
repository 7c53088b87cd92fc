"""The side of a recorded trade, guessed from what was known before it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

Signs = npt.NDArray[np.int8]


class Sides(NamedTuple):
    """The clients' sides of trades, shape (trades,): +1 bought, -1 sold, 0 where a rule does not decide."""

    by_quote: Signs
    by_tick: Signs

    @property
    def guess(self) -> Signs:
        """The quote rule's side, and where it has none the tick rule's."""
        return np.where(self.by_quote != 0, self.by_quote, self.by_tick)


def sides(trades: pd.DataFrame, quotes: pd.DataFrame) -> Sides:
    """The sides of ``trades`` (ts, instrument, close) given standing ``quotes``, both in order of time.

    Quote rule: a price above the mid that stood strictly before the trade's time was bought, one below it sold; with
    one side standing, a price at the ask or above, at the bid or below. Tick rule: a price above the instrument's last
    different price was bought. Source: Lee and Ready, Inferring Trade Direction from Intraday Data, Journal of Finance
    46 (1991).
    """
    before = pd.merge_asof(
        trades[["ts", "instrument", "close"]],
        quotes[["ts", "instrument", "bid", "ask"]],
        on="ts",
        by="instrument",
        allow_exact_matches=False,
    )
    price, bid, ask = (before[name].to_numpy(np.float64) for name in ("close", "bid", "ask"))
    mid = 0.5 * (bid + ask)
    bought = (price > mid) | (np.isnan(bid) & (price >= ask))
    sold = (price < mid) | (np.isnan(ask) & (price <= bid))
    by_quote = bought.astype(np.int8) - sold.astype(np.int8)
    change = np.sign(trades.groupby("instrument")["close"].diff())
    moved = change.where(change != 0).groupby(trades["instrument"]).ffill()
    return Sides(by_quote, moved.fillna(0).to_numpy(np.int8))

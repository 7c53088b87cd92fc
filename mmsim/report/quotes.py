"""The desk's quotes of a few options against the market's, at each mark."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mmsim.report import rows, timelines
from mmsim.report.drawing import Picture
from mmsim.report.exhibits import ROWS, Exhibit
from mmsim.report.numbers import quantity
from mmsim.report.sampling import evenly
from mmsim.report.tables import Table
from mmsim.report.timelines import Band, Line, Marks, Panel

if TYPE_CHECKING:
    from mmsim.results import Run

SHOWN = 3  # options, at most
_COLUMNS = {
    "bid": "Bid",
    "ask": "Ask",
    "bid_size": "Bid size",
    "ask_size": "Ask size",
    "theo": "Theo",
    "market_bid": "Market bid",
    "market_ask": "Market ask",
    "spot": "Spot",
}


def against_the_market(run: Run) -> list[Exhibit]:
    """A figure an option whose quotes were kept and that was quoted at any mark, three at most."""
    kept = rows.of_path(run.quotes, run)
    named = [str(name) for name in dict.fromkeys(kept["instrument"])]
    of_each = {name: kept.loc[kept["instrument"] == name] for name in named}
    shown = [(name, table) for name, table in of_each.items() if table[["bid", "ask"]].notna().any(axis=None)]
    return [_quotes(run, name, table, f"quotes-{n}") for n, (name, table) in enumerate(shown[:SHOWN])]


def _quotes(run: Run, name: str, quotes: pd.DataFrame, key: str) -> Exhibit:
    times, fills = rows.times(quotes["ts"]), rows.client_fills(run)
    own = fills.loc[fills["instrument"] == name]
    bought, sold = own.loc[own["side"] == "buy"], own.loc[own["side"] == "sell"]
    lines = (
        Line("Desk's ask", times, rows.values(quotes, "ask"), "line4"),
        Line("Desk's bid", times, rows.values(quotes, "bid"), "line3"),
        Line("Theo", times, rows.values(quotes, "theo"), "ink", "1.5 1.5"),
    )
    market = Band(
        "Market's bid to ask", times, rows.values(quotes, "market_bid"), rows.values(quotes, "market_ask"), "rule"
    )
    bands = (market,) if (~np.isnan(market.low) & ~np.isnan(market.high)).any() else ()
    shapes = (
        Marks("Bought from a client", rows.times(bought["ts"]), rows.values(bought, "price"), "gain", "^"),
        Marks("Sold to a client", rows.times(sold["ts"]), rows.values(sold, "price"), "loss", "v"),
    )
    panel = Panel("", lines, shapes, height=210, prices=True, bands=bands)
    picked = quotes.iloc[evenly(len(quotes), ROWS)]
    cells = tuple(
        (rows.clock(ts), *map(quantity, figures))
        for ts, *figures in picked[["ts", *_COLUMNS]].itertuples(index=False, name=None)
    )
    table = Table(("Time, UTC", *_COLUMNS.values()), cells, f"{name}: quotes at some of the marks")
    caption = (
        f"{run.summary['currency']} a unit of {name}: what an order would have met at each mark"
        f"{', over what the market showed' if bands else ', where the market shows no quotes'};"
        " ▲ the desk bought from a client, ▼ it sold to one, at the price dealt. Time in UTC."
    )
    picture = Picture(partial(timelines.draw, [panel]), f"{name}: the desk's bid and ask, theo and client fills")
    note = f"{len(own):,} client fills: {len(bought):,} bought, {len(sold):,} sold."
    return Exhibit(key, f"{name}: quotes", caption, picture, table, (*lines, *bands, *shapes), note)

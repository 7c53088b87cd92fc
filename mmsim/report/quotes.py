"""The desk's quotes of a few options against the market's, at each mark."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmsim.report import rows, timelines
from mmsim.report.drawing import Picture
from mmsim.report.exhibits import ROWS, Exhibit
from mmsim.report.numbers import quantity
from mmsim.report.sampling import evenly
from mmsim.report.tables import Cell, Table
from mmsim.report.timelines import Band, Line, Marks, Panel

if TYPE_CHECKING:
    from mmsim.results import Run

SHOWN = 3  # options, at most
_CUT = ", without the market's widest quotes"
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
    fills = rows.client_fills(run)
    own = fills.loc[fills["instrument"] == name]
    less_theo, prices = _drawn(quotes, own, is_less_theo=True), _drawn(quotes, own, is_less_theo=False)
    panels = [
        less_theo._replace(title="Less theo", height=150, window=_window(less_theo)),
        prices._replace(title="Prices", height=120, prices=True),
    ]
    bought = int((own["side"] == "buy").sum())
    picked = quotes.iloc[evenly(len(quotes), ROWS)]
    cells: tuple[tuple[Cell, ...], ...] = tuple(
        (rows.clock(ts), *map(quantity, figures))
        for ts, *figures in picked[["ts", *_COLUMNS]].itertuples(index=False, name=None)
    )
    table = Table(("Time, UTC", *_COLUMNS.values()), cells, f"{name}: quotes at some of the marks")
    caption = (
        f"{run.summary['currency']} a unit of {name}: what an order would have met at each mark"
        f"{', over what the market showed' if prices.bands else ', where the market shows no quotes'};"
        " ▲ the desk bought from a client, ▼ it sold to one, at the price dealt. Above, all of it less theo"
        f"{_CUT if prices.bands else ''}. Time in UTC."
    )
    picture = Picture(partial(timelines.draw, panels), f"{name}: the desk's bid and ask, theo and client fills")
    note = f"{len(own):,} client fills: {bought:,} bought, {len(own) - bought:,} sold."
    legend: tuple[Line | Marks | Band, ...] = (*prices.lines, *prices.bands, *prices.marks)
    return Exhibit(key, f"{name}: quotes", caption, picture, table, legend, note)


def _drawn(quotes: pd.DataFrame, fills: pd.DataFrame, *, is_less_theo: bool) -> Panel:
    """The desk's quotes, the market's and the client fills of an option, as prices or less theo."""

    def values(table: pd.DataFrame, column: str) -> npt.NDArray[np.float64]:
        return rows.values(table, column) - (rows.values(table, "theo") if is_less_theo else 0.0)

    times = rows.times(quotes["ts"])
    lines = (
        Line("Desk's ask", times, values(quotes, "ask"), "line4"),
        Line("Desk's bid", times, values(quotes, "bid"), "line3"),
        Line("Theo", times, values(quotes, "theo"), "ink", "1.5 1.5"),
    )
    market = Band("Market's bid to ask", times, values(quotes, "market_bid"), values(quotes, "market_ask"), "rule")
    is_quoted = (~np.isnan(market.low) & ~np.isnan(market.high)).any()
    sides = {side: fills.loc[fills["side"] == side] for side in ("buy", "sell")}
    marks = (
        Marks("Bought from a client", rows.times(sides["buy"]["ts"]), values(sides["buy"], "price"), "gain", "^"),
        Marks("Sold to a client", rows.times(sides["sell"]["ts"]), values(sides["sell"], "price"), "loss", "v"),
    )
    return Panel("", lines, marks, bands=(market,) if is_quoted else ())


def _window(panel: Panel) -> tuple[float, float] | None:
    """All of the desk's quotes and fills, and of the market's what is not beyond its first or last twentieth."""
    own = np.concatenate([*(line.values for line in panel.lines), *(marks.values for marks in panel.marks)])
    market = [
        np.nanquantile(side, share) for band in panel.bands for side in (band.low, band.high) for share in (0.05, 0.95)
    ]
    low, high = np.nanmin([*own, *market]), np.nanmax([*own, *market])
    margin = 0.05 * (high - low)
    return (low - margin, high + margin) if margin > 0 else None

"""Position, edge and PnL by expiry and strike."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mmsim.report import heat, rows
from mmsim.report.drawing import Picture
from mmsim.report.exhibits import Exhibit, currency, decimals, which_path
from mmsim.report.heat import Heat
from mmsim.report.numbers import money, quantity
from mmsim.report.tables import Cell, Table

if TYPE_CHECKING:
    from mmsim.results import Run

COLUMNS, ROWS = 110, 16  # of a map, at most: neighbouring strikes, and the last expiries, are put together
TABLED = 60
_AMOUNTS = ("position", "spread_capture", "total")


def maps(run: Run) -> list[Exhibit]:
    """For each underlying shown whose options were held: position, edge and PnL by expiry and strike."""
    options = rows.of_path(run.options, run)
    made: list[Exhibit] = []
    for symbol in rows.underlyings(run):
        of_symbol = options.loc[options["underlying"] == symbol]
        if not of_symbol.empty:
            made.append(_exhibit(run, symbol, of_symbol, f"by-strike-{len(made)}"))
    return made


def _exhibit(run: Run, symbol: str, options: pd.DataFrame, key: str) -> Exhibit:
    sums = options.groupby(["expiry", "strike"])[list(_AMOUNTS)].sum().reset_index()
    expiries, strikes = np.unique(sums["expiry"].dt.strftime("%Y-%m-%d")), np.unique(sums["strike"])
    row = np.minimum(np.searchsorted(expiries, sums["expiry"].dt.strftime("%Y-%m-%d")), ROWS - 1)
    together = -(-len(strikes) // COLUMNS)
    column = np.searchsorted(strikes, sums["strike"]) // together
    shape = (min(len(expiries), ROWS), -(-len(strikes) // together))
    titles = (
        "Position at the end, contracts",
        f"Edge: spread capture, {currency(run)}",
        f"PnL: buckets of the options, {currency(run)}",
    )
    maps = [
        Heat(title, heat.summed(sums[name].to_numpy(float), row, column, shape))
        for title, name in zip(titles, _AMOUNTS, strict=True)
    ]
    row_names = expiries[:ROWS].tolist()
    if len(expiries) > ROWS:
        row_names[-1] = f"from {row_names[-1]}"
    column_names = [quantity(strike).text for strike in strikes[::together].tolist()]
    caption = (
        f"Calls and puts on {symbol} together, by strike (across) and expiry (down); blue above zero, orange below, a"
        " cell's depth the root of its share of the largest. Delta, hedge cost and the hedge's carry stand in no"
        f" option.{_limit(run)}{which_path(run)}"
    )
    note = f"A column is {together} neighbouring strikes, named by the lowest." if together > 1 else ""
    picture = Picture(partial(heat.draw, maps, row_names, column_names), f"{symbol}: position, edge and PnL by strike")
    return Exhibit(key, f"{symbol} by expiry and strike", caption, picture, _table(run, symbol, sums), note=note)


def _limit(run: Run) -> str:
    limit = run.summary["scenario"]["limits"]["position"]
    return "" if limit is None else f" No option may be held beyond {quantity(limit).text} contracts."


def _table(run: Run, symbol: str, sums: pd.DataFrame) -> Table:
    """Expiries and strikes with the largest PnL either way, in order, and the sum of all."""
    largest = sums.iloc[(-sums["total"].abs()).argsort(kind="stable")[:TABLED]].sort_values(["expiry", "strike"])
    places = decimals(run)
    lines: list[tuple[Cell, ...]] = [
        (
            f"{expiry:%Y-%m-%d} {quantity(strike).text}",
            quantity(position),
            money(edge, places),
            money(total, places),
        )
        for expiry, strike, position, edge, total in largest.itertuples(index=False)
    ]
    position, edge, total = sums[list(_AMOUNTS)].sum()
    lines.append(("All", quantity(position), money(edge, places), money(total, places)))
    of = f", the {TABLED} largest of {len(sums):,}" if len(sums) > TABLED else ""
    head = ("Expiry and strike", "Position", f"Edge, {currency(run)}", f"PnL, {currency(run)}")
    return Table(head, tuple(lines), f"{symbol} by expiry and strike{of}", 1)

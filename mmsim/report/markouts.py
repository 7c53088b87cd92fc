"""Mark-outs: what client fills were worth some time after they were dealt, outright and with their delta hedged."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmsim.report import drawing
from mmsim.report.exhibits import Exhibit, currency, decimals
from mmsim.report.numbers import NONE, Number, count, level, money, quantity
from mmsim.report.palette import LIGHT
from mmsim.report.tables import Cell, Table
from mmsim.report.timelines import Line, colored

if TYPE_CHECKING:
    from mmsim.results import Run

BAND = 1.96  # standard errors on either side
SHOWN = 5  # groups in a figure, those with the most contracts
MEASURES = {"markout": "Outright", "hedged_markout": "Delta-neutral"}
TITLES = {
    "client": "Mark-outs by client group",
    "side": "Mark-outs by the desk's side",
    "moneyness": "Mark-outs by moneyness",
    "size": "Mark-outs by size in contracts",
}


def has_any(run: Run) -> bool:
    """Whether a client fill was kept."""
    return not run.markouts_by().empty


def identity(run: Run) -> Table:
    """All client fills by horizon: edge = mark-out + impact in every row."""
    found = run.markouts_by()
    lines = tuple((str(horizon), *_cells(run, row)) for horizon, row in found.iterrows())
    return Table(("After", *_head(run)), lines, "All client fills: edge = mark-out + impact")


def by_group(run: Run, group: str) -> Exhibit:
    """Mark-out per contract against the horizon for each of some groups of fills, with its numbers."""
    found, title = run.markouts_by(group), TITLES[group]
    names = found.groupby(level=0, observed=True)["contracts"].max().sort_values(ascending=False, kind="stable").index
    shown = [name for name in found.index.unique(level=0) if name in set(names[:SHOWN])]
    legend = [Line(str(name), *_NOTHING, *colored(n)) for n, name in enumerate(shown)]
    lines = tuple(
        (str(name), str(after), *_cells(run, row))
        for name in names.sort_values()
        for after, row in found.loc[name].iterrows()
    )
    table = Table((title.removeprefix("Mark-outs by ").capitalize(), "After", *_head(run)), lines, title)
    caption = (
        f"{currency(run)} per contract that fills were better than theo, when dealt (at 0) and some time after, at theo"
        " then; below with the delta at the fill hedged. Bands: ±1.96 standard errors, fills taken to be independent."
        " A line that falls is what clients knew. The end of the run is in the table alone."
    )
    note = f"Shown: {SHOWN} of {len(names)} groups." if len(names) > SHOWN else ""
    draw = partial(_draw, [found.loc[name] for name in shown], legend)
    picture = drawing.Picture(draw, f"{title}: currency per contract by horizon")
    return Exhibit(f"markouts-{group}", title, caption, picture, table, legend if len(legend) > 1 else (), note)


_NOTHING = (np.zeros(0, "datetime64[ns]"), np.zeros(0))


def _head(run: Run) -> tuple[str, ...]:
    unit = currency(run)
    sums = (f"Edge, {unit}", f"Mark-out, {unit}", f"Impact, {unit}", f"Delta-neutral mark-out, {unit}")
    shares = ("Edge retained", "Retained, delta-neutral", f"Mark-out a contract, {unit}", "Standard error")
    return ("Fills", "Contracts", *sums, *shares)


def _cells(run: Run, row: pd.Series[float]) -> tuple[Cell, ...]:
    """What the head names, of one row of the statistics."""
    places = decimals(run)
    sums = (row[f"{name}_micros"] / 1e6 for name in ("edge", "markout", "impact", "hedged_markout"))
    shares = (_share(float(row[name])) for name in ("retained", "hedged_retained"))
    each = money(float(row["markout"]), 4), level(float(row["markout_se"]), 4)
    return (
        count(int(row["fills"])),
        quantity(float(row["contracts"])),
        *(money(float(amount), places) for amount in sums),
        *shares,
        *each,
    )


def _share(value: float) -> Number:
    return Number(f"{value:.1%}".replace("-", "\N{MINUS SIGN}"), value) if np.isfinite(value) else Number(NONE, None)


def _draw(groups: list[pd.DataFrame], legend: list[Line]) -> Figure:
    """A panel a measure over the same horizons, evenly spaced, with a line and a band a group."""
    horizons = [str(name) for name in max((rows.index for rows in groups), key=len) if name != "end"]
    figure, stack = drawing.canvas([130, 130], top=22, gap=44, right=28)
    for axes, (measure, title) in zip(stack, MEASURES.items(), strict=True):
        axes.set_title(title, loc="left", y=1.0, fontsize=drawing.FONT, color=LIGHT["ink"], pad=6)
        axes.axhline(0, color=LIGHT["muted"], linewidth=0.8)
        for rows, line in zip(groups, legend, strict=True):
            _line(axes, rows, measure, horizons, line)
        axes.set_xlim(0, max(len(horizons), 1))
        axes.set_xticks(range(len(horizons) + 1), ["0", *horizons])
    return figure


def _line(axes: Axes, rows: pd.DataFrame, measure: str, horizons: list[str], line: Line) -> None:
    """One group: from the edge of all its fills to the mark-outs of those that the run has seen the horizon of."""
    there = [name for name in horizons if name in rows.index]
    x = [0, *(1 + horizons.index(name) for name in there)]
    y = np.array([float(rows["edge"].iloc[-1]), *rows.loc[there, measure]])
    wide = BAND * np.nan_to_num(np.array([float(rows["edge_se"].iloc[-1]), *rows.loc[there, f"{measure}_se"]]))
    color, style = LIGHT[line.color], (0, tuple(map(float, line.dash.split()))) if line.dash else "solid"
    axes.fill_between(x, y - wide, y + wide, color=color, alpha=0.14, linewidth=0)
    axes.plot(x, y, color=color, linestyle=style, linewidth=1.8, marker="o", markersize=3.5)

"""Volatility smiles: the quotes that they were fitted to, from bid to ask, and the marks through them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter, StrMethodFormatter

from mmsim.report import drawing, palette
from mmsim.report.drawing import FONT, Picture
from mmsim.report.exhibits import Exhibit
from mmsim.report.numbers import count, quantity
from mmsim.report.palette import LIGHT
from mmsim.report.sampling import evenly
from mmsim.report.tables import Cell, Table

if TYPE_CHECKING:
    from mmsim.results import Run

DRAWN = 6  # smiles in a run's figure
PANEL, AROUND = 120.0, 70.0
MANY = 24  # smiles in a picture of its own
SUFFIXES = (".svg", ".png", ".html")

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>:root{{color-scheme:light dark;{light}}}@media (prefers-color-scheme:dark){{:root{{{dark}}}}}
body{{max-width:60rem;margin:1rem auto;padding:0 1rem;background:var(--paper);color:var(--ink);font-family:sans-serif}}
svg{{width:100%;height:auto;font-family:sans-serif}}</style>
<h1>{title}</h1>{svg}
"""


def last_fit(run: Run) -> Exhibit:
    """The smiles of the surface's last fit."""
    smiles = run.smiles
    title = "Smiles of the last fit"
    at = smiles["ts"].max().strftime("%Y-%m-%d %H:%M:%S")
    caption = (
        f"Volatility by strike at {at} UTC: bars from bid to ask of the quotes that were fitted, the line is the mark; "
        "below each, the same from the mark, dots being mids."
    )
    groups = list(_expiries(smiles))
    lines = tuple(_line(symbol, expiry, quotes) for symbol, expiry, quotes in groups)
    head = ("Underlying", "Expiry, UTC", "Forward", "Quotes", "Fit error", "Inside bid–ask", "Made by")
    table = Table(head, lines, f"{title}; the fit error is the root mean square, in points of volatility (0.01)")
    drawn = Picture(partial(draw, smiles, DRAWN), f"{title}: {len(groups)} expiries")
    note = f"The figure shows {DRAWN} of {len(groups)} expiries." if len(groups) > DRAWN else ""
    return Exhibit("smiles", title, caption, drawn, table, (), note)


def draw(smiles: pd.DataFrame, most: int) -> Figure:
    """A panel an expiry, evenly picked where there are more than ``most``; ``smiles`` is a run's table of that name."""
    groups = list(_expiries(smiles))
    picked = [groups[n] for n in evenly(len(groups), most)]
    figure, stack = drawing.canvas([PANEL, AROUND] * len(picked), top=22, gap=44)
    for n, (symbol, expiry, quotes) in enumerate(picked):
        smile, around = stack[2 * n : 2 * n + 2]
        _fill(smile, quotes)
        _title(smile, f"{symbol}, {expiry:%Y-%m-%d}: forward {quotes['forward'].iloc[0]:,.2f}")
        _fill_around(around, quotes)
        _title(around, "Bid, mid and ask less the mark, points of volatility")
    return figure


def picture(smiles: pd.DataFrame, title: str, file: Path) -> None:
    """Draw the smiles into a file of their own, as its suffix says: one of `SUFFIXES`."""
    with drawing.defaults():
        figure = draw(smiles, MANY)
        if file.suffix == ".html":
            colours = {
                name: ";".join(f"--{key}:{value}" for key, value in table.items())
                for name, table in (("light", palette.LIGHT), ("dark", palette.DARK))
            }
            svg = drawing.svg(figure, "smiles", title)
            file.write_text(_PAGE.format(title=Markup.escape(title), svg=svg, **colours), encoding="utf-8")
            return
        figure.patch.set(visible=True, facecolor=LIGHT["paper"])
        nothing = {"Date": None} if file.suffix == ".svg" else {}
        figure.savefig(file, format=file.suffix[1:], dpi=144, metadata=nothing)


def _expiries(smiles: pd.DataFrame) -> Iterator[tuple[str, pd.Timestamp, pd.DataFrame]]:
    for _, quotes in smiles.groupby(["underlying", "expiry"], sort=True):
        yield str(quotes["underlying"].iloc[0]), quotes["expiry"].iloc[0], quotes


def _fill(axes: Axes, quotes: pd.DataFrame) -> None:
    """The quotes and the mark of one expiry."""
    strike, bid, ask = (quotes[name].to_numpy(float) for name in ("strike", "bid", "ask"))
    mark = quotes["mark"].to_numpy(float)
    axes.vlines(strike, np.where(bid > 0.0, bid, np.nan), ask, color=LIGHT["line6"], linewidth=2.4, alpha=0.8)
    axes.plot(strike, mark, color=LIGHT["line2"], linewidth=1.5)
    low, high = float(np.nanmin(mark)), float(np.nanmax(mark))
    room = max(high - low, 0.01)  # a wide quote in the wing does not flatten the smile
    axes.set_ylim(max(low - 0.35 * room, 0.0), high + 0.35 * room)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=1))
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.6g}"))


def _title(axes: Axes, text: str) -> None:
    axes.set_title(text, loc="left", y=1.0, fontsize=FONT, color=LIGHT["ink"], pad=6, parse_math=False)


def _fill_around(axes: Axes, quotes: pd.DataFrame) -> None:
    """The quotes of one expiry from the mark, in points of volatility; the widest run out of the panel."""
    strike, mark = quotes["strike"].to_numpy(float), quotes["mark"].to_numpy(float)
    bid, mid, ask = (100.0 * (quotes[name].to_numpy(float) - mark) for name in ("bid", "mid", "ask"))
    axes.vlines(strike, np.where(quotes["bid"] > 0.0, bid, np.nan), ask, color=LIGHT["line6"], linewidth=2.4, alpha=0.8)
    axes.plot(strike, mid, ".", color=LIGHT["ink"], markersize=3.5)
    axes.axhline(0.0, color=LIGHT["line2"], linewidth=1.5)
    reach = max(2.5 * float(np.nanmedian(ask - bid)), 0.02)
    axes.set_ylim(-reach, reach)
    axes.yaxis.set_major_locator(MaxNLocator(3))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:.2g}"))
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.6g}"))


def _line(symbol: str, expiry: pd.Timestamp, quotes: pd.DataFrame) -> tuple[Cell, ...]:
    inside = (quotes["bid"] <= quotes["mark"]) & (quotes["mark"] <= quotes["ask"])
    return (
        symbol,
        expiry.strftime("%Y-%m-%d %H:%M"),
        quantity(float(quotes["forward"].iloc[0])),
        count(len(quotes)),
        quantity(100.0 * float(np.sqrt(((quotes["mark"] - quotes["mid"]) ** 2).mean()))),
        f"{inside.mean():.0%}",
        str(quotes["method"].iloc[0]),
    )

"""The buckets by option and by client group."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from mmsim.report import bars, rows
from mmsim.report.drawing import Picture
from mmsim.report.exhibits import Exhibit, currency, decimals
from mmsim.report.numbers import money, quantity
from mmsim.report.tables import Cell, Table
from mmsim.report.words import label

if TYPE_CHECKING:
    from mmsim.results import Run

DRAWN = 15  # options in the figure
TABLED = 30  # options in the table
_TERMS = ["option", "expiry", "right", "strike"]
_CONTRACTS = ["contracts_bought", "contracts_sold", "position"]
_AMOUNTS = ["spread_capture", "gamma", "theta", "vega", "rates", "dividends", "carry", "fees", "total"]


def by_option(run: Run) -> Exhibit:
    """The buckets of the options with the largest totals, either way; the table ends with the sum of all."""
    options = rows.of_path(run.options, run).groupby(_TERMS, as_index=False)[_CONTRACTS + _AMOUNTS].sum()
    largest = options.iloc[(-options["total"].abs()).argsort(kind="stable")]
    top, tabled, rest = largest[:DRAWN], largest[:TABLED], largest[TABLED:]
    places = decimals(run)
    lines = [_line(option, places) for _, option in tabled.iterrows()]
    if len(rest):
        lines.append(_sum(f"{len(rest)} others", rest, places))
    lines.append(_sum("All", options, places))
    sums = 2 if len(rest) else 1
    head = ("Option", "Expiry, UTC", "Right", "Strike", "Bought", "Sold", "Position", *map(label, _AMOUNTS))
    table = Table(head, tuple(lines), f"Buckets by option, contracts and {currency(run)}", sums)
    caption = (
        f"Total of each option, {currency(run)}, the {len(top)} largest either way; the upright line is its spread"
        " capture. Delta, hedge cost and the hedge's carry belong to the desk and stand in no option."
    )
    names, totals, spreads = (top[column].tolist() for column in ("option", "total", "spread_capture"))
    picture = Picture(partial(bars.by_name, names, totals, spreads, places), "Totals by option")
    return Exhibit("by-option", "By option", caption, picture, table)


def _line(option: pd.Series, places: int) -> tuple[Cell, ...]:
    expiry = pd.Timestamp(option["expiry"]).strftime("%Y-%m-%d %H:%M")
    terms = (str(option["option"]), expiry, str(option["right"]), quantity(option["strike"]))
    return (*terms, *map(quantity, option[_CONTRACTS]), *(money(amount, places) for amount in option[_AMOUNTS]))


def _sum(name: str, options: pd.DataFrame, places: int) -> tuple[Cell, ...]:
    amounts = [money(amount, places) for amount in options[_AMOUNTS].sum()]
    return (name, "", "", "", *map(quantity, options[_CONTRACTS].sum()), *amounts)


def by_client(run: Run) -> Table:
    """What was traded with each client group, and what came of it."""
    options = rows.of_path(run.options, run)
    parts = {
        "Total": options["total"],
        "Contracts": options["contracts_bought"] + options["contracts_sold"],
        "Spread capture": options["spread_capture"],
        "Gamma, theta, carry": options["gamma"] + options["theta"] + options["carry"],
        "Vega": options["vega"],
        "Fees": options["fees"],
    }
    sums = pd.DataFrame(parts).groupby(options["client"]).sum()
    places = decimals(run)
    lines: list[tuple[Cell, ...]] = [
        (str(client), money(total, places), quantity(contracts), *(money(amount, places) for amount in amounts))
        for client, total, contracts, *amounts in sums.itertuples()
    ]
    return Table(("Client group", *parts), tuple(lines), f"By client group, {currency(run)}")

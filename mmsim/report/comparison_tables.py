"""The tables of a comparison's page."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan
from typing import TYPE_CHECKING, Any

import pandas as pd

from mmsim.comparison_folder import COUNTS, FIGURES
from mmsim.report import comparison_words, words
from mmsim.report.comparison_words import LABELS, percent, share, width
from mmsim.report.numbers import Number, count, fixed, is_shown_as_zero, level, money, quantity
from mmsim.report.tables import Cell, Table, brief

if TYPE_CHECKING:
    from mmsim.comparison import Comparison

Summary = Mapping[str, Any]


def label(figure: str) -> str:
    """A figure as a reader sees it."""
    return LABELS.get(figure) or words.label(figure)


def moving(table: pd.DataFrame, places: int) -> list[str]:
    """The figures that are not zero for all; the total is always among them."""
    return [name for name in FIGURES if name == "total" or not _is_dust(table[name], places)]


def _is_dust(amounts: pd.Series, places: int) -> bool:
    return all(is_shown_as_zero(amount, places) for amount in amounts)


def buckets(comparison: Comparison) -> Table:
    """A row a variant: buckets, total, deviation and fills; with several paths means with their standard errors."""
    summary, table = comparison.summary, comparison.table
    places = comparison_words.decimals(summary)
    shown = moving(table, places)
    many = summary["paths"] > 1
    errors = comparison.paths.groupby("variant", sort=False)[shown].sem() if many else table[shown] * nan
    head = ["Variant", *map(label, shown), *(["sd of total"] if many else []), *map(words.label, COUNTS)]
    rows = []
    for name in summary["variants"]:
        amounts = {str(column): float(value) for column, value in table.loc[name].items()}
        of_means = {str(column): float(value) for column, value in errors.loc[name].items()}
        cells = [_with_error(amounts[figure], of_means[figure], places) for figure in shown]
        spread = [level(amounts["sd"], places)] if many else []
        rows.append((name, *cells, *spread, *(quantity(amounts[counted]) for counted in COUNTS)))
    means = f", means of {summary['paths']:,} paths ± standard error" if many else ""
    return Table(tuple(head), tuple(rows), f"Buckets by variant, {summary['currency']}{means}")


def _with_error(amount: float, error: float, places: int) -> Number:
    """An amount, and its standard error where that is not zero."""
    shown = money(amount, places)
    if not error or error != error or is_shown_as_zero(error, places):
        return shown
    return shown._replace(text=f"{shown.text} ± {fixed(error, places)}")


def differences(comparison: Comparison, figure: str) -> Table:
    """What each variant has more of a figure than the first, with both intervals and their widths."""
    summary = comparison.summary
    places = comparison_words.decimals(summary)
    rows = tuple(_difference(row, places) for row in summary["differences"] if row["figure"] == figure)
    head = (
        "Variant",
        "Difference",
        "Standard error",
        "95 % from",
        "to",
        "Width",
        "Unpaired from",
        "to",
        "Width",
        "Of it",
    )
    return Table(head, rows, f"{label(figure)} against {summary['reference']}, {summary['currency']}")


def _difference(row: Mapping[str, Any], places: int) -> tuple[Cell, ...]:
    narrow = [level(value, places) for value in (row["low"], row["high"], width(row))]
    wide = [level(value, places) for value in (row["unpaired_low"], row["unpaired_high"], width(row, "unpaired_"))]
    of_it = share(row)
    error = level(row["standard_error"], places)
    return (row["variant"], money(row["difference"], places), error, *narrow, *wide, Number(percent(of_it), of_it))


def all_differences(comparison: Comparison) -> Table:
    """The same of every figure that differs."""
    figures = differing(comparison)
    tables = [(label(figure), differences(comparison, figure)) for figure in figures]
    rows = tuple((row[0], name, *row[1:]) for name, table in tables for row in table.rows)
    head = ("Variant", "Figure", *tables[0][1].head[1:]) if tables else ("Variant", "Figure")
    summary = comparison.summary
    return Table(head, rows, f"Every figure against {summary['reference']}, {summary['currency']}")


def differing(comparison: Comparison) -> list[str]:
    """The figures in which any variant differs from the first, or might; the total is the last."""
    places = comparison_words.decimals(comparison.summary)
    found = comparison.differences.set_index("figure")[["difference", "low", "high"]]
    extent = found.abs().groupby(level=0).max().max(axis=1)
    return [name for name in FIGURES if name in extent.index and not is_shown_as_zero(float(extent[name]), places)]


def clients(comparison: Comparison) -> Table:
    """A row a variant and client group: what was dealt, and what it came to."""
    table, places = comparison.clients, comparison_words.decimals(comparison.summary)
    parts = {
        "Total": table["total"],
        "Contracts": table["contracts_bought"] + table["contracts_sold"],
        "Spread capture": table["spread_capture"],
        "Gamma, theta, carry": table["gamma"] + table["theta"] + table["carry"],
        "Vega": table["vega"],
        "Fees": table["fees"],
    }
    amounts = pd.DataFrame(parts).itertuples(index=False)
    rows = tuple(
        (variant, group, money(total, places), quantity(contracts), *(money(amount, places) for amount in rest))
        for variant, group, (total, contracts, *rest) in zip(table["variant"], table["client"], amounts, strict=True)
    )
    return Table(("Variant", "Client group", *parts), rows, f"By client group, {comparison.summary['currency']}")


def partings(comparison: Comparison) -> Table:
    """The fills at which variants part from the first: what either of them dealt."""
    head = ("Variant", "Fill", "Time, UTC", "Dealt by", "Kind", "Instrument", "Client", "Side", "Size", "Price", "Held")
    rows = tuple(
        (
            row["variant"],
            count(row["fill"]),
            row["ts"].removesuffix("+00:00").replace("T", " "),
            *(row[name] for name in ("dealt_by", "kind", "instrument", "client", "side")),
            *(quantity(nan if row[name] is None else row[name]) for name in ("size", "price", "position_before")),
        )
        for row in comparison.summary["partings"]
    )
    return Table(head, rows, "The fills at which they part, and the position before each")


def identities(summary: Summary) -> Table:
    """What must be zero, by variant."""
    names = list(next(iter(summary["variants"].values()))["identities"])
    rows = tuple(
        (name, *(_zero(part["identities"][key]) for key in names)) for name, part in summary["variants"].items()
    )
    return Table(("Variant", *map(words.label, names)), rows, "Identities: differences in micro-units, all zero")


def _zero(off: int) -> Number:
    return Number("0 ✓", 0, "gain") if off == 0 else Number(f"{fixed(off, 0)} ✗", off, "loss")


def policies(summary: Summary) -> Table:
    """Both policies of each variant, with their parameters."""
    rows = tuple(
        (name, *(_policy(part["policies"][role]) for role in ("quoting", "hedging")))
        for name, part in summary["variants"].items()
    )
    return Table(("Variant", "Quoting", "Hedging"), rows, "Policies")


def _policy(policy: Mapping[str, Any]) -> str:
    given = ", ".join(f"{name} = {value}" for name, value in policy["parameters"].items())
    return brief(f"{policy['name']}: {given}" if given else policy["name"], 300)


def commands(summary: Summary) -> Table:
    """The command that runs each variant by itself."""
    rows = tuple((name, part["reproduce"]) for name, part in summary["variants"].items())
    return Table(("Variant", "By itself, with a report"), rows)

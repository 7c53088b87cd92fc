"""The figures of a comparison's page."""

from __future__ import annotations

from functools import partial
from math import nan
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mmsim.report import comparison_tables, comparison_words, frontier, multiples, rows, timelines
from mmsim.report.comparison_tables import label
from mmsim.report.drawing import Picture
from mmsim.report.exhibits import ROWS, Exhibit
from mmsim.report.frontier import Points
from mmsim.report.multiples import Interval
from mmsim.report.numbers import money
from mmsim.report.sampling import evenly
from mmsim.report.tables import Cell, Table
from mmsim.report.timelines import Line, Panel

if TYPE_CHECKING:
    from mmsim.comparison import Comparison

LINES = 6  # variants drawn over time, at most


def spread_against_hedging(comparison: Comparison) -> Exhibit:
    """Spread capture against hedging PnL, whose sums are the totals."""
    table, currency = comparison.table, comparison.summary["currency"]
    names = ("Spread capture", "Hedging PnL", "Total")
    points = Points(
        list(table.index),
        table["spread_capture"].to_numpy(),
        table["hedging_pnl"].to_numpy(),
        f"Spread capture, {currency}",
        f"Hedging PnL, {currency}",
        is_less_better=False,
        has_sums=True,
    )
    caption = (
        f"What the trades brought when they were made, and what became of them, {currency}{_means(comparison)}; on a"
        f" thin line the total is the same. {_FRONTIER} as much of both and more of one."
    )
    title = "Spread capture against hedging PnL"
    return _scatter(comparison, "spread-hedging", title, caption, points, (*names,))


def total_against_risk(comparison: Comparison) -> Exhibit:
    """The mean total against its deviation over the paths."""
    table, currency = comparison.table, comparison.summary["currency"]
    points = Points(
        list(table.index),
        table["sd"].to_numpy(),
        table["total"].to_numpy(),
        f"Standard deviation of the total, {currency}",
        f"Total, {currency}",
        is_less_better=True,
        has_sums=False,
    )
    caption = (
        f"Mean of the total against its standard deviation over {comparison.summary['paths']:,} paths, {currency}."
        f" {_FRONTIER} as much for as little risk, and better in one."
    )
    return _scatter(comparison, "total-risk", "Total against risk", caption, points, ("sd of total", "Total"))


_FRONTIER = "The square is the first variant, full points are the frontier: no other has"


def _scatter(
    comparison: Comparison, key: str, title: str, caption: str, points: Points, head: tuple[str, ...]
) -> Exhibit:
    places = comparison_words.decimals(comparison.summary)
    best = set(frontier.frontier(points).tolist())
    amounts = [points.x, points.y] + ([points.x + points.y] if points.has_sums else [])
    lines: list[tuple[Cell, ...]] = [
        (name, *(money(float(values[n]), places) for values in amounts), "yes" if n in best else "no")
        for n, name in enumerate(points.names)
    ]
    picture = Picture(partial(frontier.draw, points), f"{title}: a point a variant")
    table = Table(("Variant", *head, "On the frontier"), tuple(lines), title)
    return Exhibit(key, title, caption, picture, table)


def total_intervals(comparison: Comparison) -> Exhibit:
    """What the total of each variant has more than the first's, with intervals."""
    summary = comparison.summary
    places = comparison_words.decimals(summary)
    found = _intervals(comparison, "total")
    title = f"Total against {summary['reference']}"
    caption = (
        f"Difference of the total, {summary['currency']}, with its 95 % interval, {comparison_words.how(summary)};"
        " thin: unpaired, as if each had met days of its own. Blue and orange: more than chance; grey: not to be told"
        " from it."
    )
    draw = partial(multiples.intervals, list(found), list(found.values()), places)
    table = comparison_tables.differences(comparison, "total")
    return Exhibit("total-intervals", title, caption, Picture(draw, f"{title}: an interval a variant"), table)


def bucket_intervals(comparison: Comparison) -> Exhibit:
    """The same of every figure that differs."""
    summary = comparison.summary
    figures = [name for name in comparison_tables.differing(comparison) if name != "total"]
    panels = {label(figure): list(_intervals(comparison, figure).values()) for figure in figures}
    title = f"Each bucket against {summary['reference']}"
    caption = (
        f"Differences by bucket, {summary['currency']}, each with a scale of its own; intervals as beside. Buckets in"
        " which none differs are left out. Hedging PnL is all but spread capture."
    )
    draw = partial(multiples.panels_of_intervals, list(summary["variants"])[1:], panels)
    table = comparison_tables.all_differences(comparison)
    return Exhibit("bucket-intervals", title, caption, Picture(draw, f"{title}: small multiples"), table)


def _intervals(comparison: Comparison, figure: str) -> dict[str, Interval]:
    fields = ("difference", "low", "high", "unpaired_low", "unpaired_high")
    found = [row for row in comparison.summary["differences"] if row["figure"] == figure]
    return {row["variant"]: Interval(*(nan if row[name] is None else row[name] for name in fields)) for row in found}


def side_by_side(comparison: Comparison) -> Exhibit:
    """The buckets of all variants."""
    summary, table = comparison.summary, comparison.table
    places = comparison_words.decimals(summary)
    figures = comparison_tables.moving(table, places)
    names, panels = list(summary["variants"]), {label(figure): table[figure].tolist() for figure in figures}
    title = "Buckets side by side"
    caption = (
        f"A panel a bucket, {summary['currency']}{_means(comparison)}, each with a scale of its own; blue gains, orange"
        " loses."
    )
    draw = partial(multiples.panels_of_bars, names, panels)
    lines: list[tuple[Cell, ...]] = [
        (name, *(money(amounts[n], places) for amounts in panels.values())) for n, name in enumerate(names)
    ]
    shown = Table(("Variant", *panels), tuple(lines), f"{title}, {summary['currency']}")
    return Exhibit("side-by-side", title, caption, Picture(draw, f"{title}: small multiples"), shown)


def by_client(comparison: Comparison) -> Exhibit:
    """The total of the trades with each client group."""
    names, summary = list(comparison.table.index), comparison.summary
    totals = comparison.clients.pivot_table("total", "variant", "client", aggfunc="sum", sort=False)
    totals = totals.reindex(names)
    panels = {str(group): totals[group].fillna(0.0).tolist() for group in totals.columns}
    caption = (
        f"What trades with each group came to, {summary['currency']}: options at theo after their fees, hedges not; a"
        " mean of the paths kept. Each panel has a scale of its own."
    )
    title = "By client group"
    draw = partial(multiples.panels_of_bars, names, panels)
    picture = Picture(draw, f"{title}: small multiples")
    return Exhibit("by-client", title, caption, picture, comparison_tables.clients(comparison))


def over_time(comparison: Comparison) -> Exhibit:
    """The total of the first kept path over time, and what each has more than the first by then."""
    summary, wanted = comparison.summary, _drawn(comparison)
    totals = comparison.over_time.pivot_table("total", "ts", "variant", sort=False)[wanted].sort_index()
    times = rows.times(pd.Series(totals.index))
    filled = totals.ffill().fillna(0.0)
    against = filled.sub(filled[summary["reference"]], axis=0)
    lines, gaps = (
        [Line(name, times, table[name].to_numpy(), *timelines.colored(n)) for n, name in enumerate(wanted)]
        for table in (filled, against)
    )
    panels = [Panel(f"Total, {summary['currency']}", lines, height=170)]
    panels.append(Panel(f"Less that of {summary['reference']}", gaps, height=120))
    picked = evenly(len(times), ROWS).tolist()
    places = comparison_words.decimals(summary)
    shown: list[tuple[Cell, ...]] = [
        (rows.clock(filled.index[n]), *(money(float(line.values[n]), places) for line in lines)) for n in picked
    ]
    which = f" The first of {summary['paths']:,} paths." if summary["paths"] > 1 else ""
    left_out = len(comparison.table) - len(wanted)
    note = f"Shown: the first and the {len(wanted) - 1} that end furthest from it." if left_out else ""
    caption = f"The total at each mark, and what each has more than {summary['reference']} by then. Time in UTC.{which}"
    table = Table(("Time, UTC", *wanted), tuple(shown), f"Totals over time, {summary['currency']}")
    picture = Picture(partial(timelines.draw, panels), "Totals over time: a line a variant")
    return Exhibit("over-time", "Totals over time", caption, picture, table, lines, note)


def _drawn(comparison: Comparison) -> list[str]:
    """The first variant, and those that end furthest from it, in the order of the table."""
    last = comparison.over_time.groupby("variant", sort=False)["total"].last()
    gap = (last - last[comparison.reference]).abs().drop(comparison.reference)
    furthest = set(gap.index[np.argsort(-gap.to_numpy(), kind="stable")[: LINES - 1]])
    return [comparison.reference, *(name for name in gap.index if name in furthest)]


def _means(comparison: Comparison) -> str:
    paths = comparison.summary["paths"]
    return f", means over {paths:,} paths" if paths > 1 else ""

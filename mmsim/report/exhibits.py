"""The page's figures, each with its caption, its legend and its numbers as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from markupsafe import Markup
from matplotlib.figure import Figure

from mmsim.report import bars, clock, drawing, framed, numbers, rows, timelines, waterfall
from mmsim.report.drawing import Picture
from mmsim.report.numbers import count, fixed, is_shown_as_zero, money, quantity
from mmsim.report.sampling import evenly
from mmsim.report.tables import Cell, Table
from mmsim.report.timelines import Band, Line, Marks, Panel
from mmsim.report.words import BUCKETS, CARRY, has_liquidation, label

if TYPE_CHECKING:
    from mmsim.results import Run

ROWS = 40  # of a table beside a figure of many points
LIMITS = f"Limits are of each underlying, dashed within {timelines.REACH:g} times the largest value. Time in UTC."
PANEL = 84.0  # height of a panel among several


class Measure(NamedTuple):
    """What a panel shows of each underlying."""

    column: str  # of marks
    factor: float = 1.0  # from the column's unit to the panel's
    limit: str = ""  # of the scenario, on each underlying


@dataclass(frozen=True)
class Exhibit:
    """One figure of the page; nothing is drawn before it is asked for."""

    key: str  # unique on the page, the id of its element
    title: str
    caption: str  # what it shows, and the units
    picture: Picture
    table: Table
    legend: Sequence[Line | Marks | Band] = ()
    note: str = ""  # how much of the data the figure and table show

    @cached_property
    def svg(self) -> Markup:
        """The figure for the page, which sets title, legend and caption around it."""
        with drawing.defaults():
            return drawing.svg(self.picture.draw(), self.key, self.picture.description)

    def figure(self) -> Figure:
        """The figure by itself, with title, legend and caption in it."""
        with drawing.defaults():
            return framed.frame(self.picture.draw(), self.title, self.caption, self.legend)


def currency(run: Run) -> str:
    """The currency of the run's amounts."""
    return str(run.summary["scenario"]["currency"])


def decimals(run: Run) -> int:
    """The decimals of the run's amounts."""
    return numbers.decimals(run.summary["attribution"].values())


def attribution(run: Run) -> Exhibit:
    """The waterfall from spread capture to total; buckets that are zero are left to the table."""
    amounts, title, places = run.summary["attribution"], "From spread capture to total", decimals(run)
    moved = [bucket for bucket in BUCKETS if bucket != "total" and not is_shown_as_zero(amounts[bucket], places)]
    steps = [(label(bucket), amounts[bucket]) for bucket in moved]
    lines = tuple((name, money(amount, places)) for name, amount in [*steps, ("Total", amounts["total"])])
    caption = (
        f"Each bar starts where the one above it ended; the last is their sum. {currency(run)};"
        f" blue gains, orange loses.{' Means over the paths.' if run.summary['paths'] > 1 else ''}"
    )
    draw = partial(waterfall.draw, steps, amounts["total"], places)
    picture = Picture(draw, f"{title}: waterfall of the buckets")
    return Exhibit("waterfall", title, caption, picture, Table(("Bucket", currency(run)), lines, title, 1))


def cumulative(run: Run) -> Exhibit:
    """The headline buckets, cumulated over time."""
    desk = rows.cumulative(run)
    parts = {
        "Total": desk["total"],
        "Spread capture": desk["spread_capture"],
        "Gamma net of theta and carry": desk["convexity"] + desk["drift"] + desk["theta_pnl"] + desk["carry"],
        "Delta kept at hedges": desk["delta"],
        "Vega": desk["vega_pnl"],
        "Costs": desk["hedge_cost"] + desk["fees"],
        "Rates, dividends, basis": desk["rates"] + desk["dividends"] + desk["basis"],
    }
    caption = (
        "Every line starts at zero; the others sum to the total. Delta kept at hedges is what the delta earned that the"
        " last hedge, and fills since, left open."
    )
    return over_time(run, desk["ts"], "cumulative", "Buckets over time", caption, moving(parts))


def components(run: Run) -> Exhibit:
    """Spread capture beside what the options and what the hedge earned."""
    desk = rows.cumulative(run)
    parts = {
        "Total": desk["total"],
        "Spread capture": desk["spread_capture"],
        "Options": desk["options_component"],
        "Hedge": desk["total"] - desk["options_component"],
    }
    caption = (
        "The options and the hedge, each with its cash, its interest and its fees, sum to the total: what one side"
        " earns the other should lose. Spread capture is what dealing earned, before either moved."
    )
    return over_time(run, desk["ts"], "components", "Spread capture against hedging", caption, moving(parts))


def carry(run: Run) -> Exhibit | None:
    """Carry by part over time; nothing where there is none."""
    desk = rows.cumulative(run)
    parts = {"Total": desk["carry"]} | {label(part): desk[f"carry_{part}"] for part in CARRY}
    moved = moving(parts)
    if len(moved) == 1:
        return None
    caption = "Interest on the cash of the options and of the hedge, borrow fees, and dividends on the hedge."
    return over_time(run, desk["ts"], "carry", "Carry over time", caption, moved)


def marks_differ(run: Run) -> bool:
    """Whether the options stood elsewhere than at theo at any mark, so that there is something to draw."""
    desk = rows.desk(run)
    at_theo = [desk[mark].eq(desk["equity"]).all() for mark in ("equity_at_mid", "equity_at_liquidation")]
    return not all(at_theo)


def marks_against_theo(run: Run) -> Exhibit:
    """Equity at the market's mid and at liquidation, less equity at theo."""
    desk, is_quoted = rows.desk(run), has_liquidation(run.summary)
    parts = {
        "At market mid, less theo": desk["equity_at_mid"] - desk["equity"],
    } | ({"At liquidation, less theo": desk["equity_at_liquidation"] - desk["equity"]} if is_quoted else {})
    touch = ", and at bid for longs and ask for shorts" if is_quoted else ""
    caption = f"Equity with the options at the market's mid{touch}, less that at theo."
    return over_time(run, desk["ts"], "against-theo", "What the marks hide", caption, parts)


def spot_and_hedges(run: Run) -> list[Exhibit]:
    """For each underlying its spot, and a triangle at each of its hedges."""
    return [_spot(run, symbol, f"spot-{number}") for number, symbol in enumerate(rows.underlyings(run))]


def _spot(run: Run, symbol: str, key: str) -> Exhibit:
    marks, hedges = rows.book(run, symbol), rows.hedges(run, symbol)
    seen = pd.concat([marks[["ts", "spot"]], hedges[["ts", "spot"]]]).dropna().sort_values("ts", kind="stable")
    bought, sold = hedges.loc[hedges["side"] == "buy"], hedges.loc[hedges["side"] == "sell"]
    line = Line("Spot", rows.times(seen["ts"]), rows.values(seen, "spot"), "line6")
    shapes = (
        Marks("Hedge bought", rows.times(bought["ts"]), rows.values(bought, "price"), "gain", "^"),
        Marks("Hedge sold", rows.times(sold["ts"]), rows.values(sold, "price"), "loss", "v"),
    )
    title = f"{symbol}: spot and hedges"
    panel = Panel("", [line], shapes, height=210, prices=True)
    picked = hedges.iloc[evenly(len(hedges), ROWS)]
    lines = tuple(
        (rows.clock(ts), side, quantity(size), quantity(price), quantity(spot))
        for ts, side, size, price, spot in picked[["ts", "side", "size", "price", "spot"]].itertuples(index=False)
    )
    table = Table(("Time, UTC", "Side", "Units", "Price", "Spot"), lines, f"{symbol}: hedges")
    caption = f"Price of {symbol} at marks and hedges; ▲ the desk bought, ▼ it sold. Time in UTC.{which_path(run)}"
    picture = Picture(partial(timelines.draw, [panel]), f"{title}, {len(bought)} bought and {len(sold)} sold")
    return Exhibit(key, title, caption, picture, table, (line, *shapes), _how_many(bought, sold))


def _how_many(bought: pd.DataFrame, sold: pd.DataFrame) -> str:
    """How much was hedged, and how much of it is shown."""
    units = [quantity(float(hedges["size"].sum())).text for hedges in (bought, sold)]
    number = len(bought) + len(sold)
    note = f"{number:,} hedges: {units[0]} units bought, {units[1]} sold."
    if number <= ROWS:
        return note
    return f"{note} The table shows {ROWS} of them, the figure at most {timelines.MARKS} of each kind, extremes kept."


def inventory(run: Run) -> Exhibit:
    """What the desk held: net delta and hedge by underlying, and option contracts."""
    measures = {
        "Net delta, units, hedge included": Measure("net_delta", limit="net_delta"),
        "Hedge, units of the underlying": Measure("hedge"),
    }
    contracts = Panel("Option contracts, bought less sold since the start", [_contracts(run)], height=PANEL)
    caption = f"What the desk held at each mark; contracts are summed over all options. {LIMITS}"
    return _by_underlying(run, "inventory", "Inventory", caption, measures, [contracts])


def greeks(run: Run) -> Exhibit:
    """The position Greeks by underlying."""
    measures = {
        "Gamma, units of delta per 1.00 of spot": Measure("gamma", limit="net_gamma"),
        f"Vega, {currency(run)} per point of volatility": Measure("vega", 0.01, "net_vega"),
        f"Theta, {currency(run)} per day": Measure("theta", 1.0 / clock.days_a_year(run.summary)),
    }
    caption = (
        "Greeks of the options held at each mark, theta as the book was last repriced. A point of volatility is 0.01;"
        f" theta is per {clock.day(run.summary)}. {LIMITS}"
    )
    return _by_underlying(run, "greeks", "Greeks", caption, measures)


def _by_underlying(
    run: Run,
    key: str,
    title: str,
    caption: str,
    measures: Mapping[str, Measure],
    more: Sequence[Panel] = (),
) -> Exhibit:
    """A panel a measure, by its title, with a line an underlying, and ``more`` panels below."""
    books = {symbol: rows.book(run, symbol) for symbol in rows.underlyings(run)}
    panels = [_panel(run, name, books, measure) for name, measure in measures.items()]
    picture = Picture(partial(timelines.draw, [*panels, *more]), f"{title} over time")
    shown = max(2, ROWS // len(books))
    lines = tuple(line for symbol, book in books.items() for line in _readings(symbol, book, measures, shown))
    table = Table(("Time, UTC", "Underlying", *measures), lines, f"{title}, some of the marks")
    legend = panels[0].lines if len(books) > 1 else ()
    return Exhibit(key, title, caption + which_path(run), picture, table, legend)


def _panel(run: Run, name: str, books: Mapping[str, pd.DataFrame], measure: Measure) -> Panel:
    """The lines of one measure, and the limit that the scenario sets it."""
    lines = [
        Line(symbol, rows.times(book["ts"]), rows.values(book, measure.column) * measure.factor, *timelines.colored(n))
        for n, (symbol, book) in enumerate(books.items())
    ]
    limit = run.summary["scenario"]["limits"].get(measure.limit)
    if limit is None:
        return Panel(name, lines, height=PANEL)
    bound = limit * measure.factor
    return Panel(f"{name}; limit ±{quantity(bound).text}", lines, height=PANEL, limit=bound)


def _readings(symbol: str, book: pd.DataFrame, measures: Mapping[str, Measure], number: int) -> list[tuple[Cell, ...]]:
    """The measures of one underlying at evenly spaced marks."""
    picked = book.iloc[evenly(len(book), number)]
    columns = [rows.values(picked, measure.column) * measure.factor for measure in measures.values()]
    return [
        (rows.clock(ts), symbol, *map(quantity, readings))
        for ts, *readings in zip(picked["ts"], *(column.tolist() for column in columns), strict=True)
    ]


def _contracts(run: Run) -> Line:
    """Option contracts bought less sold by client fills, at each mark of the desk."""
    fills, times = rows.client_fills(run), rows.times(rows.desk(run)["ts"])
    signed = np.where(fills["side"] == "buy", fills["size"], -fills["size"]).astype(float)
    held = np.concatenate([[0.0], np.cumsum(signed)])
    return Line("Contracts", times, held[np.searchsorted(rows.times(fills["ts"]), times, side="right")], "total")


def distribution(run: Run) -> Exhibit:
    """The total over the paths of a Monte Carlo run."""
    totals, title = rows.values(run.paths, "total"), "Total over the paths"
    counts, edges = bars.frequencies(totals)
    lines = tuple(
        (f"{fixed(low, decimals(run))} to {fixed(high, decimals(run))}", count(number))
        for low, high, number in zip(edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True)
    )
    caption = (
        f"How many of {len(totals):,} paths ended with which total, {currency(run)}; dashed: the mean; thin: zero."
    )
    draw = partial(bars.histogram, counts, edges, run.summary["monte_carlo"]["total"]["mean"])
    table = Table((f"Total, {currency(run)}", "Paths"), lines, title)
    return Exhibit("distribution", title, caption, Picture(draw, f"{title}: histogram"), table)


def over_time(
    run: Run, ts: pd.Series[pd.Timestamp], key: str, title: str, caption: str, parts: Mapping[str, pd.Series[float]]
) -> Exhibit:
    """A figure of amounts of the whole desk over time; a part named Total or Sum is drawn as the sum."""
    times, styles = rows.times(ts), map(timelines.colored, range(len(parts)))
    lines = [
        Line(name, times, np.asarray(part, np.float64), *(("total", "") if name in ("Total", "Sum") else next(styles)))
        for name, part in parts.items()
    ]
    draw = partial(timelines.draw, [Panel("", lines, height=230)])
    picture = Picture(draw, f"{title}: " + ", ".join(parts))
    picked = evenly(len(ts), ROWS).tolist()
    readings: list[tuple[Cell, ...]] = [
        (rows.clock(ts.iloc[n]), *(money(float(line.values[n]), decimals(run)) for line in lines)) for n in picked
    ]
    table = Table(("Time, UTC", *parts), tuple(readings), f"{title}, {currency(run)}")
    note = f"The table shows {len(picked)} of {len(ts):,} marks." if len(picked) < len(ts) else ""
    caption = f"{caption} {currency(run)}; time in UTC.{which_path(run)}"
    return Exhibit(key, title, caption, picture, table, lines, note)


def moving(parts: Mapping[str, pd.Series[float]]) -> dict[str, pd.Series[float]]:
    """Without the parts that stay zero, but for the first."""
    first = next(iter(parts))
    return {name: part for name, part in parts.items() if name == first or bool((part != 0).any())}


def which_path(run: Run) -> str:
    """Which of several paths a figure shows, for the end of its caption."""
    return f" Path {rows.path_shown(run)} of {run.summary['paths']:,}." if run.summary["paths"] > 1 else ""

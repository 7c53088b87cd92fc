"""Hedging: what it left open against what was to be expected, and what hedging by the clock would have made of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from mmsim.report import clock, rows, timelines
from mmsim.report.drawing import Picture
from mmsim.report.exhibits import ROWS, Exhibit, currency, decimals, which_path
from mmsim.report.hedged import Book, Hedging, book_of, first_of_each
from mmsim.report.numbers import count, level, money, quantity
from mmsim.report.sampling import evenly
from mmsim.report.tables import Cell, Table
from mmsim.report.timelines import Line, Panel
from mmsim.units import UNITS_NS, duration_text, parse_duration, parse_instant

if TYPE_CHECKING:
    from mmsim.results import Run

Floats = npt.NDArray[np.float64]
MINUTES = (1, 10)  # between hedges by the clock
_RESULT = ("convexity", "drift", "delta", "theta_pnl", "carry")


class Way(NamedTuple):
    """One way to hedge the book that the desk had, all its underlyings together."""

    name: str
    trades: int
    units: float
    times: rows.Times  # marks of the desk
    result: Floats  # gamma, delta, theta and carry at each mark, currency
    expected: float  # standard deviation of its error by the formula

    @property
    def variation(self) -> float:
        """The root of the sum of the squared changes from mark to mark, currency."""
        return float(np.sqrt((np.diff(self.result) ** 2).sum()))


def books(run: Run) -> list[Book]:
    """The books that hedging can be judged by: of all underlyings with a spot at two marks or more."""
    years = clock.years(run.summary)
    made = (book_of(run, symbol, years) for symbol in rows.symbols(run))
    return [book for book in made if len(book.times) > 1]


def ways(run: Run, books: list[Book]) -> list[Way]:
    """As the desk hedged, to flat by the clock at mid and without costs, and not at all; ``books`` are those of it."""
    start = np.datetime64(parse_instant(run.summary["scenario"]["clock"]["start"]), "ns")
    desk = rows.desk(run)
    times, result = rows.times(desk["ts"]), np.asarray(desk[list(_RESULT)].sum(axis=1), np.float64)
    mine = [book.as_hedged() for book in books]
    made = [_way("As it was hedged", times, result, books, mine, mine)]
    for every in _intervals(run):
        flat = [book.flat_at(first_of_each(book.times, start, every)) for book in books]
        made.append(_way(f"Flat every {duration_text(every)}", times, result, books, flat, mine))
    never = [book.flat_at(np.array([], np.intp)) for book in books]
    return [*made, _way("Never hedged", times, result, books, never, mine)]


def _intervals(run: Run) -> list[int]:
    """Nanoseconds between hedges by the clock: those `MINUTES` that the grid divides; else it and ten of it."""
    grid = parse_duration(run.summary["scenario"]["report"]["mark_every"])
    wanted = [minutes * UNITS_NS["m"] for minutes in MINUTES]
    return [every for every in wanted if every % grid == 0] or [grid, 10 * grid]


def _way(
    name: str, times: rows.Times, result: Floats, books: list[Book], hedges: list[Hedging], mine: list[Hedging]
) -> Way:
    """What the result would have been had the hedges of the books earned as ``hedges`` say, instead of as ``mine``."""
    made = result.copy()
    for book, other, own in zip(books, hedges, mine, strict=True):
        gained = np.concatenate([[0.0], np.cumsum(other.earned - own.earned)])
        at = np.searchsorted(book.times, times, side="right") - 1
        made += np.where(at < 0, 0.0, gained[at])
    expected = float(np.sqrt(sum(hedge.expected_variance for hedge in hedges)))
    return Way(name, sum(h.trades for h in hedges), sum(h.units for h in hedges), times, made, expected)


def over_time(run: Run, ways: list[Way]) -> Exhibit:
    """What hedging came to over time, by the ways to hedge but for the last, which is not to hedge."""
    drawn = ways[:-1]
    lines = [
        Line(way.name, way.times, way.result, *(("total", "") if n == 0 else timelines.colored(n - 1)))
        for n, way in enumerate(drawn)
    ]
    picked = evenly(len(drawn[0].times), ROWS).tolist()
    readings: list[tuple[Cell, ...]] = [
        (rows.clock_of(drawn[0].times[n]), *(money(float(way.result[n]), decimals(run)) for way in drawn))
        for n in picked
    ]
    table = Table(("Time, UTC", *(way.name for way in drawn)), tuple(readings), f"Hedging result, {currency(run)}")
    caption = (
        "Gamma, delta, theta and carry together, before the costs of hedging: as the desk hedged, and had it brought"
        f" its delta to flat at marks alone, at mid. {currency(run)}; time in UTC.{_said_of_grid(run)}{which_path(run)}"
    )
    picture = Picture(partial(timelines.draw, [Panel("", lines, height=200)]), "Hedging result over time")
    marks = len(drawn[0].times)
    note = f"The table shows {len(picked)} of {marks:,} marks." if len(picked) < marks else ""
    return Exhibit("hedging", "The hedge against hedging by the clock", caption, picture, table, lines, note)


def _said_of_grid(run: Run) -> str:
    """Why the minutes are not those that are always shown, where they are not."""
    if _intervals(run) == [minutes * UNITS_NS["m"] for minutes in MINUTES]:
        return ""
    every = run.summary["scenario"]["report"]["mark_every"]
    return f" Marks are {every} apart, which is why it is not every {' and every '.join(f'{m}m' for m in MINUTES)}."


def compared(run: Run, ways: list[Way]) -> Table:
    """The ways to hedge side by side."""
    places, mine = decimals(run), ways[0].result[-1]
    lines = tuple(
        (
            way.name,
            count(way.trades),
            quantity(way.units),
            money(float(way.result[-1]), places),
            money(float(way.result[-1] - mine), places),
            level(way.variation, places),
            level(way.expected, places),
        )
        for way in ways
    )
    head = ("", "Hedges", "Units traded", "Result", "Against as it was", "Its variation", "Error to be expected")
    caption = f"Ways to hedge, {currency(run)}; the variation is the root of the squared changes between marks"
    note = (
        "By the clock the delta is flat at marks, at mid and without costs, and a fill waits for the next of them."
        " The error to be expected is √Σ½(ΓS²σ²)²·dt·h, of the book's gamma and the waits h between hedges alone;"
        f" for one option at the money, hedged N times to its expiry, that is √(π/4)·vega·σ/√N.{which_path(run)}"
    )
    return Table(head, lines, caption, 0, note)


def error(run: Run, books: list[Book], mine: Way) -> Table:
    """What hedging left open, against the size that was to be expected of it."""
    last, places = rows.desk(run).iloc[-1], decimals(run)
    waits = f"√Σ½(ΓS²σ²)²·dt·h: h the wait between hedges, of which there were {mine.trades:,}; σ realised"
    amounts = {
        "Delta and drift": ("what the delta earned that hedging left open, the error", last["delta"] + last["drift"]),
        "Size to be expected of it": (waits, mine.expected),
        "By the net delta at marks": ("√Σ(δSσ)²·dt: with fills that waited for a hedge", _by_net_delta(books)),
        "Convexity, theta and carry": (
            "what is left with the delta flat at all times: carry apart, no hedging policy changes it",
            last["convexity"] + last["theta_pnl"] + last["carry"],
        ),
    }
    if run.summary["paths"] > 1:
        result = run.paths[["gamma", "delta", "theta", "carry"]].sum(axis=1)
        amounts["Over the paths"] = (
            "standard deviation of gamma, delta, theta and carry together",
            float(result.std()),
        )
    lines = tuple(
        (name, meaning, level(float(amount), places) if name in _SIZES else money(float(amount), places))
        for name, (meaning, amount) in amounts.items()
    )
    return Table(("", "What it is", currency(run)), lines, "Hedging error")


_SIZES = ("Size to be expected of it", "By the net delta at marks", "Over the paths")


def _by_net_delta(books: list[Book]) -> float:
    """The standard deviation of what the net delta at each mark earns until the next, at the volatility realised."""
    squares = 0.0
    for book in books:
        net = book.options_delta + book.hedge
        instants = book.times.astype(np.int64)
        waits = np.asarray(book.years.of_volatility(instants[:-1], instants[1:]))
        squares += float((((net * book.spot)[:-1] * book.volatility) ** 2 * waits).sum())
    return float(np.sqrt(squares))

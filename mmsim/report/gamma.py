"""Gamma against theta: what each earned, the move at which one pays for the other, and the volatility that was paid."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from mmsim.report import clock, rows, timelines
from mmsim.report.drawing import Picture
from mmsim.report.exhibits import PANEL, ROWS, Exhibit, currency, decimals, moving, over_time, which_path
from mmsim.report.moves import Moves, between_marks, variance
from mmsim.report.numbers import money, percent, quantity
from mmsim.report.sampling import evenly
from mmsim.report.tables import Cell, Table
from mmsim.report.timelines import Line, Panel

if TYPE_CHECKING:
    from mmsim.results import Run

FAR = 3.0  # a break-even move is drawn up to so many times the largest move


def gamma_and_theta(run: Run) -> Exhibit:
    """What the book's curvature earned against what it cost to hold."""
    desk = rows.cumulative(run)
    parts = {
        "Sum": desk["convexity"] + desk["drift"] + desk["theta_pnl"] + desk["carry"],
        "Convexity": desk["convexity"],
        "Drift": desk["drift"],
        "Theta": desk["theta_pnl"],
        "Carry": desk["carry"],
    }
    caption = (
        "Convexity is what curvature earned over each move of the spot; drift what the delta earned that grew since the"
        " last hedge; theta and carry what holding the book cost. Convexity and drift are gamma."
    )
    return over_time(run, desk["ts"], "gamma-theta", "Gamma against theta and carry", caption, moving(parts))


def moves(run: Run) -> dict[str, Moves]:
    """The moves from mark to mark of the underlyings shown, of those that have any."""
    years = clock.years(run.summary)
    made = {symbol: between_marks(rows.book(run, symbol), years) for symbol in rows.underlyings(run)}
    return {symbol: each for symbol, each in made.items() if len(each.ends)}


def break_even(run: Run, moved: dict[str, Moves]) -> Exhibit:
    """The move at which gamma pays for theta, beside the moves that happened; ``moved`` as `moves` has it."""
    tall = 1.3 * PANEL
    panels = [Panel(f"{symbol}: move between marks", _lines(each), height=tall) for symbol, each in moved.items()]
    shown = max(2, ROWS // len(panels))
    lines = tuple(line for symbol, each in moved.items() for line in _readings(symbol, each, shown))
    head = ("Time, UTC", "Underlying", "Move", "Break-even move", "½Γ·dS²", "Θ·dt")
    table = Table(head, lines, f"Moves and break-even moves, some of the marks; ½Γ·dS² and Θ·dt in {currency(run)}")
    caption = (
        "The move of the spot from mark to mark, and √(2|Θ|dt / |Γ|), at which ½Γ·dS² pays for Θ·dt: beyond it a book"
        " long gamma gains and one short gamma loses. A gap: gamma and theta have the same sign, and no move makes them"
        f" even, or it would take {FAR:g} times the largest move."
        f" Price of the underlying; time in UTC.{which_path(run)}"
    )
    picture = Picture(partial(timelines.draw, panels), "Moves of the spot against the break-even move")
    return Exhibit("break-even", "The move that pays for theta", caption, picture, table, panels[0].lines)


def _lines(moves: Moves) -> list[Line]:
    far = FAR * np.abs(moves.move).max()
    return [
        Line("Move, either way", moves.ends, np.abs(moves.move), "line6"),
        Line("Break-even", moves.ends, np.where(moves.break_even <= far, moves.break_even, np.nan), "line2"),
    ]


def _readings(symbol: str, moves: Moves, number: int) -> list[tuple[Cell, ...]]:
    picked = moves.where(evenly(len(moves.ends), number))
    columns = (picked.move, picked.break_even, picked.gamma_pnl, picked.theta_pnl)
    return [
        (rows.clock_of(end), symbol, *map(quantity, figures))
        for end, *figures in zip(picked.ends, *(column.tolist() for column in columns), strict=True)
    ]


def realised_and_implied(run: Run, moved: dict[str, Moves]) -> Table:
    """By underlying, while the book was long and while it was short gamma: the volatility that it paid, and got."""
    lines: list[tuple[Cell, ...]] = []
    for symbol, each in moved.items():
        for name, sign in (("long", 1), ("short", -1)):
            of_sign = np.sign(each.gamma) == sign
            if of_sign.any():
                lines.append(_compared(run, f"{symbol}, {name} gamma", each, of_sign))
        lines.append((f"{symbol}, all the time", *_flat(run, symbol, each)))
    note = (
        "Break-even: √(Σ2|Θ|dt / Σ|Γ|S²dt), the volatility at which gamma pays for theta, which the book paid while"
        " long gamma and was paid while short; a dash where theta has gamma's sign. Realised: √(Σ|Γ|dS² / Σ|Γ|S²dt);"
        f" all the time: each move alike.{which_path(run)}"
    )
    head = (
        *("", "Of the time", "Break-even volatility", "Realised volatility"),
        *("½Γ·dS²", "Θ·dt", f"Sum, {currency(run)}"),
    )
    return Table(head, tuple(lines), "Realised against implied volatility, weighted by gamma", 0, note)


def _compared(run: Run, name: str, moves: Moves, kept: np.ndarray) -> tuple[Cell, ...]:
    part, places = moves.where(kept), decimals(run)
    gained, lost = float(part.gamma_pnl.sum()), float(part.theta_pnl.sum())
    share = float(part.years.sum() / moves.years.sum()) if moves.years.any() else np.nan
    volatilities = (percent(part.break_even_volatility()), percent(part.realised_volatility()))
    return (name, percent(share, 0), *volatilities, *(money(each, places) for each in (gained, lost, gained + lost)))


def _flat(run: Run, symbol: str, moves: Moves) -> tuple[Cell, ...]:
    """The plain realised volatility of the underlying, each move weighing alike, and what all moves came to."""
    book = rows.book(run, symbol).dropna(subset="spot")
    plain = variance(rows.times(book["ts"]), rows.values(book, "spot"), clock.years(run.summary)) ** 0.5
    gained, lost = float(moves.gamma_pnl.sum()), float(moves.theta_pnl.sum())
    amounts = (money(each, decimals(run)) for each in (gained, lost, gained + lost))
    return (percent(1.0, 0), percent(np.nan), percent(plain), *amounts)

"""The section on risk: the figures with their formulas, and how far equity was under water."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mmsim.report import rows, timelines, words
from mmsim.report.drawing import Picture
from mmsim.report.exhibits import ROWS, Exhibit, currency
from mmsim.report.numbers import NONE, Number, fixed, money, quantity
from mmsim.report.sampling import evenly
from mmsim.report.sections import Section
from mmsim.report.tables import Cell, Table
from mmsim.report.timelines import Line, Panel
from mmsim.risk.drawdown import under_water
from mmsim.risk.figures import FIGURES, MARKS, unit
from mmsim.risk.measured import profits

if TYPE_CHECKING:
    from mmsim.results import Run

_GROUPS = {
    "What was kept of the edge": ("total_theo", "total_per_contract"),
    "Vega and gamma warehoused": ("vega_warehoused", "total_per_gamma"),
    "Hedging": ("hedge_units", "hedging_cost_of_notional"),
    "Drawdown": ("drawdown_theo", "under_water"),
    "Sharpe ratio": ("increments", "sharpe_annual_se"),
    "Over the paths": ("total_sd", "sharpe_paths_se"),
}  # a table: the first and the last of its figures


WIDE = 10.0  # times the median gap between theo and liquidation: a gap that is said to be of the quotes
_PLAIN = ("share", "ratio", "number", "contracts")  # units that a reader does not need to be told


def section(run: Run) -> Section:
    """What the result was worth for what was risked."""
    by_group = {title: _table(run, title, *ends) for title, ends in _GROUPS.items()}
    first, vega, hedging, falls, sharpe, over_paths = by_group.values()
    left: list[Exhibit | Table] = [*([] if run.marks.empty else [drawdown(run)]), falls, sharpe]
    right = [first, *([over_paths] if run.summary["paths"] > 1 else []), vega, hedging]
    return Section("risk", "Risk", left, right, text=[*_said(run.summary), *_wide_at_trough(run)])


def _said(summary: dict[str, Any]) -> list[str]:
    """The headline, and of which paths the figures are."""
    found, unit_of_money = summary["risk"], summary["scenario"]["currency"]
    total = fixed(found["figures"]["total_worst"], words.decimals(summary))
    said = [f"Totals are taken at the worst mark: {MARKS[found['worst_mark']]}, {total} {unit_of_money}."]
    if summary["paths"] > 1:
        said.append(
            "Figures of fills, hedges, vega and gamma are means over the paths kept; drawdowns and Sharpe ratios of"
            " increments are of the first of them."
        )
    return said


def _wide_at_trough(run: Run) -> list[str]:
    """A warning where the deepest drawdown at liquidation stands at quotes far wider than the run's usual ones."""
    fall = run.summary["risk"]["drawdowns"].get("liquidation")
    if run.marks.empty or fall is None:
        return []
    desk = rows.desk(run)
    gap = desk["equity"] - desk["equity_at_liquidation"]
    trough, usual = gap[desk["ts"] == pd.Timestamp(fall["trough"])], gap[gap > 0].median()
    if trough.empty or not trough.iloc[-1] > WIDE * usual:
        return []
    taken, rule = (fixed(float(cost), words.decimals(run.summary)) for cost in (trough.iloc[-1], usual))
    said = (
        f"At the trough of the drawdown at liquidation, {rows.clock(pd.Timestamp(fall['trough']))}, closing at bid and"
        f" ask would have taken {taken} {currency(run)}, against {rule} as a rule: quotes were wide or stubs, in a halt"
        " say, and the drawdowns at mid and liquidation are theirs."
    )
    return [said]


def _table(run: Run, title: str, first: str, last: str) -> Table:
    """Name, formula, value and unit of a group of figures; a dash and the reason where one is not defined."""
    names, found = list(FIGURES), run.summary["risk"]
    lines = []
    for name in names[names.index(first) : names.index(last) + 1]:
        value, meaning = found["figures"][name], FIGURES[name]
        said = meaning.formula if value is not None else f"not defined: {found['undefined'][name]}"
        of = "" if meaning.unit in _PLAIN else f", {unit(name, currency(run))}"
        lines.append((meaning.label + of, said, _number(name, value, run)))
    return Table(("", "Formula", "Value"), tuple(lines), title)


def _number(name: str, value: float | None, run: Run) -> Number:
    if value is None:
        return Number(NONE, None)
    is_money = FIGURES[name].unit == "CUR" and name not in ("hedge_notional", "total_sd", "total_se")
    return money(value, words.decimals(run.summary)) if is_money else quantity(value)


def drawdown(run: Run) -> Exhibit:
    """Equity at each mark less its highest so far, over time."""
    desk, title = rows.desk(run), "Under water"
    start, opening = pd.Timestamp(run.summary["scenario"]["clock"]["start"]), _opening(run)
    times = np.concatenate([rows.times(pd.Series([start])), rows.times(desk["ts"])])
    lines, drawn = [], dict[str, Any]()
    for mark in run.summary["risk"]["drawdowns"]:
        below = under_water(np.concatenate([[0.0], profits(desk, mark, opening)]))
        if not any(np.array_equal(below, other) for other in drawn.values()):
            drawn[mark] = below
    for n, (mark, below) in enumerate(drawn.items()):
        lines.append(Line(f"Options at {MARKS[mark]}", times, below, *timelines.colored(n)))
    alike = [MARKS[mark] for mark in run.summary["risk"]["drawdowns"] if mark not in drawn]
    picture = Picture(partial(timelines.draw, [Panel("", lines, height=170)]), f"{title}: equity below its highest")
    picked, places = evenly(len(times), ROWS).tolist(), words.decimals(run.summary)
    readings: tuple[tuple[Cell, ...], ...] = tuple(
        (rows.clock(pd.Timestamp(times[n], tz="UTC")), *(money(float(line.values[n]), places) for line in lines))
        for n in picked
    )
    head = ("Time, UTC", *(line.label for line in lines))
    same = f" At {' and '.join(alike)} it is the same." if alike else ""
    path = f" Path {rows.path_shown(run)} of {run.summary['paths']:,}." if run.summary["paths"] > 1 else ""
    caption = (
        "Equity at each mark of the grid less the highest that it had been since the opening: zero is a new high."
        f" {currency(run)}; time in UTC.{same}{path}"
    )
    note = f"The table shows {len(picked)} of {len(times):,} marks." if len(picked) < len(times) else ""
    table = Table(head, readings, f"{title}, {currency(run)}")
    return Exhibit("under-water", title, caption, picture, table, lines if len(lines) > 1 else (), note)


def _opening(run: Run) -> float:
    """Equity at the opening of the path shown: what its total is the change from."""
    last = rows.desk(run).iloc[-1]
    return float(last["equity"] - last["total"])

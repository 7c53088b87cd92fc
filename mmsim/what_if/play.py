"""Play a scenario under other assumptions, on the same draws, and find where it earns nothing."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from scipy.optimize import brentq

from mmsim import backtest, processes
from mmsim.errors import UserError
from mmsim.scenario import Scenario
from mmsim.what_if.factors import Changes, Factor, Level, factors, written
from mmsim.what_if.result import Sensitivity

Point = tuple[Level, ...]  # a level of each factor
Row = dict[str, Any]
WORST = "total_worst"


def sensitivity(
    scenario: str | Path | Scenario,
    data: str | Path | None = None,
    *,
    seed: int | None = None,
    paths: int | None = None,
    changes: Mapping[str, str] | None = None,
    workers: int | None = None,
    progress: backtest.Progress | None = None,
) -> Sensitivity:
    """What a scenario comes to as latency, fills, informed clients and the cost of hedging vary: docs/sensitivity.md.

    Each factor alone, and their combinations as far as `sensitivity.cross` goes, all on the same draws; then a search
    for the level of each at which the total at the worst mark is zero. The arguments are those of `compare`. Raises
    UserError with the user's mistakes.
    """
    processes.check_workers(workers)
    told = progress or (lambda _share, _what: None)
    given = backtest.loaded(scenario, seed, paths, changes)
    varied, left_out = factors(given)
    told(0.0, "preparing the loop")
    from mmsim.engine import drive  # noqa: F401  compiled before the clock runs

    started = time.perf_counter()
    points = _points(varied, given.sensitivity.cross)
    tasks = [(given, data, _changes(varied, point)) for point in points]
    rows: dict[Point, Row] = {}
    for point, row in zip(points, processes.each(_played, tasks, workers), strict=True):
        rows[point] = _sound(row)
        told(len(rows) / len(points), f"{len(rows)} of {len(points)} runs")
    told(1.0, "looking for break-evens")
    found = _break_evens(given, data, varied, rows, workers)
    summary = {
        "name": given.name,
        "about": given.about,
        "currency": given.currency,
        "seed": given.seed,
        "paths": given.paths,
        "versions": backtest.versions(),
        "scenario": given.dump(),
        "reproduce": backtest.command("sensitivity", [scenario], data, seed, paths, changes),
        "left_out": left_out,
        "factors": [
            {"factor": f.name, "unit": f.unit, "about": f.about, "levels": list(f.levels), "own": f.own} for f in varied
        ],
        "table": [_row(varied, point, row, is_own=point == points[0]) for point, row in rows.items()],
        "break_even": found,
        "off": sum(row["off"] for row in rows.values()),
        "seconds": time.perf_counter() - started,
    }
    return Sensitivity(summary)


def _row(varied: Sequence[Factor], point: Point, figures: Row, *, is_own: bool) -> Row:
    """A combination of levels with its figures and the keys that were changed."""
    levels = dict(zip((factor.name for factor in varied), point, strict=True))
    kept = {name: figure for name, figure in figures.items() if name != "off"}
    return levels | kept | {"is_own": is_own, "settings": written(_changes(varied, point))}


def _points(varied: Sequence[Factor], most: int) -> list[Point]:
    """The scenario's own, then each factor alone, then combinations: all of them or, if they are too many, the ends."""
    own = tuple(factor.own for factor in varied)
    alone = [(*own[:n], level, *own[n + 1 :]) for n, factor in enumerate(varied) for level in factor.levels]
    ladders: list[Sequence[Level]] = [factor.levels for factor in varied]
    for tried in (ladders, [(ladder[0], ladder[-1]) for ladder in ladders]):
        if math.prod(map(len, tried)) <= most:
            return list(dict.fromkeys([own, *alone, *itertools.product(*tried)]))
    return list(dict.fromkeys([own, *alone]))


def _changes(varied: Sequence[Factor], point: Point) -> Changes:
    changes: Changes = {}
    for factor, level in zip(varied, point, strict=True):
        changes |= factor.changes(level)
    return changes


def _played(scenario: Scenario, data: Any, changes: Changes) -> Row | UserError:
    """What the scenario comes to with some keys changed, or what is wrong with it."""
    try:
        run = backtest.run(scenario, data, changes=changes | {"keep_paths": "0"})
    except UserError as error:
        said = written(changes)
        return UserError(*(p._replace(message=f"{said}: {p.message}" if said else p.message) for p in error.problems))
    figures, buckets = run.summary["risk"]["figures"], run.summary["attribution"]
    return {
        "total_theo": figures["total_theo"],
        "total_mid": figures["total_mid"],
        "total_liquidation": figures["total_liquidation"],
        WORST: figures[WORST],
        "worst_mark": run.summary["risk"]["worst_mark"],
        "spread_capture": buckets["spread_capture"],
        "costs": buckets["hedge_cost"] + buckets["fees"],
        "se": figures["total_se"],
        "client_fills": run.counts["client_fills"],
        "hedge_fills": run.counts["hedge_fills"],
        "off": sum(map(abs, run.identities.values())),
    }


def _sound(row: Row | UserError) -> Row:
    if isinstance(row, UserError):
        raise row
    return row


def _break_evens(
    scenario: Scenario, data: Any, varied: Sequence[Factor], rows: Mapping[Point, Row], workers: int | None
) -> list[Row]:
    """A row a factor: where the total at the worst mark is zero, the others being the scenario's."""
    tasks = [(scenario, data, factor, _alone(varied, n, rows)) for n, factor in enumerate(varied)]
    return [_sound(row) for row in processes.each(_break_even, tasks, workers)]


def _alone(varied: Sequence[Factor], n: int, rows: Mapping[Point, Row]) -> dict[Level, float]:
    """The total at the worst mark by the levels of one factor, the others being the scenario's."""
    own = tuple(factor.own for factor in varied)
    return {level: rows[(*own[:n], level, *own[n + 1 :])][WORST] for level in varied[n].levels}


def _break_even(scenario: Scenario, data: Any, factor: Factor, known: dict[Level, float]) -> Row | UserError:
    """Where a factor makes the total zero: the crossing nearest to the scenario's own level, of those on its ladder.

    Beyond the ladder only the end of the search is looked at. Between two levels of different signs by Brent's method,
    which keeps a bracket as bisection does, on runs of its own. Between names there is nothing to search.
    """
    totals, runs = dict(known), 0

    def total(level: Level) -> float:
        nonlocal runs
        if level not in totals:
            runs += 1
            totals[level] = _sound(_played(scenario, data, factor.changes(level)))[WORST]
        return totals[level]

    try:
        levels = list(factor.levels)
        if factor.unit and float(levels[-1]) < factor.up_to:
            levels.append(factor.up_to)
        values = [total(level) for level in levels]
        crossings = list(_crossings(levels, values))
        row: Row = {"factor": factor.name, "unit": factor.unit, "own": factor.own, "break_even": None, "total": None}
        if not crossings:
            row["says"] = f"none within {_text(levels[0])} to {_text(levels[-1])}: {_always(values)}"
            return row | {"runs": runs}
        low, high = min(crossings, key=lambda pair: _steps(levels, pair, factor.own))
        if isinstance(low, str) or isinstance(high, str):
            row["says"] = f"between {low} and {high}"
        else:
            tolerance = scenario.sensitivity.tolerance
            root = float(brentq(lambda x: total(float(x)), low, high, xtol=factor.grain, rtol=tolerance))
            row |= {"break_even": root, "total": total(root), "says": f"at {root:.6g} {factor.unit}"}
    except UserError as error:
        return error
    return row | {"runs": runs}


def _crossings(levels: Sequence[Level], values: Sequence[float]) -> Iterator[tuple[Level, Level]]:
    """Neighbouring levels whose values have different signs, those of value zero left out."""
    signed = [(level, value) for level, value in zip(levels, values, strict=True) if value != 0.0]
    for (low, first), (high, second) in itertools.pairwise(signed):
        if (first > 0.0) != (second > 0.0):
            yield low, high


def _steps(levels: Sequence[Level], pair: tuple[Level, Level], own: Level) -> float:
    """How far a pair of levels is from the scenario's own, in rungs."""
    return abs(sum(map(levels.index, pair)) / 2.0 - levels.index(own))


def _always(values: Sequence[float]) -> str:
    """What values of one sign, or none, are."""
    if not any(values):
        return "always nothing"
    is_profit, is_ever = max(values) > 0.0, all(values)
    if is_ever:
        return f"always a {'profit' if is_profit else 'loss'}"
    return f"never a {'loss' if is_profit else 'profit'}"


def _text(level: Level) -> str:
    return level if isinstance(level, str) else f"{level:g}"

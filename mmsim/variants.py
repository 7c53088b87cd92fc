"""Play the variants of scenarios on common random numbers, shared among processes."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import joblib

from mmsim import backtest
from mmsim.comparison import Comparison
from mmsim.errors import Problem, UserError
from mmsim.results import Run
from mmsim.scenario import Scenario

BASE = "base"  # the name of a scenario as written beside its variants


class Entry(NamedTuple):
    """One of the runs of a comparison."""

    name: str
    scenario: str | Path | Scenario
    variant: str | None


def compare(
    scenarios: str | Path | Scenario | Sequence[str | Path | Scenario],
    data: str | Path | None = None,
    *,
    seed: int | None = None,
    paths: int | None = None,
    changes: Mapping[str, str] | None = None,
    workers: int | None = None,
    progress: backtest.Progress | None = None,
) -> Comparison:
    """Run the variants of a scenario, or several scenarios, on common random numbers.

    A scenario with `variants` stands for these, and comes first itself unless one of them changes nothing. The other
    arguments are those of `run`, for each. ``workers`` processes share the work (default: one a core); the results do
    not depend on their number. Raises UserError with every mistake of the user's, before anything is run.
    """
    if workers is not None and (not isinstance(workers, int) or workers < 1):
        raise UserError(f"workers must be a whole number from 1, not {workers!r}")
    told = progress or (lambda _share, _what: None)
    given = [scenarios] if isinstance(scenarios, str | Path | Scenario) else list(scenarios)
    entries = _entries(given, seed, paths, changes)
    if len(entries) < 2:
        raise UserError("there is nothing to compare: give a scenario with variants, or several scenarios")
    told(0.0, "preparing the loop")
    from mmsim.engine import drive  # noqa: F401  compiled once, before the workers would each compile it

    started = time.perf_counter()
    count = min(len(entries), workers or joblib.cpu_count())
    jobs = [joblib.delayed(_played)(entry, data, seed, paths, changes) for entry in entries]
    runs: dict[str, Run] = {}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*tasks", category=UserWarning)  # those left when one is wrong
        for entry, run in zip(entries, joblib.Parallel(n_jobs=count, return_as="generator")(jobs), strict=True):
            if isinstance(run, UserError):
                raise UserError(*(p._replace(message=f"variant {entry.name!r}: {p.message}") for p in run.problems))
            runs[entry.name] = run
            told(len(runs) / len(entries), f"{len(runs)} of {len(entries)} variants")
    again = backtest.command("compare", given, data, seed, paths, changes)
    return Comparison.of(runs, time.perf_counter() - started, again)


def _played(entry: Entry, data: Any, seed: int | None, paths: int | None, changes: Any) -> Run | UserError:
    """One of the runs, or what is wrong with it: an exception would take its traceback along."""
    try:
        return backtest.run(entry.scenario, data, seed=seed, paths=paths, changes=changes, variant=entry.variant)
    except UserError as error:
        return error


def _entries(
    given: Sequence[str | Path | Scenario], seed: int | None, paths: int | None, changes: Mapping[str, str] | None
) -> list[Entry]:
    """The runs of a comparison by names of their own; UserError with what is wrong with any of the scenarios."""
    problems: list[Problem] = []
    loaded: list[tuple[str | Path | Scenario, Scenario]] = []
    for one in given:
        try:
            loaded.append((one, backtest.loaded(one, seed, paths, changes)))
        except UserError as error:
            problems += error.problems
    if problems:
        raise UserError(*problems)
    currencies = {scenario.currency for _, scenario in loaded}
    if len(currencies) > 1:
        raise UserError(f"scenarios in different currencies cannot be compared: {', '.join(sorted(currencies))}")
    if len({scenario.paths for _, scenario in loaded}) > 1:
        raise UserError("scenarios with different numbers of paths cannot be compared: give --paths")
    entries = [entry for one, scenario in loaded for entry in _of_scenario(one, scenario, len(loaded) > 1)]
    names: dict[str, int] = {}
    for n, entry in enumerate(entries):
        names[entry.name] = names.get(entry.name, 0) + 1
        if names[entry.name] > 1:
            entries[n] = entry._replace(name=f"{entry.name} ({names[entry.name]})")
    return entries


def _of_scenario(one: str | Path | Scenario, scenario: Scenario, is_named: bool) -> Iterator[Entry]:
    before = f"{scenario.name}: " if is_named and scenario.variants else ""
    if all(scenario.variants.values()):  # none of them changes nothing
        yield Entry(f"{before}{BASE}" if scenario.variants else scenario.name, one, None)
    for name in scenario.variants:
        yield Entry(f"{before}{name}", one, name)

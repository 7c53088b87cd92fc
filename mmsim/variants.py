"""Play the variants of scenarios on common random numbers, shared among processes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mmsim import backtest, processes
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
    processes.check_workers(workers)
    told = progress or (lambda _share, _what: None)
    given = [scenarios] if isinstance(scenarios, str | Path | Scenario) else list(scenarios)
    scenarios_by_name = _named(given, seed, paths, changes)
    entries = _entries(scenarios_by_name)
    if len(entries) < 2:
        raise UserError("there is nothing to compare: give a scenario with variants, or several scenarios")
    told(0.0, "preparing the loop")
    from mmsim.engine import drive  # noqa: F401  compiled before the clock runs

    started = time.perf_counter()
    tasks = [(entry, data, seed, paths, changes) for entry in entries]
    runs: dict[str, Run] = {}
    for entry, run in zip(entries, processes.each(_played, tasks, workers), strict=True):
        if isinstance(run, UserError):
            raise UserError(*(p._replace(message=f"variant {entry.name!r}: {p.message}") for p in run.problems))
        runs[entry.name] = run
        told(len(runs) / len(entries), f"{len(runs)} of {len(entries)} variants")
    again = backtest.command("compare", given, data, seed, paths, changes)
    return Comparison.of(runs, time.perf_counter() - started, again, list(scenarios_by_name))


def _played(entry: Entry, data: Any, seed: int | None, paths: int | None, changes: Any) -> Run | UserError:
    """One of the runs, or what is wrong with it: an exception would take its traceback along."""
    try:
        return backtest.run(entry.scenario, data, seed=seed, paths=paths, changes=changes, variant=entry.variant)
    except UserError as error:
        return error


def _named(
    given: Sequence[str | Path | Scenario], seed: int | None, paths: int | None, changes: Mapping[str, str] | None
) -> dict[str, tuple[str | Path | Scenario, Scenario]]:
    """The scenarios of a comparison, as given and loaded, by names of their own: that of the file where two share one.

    UserError with what is wrong with any of them.
    """
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
    files = [Path(scenario.source).stem or scenario.name for _, scenario in loaded]
    shared = [scenario.name for _, scenario in loaded]
    names = [file if shared.count(name) > 1 else name for file, name in zip(files, shared, strict=True)]
    return dict(zip(_unique(names), loaded, strict=True))


def _entries(scenarios: Mapping[str, tuple[str | Path | Scenario, Scenario]]) -> list[Entry]:
    """The runs of a comparison by names of their own."""
    entries = [
        entry
        for name, (one, scenario) in scenarios.items()
        for entry in _of_scenario(one, scenario, name, len(scenarios) > 1)
    ]
    names = _unique([entry.name for entry in entries])
    return [entry._replace(name=name) for entry, name in zip(entries, names, strict=True)]


def _unique(names: Sequence[str]) -> list[str]:
    """The names, numbered from 2 where they were there before.

    >>> _unique(["a", "b", "a"])
    ['a', 'b', 'a (2)']
    """
    counts = [names[: n + 1].count(name) for n, name in enumerate(names)]
    return [f"{name} ({count})" if count > 1 else name for name, count in zip(names, counts, strict=True)]


def _of_scenario(one: str | Path | Scenario, scenario: Scenario, name: str, is_named: bool) -> Iterator[Entry]:
    before = f"{name}: " if is_named and scenario.variants else ""
    if all(scenario.variants.values()):  # none of them changes nothing
        yield Entry(f"{before}{BASE}" if scenario.variants else name, one, None)
    for variant in scenario.variants:
        yield Entry(f"{before}{variant}", one, variant)

"""A scenario to its market, through the loop, to a Run."""

from __future__ import annotations

import hashlib
import shlex
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from mmsim import market, tranches, units
from mmsim.attribution import Outcomes
from mmsim.engine.state import State
from mmsim.errors import Problem, UserError
from mmsim.events import Kind
from mmsim.market import busiest
from mmsim.policy import Policy
from mmsim.results import Run
from mmsim.scenario import Scenario, load
from mmsim.scenario.checks.common import crowded
from mmsim.tables import Journal
from mmsim.workspace import scenario_file

if TYPE_CHECKING:
    from mmsim.engine.drive import Desk

Progress = Callable[[float, str], None]  # (share done, what is being done)


def run(
    scenario: str | Path | Scenario,
    data: str | Path | None = None,
    *,
    seed: int | None = None,
    paths: int | None = None,
    changes: Mapping[str, str] | None = None,
    variant: str | None = None,
    progress: Progress | None = None,
) -> Run:
    """Run a scenario.

    ``scenario`` is a file (one that comes with mmsim is found from any folder) or a Scenario, ``data`` the folder that
    holds recorded data, ``seed`` and ``paths`` replace the scenario's, ``changes`` are keys with their new values, as
    ``{"hedging.band": "10"}``, ``variant`` is the name of one of its variants. ``progress`` is called now and then with
    the share done and what is being done. Raises UserError with every mistake of the user's.
    """
    told = progress or _silent
    chosen = loaded(scenario, seed, paths, changes)
    if variant is not None:
        chosen = chosen.variant(variant)
    policies = policies_of(chosen)
    told(0.0, "preparing the loop")
    from mmsim.engine import drive, setup  # compiles, or reads the compiled loop from the cache

    started = time.perf_counter()
    told(0.0, "reading the market")
    built, desk, template = staged(chosen, policies, data)
    journal, events_walked = Journal(), 0
    outcomes = Outcomes(chosen.paths, len(built.universe.options))
    state = setup.copy_of(template)
    for path in range(chosen.paths):
        keep = path < chosen.keep_paths
        events = built.events(path)
        setup.restart(state, template, path, keep=keep)
        if keep and path == 0:
            state = state._replace(sampled=busiest.shown(chosen, built.universe, events))
        state = drive.walk(
            events, state, desk, built.universe, journal.take, _path_progress(told, path, chosen.paths, len(events))
        )
        outcomes.take(path, state)
        if outcomes.rows[path]["unsettled"]:
            raise _unsettled(state, built, path)
        if keep:
            journal.ends.append(tranches.path_end(state))
        events_walked += len(events)
    told(1.0, "done")
    return Run.of(
        scenario=chosen,
        market=built,
        desk=desk,
        outcomes=outcomes,
        journal=journal,
        versions=versions(),
        inputs=_inputs(chosen, built, *policies),
        events=events_walked,
        seconds=time.perf_counter() - started,
        reproduce=command("run", [scenario], data, seed, paths, changes, variant),
    )


class Stage(NamedTuple):
    """What every path of a run begins with."""

    market: market.Market
    desk: Desk
    template: State


def staged(scenario: Scenario, policies: tuple[Policy, Policy], data: str | Path | None) -> Stage:
    """The market, the policies in their slots and the state at the start; UserError with what is wrong with them."""
    from mmsim.engine import drive, setup

    _, hedging = policies
    built = _market(scenario, data, hedging)
    script = _script(scenario, hedging, len(built.universe.options))
    template = setup.new_state(built.universe, scenario, built.rules, script)
    return Stage(built, drive.seat(*policies, len(built.universe.underlyings)), template)


def check(
    scenario: str | Path | Scenario, data: str | Path | None = None, *, changes: Mapping[str, str] | None = None
) -> bool:
    """Raise UserError with everything that is wrong with a scenario, its policies and (where given) its data.

    Whether the whole market was looked at: without ``data``, a recorded one is not.
    """
    chosen = loaded(scenario, None, None, changes)
    _, hedging = policies_of(chosen)
    if chosen.market.reads_files and data is None:
        return False
    _script(chosen, hedging, len(_market(chosen, data, hedging).universe.options))
    return True


def _silent(_share: float, _what: str) -> None:
    """Progress that nobody looks at."""


def timer_of(hedging: Policy) -> int:
    """Nanoseconds between the timers of a hedging policy: its parameter `interval_ns`, or 0 for none."""
    return int(getattr(hedging.instance, "interval_ns", 0))


@cache
def versions() -> dict[str, str]:
    """The versions of everything that a result depends on."""
    import platform

    import mmsim

    names = ("numba", "numpy", "pandas", "pyarrow", "pydantic", "scipy")
    installed = {dist: metadata.version(dist) for dist in names if _is_installed(dist)}
    return {"mmsim": mmsim.__version__, "python": platform.python_version(), **installed}


def _is_installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def loaded(
    scenario: str | Path | Scenario, seed: int | None, paths: int | None, changes: Mapping[str, str] | None
) -> Scenario:
    """A scenario, or the one in a file, with seed, paths and keys replaced; UserError with all that is wrong."""
    changed = dict(changes or {})
    changed |= {key: str(value) for key, value in (("seed", seed), ("paths", paths)) if value is not None}
    if isinstance(scenario, Scenario):
        return scenario.with_changes(changed) if changed else scenario
    return load(scenario_file(Path(scenario)), changed)


def policies_of(scenario: Scenario) -> tuple[Policy, Policy]:
    """Both policies, prepared; UserError with the mistakes of both."""
    found: list[Policy] = []
    problems: list[Problem] = []
    for kind in ("quoting", "hedging"):
        try:
            found.append(scenario.policy(kind))
        except UserError as error:
            problems += error.problems
    if problems:
        raise UserError(*problems)
    return found[0], found[1]


def _market(scenario: Scenario, data: str | Path | None, hedging: Policy) -> market.Market:
    """The market with the hedging policy's timer; UserError where these, or the sessions, do not fit the clock."""
    try:
        timer_ns = units.in_length(timer_of(hedging))
        wrong = crowded(scenario.clock.end - scenario.clock.start, timer_ns, "timers") if timer_ns else ""
    except (TypeError, ValueError, OverflowError) as error:  # what `prepare`, or a field that is no int, has made of it
        wrong = str(error)
    if wrong:
        raise UserError(scenario.problem(("hedging", "interval_ns"), wrong))
    built = market.build(scenario, Path(data) if data is not None else None, timer_ns=timer_ns)
    if scenario.sessions is not None and not (built.fixed["kind"] == Kind.OPEN).any():
        raise UserError(scenario.problem(("sessions",), "no session is open within the clock"))
    return built


def _script(scenario: Scenario, hedging: Policy, options: int) -> npt.NDArray[np.float64] | None:
    """(ticks, options) deltas given by the hedging policy's parameter `deltas`, if it has one."""
    deltas = getattr(hedging.instance, "deltas", None)
    if deltas is None:
        return None
    try:
        table = np.atleast_1d(np.asarray(deltas, float))
    except (TypeError, ValueError):  # what `prepare` has made of it
        table = np.zeros(0)
    if table.ndim == 1 and table.size:
        table = np.repeat(table[:, None], options, axis=1)
    if table.ndim != 2 or table.shape[1] != options or not table.size:
        message = f"must be a number a tick, or one for each of the {options} options a tick"
        raise UserError(scenario.problem(("hedging", "deltas"), message))
    return table


def _path_progress(told: Progress, path: int, paths: int, events: int) -> Callable[[int], None]:
    what = f"path {path + 1:,} of {paths:,}" if paths > 1 else "replaying events"
    return lambda done: told((path + done / max(events, 1)) / paths, what)


def _unsettled(state: State, built: market.Market, path: int) -> UserError:
    """What is said of positions that are left past their options' expiry, for want of a price to settle them at."""
    options = state.options
    late = (options["expiry"] <= state.desk[0]["now"]) & (options["settled"] == 0) & (options["position"] != 0)
    names = [built.universe.options[n].name for n in np.flatnonzero(late)]
    return UserError(f"path {path}: no price to settle at, left past expiry: {', '.join(names)}")


def _inputs(scenario: Scenario, built: market.Market, quoting: Policy, hedging: Policy) -> dict[str, str]:
    """SHA-256 of every file that the run read."""
    of_scenario = _hashes([Path(scenario.source)] if scenario.source else [])
    return {**policy_hashes(quoting, hedging), **of_scenario, **built.inputs}


def policy_hashes(quoting: Policy, hedging: Policy) -> dict[str, str]:
    """SHA-256 of the policies' files, by their names; two files of one name have their roles before it."""
    if quoting.file.name != hedging.file.name or quoting.file == hedging.file:
        return _hashes([quoting.file, hedging.file])
    of_roles = {"quoting": quoting.file, "hedging": hedging.file}
    return {f"{role}: {name}": digest for role, file in of_roles.items() for name, digest in _hashes([file]).items()}


def _hashes(files: Iterable[Path]) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files if file.is_file()}


def command(
    name: str,
    scenarios: Sequence[str | Path | Scenario],
    data: str | Path | None,
    seed: int | None,
    paths: int | None,
    changes: Mapping[str, str] | None,
    variant: str | None = None,
) -> str:
    """The command line that would make the same again: ``name`` is run or compare."""
    files = [one.source or "SCENARIO.yaml" if isinstance(one, Scenario) else str(one) for one in scenarios]
    words = ["mmsim", name, *files]
    words += ["--data", str(data)] if data is not None else []
    words += ["--seed", str(seed)] if seed is not None else []
    words += ["--paths", str(paths)] if paths is not None else []
    for key, value in (changes or {}).items():
        words += ["--set", f"{key}={value}"]
    words += ["--variant", variant] if variant is not None else []
    return shlex.join(words)

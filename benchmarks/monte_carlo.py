"""Path-steps per second of one hedged option, against a bare numpy script that computes the same hedging error.

**What is measured.** A call of 21 days, sold at its fair value and hedged to its Black-Scholes delta at each of 504
hourly steps, interest paid on both cash accounts (`scenarios/textbook/fair_option.yaml` with a finer step).

- mmsim: a whole call of `mmsim.run` on a loaded scenario: the market and the events of each path, the loop, the ledger
  (every path's balances and identities, the rows of the first), the attribution of every path. Compiling, importing and
  reading the YAML are not timed. ``ratio_numpy`` has a mark every ten steps, ``ratio_numpy_every_step`` one at each.
- numpy (`hedged_call.py`): the paths drawn at once, one loop over the steps, a handful of operations on all the paths.

The two run in turn, K times; a rate is the median, a ratio the median of the ratios of neighbours. Before that numpy is
given mmsim's own paths: the errors of every path must agree within a micro-unit a step.

**What is unfair.** The script has nothing but the error: no ledger, no buckets, no fills, no other scenario. It knows
that there is one option and never looks at the next event. It vectorises over paths, which a strategy whose hedges
depend on the path's own history can too, but not one with orders, limits or latency.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import statistics
from typing import Any

import hedged_call
import measure
import numpy as np

import mmsim
from mmsim import market
from mmsim.events import Kind
from mmsim.scenario import Scenario

MICRO = 1e-6
PARTS = {  # what a call of `mmsim.run` is made of: file and function
    "the market, once": ("market/__init__.py", "build"),
    "events of each path": ("market/__init__.py", "events"),
    "a fresh state for each path": ("engine/setup.py", "restart"),
    "the loop": ("engine/drive.py", "walk"),
    "attribution of each path": ("mmsim/attribution.py", "take"),
    "all of it": ("mmsim/backtest.py", "run"),
}


def largest_difference(paths: int, steps_a_mark: int) -> float:
    """The largest difference between mmsim's and numpy's error of a path, the paths being mmsim's, in currency."""
    scenario = hedged_call.scenario(paths, steps_a_mark)
    built = market.build(scenario)
    spots = np.empty((hedged_call.STEPS + 1, paths))
    for path in range(paths):
        events = built.events(path)
        ticks = events[events["kind"] == Kind.SPOT]
        spots[:, path] = 0.5 * (ticks["bid"] + ticks["ask"])
    ours = mmsim.run(scenario).paths["total"].to_numpy()
    return float(np.abs(ours - hedged_call.hedging_errors(spots)).max())


def against_numpy(scenario: Scenario, repeat: int) -> dict[str, float]:
    """Rates of both, and their ratio."""
    paths = scenario.paths
    path_steps = paths * hedged_call.STEPS
    mmsim.run(scenario)
    hedged_call.hedging_errors(hedged_call.drawn(paths, 0))
    taken = measure.interleaved(
        {
            "mmsim": lambda: measure.seconds_of(lambda: mmsim.run(scenario)),
            "numpy": lambda: measure.seconds_of(lambda: hedged_call.hedging_errors(hedged_call.drawn(paths, 0))),
        },
        repeat,
    )
    return {
        "ratio": measure.paired_ratio(taken["numpy"], taken["mmsim"]),
        "mmsim_path_steps_per_second": path_steps / statistics.median(taken["mmsim"]),
        "numpy_path_steps_per_second": path_steps / statistics.median(taken["numpy"]),
    }


def figures(paths: int, repeat: int) -> dict[str, Any]:
    """Everything that the command prints."""
    difference = max(largest_difference(min(paths, 50), marks) for marks in (10, 1))
    allowed = MICRO * hedged_call.STEPS
    assert difference <= allowed, f"errors differ by {difference}: at most {allowed} is rounding"
    seldom = against_numpy(hedged_call.scenario(paths, 10), repeat)
    each = against_numpy(hedged_call.scenario(paths, 1), repeat)
    return {
        "ratio_numpy": seldom["ratio"],
        "ratio_numpy_every_step": each["ratio"],
        "rates": {"a mark every ten steps": seldom, "a mark at each step": each},
        "paths": paths,
        "steps": hedged_call.STEPS,
        "largest_difference": difference,
    }


def profile(paths: int) -> None:
    """Print where the time of `mmsim.run` goes, by a profiler that makes calls of Python look a little slow."""
    for steps_a_mark in (10, 1):
        scenario = hedged_call.scenario(paths, steps_a_mark)
        mmsim.run(scenario)
        profiler = cProfile.Profile()
        profiler.runcall(mmsim.run, scenario)
        told = pstats.Stats(profiler).stats  # type: ignore[attr-defined]  # (file, line, name): (.., .., own, cumulated, ..)
        print(f"{paths} paths of {hedged_call.STEPS} steps, a mark every {steps_a_mark}")
        for what, (file, function) in PARTS.items():
            seconds = sum(v[3] for (path, _, name), v in told.items() if name == function and path.endswith(file))
            print(f"  {what:<30} {1e9 * seconds / (paths * hedged_call.STEPS):8.1f} ns a path-step")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="figures as JSON")
    parser.add_argument("--paths", type=int, default=1000, help="of each run (default: %(default)s)")
    parser.add_argument("--repeat", type=int, default=7, help="runs of each, in turn (default: %(default)s)")
    parser.add_argument("--profile", action="store_true", help="where mmsim's time goes, instead")
    given = parser.parse_args()
    if given.profile:
        profile(given.paths)
    else:
        measure.tell(figures(given.paths, given.repeat), as_json=given.json)


if __name__ == "__main__":
    main()

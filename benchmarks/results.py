"""Print RESULTS.md from what the benchmarks have printed, NAME.json each: `python benchmarks/results.py FOLDER`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import measure


class Target(NamedTuple):
    """A figure and what is asked of it."""

    benchmark: str
    figure: str
    what: str
    relation: str = ""  # "≥", "≤" or "<"; none: reported only
    bound: float = 0.0

    def met(self, value: float | None) -> str:
        """In a word."""
        if not self.relation or value is None:
            return ""
        is_met = {"≥": value >= self.bound, "≤": value <= self.bound, "<": value < self.bound}[self.relation]
        return "met" if is_met else "**missed**"


TARGETS = [
    Target("replay", "ratio_20", "rows a second, of hftbacktest's: underlying + 20 options", "≥", 5.0),
    Target("replay", "ratio_100", "the same, underlying + 100 options", "≥", 6.0),
    Target("replay", "ratio_20_eager", "20 options, each requoted at every tick of the underlying"),
    Target("replay", "python_policy_events_per_second", "calls a second of a hedging policy in plain Python", "≥", 1e6),
    Target("monte_carlo", "ratio_numpy", "path-steps a second, of numpy's: a mark every ten steps", "≥", 0.4),
    Target("monte_carlo", "ratio_numpy_every_step", "the same, a mark at each step", "≥", 0.15),
    Target("pricing", "chain_ns", "ns an option: value and four Greeks over a chain", "≤", 20.0),
    Target("pricing", "implied_volatility_ns", "ns an option: implied volatility over a chain", "≤", 200.0),
    Target("pricing", "american_fast_ns", "ns an American option, as in the loop", "≤", 1000.0),
    Target("pricing", "american_exact_ns", "ns an American option, by collocation", "≤", 50000.0),
    Target("pricing", "surface_cold_ms", "ms a fit of 211 options from nothing", "≤", 20.0),
    Target("pricing", "surface_warm_ms", "ms a fit from the surface before", "≤", 5.0),
    Target("startup", "warm_run_seconds", "seconds of a textbook run, report written", "≤", 2.0),
    Target("startup", "cold_run_seconds", "seconds of the first run, which compiles", "≤", 30.0),
    Target("memory", "memory_growth_mb", "MB of a run's peak at 20 M events above that at 5 M", "<", 100.0),
    Target("memory", "report_growth_mb", "MB of the report's peak, likewise", "<", 100.0),
]


def page(found: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The lines of the page."""
    yield "# Benchmarks, as measured"
    yield ""
    yield "Made by `make bench`; each script's first lines say what it measures, how, and what is unfair about it."
    yield ""
    yield "| benchmark | figure | measured | target | | command |"
    yield "|---|---|---:|---:|---|---|"
    for target in TARGETS:
        if target.benchmark not in found:
            continue
        value = found[target.benchmark][target.figure]
        asked = f"{target.relation} {measure.text(target.bound)}" if target.relation else ""
        measured = "not measured" if value is None else measure.text(value)
        command = f"`python benchmarks/{target.benchmark}.py`"
        yield f"| {target.what} | `{target.figure}` | {measured} | {asked} | {target.met(value)} | {command} |"
    first = next(iter(found.values()))
    for title, key in (("Machine", "machine"), ("Versions", "versions")):
        yield ""
        yield f"{title}: " + ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in first[key].items()) + "."
    for name, figures in found.items():
        yield ""
        yield f"## {name}"
        yield ""
        yield "| figure | measured |"
        yield "|---|---:|"
        own = {key: value for key, value in figures.items() if key not in ("machine", "versions")}
        for figure, value in measure.flat(own):
            yield f"| {figure} | {measure.text(value)} |"


def main() -> None:
    """The command."""
    names = dict.fromkeys(target.benchmark for target in TARGETS)
    files = {name: Path(sys.argv[1]) / f"{name}.json" for name in names}
    found = {name: json.loads(file.read_text()) for name, file in files.items() if file.is_file()}
    print("\n".join(page(found)))


if __name__ == "__main__":
    main()

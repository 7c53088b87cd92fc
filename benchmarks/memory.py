"""Peak resident memory of a whole `mmsim run`, at five and at twenty million events, and of writing its report.

**What is measured.** ``mmsim run scenarios/synthetic/market_maker_day.yaml`` (36 options, two groups of clients,
latency, limits) with the step of the spot and the arrivals of clients such that a day has so many events, an order in
about a hundred. Each run is a process of its own, its compiled loop warm; its peak is what the kernel says of it when
it has ended (`ru_maxrss`). ``mmsim report`` of each run's folder is another process.

- ``memory_growth_mb``: the peak at the larger count above that at the smaller.
- ``report_growth_mb``: the same of writing the report.

Pages of a mapped file count as resident while they are touched: what the kernel could drop at any time, but has not,
is in the figure. What the kernel keeps of files for itself is not; where TMPDIR is a disk in memory, the events
(64 bytes each) are in memory after all, and not in the figure.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import measure

SCENARIO = measure.ROOT / "scenarios" / "synthetic" / "market_maker_day.yaml"
DAY_NS = 23_400_000_000_000  # half past nine to four
EVENTS_AN_ORDER = 100


class Peak(NamedTuple):
    """A process that has ended: its peak, and how long it took."""

    megabytes: float
    seconds: float


def changes(events: int) -> list[str]:
    """The command's options for a day of about so many events."""
    step_ns = round(DAY_NS / events)
    arrivals = events / EVENTS_AN_ORDER / (DAY_NS / 3.6e12)
    return ["--set", f"market.spot.step={step_ns}ns", "--set", f"clients.0.per_hour={arrivals:.0f}"]


def peak_of(command: list[str]) -> Peak:
    """Run a command to its end."""
    started = time.perf_counter()
    process = subprocess.Popen(command, env=measure.environment(), stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Peak(usage.ru_maxrss / 1024, time.perf_counter() - started)  # Linux counts kibibytes


def peaks(events: int, place: Path) -> dict[str, Any]:
    """Peaks of a run and of its report."""
    out = place / str(events)
    run = peak_of([sys.executable, "-m", "mmsim", "run", str(SCENARIO), "--quiet", "--out", str(out), *changes(events)])
    report = peak_of([sys.executable, "-m", "mmsim", "report", str(out)])
    summary = json.loads((out / "run.json").read_text())
    return {
        "events": summary["events"],
        "orders": summary["counts"]["orders"],
        "client_fills": summary["counts"]["client_fills"],
        "hedge_fills": summary["counts"]["hedge_fills"],
        "folder_mb": sum(file.stat().st_size for file in out.iterdir()) / 1e6,
        "run_peak_mb": run.megabytes,
        "run_seconds": run.seconds,
        "report_peak_mb": report.megabytes,
        "report_seconds": report.seconds,
    }


def figures(fewer: int, more: int) -> dict[str, Any]:
    """Everything that the command prints."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        peak_of([sys.executable, "-m", "mmsim", "run", str(SCENARIO), "--quiet", "--out", str(place / "warm")])
        small, large = peaks(fewer, place), peaks(more, place)
    return {
        "memory_growth_mb": large["run_peak_mb"] - small["run_peak_mb"],
        "report_growth_mb": large["report_peak_mb"] - small["report_peak_mb"],
        "fewer": small,
        "more": large,
    }


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="figures as JSON")
    parser.add_argument("--fewer", type=int, default=5_000_000, help="events (default: %(default)s)")
    parser.add_argument("--more", type=int, default=20_000_000, help="events (default: %(default)s)")
    given = parser.parse_args()
    measure.tell(figures(given.fewer, given.more), as_json=given.json)


if __name__ == "__main__":
    main()

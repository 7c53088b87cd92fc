"""What the benchmarks share: runs in turn, medians, the machine, versions, and figures as a table or as JSON."""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("mmsim", "hftbacktest", "numba", "numpy", "scipy", "pandas", "pyarrow", "quantlib", "vollib")


def seconds_of(run: Callable[[], object]) -> float:
    """Wall time of one call."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def environment(**more: str) -> dict[str, str]:
    """The environment of a process that runs this checkout of mmsim."""
    found = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(found), **more}


def interleaved(runs: Mapping[str, Callable[[], float]], repeat: int) -> dict[str, list[float]]:
    """What each run returns, ``repeat`` times, all of them in turn: a slow moment of the machine meets every one."""
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeat):
        for name, run in runs.items():
            taken[name].append(run())
    return taken


def paired_ratio(over: Sequence[float], under: Sequence[float]) -> float:
    """The median of the ratios of runs that stood side by side."""
    return statistics.median(a / b for a, b in zip(over, under, strict=True))


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),  # at the end: what else ran is in the figures
        "memory_gb": round(memory / 1e9, 1),
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
    }


def _cpu_model() -> str:
    """The processor's name, with family and model where the name alone says little."""
    source = Path("/proc/cpuinfo")
    if not source.is_file():
        return platform.processor() or platform.machine()
    pairs = (line.partition(":") for line in source.read_text().splitlines())
    told = {key.strip(): value.strip() for key, _, value in pairs}
    name = told.get("model name", platform.machine())
    return f"{name} (family {told['cpu family']}, model {told['model']})" if "cpu family" in told else name


def versions() -> dict[str, str]:
    """The versions of what runs."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def tell(figures: Mapping[str, Any], *, as_json: bool) -> None:
    """Print the figures, with the machine and the versions that they hold for."""
    told = {**figures, "machine": machine(), "versions": versions()}
    if as_json:
        print(json.dumps(told, indent=2))
        return
    for name, value in flat(told):
        print(f"{name:<48} {text(value)}")


def flat(figures: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Every figure with its whole name: the keys that lead to it."""
    for key, value in figures.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{before}{key} / ")
        else:
            yield f"{before}{key}", value


def text(value: Any) -> str:
    """A figure as it is read."""
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)

"""What the benchmarks share: runs in turn, medians, the machine, versions, and figures as a table or as JSON."""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGES = ("mmsim", "hftbacktest", "numba", "numpy", "scipy", "pandas", "pyarrow")


def seconds_of(run: Callable[[], object]) -> float:
    """Wall time of one call."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


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
    for name, value in told.items():
        if isinstance(value, Mapping):
            print(name)
            for key, entry in value.items():
                print(f"  {key:<36} {_text(entry)}")
        else:
            print(f"{name:<38} {_text(value)}")


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)

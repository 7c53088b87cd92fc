"""`kill -9` at random times of a whole run, from the start of Python to its end: what is left, and the run after it."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from mmsim import results, whole_folder
from mmsim.errors import UserError

ROOT = Path(__file__).parent.parent.parent
SCENARIO = "scenarios/textbook/put_scalping.yaml"
SEED = 20_260_302
REPEAT_EVERY = 20  # kills, after which the run is made again and compared
COLD_CACHES = 3  # folders for compiled code that killed runs share


def command(target: Path, cache: Path | None) -> tuple[list[str], dict[str, str]]:
    """What runs the scenario, and its environment; ``cache`` is one of its own for compiled code."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"}
    environment |= {"MMSIM_CACHE": str(cache)} if cache else {}
    return [sys.executable, "-m", "mmsim", "run", SCENARIO, "--out", str(target), "--quiet"], environment


def finished(target: Path, cache: Path | None = None) -> float:
    """Run the scenario to its end; the seconds it took."""
    words, environment = command(target, cache)
    began = time.monotonic()
    done = subprocess.run(words, env=environment, cwd=target.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return time.monotonic() - began


def killed(target: Path, after_s: float, cache: Path | None = None) -> str:
    """Start the scenario and kill it, unless it has ended by then: the folder is as it was before, or whole."""
    words, environment = command(target, cache)
    was_there = target.exists()
    process = subprocess.Popen(
        words, env=environment, cwd=target.parent, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        process.wait(after_s)
    except subprocess.TimeoutExpired:
        process.kill()
    said = process.communicate()[1].decode()
    assert process.returncode in (0, -9), said
    try:
        results.load(target)
    except UserError:
        assert not was_there and process.returncode != 0, f"no run after {after_s:.3f} s"
        assert not target.exists()
        return "none"
    return "ended" if process.returncode == 0 else "old" if was_there else "new"


def tables(folder: Path) -> dict[str, bytes]:
    """The Parquet files of a run."""
    return {file.name: file.read_bytes() for file in sorted(folder.glob("*.parquet"))}


def campaign(folder: Path, warm: int, cold: int = 0) -> str:
    """So many kills, evenly drawn over the whole life of a run; of the last ones each begins with an empty cache.

    Half of the warm ones replace an earlier run. A run that has ended before its kill counts as none, and another is
    started. The runs that are let to end in between have the same bytes.
    """
    draw = random.Random(SEED)
    finished(folder / "undisturbed")  # compiles, if nothing has yet
    seconds = finished(folder / "undisturbed")
    expected = tables(folder / "undisturbed")
    counts: Counter[str] = Counter()
    repeated = 0
    for number in range(5 * warm):
        if _kills(counts) == warm:
            break
        target = folder / ("replaced" if number % 2 else f"new-{number}")
        counts[killed(target, draw.uniform(0, seconds))] += 1
        if number == 0 or number % REPEAT_EVERY == REPEAT_EVERY - 1:
            repeated += 1
            finished(folder / "replaced")
            finished(target)
            assert tables(target) == tables(folder / "replaced") == expected
    assert _kills(counts) == warm, counts
    if cold:
        counts += _killed_cold(folder, cold, expected)
        repeated += COLD_CACHES
    for making in folder.rglob(f"{whole_folder.MAKING}*"):
        os.utime(making, (0, 0))  # an empty new one may be somebody's who is about to lock it, and is left for a while
    for target in ("last", "replaced"):
        finished(folder / target)  # removes what is in the making beside it, or in it
    left = [path.name for path in folder.rglob(f"{whole_folder.MAKING}*")]
    assert not left, left
    found = ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))
    told = f"{_kills(counts)} kills, {cold} while compiling; what was there then: {found}"
    return f"{told}; {repeated} runs after them the same"


def _kills(counts: Counter[str]) -> int:
    return counts.total() - counts["ended"]


def _killed_cold(folder: Path, count: int, expected: dict[str, bytes]) -> Counter[str]:
    """So many kills of runs that have to compile, in a few caches; after them each cache serves a whole run."""
    draw = random.Random(SEED)
    seconds = finished(folder / "cold", folder / "cache-of-another")
    counts: Counter[str] = Counter()
    while _kills(counts) < count:
        counts[killed(folder / "cold", draw.uniform(0, seconds), folder / f"cache-{counts.total() % COLD_CACHES}")] += 1
    for number in range(COLD_CACHES):
        finished(folder / "cold", folder / f"cache-{number}")
        assert tables(folder / "cold") == expected
    return counts

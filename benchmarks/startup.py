"""Wall time of `mmsim run` of a textbook scenario as a whole process, from Python's start to the written report.

**What is measured.** ``python -m mmsim run scenarios/textbook/put_scalping.yaml --out FOLDER``, the report written:

- ``warm_run_seconds``: with the compiled loop in the cache, K times; the median, and the quickest.
- ``cold_run_seconds``: once, in an empty cache folder (`MMSIM_CACHE`): the loop and the policies are compiled.
  ``cold_run_says_so``: whether it told the user that it compiles.
- ``import_seconds``: ``python -c 'import mmsim'``; ``python_seconds``: ``python -c pass``, which every figure
  contains.

All of them in turn. Python's own bytecode and the disk's pages are warm, as on any day but the first. Nothing here
has a peer.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import measure

SCENARIO = measure.ROOT / "scenarios" / "textbook" / "put_scalping.yaml"


def run_command(out: Path) -> list[str]:
    """The run of the scenario into a new folder."""
    return [sys.executable, "-m", "mmsim", "run", str(SCENARIO), "--out", str(out)]


def seconds_of(command: list[str], cache: Path | None = None) -> tuple[float, str]:
    """Wall time of a whole process, and what it said."""
    environment = measure.environment(**({"MMSIM_CACHE": str(cache)} if cache else {}))
    started = time.perf_counter()
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return time.perf_counter() - started, done.stdout + done.stderr


def figures(repeat: int, is_cold_wanted: bool) -> dict[str, Any]:
    """Everything that the command prints."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        cold = seconds_of(run_command(place / "cold"), cache=place / "cache") if is_cold_wanted else None
        seconds_of(run_command(place / "first"))
        runs = iter(range(repeat))
        taken = measure.interleaved(
            {
                "warm_run": lambda: seconds_of(run_command(place / f"warm-{next(runs)}"))[0],
                "import": lambda: seconds_of([sys.executable, "-c", "import mmsim"])[0],
                "python": lambda: seconds_of([sys.executable, "-c", "pass"])[0],
            },
            repeat,
        )
    return {
        "warm_run_seconds": statistics.median(taken["warm_run"]),
        "warm_run_seconds_min": min(taken["warm_run"]),
        "cold_run_seconds": cold and cold[0],
        "cold_run_says_so": cold and "compil" in cold[1].lower(),
        "import_seconds": statistics.median(taken["import"]),
        "python_seconds": statistics.median(taken["python"]),
    }


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="figures as JSON")
    parser.add_argument("--repeat", type=int, default=9, help="warm runs (default: %(default)s)")
    parser.add_argument("--warm-only", action="store_true", help="leave out the run that compiles")
    given = parser.parse_args()
    measure.tell(figures(given.repeat, not given.warm_only), as_json=given.json)


if __name__ == "__main__":
    main()

"""The campaign by hand.

python -m tests.drawn_audit 2000         seeds 0 to 1,999, the counts of what they had, and the broken engines caught
python -m tests.drawn_audit --seed 17    one seed: its scenario is printed, and kept where the last line says
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.drawn_audit import MOST_REFUSED, outcome, tally
from tests.drawn_audit.hunt import hunt

HUNTED = 40  # scenarios in which the engine is broken in every way


def main() -> int:
    """Run the campaign; the exit code says whether all was well."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenarios", type=int, nargs="?", default=2000, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="this one alone")
    given = parser.parse_args()
    return _campaign(given.first, given.scenarios) if given.seed is None else _again(given.seed)


def _campaign(first: int, scenarios: int) -> int:
    started = time.perf_counter()
    result = tally(range(first, first + scenarios))
    print(result)
    print(hunt(range(first, first + min(scenarios, HUNTED)), enough=HUNTED))
    print(f"{time.perf_counter() - started:.0f} s")
    return int(bool(result.failures) or len(result.refused) > MOST_REFUSED * scenarios)


def _again(seed: int) -> int:
    folder = Path(tempfile.mkdtemp(prefix=f"mmsim-drawn-{seed}-"))
    one = outcome(seed, folder)
    print((folder / "scenario.yaml").read_text(encoding="utf-8"))
    print("\n".join([*one.wrong, one.refused or f"{len(one.wrong)} wrong"]))
    print(f"mmsim run {folder}/scenario.yaml --data {folder}")
    return int(bool(one.wrong))


if __name__ == "__main__":
    sys.exit(main())

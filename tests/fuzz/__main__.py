"""The campaigns of `make fuzz`: thousands of damaged files, and their counts.

`python -m tests.fuzz recorded 123` says what comes of one case.
"""

from __future__ import annotations

import argparse
import sys

from tests.fuzz import parquet, scenarios
from tests.fuzz.workers import summary, verdicts

CAMPAIGNS = {  # name: (how a case is tried, how many)
    "scenarios": (scenarios.mutated, 20_000),
    "recorded": (parquet.recorded, 14_000),
    "saved": (parquet.saved, 6_000),
}


def main() -> None:
    """Run campaigns; exit code 1 if a case ended as none may."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("campaign", nargs="?", choices=CAMPAIGNS)
    parser.add_argument("case", nargs="?", type=int)
    chosen = parser.parse_args()
    failed = False
    for name in [chosen.campaign] if chosen.campaign else CAMPAIGNS:
        prepare, count = CAMPAIGNS[name]
        cases = range(count) if chosen.case is None else [chosen.case]
        said, wrong = summary(name, verdicts(cases, prepare))
        print(said, flush=True)
        for verdict in wrong[:20]:
            print(f"python -m tests.fuzz {name} {verdict.case}: {verdict.outcome}\n{verdict.detail}")
        failed = failed or bool(wrong)
    sys.exit(int(failed))


if __name__ == "__main__":
    main()

"""Two runs posting by posting, against files that can be checked with a pocket calculator.

Each line of a file in ``golden/`` is a posting: when, in which kind of transaction, account, instrument, micro-units,
and after ``=`` how it comes about, in currency. There ``C``, ``P`` and ``D`` are Black–Scholes values of a call and a
put and the delta of a call, of a spot and the time left in days or hours; ``r`` is the day's rate of interest.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mmsim import backtest
from mmsim.results import Run
from tests.economics import oracle

NAMES: dict[str, dict[str, Any]] = {
    "neftci_9_4_6": {
        "C": lambda spot, days: oracle.call(spot, 100, days / 365, 0.45, 0.04),
        "D": lambda spot, days: oracle.delta(spot, 100, days / 365, 0.45, 0.04),
        "r": 0.04 / 360,
    },
    "put_scalping": {"P": lambda spot, hours: oracle.put(spot, 100, hours / 24 / 365, 0.2)},
}
PRINT = """
import json, sys
from mmsim import backtest
from tests.test_golden import postings
print(json.dumps(postings(backtest.run(sys.argv[1]))))
"""


def postings(run: Run) -> list[str]:
    """Every posting of a run as a line of a golden file, without its reason."""
    return [
        f"{row.ts:%m-%d %H:%M} {row.kind:7} {row.account:27} {row.instrument or '-':19} {row.amount_micros:>11}"
        for row in run.ledger.itertuples()
    ]


def golden(root: Path, name: str) -> list[tuple[str, str]]:
    """Lines of a golden file: the posting, and how it comes about."""
    text = (root / "tests" / "golden" / f"{name}.txt").read_text(encoding="utf-8")
    lines = [line.split(" = ") for line in text.splitlines() if line and not line.startswith("#")]
    return [(posting.rstrip(), reason) for posting, reason in lines]


@pytest.mark.parametrize("name", NAMES)
def test_compiled(root: Path, name: str) -> None:
    run = backtest.run(root / "scenarios" / "textbook" / f"{name}.yaml")
    assert postings(run) == [posting for posting, _ in golden(root, name)]


@pytest.mark.parametrize("name", NAMES)
def test_interpreted(root: Path, name: str) -> None:
    file = root / "scenarios" / "textbook" / f"{name}.yaml"
    done = subprocess.run(
        [sys.executable, "-c", PRINT, str(file)],
        cwd=root,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == [posting for posting, _ in golden(root, name)]


@pytest.mark.parametrize("name", NAMES)
def test_every_amount_is_derived(root: Path, name: str) -> None:
    """To a micro-unit: inventory is the change of a rounded value, and one leg of a mark takes what rounding leaves."""
    names: dict[str, float | Callable[..., Any]] = NAMES[name]
    for posting, reason in golden(root, name):
        derived = float(eval(reason, {"__builtins__": {}}, names))
        assert derived * 1e6 == pytest.approx(int(posting.split()[-1]), abs=1.01), f"{posting} = {reason}"

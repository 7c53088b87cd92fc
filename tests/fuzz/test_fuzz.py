"""A share of the campaigns of `make fuzz`, other cases than theirs; and that the harness sees what it looks for."""

from __future__ import annotations

import os
import signal
import time

import pytest

from mmsim.errors import Problem, UserError
from tests.fuzz import parquet, scenarios
from tests.fuzz.workers import Try, summary, verdicts

FIRST = 1_000_000


@pytest.mark.parametrize(("prepare", "count"), [(scenarios.mutated, 500), (parquet.recorded, 100), (parquet.saved, 50)])
def test_damaged_files_are_refused_in_a_sentence_or_read(prepare, count):
    said, wrong = summary(prepare.__name__, verdicts(range(FIRST, FIRST + count), prepare))
    assert not wrong, "\n".join(f"{verdict.case}: {verdict.outcome}\n{verdict.detail}" for verdict in wrong)
    assert "refused" in said and "read" in said


def _failing() -> Try:
    def attempt(case: int) -> str:
        if case == 0:
            raise UserError(Problem("is wrong", "file"))
        if case == 1:
            raise ZeroDivisionError
        if case == 2:
            bytearray(2 << 30)
        if case == 3:
            time.sleep(60)
        if case == 4:
            os.kill(os.getpid(), signal.SIGSEGV)
        return "read"

    return attempt


def test_the_harness_sees_tracebacks_memory_hangs_and_crashes():
    found = [verdict.outcome for verdict in verdicts(range(6), _failing, seconds=1.0)]
    assert found == ["refused", "traceback", "traceback", "hang", "died", "read"]

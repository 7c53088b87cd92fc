"""Cases tried in a child whose memory is capped, and which is killed when one takes too long."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection
from typing import NamedTuple

from mmsim.errors import UserError

SECONDS_MAX = 5.0  # of processor time, of one case
WAIT_SECONDS_MAX = 60.0  # of wall time: the machine may be busy
MEMORY_MAX_BYTES = 1 << 30  # beyond what the child has before its first case
START_SECONDS_MAX = 300.0  # of a child: imports, and the loop compiled where no cache has it

Try = Callable[[int], str]  # a case by its number: what came of it in a word; UserError where the case is refused
SOUND = ("refused", "read")  # what may come of a case


class Verdict(NamedTuple):
    """What came of a case."""

    case: int
    outcome: str  # one of SOUND, or "unsaid", "traceback", "hang", "died"
    detail: str = ""  # the refusal, or the traceback

    @property
    def is_sound(self) -> bool:
        """Whether the case ended as a case may."""
        return self.outcome in SOUND


def verdicts(cases: Iterable[int], prepare: Callable[[], Try], seconds: float = WAIT_SECONDS_MAX) -> Iterator[Verdict]:
    """The verdict on each case, tried one after the other in a child of one thread, which is replaced when it fails.

    ``prepare`` is called once in each child, by its name in its module. Each child has a new interpreter, as threads
    of a library do not outlive a fork.
    """
    child: _Child | None = None
    try:
        for case in cases:
            child = child or _Child(prepare)
            verdict = child.tried(case, seconds)
            if verdict.outcome in ("hang", "died"):
                child.end()
                child = None
            yield verdict
    finally:
        if child:
            child.end()


class _Child:
    """A process that tries cases."""

    def __init__(self, prepare: Callable[[], Try]) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, prepare), daemon=True)
        self._process.start()
        theirs.close()
        assert self._connection.poll(START_SECONDS_MAX), "the child did not start"
        assert self._connection.recv() == "ready"

    def tried(self, case: int, seconds: float) -> Verdict:
        try:
            self._connection.send(case)
            if not self._connection.poll(seconds):
                return Verdict(case, "hang", f"more than {seconds:g} s")
            return Verdict(case, *self._connection.recv())
        except (EOFError, OSError):
            self._process.join()
            return Verdict(case, "died", f"exit code {self._process.exitcode}")

    def end(self) -> None:
        self._process.kill()
        self._process.join()
        self._connection.close()


def _serve(connection: Connection, prepare: Callable[[], Try]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    attempt = prepare()
    now = int(open("/proc/self/statm").read().split()[0]) * os.sysconf("SC_PAGE_SIZE")  # noqa: PTH123, SIM115
    resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY_MAX_BYTES, now + MEMORY_MAX_BYTES))
    connection.send("ready")
    while True:
        connection.send(_outcome(attempt, connection.recv()))


def _outcome(attempt: Try, case: int) -> tuple[str, str]:
    began = time.process_time()
    outcome = _ended(attempt, case)
    took = time.process_time() - began
    return outcome if took < SECONDS_MAX else ("hang", f"{took:.1f} s of processor time")


def _ended(attempt: Try, case: int) -> tuple[str, str]:
    try:
        return attempt(case), ""
    except UserError as error:
        lines = [str(problem) for problem in error.problems]
        is_said = bool(lines) and all(line and line.isprintable() for line in lines)
        return ("refused" if is_said else "unsaid"), "\n".join(lines)
    except BaseException:  # noqa: BLE001  (whatever it is, it is the finding)
        return "traceback", traceback.format_exc()


def summary(what: str, found: Iterable[Verdict]) -> tuple[str, list[Verdict]]:
    """A line of counts, and the verdicts that are not sound."""
    counts: Counter[str] = Counter()
    wrong: list[Verdict] = []
    for verdict in found:
        counts[verdict.outcome] += 1
        if not verdict.is_sound:
            wrong.append(verdict)
    said = ", ".join(f"{count:,} {outcome}" for outcome, count in counts.most_common())
    return f"{what}: {counts.total():,} cases: {said}", wrong

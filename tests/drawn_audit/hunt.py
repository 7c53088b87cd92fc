"""Whether drawn scenarios would show an engine to be broken: planted faults, and in how many scenarios each is caught.

A fault that only makes the desk decide otherwise leaves books that are right about what it did (a hedge of ten lots for
one is a legal hedge): these show, and are not caught.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from mmsim import strict_yaml
from mmsim.errors import UserError
from mmsim.scenario import Scenario, load
from tests import audit_of_run, planted_faults, scenario_draws
from tests.audit_of_run import Books


class Hunt(NamedTuple):
    """In how many scenarios a broken engine has made other books, and in how many of these the auditor has said so."""

    showed: Counter[str]
    caught: Counter[str]

    def __str__(self) -> str:
        lines = (f"{self.caught[fault]:6,} of {self.showed[fault]:,}  {fault}" for fault in planted_faults.FAULTS)
        return "\n".join(["broken engines caught, of the scenarios in which they made other books:", *lines])


def hunt(seeds: Iterable[int], enough: int) -> Hunt:
    """Break the engine in every way in the scenarios of the seeds, each until it has been caught often enough."""
    found = Hunt(Counter(), Counter())
    for seed in seeds:
        left = [fault for fault in planted_faults.FAULTS if found.caught[fault] < enough]
        if not left:
            break
        with tempfile.TemporaryDirectory() as folder:
            _hunt_in(scenario_draws.written(seed, Path(folder)), left, found)
    return found


def _hunt_in(file: Path, faults: Iterable[str], found: Hunt) -> None:
    """Count what faults come to in one scenario."""
    values = strict_yaml.read(file).value
    try:
        truth = audit_of_run.play(load(file), file.parent).books
    except UserError:
        return
    for fault in faults:
        scenario = planted_faults.broken(values, fault)
        try:
            other = scenario and audit_of_run.play(Scenario.model_validate(scenario), file.parent).books
        except (UserError, ValueError):  # refused as it is: no books to be taken in by
            continue
        if other and _differ(truth, other):
            found.showed[fault] += 1
            found.caught[fault] += bool(audit_of_run.verdict(truth, other))


def _differ(one: Books, other: Books) -> bool:
    """Whether the books of two runs differ in a posting, or in what they say of cash."""
    same = one.results["ledger"].equals(other.results["ledger"]) and one.results["cash"] == other.results["cash"]
    return not same

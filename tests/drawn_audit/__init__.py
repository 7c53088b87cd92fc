"""Drawn scenarios through the loader, the engine and the auditor: a few hundred in the suite, more by `make audit`."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from mmsim.errors import UserError
from mmsim.scenario import load
from tests import audit_of_run, scenario_draws
from tests.drawn_audit.consistency import inconsistencies
from tests.scenario_draws import features
from tests.scenario_draws.draw import Frame
from tests.scenario_draws.features import FEATURES, Case
from tests.scenario_draws.restless import stirred

MOST_REFUSED = 0.05  # share of the scenarios
COUNTED = ("client_fills", "hedge_fills", "expiries", "limit_breaches")


class Outcome(NamedTuple):
    """What came of a seed."""

    seed: int
    refused: str = ""  # what the loader or the run had against the scenario
    wrong: tuple[str, ...] = ()
    features: frozenset[str] = frozenset()
    counts: dict[str, int] = {}  # noqa: RUF012  (never written to)
    events: int = 0


def outcome(seed: int, folder: Path) -> Outcome:
    """Write the seed's scenario into an empty folder, run it, and audit its books."""
    file = scenario_draws.written(seed, folder)
    try:
        scenario = load(file)
        played = audit_of_run.play(scenario, folder, partial(stirred, Frame.of(seed)))
    except UserError as error:
        return Outcome(seed, refused=str(error))
    books = played.books
    wrong = [*map(str, audit_of_run.verdict(books, books)), *inconsistencies(played)]
    case = Case(scenario, played.market, played.run)
    return Outcome(seed, "", tuple(wrong), features.of(case), played.run.counts, played.run.summary["events"])


class Tally(NamedTuple):
    """What came of many seeds."""

    outcomes: list[Outcome]

    @property
    def failures(self) -> list[Outcome]:
        return [one for one in self.outcomes if one.wrong]

    @property
    def refused(self) -> list[Outcome]:
        return [one for one in self.outcomes if one.refused]

    @property
    def met(self) -> Counter[str]:
        """In how many scenarios each feature has had an effect."""
        return Counter(name for one in self.outcomes for name in one.features)

    def rare(self, least: int) -> dict[str, int]:
        """Features that were met less than ``least`` times."""
        return {name: self.met[name] for name in FEATURES if self.met[name] < least}

    def __str__(self) -> str:
        """The counts, and everything that was wrong."""
        ran = [one for one in self.outcomes if not one.refused]
        dealt = sum(one.counts["client_fills"] > 0 for one in ran)
        states = f"{len(self.refused):,} refused, {len(self.failures):,} wrong, {dealt:,} with client fills"
        lines = [
            f"{len(self.outcomes):,} scenarios: {states}, {sum(one.events for one in ran):,} events",
            ", ".join(f"{name} {sum(one.counts[name] for one in ran):,}" for name in COUNTED),
            *(f"{self.met[name]:6,}  {name}" for name in FEATURES),
            *(f"seed {one.seed} refused: {one.refused.splitlines()[0]}" for one in self.refused),
        ]
        return "\n".join(lines + [complaint(one) for one in self.failures])


def complaint(failed: Outcome) -> str:
    """What is wrong with a seed, its scenario, and the command that plays it again."""
    with tempfile.TemporaryDirectory() as folder:
        scenario = scenario_draws.written(failed.seed, Path(folder)).read_text(encoding="utf-8")
    again = f"python -m tests.drawn_audit --seed {failed.seed}"
    return "\n".join([f"seed {failed.seed} ({again}):", *failed.wrong[:8], scenario])


def tally(seeds: Iterable[int]) -> Tally:
    """The outcomes of seeds, each in a temporary folder of its own."""
    outcomes = []
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            outcomes.append(outcome(seed, Path(folder)))
    return Tally(outcomes)

"""A kept path of a run, played again from what its folder says, and checked against its ledger on the way."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mmsim import backtest, tables
from mmsim.engine import drive, setup
from mmsim.engine import state as layout
from mmsim.engine.state import JOURNAL, State
from mmsim.engine.tracing import Traced
from mmsim.events import Events
from mmsim.explanation import origin
from mmsim.explanation.posted import Posted
from mmsim.market import Market, busiest
from mmsim.market.kept import Shelf, kept
from mmsim.policy import Policy
from mmsim.results import Run
from mmsim.scenario import Scenario, restored
from mmsim.tables import Names

REPLAYS = Shelf("replays", "states of a replay", 256, 1 << 23, compresses=True)
_STRETCHES, _STRETCH = 48, 1 << 13  # states kept of a path at most, and events between them at least
_TRACED_ROWS = 512  # decisions of one event, beside one for each option
_JOURNAL = ("postings", "fills", "breaches")
_COLUMNS = ("path", "transaction", "ts", "amount_micros", "kind", "account", "instrument")
_Columns = dict[str, npt.NDArray[np.int64]]


class Moment(NamedTuple):
    """Where a replay stands: the state before an event, and the policies' memories."""

    event: int
    state: State
    memories: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]


class _Kept(NamedTuple):
    """A moment, and how many postings have been checked by then."""

    moment: Moment
    checked: int


class Played(NamedTuple):
    """One event as it has been played again."""

    event: int
    before: State
    after: State  # with the decisions traced, and looks at the options before and after
    rows: Mapping[str, npt.NDArray[np.void]]  # what the event has written: postings, fills, breaches


class Replay:
    """A kept path of a run, from its beginning on."""

    scenario: Scenario
    policies: tuple[Policy, Policy]
    market: Market
    names: Names
    events: Events

    def __init__(self, run: Run, path: int, data: str | Path | None, ledger: str = "") -> None:
        """UserError if the run was made with other versions or inputs, or has not kept the path.

        ``ledger`` is the hash of the run's ledger where it is known: states on the way are then kept for the next time.
        """
        summary = run.summary
        origin.check_versions(summary["versions"])
        file, own_data = origin.made_from(summary["reproduce"])
        self.scenario = restored({k: v for k, v in summary["scenario"].items() if k != "variants"}, file)
        origin.check_kept(self.scenario, path)
        self.policies = backtest.policies_of(self.scenario)
        origin.check_inputs(summary["inputs"], backtest.policy_hashes(*self.policies))
        self.market, self.desk, template = backtest.staged(self.scenario, self.policies, data or own_data)
        origin.check_inputs(summary["inputs"], self.market.inputs)
        self.path, self.names = path, Names.of(self.market, [tables.VOLATILITY_DESK])
        self.events = self.market.events(path)
        self._state = self._started(setup.copy_of(template))
        setup.restart(self._state, template, path, keep=True)
        self._state.rules["traced"] = Traced.STANDING
        self._next = 0
        self._ledger = Posted(run, path, self.names)
        self.checked = 0  # postings that were the ledger's
        self._stretch = max(-(-len(self.events) // _STRETCHES), _STRETCH)
        self._key = origin.digest(ledger, path, summary) if ledger else ""

    def _started(self, state: State) -> State:
        """The state with room for what is traced, and with the options whose quotes the run has looked at."""
        options = len(state.options)
        first = self.events if self.path == 0 else self.market.events(0)
        return state._replace(
            sampled=busiest.shown(self.scenario, self.market.universe, first),
            trace=np.zeros(2 * options + _TRACED_ROWS, layout.TRACE),
            looks=np.zeros(2 * options, layout.LOOK),
        )

    def moment(self) -> Moment:
        """Where the replay stands now."""
        tables_ = self.desk.tables
        return Moment(
            self._next, setup.copy_of(self._state), (tables_.quote_memory.copy(), tables_.hedge_memory.copy())
        )

    def back_to(self, moment: Moment) -> None:
        """Take the replay to where it stood."""
        self._next, self._state = moment.event, setup.copy_of(moment.state)
        self.desk.tables.quote_memory[:], self.desk.tables.hedge_memory[:] = moment.memories

    def to(self, event: int) -> None:
        """Play everything before an event, which the replay has not passed; UserError if it is not what the run did."""
        start = event // self._stretch * self._stretch
        if self._key and start > self._next:
            self._resume(start)
        self._play(event, self._check)

    def _resume(self, start: int) -> None:
        """Go on from a state that has been kept, or is now, at a whole number of stretches."""
        found = kept(REPLAYS, f"{self._key}-{start}", partial(self._made, start))
        if found.moment.event > self._next:
            rooms = {name: np.zeros_like(getattr(self._state, name)) for name in JOURNAL}
            self.back_to(found.moment._replace(state=found.moment.state._replace(**rooms)))
            self._ledger.skip(found.checked - self.checked)
            self.checked = found.checked

    def _made(self, start: int) -> _Kept:
        """The state at the end of a stretch, from the one before it; its journal is empty, and is not kept."""
        if start - self._stretch > self._next:
            self._resume(start - self._stretch)
        self._play(start, self._check)
        moment = self.moment()
        none = {name: getattr(moment.state, name)[:0] for name in JOURNAL}
        return _Kept(moment._replace(state=moment.state._replace(**none)), self.checked)

    def _play(self, end: int, empty: Any) -> None:
        if end > self._next:
            self._state = drive.walk_on(
                self.events, self._state, self.desk, self.market.universe, empty, _unwatched, self._next, end
            )
            self._next = end

    def to_transaction(self, event: int, transaction: int) -> None:
        """Play to the event, the given one or a later, that makes a transaction."""
        self.to(event)
        before = self.moment()
        while self._state.desk[0]["transaction"] < transaction and self._next < len(self.events):
            self._play(self._next + 1, _emptied)
        found = max(self._next - 1, event)
        self.back_to(before)
        self.to(found)

    def traced(self, until: int) -> npt.NDArray[np.void]:
        """Play everything before an event; the decisions on the way, as many as there is room for."""
        self._trace(Traced.ALL)
        self._play(until, self._check)
        self._trace(Traced.STANDING)
        options, desk = len(self._state.options), self._state.desk[0]
        return self._state.trace[options + 1 : options + 1 + int(desk["traces"])].copy()

    def _trace(self, how_much: Traced) -> None:
        self._state.rules["traced"] = how_much
        if how_much == Traced.ALL:
            self._state.desk["traces"] = 0

    def play(self) -> Played:
        """Play one event, everything about it kept; UserError if it is not what the run did."""
        before = self.moment()
        rows: dict[str, list[npt.NDArray[np.void]]] = {name: [] for name in _JOURNAL}

        def take(state: State) -> None:
            for name, taken in rows.items():
                taken.append(getattr(state, name)[: int(state.desk[0][name])].copy())
            self._check(state)

        self._trace(Traced.ALL)
        self._state.desk["limit"] = np.nan
        self._play(self._next + 1, take)
        self._trace(Traced.STANDING)
        joined = {name: np.concatenate(taken) for name, taken in rows.items()}
        return Played(before.event, before.state, self._state, joined)

    def _check(self, state: State) -> None:
        """Take the journal, whose postings have to be the next of the run's ledger."""
        postings = state.postings[: int(state.desk[0]["postings"])]
        self._ledger.check(postings)
        self.checked += len(postings)
        _emptied(state)


def _unwatched(_events: int) -> None:
    """Progress that nobody looks at."""


def _emptied(state: State) -> None:
    """Throw a journal away."""
    for name in JOURNAL:
        state.desk[name] = 0

"""A kept path of a run, played again from what its folder says, and checked against its ledger on the way."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmsim import backtest, results, tables
from mmsim.engine import drive, setup
from mmsim.engine import state as layout
from mmsim.engine.state import JOURNAL, State, TransactionKind
from mmsim.engine.tracing import Traced
from mmsim.errors import UserError
from mmsim.events import Events
from mmsim.ledger import NAMES, Account
from mmsim.market import Market, busiest
from mmsim.market.kept import Shelf, kept
from mmsim.policy import Policy
from mmsim.results import Run
from mmsim.run_folder import table_file
from mmsim.scenario import Scenario, restored
from mmsim.tables import Names
from mmsim.whole_folder import MANIFEST
from mmsim.workspace import scenario_file

REPLAYS = Shelf("replays", "states of a replay", 64, 1 << 25)
_STRETCHES, _STRETCH = 16, 1 << 15  # states kept of a path at most, and events between them at least
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
        _check_versions(summary["versions"])
        file, own_data = _made_from(summary["reproduce"])
        self.scenario = restored({k: v for k, v in summary["scenario"].items() if k != "variants"}, file)
        _check_kept(self.scenario, path)
        self.policies = backtest.policies_of(self.scenario)
        _check_inputs(summary["inputs"], backtest.policy_hashes(*self.policies))
        self.market, self.desk, template = backtest.staged(self.scenario, self.policies, data or own_data)
        _check_inputs(summary["inputs"], self.market.inputs)
        self.path, self.names = path, Names.of(self.market, [tables.VOLATILITY_DESK])
        self.events = self.market.events(path)
        self._state = self._started(setup.copy_of(template))
        setup.restart(self._state, template, path, keep=True)
        self._state.rules["traced"] = Traced.STANDING
        self._next = 0
        self._ledger = _Ledger(run, path, self.names)
        self.checked = 0  # postings that were the ledger's
        self._stretch = max(-(-len(self.events) // _STRETCHES), _STRETCH)
        self._key = _digest(ledger, path, summary) if ledger else ""

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


class _Ledger:
    """The postings of a path in a run's ledger, one after another."""

    def __init__(self, run: Run, path: int, names: Names) -> None:
        numbers = dict(zip(("kind", "account", "instrument"), map(_numbered, _texts(names)), strict=True))
        self._pieces = _encoded(run._tables["ledger"].pieces(_COLUMNS), path, numbers)
        self._held = next(self._pieces)
        self._name = run.summary["name"]

    def check(self, postings: npt.NDArray[np.void]) -> None:
        """UserError unless these are the next postings."""
        done = 0
        while done < len(postings):
            while not len(self._held["ts"]):
                held = next(self._pieces, None)
                if held is None:
                    raise self._differs(postings[done])
                self._held = held
            count = min(len(postings) - done, len(self._held["ts"]))
            part = postings[done : done + count]
            differs = np.zeros(count, bool)
            for name, values in self._held.items():
                differs |= part[name] != values[:count]
            if differs.any():
                raise self._differs(part[int(differs.argmax())])
            self._held = {name: values[count:] for name, values in self._held.items()}
            done += count

    def skip(self, count: int) -> None:
        """Pass over postings that have been checked before."""
        while count > len(self._held["ts"]):
            count -= len(self._held["ts"])
            self._held = next(self._pieces)
        self._held = {name: values[count:] for name, values in self._held.items()}

    def _differs(self, posting: Any) -> UserError:
        when = pd.Timestamp(int(posting["ts"]), tz="UTC").isoformat()
        said = f"transaction {posting['transaction']} at {when} has other postings than the run's ledger"
        return UserError(f"{self._name}: it cannot be explained, since it does not play again as it was: {said}")


def _texts(names: Names) -> Iterator[list[str]]:
    """What kinds, accounts and instruments are numbered by, from -1 for the empty name on."""
    yield ["", *(kind.name.lower() for kind in TransactionKind)]
    yield ["", *(NAMES[account] for account in Account)]
    yield ["", *names.options, *names.underlyings]


def _numbered(texts: list[str]) -> dict[str, int]:
    return {text: number - 1 for number, text in enumerate(texts)}


def _encoded(pieces: Iterator[pd.DataFrame], path: int, numbers: Mapping[str, Mapping[str, int]]) -> Iterator[_Columns]:
    """The rows of one path as the loop writes them, by the names of its columns."""
    for piece in pieces:
        mine = piece["path"].to_numpy() == path
        columns = {
            "transaction": piece["transaction"].to_numpy(),
            "ts": piece["ts"].dt.tz_localize(None).to_numpy("datetime64[ns]").view(np.int64),
            "amount": piece["amount_micros"].to_numpy(),
        }
        for name, known in numbers.items():
            places = np.array([known.get(text, -2) for text in piece[name].cat.categories], np.int64)
            columns[name] = places[piece[name].cat.codes.to_numpy()]
        yield {name: values[mine] for name, values in columns.items()}


def opened(run: Run | str | Path) -> tuple[Run, str]:
    """A run, or the one in a folder with the hash of its ledger; UserError if it is not what its manifest says."""
    if isinstance(run, Run):
        return run, ""
    found = results.load(run)
    return found, json.loads((Path(run) / MANIFEST).read_text(encoding="utf-8"))[table_file("ledger")]


def _digest(ledger: str, path: int, summary: Mapping[str, Any]) -> str:
    """The hash of all that the states of a replay depend on, but for mmsim's sources."""
    parts = [ledger, path, *(summary[name] for name in ("scenario", "inputs", "versions"))]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _check_kept(scenario: Scenario, path: int) -> None:
    kept = min(scenario.keep_paths, scenario.paths)
    if not 0 <= path < kept:
        said = f"it kept {kept:,}, numbered from 0" if kept else "it kept none (keep_paths)"
        raise UserError(f"path {path} has no ledger in the run: {said}")


def _check_versions(made_with: Mapping[str, str]) -> None:
    """UserError if the run was made with other versions of anything than those here."""
    here = backtest.versions()
    other = [
        f"{name} {made_with.get(name, 'none')} (here {here.get(name, 'none')})"
        for name in sorted({*made_with, *here})
        if made_with.get(name) != here.get(name)
    ]
    if other:
        raise UserError(f"the run was made with {', '.join(other)}: install these to explain it")


def _check_inputs(made_with: Mapping[str, str], here: Mapping[str, str]) -> None:
    """UserError if a file is not the one that the run has read, by its SHA-256."""
    other = [name for name, digest in here.items() if made_with.get(name) != digest]
    if other:
        raise UserError(f"the run has read other files than these: {', '.join(other)} (the SHA-256 differs)")


def _made_from(command: str) -> tuple[str, str | None]:
    """The scenario's file and the data folder in the command that made a run."""
    words = shlex.split(command)
    data = words[words.index("--data") + 1] if "--data" in words else None
    typed = words[2]
    try:
        return str(scenario_file(Path(typed))), data
    except UserError:  # it may be gone: the run's folder holds all but its place
        return typed, data

"""Where events come from: recorded files, or models of spot, volatility and clients."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmsim import spool
from mmsim.errors import UserError, nearest
from mmsim.events import EVENT, Allocation, Events, FillRule, merge, merged
from mmsim.instruments import Universe
from mmsim.market import calendar, clients, synthetic
from mmsim.market.clients import Flow, Tape
from mmsim.market.model import Model, Placed
from mmsim.market.source import Source
from mmsim.scenario import Scenario
from mmsim.scenario.parts.clients import Clients, RecordedClients, ScriptedClients, SniperClients

__all__ = ["Market", "build"]


@dataclass(frozen=True)
class Market:
    """Everything that happens to the desk, whatever the desk does."""

    universe: Universe
    clients: tuple[str, ...]  # the groups' names; an ORDER row's `client` is the index
    rules: npt.NDArray[np.int64]  # (clients, 2): Allocation and FillRule, RESERVATION but for recorded trades
    inputs: dict[str, str]  # recorded file: its SHA-256
    quality: dict[str, int]  # "file: what": rows
    notes: tuple[str, ...]  # what a reader of the results has to know of the data
    smiles: pd.DataFrame | None  # a surface's last fit, where it makes the marks: `surfaces.SMILES`
    seed: int
    fixed: Events  # the events that no path changes, with room for those of `placed`
    placed: tuple[Placed, ...]  # what draws market data in memory
    models: tuple[Model, ...]  # what draws those of a path too long for memory
    flows: tuple[Flow, ...]
    is_long: bool  # a path is too long for memory

    def events(self, path: int) -> Events:
        """All events of path number ``path`` in their total order: to be read, not written.

        Where they are too many for memory they are merged piece by piece into a file, which the rows are mapped from.
        """
        if self.is_long:
            drawn = [model.pieces(self.seed, path) for model in self.models]
            asked = [flow.pieces(path, None) for flow in self.flows if not flow.reads_market]
            events = spool.filled(EVENT, merged([*drawn, spool.pieces(self.fixed), *asked]))
            readers = self._readers(path, events)
            return spool.filled(EVENT, merged([spool.pieces(events), *readers])) if readers else events
        events = self.fixed
        if self.placed:
            events = events.view(np.uint8).copy().view(EVENT)  # as bytes: records are copied field by field
            for model in self.placed:
                model.fill(events, self.seed, path)
        groups = [flow.pieces(path, None) for flow in self.flows if not flow.reads_market]
        groups += self._readers(path, events)
        return merge([events, *(piece for pieces in groups for piece in pieces)]) if groups else events

    def _readers(self, path: int, events: Events) -> list[Iterator[Events]]:
        """The orders of the groups that look at the market, which ``events`` are."""
        reading = [flow for flow in self.flows if flow.reads_market]
        tape = Tape(spool.pieces(events), self.universe) if reading else None
        return [flow.pieces(path, tape) for flow in reading]


def build(scenario: Scenario, data: Path | None = None, *, timer_ns: int = 0) -> Market:
    """The market of a scenario, its recorded files being under ``data``; UserError where something does not fit.

    ``timer_ns`` is the interval at which the hedging policy wants to be called, 0 for never.
    """
    source = synthetic.source(scenario, data) if scenario.market.recorded is None else _replayed(scenario, data)
    _check_names(scenario, source.universe)
    dropped: Counter[str] = Counter()
    orders = [*_scripts(scenario, source.universe, dropped), *_trades(scenario, source)]
    streams = [*source.streams, *orders, *_calendar(scenario, source.universe, timer_ns)]
    flows = tuple(clients.flows(scenario, source))
    counts = [*map(len, streams), *(model.count for model in source.models), *(flow.expected for flow in flows)]
    is_long = spool.is_long(sum(counts), EVENT) and bool(source.models or flows)
    in_memory = () if is_long else source.models
    fixed = merge([*(model.room() for model in in_memory), *streams])
    return Market(
        universe=source.universe,
        clients=tuple(group.name for group in scenario.clients),
        rules=np.array([_rule(group) for group in scenario.clients], np.int64).reshape(-1, 2),
        inputs=source.inputs,
        quality={**source.quality, **dropped},
        notes=tuple(source.notes),
        smiles=source.smiles,
        seed=scenario.seed,
        fixed=fixed,
        placed=tuple(model.placed(fixed) for model in in_memory),
        models=tuple(source.models) if is_long else (),
        flows=flows,
        is_long=is_long,
    )


def _replayed(scenario: Scenario, data: Path | None) -> Source:
    from mmsim.market import recorded  # brings pandas and pyarrow, which models do without

    return recorded.source(scenario, data)


def _check_names(scenario: Scenario, universe: Universe) -> None:
    """UserError for each option that the scenario names and the market does not have."""
    orders = {
        ("clients", n, "orders", k, "option"): order.option
        for n, group in enumerate(scenario.clients)
        if isinstance(group, ScriptedClients)
        for k, order in enumerate(group.orders)
    }
    held = {("opening", "options", n, "option"): entry.option for n, entry in enumerate(scenario.opening.options)}
    shown = {("report", "quotes_of", n): name for n, name in enumerate(scenario.report.quotes_of or ())}
    problems = [
        scenario.problem(path, f"unknown option {name!r}", nearest(name, universe.option_index))
        for path, name in (orders | held | shown).items()
        if name not in universe.option_index
    ]
    if problems:
        raise UserError(*problems)


def _scripts(scenario: Scenario, universe: Universe, dropped: Counter[str]) -> Iterator[Events]:
    """The orders of each scripted group; what cannot be traded is counted in ``dropped``."""
    for number, group in enumerate(scenario.clients):
        if isinstance(group, ScriptedClients):
            orders = clients.scripted(number, group.orders, universe)
            trading = orders["ts"] < clients.last_instants(universe.options)[orders["instrument"]]
            if not trading.all():
                dropped[f"{group.name}: {clients.TOO_LATE}"] += int(np.count_nonzero(~trading))
            yield orders[trading]


def _trades(scenario: Scenario, source: Source) -> Iterator[Events]:
    """The recorded trades, once for each group that stands for them."""
    for number, group in enumerate(scenario.clients):
        if isinstance(group, RecordedClients):
            trades = source.trades.copy()
            trades["client"] = number
            yield trades


def _rule(group: Clients) -> tuple[int, int]:
    """The codes of a group's allocation and fill rule."""
    if isinstance(group, RecordedClients):
        return Allocation[group.allocation.upper()], FillRule[group.fills.upper()]
    return Allocation.NONE, FillRule.SNIPED if isinstance(group, SniperClients) else FillRule.RESERVATION


def _calendar(scenario: Scenario, universe: Universe, timer_ns: int) -> Iterator[Events]:
    start, end = scenario.clock.start, scenario.clock.end
    yield calendar.marks(start, end, scenario.report.mark_every)
    yield calendar.timers(start, end, timer_ns)
    yield calendar.expiries(universe, start, end)
    yield calendar.dividends(universe, [(d.underlying, d.ex, d.amount) for d in scenario.dividends], start, end)
    if scenario.sessions is None:
        yield calendar.daily_settlements(universe, start, end)
        yield calendar.exercises(universe, (), start, end)
        return
    given = scenario.sessions
    hours = calendar.TradingHours(given.open, given.close, given.settlement or given.close, given.zone)
    try:
        yield hours.rows(start, end)
        yield calendar.exercises(universe, [closes for _, closes, _ in hours.sessions(start, end)], start, end)
    except ValueError as error:  # a time that daylight saving skips or repeats
        raise UserError(scenario.problem(("sessions",), str(error))) from error

"""Checks of the clients."""

from __future__ import annotations

from collections.abc import Iterator
from math import log
from typing import TYPE_CHECKING

from mmsim.scenario.checks.common import MAX_TICKS, repeated, scripted_orders, unknown
from mmsim.scenario.checks.registry import Mistake, reads
from mmsim.units import UNITS_NS

if TYPE_CHECKING:
    from mmsim.scenario.model import Scenario


@reads("clock", "clients")
def _arrivals(s: Scenario) -> Iterator[Mistake]:
    """Poisson clients arrive exp(offset / reservation) times as often as they would trade at fair value."""
    hours = (s.clock.end - s.clock.start) / UNITS_NS["h"]
    for n, group in enumerate(s.clients):
        if group.model != "poisson" or hours <= 0:
            continue
        at_fair = log(group.per_hour * hours)
        count = at_fair + group.offset_ticks / group.reservation_ticks
        if count > log(MAX_TICKS):
            key = "per_hour" if at_fair > log(MAX_TICKS) else "offset_ticks"
            wrong = f"gives about 1e{count / log(10):.0f} orders a path: at most {MAX_TICKS:,}"
            yield Mistake(("clients", n, key), wrong)


@reads("clients", "market")
def _clients(s: Scenario) -> Iterator[Mistake]:
    for n, name in repeated(group.name for group in s.clients):
        yield Mistake(("clients", n, "name"), f"{name!r} stands twice")
    owner = ""  # of the tape
    for n, group in enumerate(s.clients):
        if group.model != "recorded_trades":
            continue
        if owner:
            yield Mistake(("clients", n, "model"), f"the recorded trades are those of {owner!r} already")
        owner = owner or group.name
        if s.market.recorded is None:
            yield Mistake(("clients", n, "model"), "recorded_trades needs market.recorded")
        if group.allocation != "none" and group.fills != "touch":
            yield Mistake(("clients", n, "allocation"), f"is for fills: touch, not {group.fills}")


@reads("clients", "clock")
def _order_times(s: Scenario) -> Iterator[Mistake]:
    for path, order in scripted_orders(s):
        if not s.clock.start <= order.at <= s.clock.end:
            yield Mistake((*path, "at"), "lies outside the clock")


@reads("clients", "opening", "options", "market")
def _option_names(s: Scenario) -> Iterator[Mistake]:
    """A recorded market's options are known when its data are read."""
    if s.market.recorded is not None:
        return
    names = {option.name for entry in s.options for option in entry.options()}
    named = [*scripted_orders(s), *((("opening", "options", n), held) for n, held in enumerate(s.opening.options))]
    for path, entry in named:
        if entry.option not in names:
            yield unknown((*path, "option"), "option", entry.option, names)

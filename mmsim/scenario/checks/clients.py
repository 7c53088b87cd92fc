"""Checks of the clients."""

from __future__ import annotations

from collections.abc import Iterator
from math import log
from typing import TYPE_CHECKING, TypeVar

from mmsim.scenario.checks.common import MAX_TICKS, repeated, scripted_orders, symbols_of, unknown
from mmsim.scenario.checks.registry import Mistake, reads
from mmsim.scenario.parts.clients import (
    SETTLING,
    Arriving,
    Choosing,
    Conceding,
    HedgerClients,
    InformedClients,
    RetailClients,
)
from mmsim.units import UNITS_NS

if TYPE_CHECKING:
    from mmsim.scenario.model import Scenario

Group = TypeVar("Group", bound=Choosing)
MAX_SETTLING = 10_000_000  # arrivals before the clock's start


def _groups(s: Scenario, kind: type[Group]) -> Iterator[tuple[int, Group]]:
    return ((n, group) for n, group in enumerate(s.clients) if isinstance(group, kind))


@reads("clock", "clients")
def _arrivals(s: Scenario) -> Iterator[Mistake]:
    """Clients arrive exp(offset / reservation) times as often as they would trade at fair value."""
    hours = (s.clock.end - s.clock.start) / UNITS_NS["h"]
    for n, group in _groups(s, Arriving):
        if hours <= 0:
            continue
        at_fair = log(group.per_hour * hours)
        count = at_fair + (group.offset_ticks / group.reservation_ticks if isinstance(group, Conceding) else 0.0)
        if count > log(MAX_TICKS):
            key = "per_hour" if at_fair > log(MAX_TICKS) else "offset_ticks"
            wrong = f"gives about 1e{count / log(10):.0f} orders a path: at most {MAX_TICKS:,}"
            yield Mistake(("clients", n, key), wrong)


@reads("clients")
def _excitement(s: Scenario) -> Iterator[Mistake]:
    """A Hawkes process is run for some relaxation times before the clock's start."""
    for n, group in _groups(s, Arriving):
        if group.hawkes is None:
            continue
        settling = SETTLING * group.hawkes.decay / (1.0 - group.hawkes.branching)
        count = group.per_hour * settling / UNITS_NS["h"]
        if count > MAX_SETTLING:
            wrong = f"takes {count:,.0f} arrivals to settle: at most {MAX_SETTLING:,}, by a lower ratio or decay"
            yield Mistake(("clients", n, "hawkes", "branching"), wrong)


@reads("clients", "underlyings")
def _choices(s: Scenario) -> Iterator[Mistake]:
    symbols = symbols_of(s)
    for n, group in _groups(s, Choosing):
        is_default = group.delta == type(group).model_fields["delta"].default  # which moneyness takes the place of
        if group.moneyness is not None and not is_default:
            yield Mistake(("clients", n, "moneyness"), "is instead of delta: take one of the two out")
        for k, symbol in enumerate(group.underlyings):
            if symbol not in symbols:
                yield unknown(("clients", n, "underlyings", k), "underlying", symbol, symbols)
        if isinstance(group, HedgerClients) and "put" not in group.rights:
            yield Mistake(("clients", n, "rights"), "leaves nothing: hedgers buy puts")


@reads("clients")
def _shares(s: Scenario) -> Iterator[Mistake]:
    for n, group in _groups(s, RetailClients):
        if group.covered_calls + group.cash_secured_puts > 1.0:
            yield Mistake(("clients", n, "covered_calls"), "and cash_secured_puts add up to more than 1")


@reads("clients")
def _several_legs(s: Scenario) -> Iterator[Mistake]:
    for n, group in _groups(s, Conceding):
        if group.package is None:
            if group.width != 1:
                yield Mistake(("clients", n, "width"), "is of a package")
            continue
        if group.sweep > 1:
            yield Mistake(("clients", n, "sweep"), "is not for a package, whose legs are dealt together")
        if isinstance(group, InformedClients):
            yield Mistake(("clients", n, "package"), "is not for informed clients, who deal in single options")


@reads("market")
def _maker(s: Scenario) -> Iterator[Mistake]:
    maker = s.market.maker
    if maker is None:
        return
    given = [key for key in ("half_spread_vol", "half_spread_ticks") if getattr(maker, key) is not None]
    if s.market.recorded is not None:
        for key in (*given, *(["size"] if maker.size is not None else [])):
            yield Mistake(("market", "maker", key), "is recorded: a recorded market's quotes are its own")
    elif len(given) != 1:
        yield Mistake(("market", "maker"), "needs half_spread_vol or half_spread_ticks, one of the two")


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

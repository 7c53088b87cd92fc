"""What several checks ask of a scenario."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from mmsim.errors import nearest
from mmsim.scenario.checks.registry import Mistake
from mmsim.strict_yaml import KeyPath

if TYPE_CHECKING:
    from mmsim.scenario.model import Scenario


MAX_TICKS = 100_000_000  # also marks, timers and arrivals: events of one cause on one path


def crowded(length_ns: int, step_ns: int, what: str) -> str:
    """What is wrong with ``what`` every ``step_ns`` for as long as the clock goes, or nothing."""
    count = length_ns // step_ns
    return f"gives {count:,} {what} a path: at most {MAX_TICKS:,}" if count > MAX_TICKS else ""


def unknown(path: KeyPath, what: str, name: str, names: Iterable[str]) -> Mistake:
    """A name that nothing has, with the nearest that something has."""
    return Mistake(path, f"unknown {what} {name!r}", nearest(name, names))


def repeated(names: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Each name that has come before, with its place."""
    seen: Counter[str] = Counter()
    for n, name in enumerate(names):
        if seen[name]:
            yield n, name
        seen[name] += 1


def symbols_of(s: Scenario) -> list[str]:
    """The symbols of the underlyings."""
    return [u.symbol for u in s.underlyings]


def start_prices(s: Scenario) -> dict[str, float]:
    """The spot of each underlying at the clock's start, where it is known before data are read."""
    models = s.market.spot
    by_symbol = models if isinstance(models, Mapping) else dict.fromkeys(symbols_of(s), models)
    return {symbol: float(model.first) for symbol, model in by_symbol.items() if model is not None}


def futures_of(s: Scenario) -> set[str]:
    """The symbols of those underlyings that are futures."""
    return {u.symbol for u in s.underlyings if u.kind == "future"}


def each_model(models: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    """Each model with its place: one for all underlyings, or one for each."""
    if isinstance(models, Mapping):
        yield from (((*path, symbol), model) for symbol, model in models.items())
    elif models is not None:
        yield path, models


def scripted_orders(s: Scenario) -> Iterator[tuple[KeyPath, Any]]:
    """Each order of a script with its place."""
    for n, group in enumerate(s.clients):
        if group.model == "scripted":
            yield from ((("clients", n, "orders", k), order) for k, order in enumerate(group.orders))

"""Checks of what the desk holds and hedges with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from mmsim.scenario.checks.common import repeated, symbols_of, unknown
from mmsim.scenario.checks.registry import Mistake, reads
from mmsim.strict_yaml import KeyPath

if TYPE_CHECKING:
    from mmsim.scenario.model import Scenario


@reads("hedging", "opening", "dividends", "underlyings")
def _symbols_named(s: Scenario) -> Iterator[Mistake]:
    symbols = symbols_of(s)
    named: list[tuple[KeyPath, str]] = []
    if isinstance(s.hedging.instrument, Mapping):
        for symbol, instrument in s.hedging.instrument.items():
            named += [(("hedging", "instrument", symbol), name) for name in sorted({symbol, instrument})]
    elif s.hedging.instrument is not None:
        named.append((("hedging", "instrument"), s.hedging.instrument))
    named += [(("opening", "hedges", n, "underlying"), held.underlying) for n, held in enumerate(s.opening.hedges)]
    named += [(("dividends", n, "underlying"), dividend.underlying) for n, dividend in enumerate(s.dividends)]
    for path, name in named:
        if name not in symbols:
            yield unknown(path, "underlying", name, symbols)


@reads("opening")
def _opened_once(s: Scenario) -> Iterator[Mistake]:
    for n, name in repeated(held.option for held in s.opening.options):
        yield Mistake(("opening", "options", n, "option"), f"{name} stands twice: give its whole position once")
    for n, name in repeated(held.underlying for held in s.opening.hedges):
        yield Mistake(("opening", "hedges", n, "underlying"), f"{name} stands twice: give its whole position once")


@reads("clients")
def _volatility_desk(s: Scenario) -> Iterator[Mistake]:
    for n, group in enumerate(s.clients):
        if group.name == "volatility_desk":
            yield Mistake(("clients", n, "name"), "is the desk's own counterparty for offloads: choose another name")


@reads("hedging", "options", "underlyings")
def _delivery(s: Scenario) -> Iterator[Mistake]:
    given, symbols = s.hedging.instrument, symbols_of(s)
    for n, entry in enumerate(s.options):
        instrument = given.get(entry.underlying, entry.underlying) if isinstance(given, Mapping) else given
        if entry.settlement == "physical" and instrument in symbols and instrument != entry.underlying:
            yield Mistake(
                ("options", n, "settlement"),
                f"physical settlement delivers {entry.underlying}, but the hedge is {instrument}: settle in cash",
            )

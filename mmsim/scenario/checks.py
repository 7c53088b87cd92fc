"""What no single key can tell: checks across the parts of a scenario."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic_core import InitErrorDetails, PydanticCustomError

from mmsim.errors import nearest
from mmsim.strict_yaml import KeyPath
from mmsim.units import instant_text

if TYPE_CHECKING:
    from mmsim.scenario.model import Scenario

ERROR_TYPE = "cross_check"
MAX_TICKS = 100_000_000


class Mistake(NamedTuple):
    """A mistake found across keys, and the key that it is reported at."""

    path: KeyPath
    message: str
    suggestion: str = ""

    def as_pydantic(self) -> InitErrorDetails:
        """The same as a line of a pydantic error."""
        context = {"message": self.message, "suggestion": self.suggestion}
        return InitErrorDetails(type=PydanticCustomError(ERROR_TYPE, "{message}", context), loc=self.path, input=None)  # type: ignore[typeddict-item]


Check = Callable[["Scenario"], Iterator[Mistake]]
_CHECKS: list[tuple[frozenset[str], Check]] = []


def mistakes(scenario: Scenario, sound: Collection[str] | None = None) -> list[Mistake]:
    """Every mistake of the checks that read only ``sound`` top-level keys (None: all are sound)."""
    return [m for parts, check in _CHECKS if sound is None or parts <= set(sound) for m in check(scenario)]


def _reads(*parts: str) -> Callable[[Check], Check]:
    """Registers a check with the top-level keys that it reads."""

    def register(check: Check) -> Check:
        _CHECKS.append((frozenset(parts), check))
        return check

    return register


def _unknown(path: KeyPath, what: str, name: str, names: Iterable[str]) -> Mistake:
    return Mistake(path, f"unknown {what} {name!r}", nearest(name, names))


def _repeated(names: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Each name that has come before, with its place."""
    seen: Counter[str] = Counter()
    for n, name in enumerate(names):
        if seen[name]:
            yield n, name
        seen[name] += 1


def _symbols(s: Scenario) -> list[str]:
    return [u.symbol for u in s.underlyings]


def _futures(s: Scenario) -> set[str]:
    return {u.symbol for u in s.underlyings if u.kind == "future"}


@_reads("clock")
def _clock(s: Scenario) -> Iterator[Mistake]:
    if s.clock.end <= s.clock.start:
        yield Mistake(("clock", "end"), f"must be later than the start, {instant_text(s.clock.start)}")


@_reads("underlyings")
def _underlyings(s: Scenario) -> Iterator[Mistake]:
    for n, symbol in _repeated(_symbols(s)):
        yield Mistake(("underlyings", n, "symbol"), f"{symbol!r} stands twice")
    for n, entry in enumerate(s.underlyings):
        if entry.kind == "future" and entry.dividend_yield:
            yield Mistake(("underlyings", n, "dividend_yield"), "a future pays no dividends")


@_reads("underlyings", "options")
def _option_terms(s: Scenario) -> Iterator[Mistake]:
    kinds = {u.symbol: u.kind for u in s.underlyings}
    for n, entry in enumerate(s.options):
        if entry.underlying not in kinds:
            yield _unknown(("options", n, "underlying"), "underlying", entry.underlying, kinds)
            continue
        if entry.premium == "futures_style" and kinds[entry.underlying] != "future":
            yield Mistake(("options", n, "premium"), f"is for options on futures; {entry.underlying} is none")
        if entry.settlement == "physical" and kinds[entry.underlying] == "index":
            yield Mistake(("options", n, "settlement"), f"an index cannot be delivered; {entry.underlying} is one")


@_reads("options", "market")
def _listings(s: Scenario) -> Iterator[Mistake]:
    """Strikes and expiry stand in the scenario, or come with recorded data, which lack the time of expiry."""
    for n, entry in enumerate(s.options):
        for key in ("strikes", "expiry"):
            if s.market.recorded is None and getattr(entry, key) is None:
                yield Mistake(("options", n, key), "is missing: without a recorded market a scenario lists its options")
            if s.market.recorded is not None and getattr(entry, key) is not None:
                yield Mistake(("options", n, key), "comes from the recorded data: take it out, and give expiry_time")
        for key in ("expiry_time", "half_days"):
            if s.market.recorded is None and getattr(entry, key):
                yield Mistake(("options", n, key), "is for recorded markets; here expiry says it")
        if s.market.recorded is not None and entry.expiry_time is None:
            yield Mistake(("options", n, "expiry_time"), "is missing: recorded data have the date of expiry alone")


@_reads("options", "clock")
def _expiries(s: Scenario) -> Iterator[Mistake]:
    for n, entry in enumerate(s.options):
        if entry.expiry is not None and entry.expiry <= s.clock.start:
            start = instant_text(s.clock.start)
            yield Mistake(("options", n, "expiry"), f"must be later than the clock's start, {start}")
        if entry.expiry is not None and entry.last_trade is not None and entry.last_trade > entry.expiry:
            yield Mistake(("options", n, "last_trade"), "must not be later than the expiry")


@_reads("options", "market")
def _listed_once(s: Scenario) -> Iterator[Mistake]:
    if s.market.recorded is not None:
        for n, symbol in _repeated(entry.underlying for entry in s.options):
            yield Mistake(("options", n, "underlying"), f"the options on {symbol!r} have an entry already")
        return
    owners = [(n, option.name) for n, entry in enumerate(s.options) for option in entry.options()]
    for place, name in _repeated(name for _, name in owners):
        yield Mistake(("options", owners[place][0]), f"{name!r} stands twice")


@_reads("market")
def _one_source(s: Scenario) -> Iterator[Mistake]:
    market = s.market
    if market.recorded is None:
        for key in ("spot", "volatility"):
            if getattr(market, key) is None:
                yield Mistake(("market", key), "is missing: a market has models of spot and volatility, or is recorded")
        if market.theo.volatility == "mid":
            yield Mistake(("market", "theo", "volatility"), "mid is for recorded markets: write market or a number")
        if market.theo.half_life:
            yield Mistake(("market", "theo", "half_life"), "smooths recorded mids: a market of models has none")
        return
    for key in ("spot", "volatility"):
        if getattr(market, key) is not None:
            yield Mistake(("market", key), "a recorded market takes it from the data: take one of the two out")


@_reads("market", "underlyings")
def _models(s: Scenario) -> Iterator[Mistake]:
    symbols = _symbols(s)
    for key in ("spot", "volatility"):
        models = getattr(s.market, key)
        if isinstance(models, Mapping):
            for symbol in sorted(models.keys() - set(symbols)):
                yield _unknown(("market", key, symbol), "underlying", symbol, symbols)
            for symbol in sorted(set(symbols) - models.keys()):
                yield Mistake(("market", key), f"has no model for {symbol!r}")


@_reads("market", "clock")
def _steps(s: Scenario) -> Iterator[Mistake]:
    length = s.clock.end - s.clock.start
    for path, model in _each_model(s.market.spot, ("market", "spot")):
        if model.model == "gbm" and length > 0:
            if model.step > length:
                yield Mistake((*path, "step"), "is longer than the clock")
            elif length // model.step > MAX_TICKS:
                yield Mistake((*path, "step"), f"gives {length // model.step:,} ticks a path: at most {MAX_TICKS:,}")


def _each_model(models: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    if isinstance(models, Mapping):
        yield from (((*path, symbol), model) for symbol, model in models.items())
    elif models is not None:
        yield path, models


@_reads("clients", "market")
def _clients(s: Scenario) -> Iterator[Mistake]:
    for n, name in _repeated(group.name for group in s.clients):
        yield Mistake(("clients", n, "name"), f"{name!r} stands twice")
    for n, group in enumerate(s.clients):
        if group.model != "recorded_trades":
            continue
        if s.market.recorded is None:
            yield Mistake(("clients", n, "model"), "recorded_trades needs market.recorded")
        if group.allocation != "none" and group.fills != "touch":
            yield Mistake(("clients", n, "allocation"), f"is for fills: touch, not {group.fills}")


@_reads("clients", "clock")
def _order_times(s: Scenario) -> Iterator[Mistake]:
    for path, order in _orders(s):
        if not s.clock.start <= order.at <= s.clock.end:
            yield Mistake((*path, "at"), "lies outside the clock")


@_reads("clients", "opening", "options", "market")
def _option_names(s: Scenario) -> Iterator[Mistake]:
    """A recorded market's options are known when its data are read."""
    if s.market.recorded is not None:
        return
    names = {option.name for entry in s.options for option in entry.options()}
    named = [*_orders(s), *((("opening", "options", n), held) for n, held in enumerate(s.opening.options))]
    for path, entry in named:
        if entry.option not in names:
            yield _unknown((*path, "option"), "option", entry.option, names)


def _orders(s: Scenario) -> Iterator[tuple[KeyPath, Any]]:
    for n, group in enumerate(s.clients):
        if group.model == "scripted":
            yield from ((("clients", n, "orders", k), order) for k, order in enumerate(group.orders))


@_reads("hedging", "opening", "dividends", "underlyings")
def _symbols_named(s: Scenario) -> Iterator[Mistake]:
    symbols = _symbols(s)
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
            yield _unknown(path, "underlying", name, symbols)


@_reads("opening")
def _opened_once(s: Scenario) -> Iterator[Mistake]:
    for n, name in _repeated(held.option for held in s.opening.options):
        yield Mistake(("opening", "options", n, "option"), f"{name} stands twice: give its whole position once")
    for n, name in _repeated(held.underlying for held in s.opening.hedges):
        yield Mistake(("opening", "hedges", n, "underlying"), f"{name} stands twice: give its whole position once")


@_reads("hedging", "options")
def _delivery(s: Scenario) -> Iterator[Mistake]:
    given = s.hedging.instrument
    for n, entry in enumerate(s.options):
        instrument = given.get(entry.underlying, entry.underlying) if isinstance(given, Mapping) else given
        if entry.settlement == "physical" and instrument not in (None, entry.underlying):
            yield Mistake(
                ("options", n, "settlement"),
                f"physical settlement delivers {entry.underlying}, but the hedge is {instrument}: settle in cash",
            )


@_reads("dividends", "underlyings", "clock")
def _dividends(s: Scenario) -> Iterator[Mistake]:
    futures = _futures(s)
    for n, dividend in enumerate(s.dividends):
        if dividend.underlying in futures:
            yield Mistake(("dividends", n, "underlying"), "a future pays no dividends")
        if dividend.ex <= s.clock.start:
            yield Mistake(("dividends", n, "ex"), "must be later than the clock's start")


@_reads("sessions")
def _sessions(s: Scenario) -> Iterator[Mistake]:
    if s.sessions is not None and s.sessions.open == s.sessions.close:
        yield Mistake(("sessions", "close"), "must differ from the open")

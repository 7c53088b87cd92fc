"""What no single key can tell: checks across the parts of a scenario."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from math import inf, log
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic_core import InitErrorDetails, PydanticCustomError

from mmsim.errors import nearest
from mmsim.scenario.values import LARGEST, SMALLEST
from mmsim.strict_yaml import KeyPath
from mmsim.units import DAY_NS, MAX_DURATION_NS, UNITS_NS, instant_text

if TYPE_CHECKING:
    from mmsim.scenario.model import Scenario

ERROR_TYPE = "cross_check"
MAX_TICKS = 100_000_000  # also marks, timers and arrivals: events of one cause on one path
MAX_SAMPLES = 1_000_000  # of a window of realised volatility
MAX_MONEY = 1e12  # of one position or order, in currency: some of them still fit the ledger's int64 micro-units


class Mistake(NamedTuple):
    """A mistake found across keys, and the key that it is reported at."""

    path: KeyPath
    message: str
    suggestion: str = ""

    def as_pydantic(self) -> InitErrorDetails:
        """The same as a line of a pydantic error."""
        context = {"message": self.message, "suggestion": self.suggestion}
        return InitErrorDetails(type=PydanticCustomError(ERROR_TYPE, "{message}", context), loc=self.path, input=None)  # type: ignore[typeddict-item]


def crowded(length_ns: int, step_ns: int, what: str) -> str:
    """What is wrong with ``what`` every ``step_ns`` for as long as the clock goes, or nothing."""
    count = length_ns // step_ns
    return f"gives {count:,} {what} a path: at most {MAX_TICKS:,}" if count > MAX_TICKS else ""


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


def _start_prices(s: Scenario) -> dict[str, float]:
    """The spot of each underlying at the clock's start, where it is known before data are read."""
    models = s.market.spot
    by_symbol = models if isinstance(models, Mapping) else dict.fromkeys(_symbols(s), models)
    return {symbol: _start_price(model) for symbol, model in by_symbol.items() if model is not None}


def _start_price(model: Any) -> float:
    return float(model.start if model.model == "gbm" else model.prices[0])


def _futures(s: Scenario) -> set[str]:
    return {u.symbol for u in s.underlyings if u.kind == "future"}


@_reads("clock")
def _clock(s: Scenario) -> Iterator[Mistake]:
    if s.clock.end <= s.clock.start:
        yield Mistake(("clock", "end"), f"must be later than the start, {instant_text(s.clock.start)}")


@_reads("clock", "sessions", "market")
def _weights(s: Scenario) -> Iterator[Mistake]:
    if s.clock.weights is None:
        return
    if s.market.theo.volatility == "surface":
        yield Mistake(("clock", "weights"), "is not for a fitted surface, whose years are the calendar's")
    if s.sessions is None and s.clock.weights.calendar is None:
        yield Mistake(("clock", "weights"), "needs `sessions`, whose hours weigh 1, or a calendar")
    if s.clock.volatility_days != 365.0:
        yield Mistake(("clock", "volatility_days"), "is not for a clock with weights: they say what a year is")


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


@_reads("underlyings", "options", "rates")
def _early_exercise(s: Scenario) -> Iterator[Mistake]:
    """The approximation of American options knows one boundary of exercise."""
    yields = {u.symbol: u.dividend_yield for u in s.underlyings}
    futures = _futures(s)
    rate = s.rates.options_cash if s.rates.pricing is None else s.rates.pricing
    for n, entry in enumerate(s.options):
        if entry.exercise != "american" or entry.premium == "futures_style" or entry.underlying not in yields:
            continue
        carry = 0.0 if entry.underlying in futures else rate - yields[entry.underlying]
        from mmsim.pricing.american import has_two_boundaries  # compiled, which scenarios without one do without

        if any(has_two_boundaries(rate, carry, right) for right in (1.0, -1.0)):
            message = "with such negative rates it is exercised between two boundaries, which are not priced: european?"
            yield Mistake(("options", n, "exercise"), message)


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
        if entry.last_trade is not None and entry.last_trade <= s.clock.start:
            start = instant_text(s.clock.start)
            yield Mistake(("options", n, "last_trade"), f"must be later than the clock's start, {start}")


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
        if (given := market.theo.volatility) in ("mid", "surface"):
            yield Mistake(
                ("market", "theo", "volatility"), f"{given} is for recorded markets: write market or a number"
            )
        if market.theo.half_life:
            yield Mistake(("market", "theo", "half_life"), "smooths recorded mids: a market of models has none")
        return
    if market.theo.half_life and market.theo.volatility == "surface":
        yield Mistake(
            ("market", "theo", "half_life"), "smooths volatilities from mids: a surface is fitted anew instead"
        )
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
            elif wrong := crowded(length, model.step, "ticks"):
                yield Mistake((*path, "step"), wrong)
        if model.model == "path" and model.step * (len(model.prices) - 1) > MAX_DURATION_NS:
            yield Mistake((*path, "step"), f"takes {len(model.prices):,} prices over more than 50 years")


@_reads("clock", "report")
def _marks(s: Scenario) -> Iterator[Mistake]:
    if wrong := crowded(s.clock.end - s.clock.start, s.report.mark_every, "marks"):
        yield Mistake(("report", "mark_every"), wrong)


@_reads("clock", "clients")
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


@_reads("clock", "market")
def _growth(s: Scenario) -> Iterator[Mistake]:
    """The mean and the median of a random spot at the clock's end are prices that can be kept."""
    years = (s.clock.end - s.clock.start) / (s.clock.volatility_days * DAY_NS)
    for path, model in _each_model(s.market.spot, ("market", "spot")):
        if model.model != "gbm" or years <= 0:
            continue
        for key, growth in (("drift", model.drift), ("volatility", model.drift - 0.5 * model.volatility**2)):
            if not log(SMALLEST) <= log(model.start) + growth * years <= log(LARGEST):
                yield Mistake((*path, key), f"takes the spot from {model.start:g} out of {SMALLEST:g} to {LARGEST:g}")
                break


@_reads("market")
def _spreads(s: Scenario) -> Iterator[Mistake]:
    for path, model in _each_model(s.market.spot, ("market", "spot")):
        if model.half_spread >= (lowest := model.start if model.model == "gbm" else min(model.prices)):
            yield Mistake((*path, "half_spread"), f"must be less than the spot, {lowest:g}: a bid is above 0")


def _each_model(models: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    if isinstance(models, Mapping):
        yield from (((*path, symbol), model) for symbol, model in models.items())
    elif models is not None:
        yield path, models


@_reads("clients", "market")
def _clients(s: Scenario) -> Iterator[Mistake]:
    for n, name in _repeated(group.name for group in s.clients):
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


@_reads("hedging", "options", "underlyings")
def _delivery(s: Scenario) -> Iterator[Mistake]:
    given, symbols = s.hedging.instrument, _symbols(s)
    for n, entry in enumerate(s.options):
        instrument = given.get(entry.underlying, entry.underlying) if isinstance(given, Mapping) else given
        if entry.settlement == "physical" and instrument in symbols and instrument != entry.underlying:
            yield Mistake(
                ("options", n, "settlement"),
                f"physical settlement delivers {entry.underlying}, but the hedge is {instrument}: settle in cash",
            )


@_reads("opening", "clients", "options", "underlyings", "market")
def _money(s: Scenario) -> Iterator[Mistake]:
    """Each position and each order, at the largest price that the scenario names, fits the ledger's integers."""
    prices = _start_prices(s)
    for entry in s.options:
        prices[entry.underlying] = max(prices.get(entry.underlying, 0.0), *(entry.strikes or (0.0,)))
    worth = {o.name: o.multiplier * prices[o.underlying] for entry in s.options for o in entry.options()}
    for path, size, price in _amounts(s, prices, worth):
        if size * price > MAX_MONEY:
            yield Mistake(path, f"{size:g} at {price:g} is worth {size * price:.2g}: at most {MAX_MONEY:g} can be kept")


def _amounts(
    s: Scenario, prices: Mapping[str, float], worth: Mapping[str, float]
) -> Iterator[tuple[KeyPath, float, float]]:
    """(key, size, price of one) of each position and order; ``worth`` is that of a contract of each option."""
    for n, held in enumerate(s.opening.options):
        yield ("opening", "options", n, "size"), abs(held.size), worth.get(held.option, 0.0)
    for n, hedge in enumerate(s.opening.hedges):
        price = max(hedge.price or 0.0, prices.get(hedge.underlying, 0.0))
        yield ("opening", "hedges", n, "units"), abs(hedge.units), price
    for path, order in _orders(s):
        yield (*path, "size"), order.size, worth.get(order.option, 0.0)
    for n, group in enumerate(s.clients):
        if group.model == "poisson":
            yield ("clients", n, "sizes"), max(group.sizes), max(worth.values(), default=0.0)


@_reads("dividends", "underlyings", "market", "clock")
def _dividends_of_the_price(s: Scenario) -> Iterator[Mistake]:
    prices = _start_prices(s)
    paid: defaultdict[str, float] = defaultdict(float)
    for n, dividend in enumerate(s.dividends):
        symbol, before = dividend.underlying, paid[dividend.underlying]
        paid[symbol] += dividend.amount if dividend.ex <= s.clock.end else 0.0
        if before < (price := prices.get(symbol, inf)) <= paid[symbol]:
            message = f"with it {symbol} pays {paid[symbol]:g} in all, but stands at {price:g} at the start"
            yield Mistake(("dividends", n, "amount"), message)


@_reads("dividends", "underlyings", "clock")
def _dividends(s: Scenario) -> Iterator[Mistake]:
    futures = _futures(s)
    for n, dividend in enumerate(s.dividends):
        if dividend.underlying in futures:
            yield Mistake(("dividends", n, "underlying"), "a future pays no dividends")
        if dividend.ex <= s.clock.start:
            yield Mistake(("dividends", n, "ex"), "must be later than the clock's start")


@_reads("expected_volatility", "underlyings")
def _expected(s: Scenario) -> Iterator[Mistake]:
    symbols = _symbols(s)
    if isinstance(s.expected_volatility, Mapping):
        for symbol in sorted(s.expected_volatility.keys() - set(symbols)):
            yield _unknown(("expected_volatility", symbol), "underlying", symbol, symbols)
    for path, model in _each_model(s.expected_volatility, ("expected_volatility",)):
        if model.model == "garch" and model.alpha + model.beta >= 1.0:
            yield Mistake((*path, "alpha"), f"alpha and beta add up to {model.alpha + model.beta:g}: must be below 1")
        if model.model == "realised" and model.every > model.window:
            yield Mistake((*path, "every"), "is longer than the window")
        if model.model == "realised" and model.window // model.every > MAX_SAMPLES:
            yield Mistake((*path, "every"), f"gives {model.window // model.every:,} samples: at most {MAX_SAMPLES:,}")


@_reads("sessions")
def _sessions(s: Scenario) -> Iterator[Mistake]:
    if s.sessions is not None and s.sessions.open == s.sessions.close:
        yield Mistake(("sessions", "close"), "must differ from the open")

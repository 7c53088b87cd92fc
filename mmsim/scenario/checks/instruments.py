"""Checks of underlyings, options and dividends."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from math import inf
from typing import TYPE_CHECKING

from mmsim.scenario.checks.common import futures_of, repeated, start_prices, symbols_of, unknown
from mmsim.scenario.checks.registry import Mistake, reads
from mmsim.units import instant_text

if TYPE_CHECKING:
    from mmsim.scenario.model import Scenario


@reads("underlyings")
def _underlyings(s: Scenario) -> Iterator[Mistake]:
    for n, symbol in repeated(symbols_of(s)):
        yield Mistake(("underlyings", n, "symbol"), f"{symbol!r} stands twice")
    for n, entry in enumerate(s.underlyings):
        if entry.kind == "future" and entry.dividend_yield:
            yield Mistake(("underlyings", n, "dividend_yield"), "a future pays no dividends")


@reads("underlyings", "options")
def _option_terms(s: Scenario) -> Iterator[Mistake]:
    kinds = {u.symbol: u.kind for u in s.underlyings}
    for n, entry in enumerate(s.options):
        if entry.underlying not in kinds:
            yield unknown(("options", n, "underlying"), "underlying", entry.underlying, kinds)
            continue
        if entry.premium == "futures_style" and kinds[entry.underlying] != "future":
            yield Mistake(("options", n, "premium"), f"is for options on futures; {entry.underlying} is none")
        if entry.settlement == "physical" and kinds[entry.underlying] == "index":
            yield Mistake(("options", n, "settlement"), f"an index cannot be delivered; {entry.underlying} is one")


@reads("underlyings", "options", "rates")
def _early_exercise(s: Scenario) -> Iterator[Mistake]:
    """The approximation of American options knows one boundary of exercise."""
    yields = {u.symbol: u.dividend_yield for u in s.underlyings}
    futures = futures_of(s)
    rate = s.rates.options_cash if s.rates.pricing is None else s.rates.pricing
    for n, entry in enumerate(s.options):
        if entry.exercise != "american" or entry.premium == "futures_style" or entry.underlying not in yields:
            continue
        carry = 0.0 if entry.underlying in futures else rate - yields[entry.underlying]
        from mmsim.pricing.american import has_two_boundaries  # compiled, which scenarios without one do without

        if any(has_two_boundaries(rate, carry, right) for right in (1.0, -1.0)):
            message = "with such negative rates it is exercised between two boundaries, which are not priced: european?"
            yield Mistake(("options", n, "exercise"), message)


@reads("options", "market")
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


@reads("options", "clock")
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


@reads("options", "market")
def _listed_once(s: Scenario) -> Iterator[Mistake]:
    if s.market.recorded is not None:
        for n, symbol in repeated(entry.underlying for entry in s.options):
            yield Mistake(("options", n, "underlying"), f"the options on {symbol!r} have an entry already")
        return
    owners = [(n, option.name) for n, entry in enumerate(s.options) for option in entry.options()]
    for place, name in repeated(name for _, name in owners):
        yield Mistake(("options", owners[place][0]), f"{name!r} stands twice")


@reads("dividends", "underlyings", "market", "clock")
def _dividends_of_the_price(s: Scenario) -> Iterator[Mistake]:
    prices = start_prices(s)
    paid: defaultdict[str, float] = defaultdict(float)
    for n, dividend in enumerate(s.dividends):
        symbol, before = dividend.underlying, paid[dividend.underlying]
        paid[symbol] += dividend.amount if dividend.ex <= s.clock.end else 0.0
        if before < (price := prices.get(symbol, inf)) <= paid[symbol]:
            message = f"with it {symbol} pays {paid[symbol]:g} in all, but stands at {price:g} at the start"
            yield Mistake(("dividends", n, "amount"), message)


@reads("dividends", "underlyings", "clock")
def _dividends(s: Scenario) -> Iterator[Mistake]:
    futures = futures_of(s)
    for n, dividend in enumerate(s.dividends):
        if dividend.underlying in futures:
            yield Mistake(("dividends", n, "underlying"), "a future pays no dividends")
        if dividend.ex <= s.clock.start:
            yield Mistake(("dividends", n, "ex"), "must be later than the clock's start")

"""What is traded: stocks, an index and a future, and options of several strikes, expiries, rights and terms on each."""

from __future__ import annotations

from typing import Any, NamedTuple

import pandas as pd

from tests.scenario_draws.draw import Draw, Frame

SPOTS = {"ABC": 100.0, "DEF": 42.5, "IDX": 1250.0, "FUT": 3020.0}
KINDS = {"ABC": "stock", "DEF": "stock", "IDX": "index", "FUT": "future"}
MONEYNESS = (0.95, 0.975, 1.0, 1.025, 1.05)


class Listed(NamedTuple):
    """An option that is traded."""

    underlying: str
    expiry: pd.Timestamp  # UTC, of its settlement
    right: str  # C or P
    strike: float

    @property
    def name(self) -> str:
        """As scenarios name it."""
        return f"{self.underlying} {self.expiry:%Y-%m-%d} {self.right}{self.strike:g}"


class Instruments(NamedTuple):
    """The entries of the scenario, and the options that they list."""

    underlyings: list[dict[str, Any]]
    options: list[dict[str, Any]]
    listed: list[Listed]

    @property
    def symbols(self) -> list[str]:
        return [entry["symbol"] for entry in self.underlyings]

    @property
    def stocks(self) -> list[str]:
        """What may pay dividends."""
        return [symbol for symbol in self.symbols if KINDS[symbol] != "future"]


def drawn(frame: Frame, instrument: dict[str, str]) -> Instruments:
    """The instruments of a frame; options on what ``instrument`` hedges with another are settled in cash."""
    draw = frame.draw("instruments")
    made = Instruments([], [], [])
    for symbol in symbols(frame):
        made.underlyings.append(_underlying(draw, symbol))
        for series in range(draw.one_of(1, 1, 2)):
            entry, listed = (_recorded if frame.is_recorded else _listed)(frame, draw, symbol, series)
            entry |= _terms(draw, symbol)
            if instrument.get(symbol, symbol) != symbol:
                entry["settlement"] = "cash"
            if not frame.is_recorded or series == 0:  # an underlying's recorded options share one entry
                made.options.append(entry)
            made.listed.extend(listed)
    return made


def symbols(frame: Frame) -> list[str]:
    """The underlyings of a frame."""
    draw = frame.draw("symbols")
    return draw.some(list(SPOTS), draw.one_of(1, 1, 2, 2, 3))


def _underlying(draw: Draw, symbol: str) -> dict[str, Any]:
    entry: dict[str, Any] = {"symbol": symbol, "kind": KINDS[symbol], "tick": draw.one_of(0.01, 0.25)}
    if KINDS[symbol] == "future":
        entry["multiplier"] = draw.one_of(1, 20, 50)
    elif draw.chance(0.3):
        entry["dividend_yield"] = draw.between(0.0, 0.04)
    if draw.chance(0.3):
        entry["lot"] = draw.one_of(0, 1, 10)
    return entry


def _terms(draw: Draw, symbol: str) -> dict[str, Any]:
    """What holds for all options of an entry."""
    terms: dict[str, Any] = {
        "multiplier": draw.one_of(1, 10, 100),
        "ticks": draw.one_of(0.01, 0.05, {0: 0.01, 3: 0.05}, {0: 0.05, 2: 0.1, 20: 0.25}),
        "settlement": "cash" if KINDS[symbol] == "index" else draw.one_of("cash", "physical"),
        "exercise": draw.one_of("european", "european", "american"),
    }
    if KINDS[symbol] == "future":
        terms["premium"] = draw.one_of("upfront", "futures_style")
    return terms


def _listed(frame: Frame, draw: Draw, symbol: str, series: int) -> tuple[dict[str, Any], list[Listed]]:
    """A series that the scenario spells out. A second series has strikes of its own: names tell dates, not times."""
    expires = draw.one_of("inside", "inside", "inside", "at the end", "later", "later")
    minute = {"inside": frame.inside(draw), "at the end": frame.minutes}.get(expires, frame.minutes + 1440 * 30)
    rights = draw.one_of(["call", "put"], ["call", "put"], ["call"], ["put"])
    strikes = _strikes(draw, symbol, series)
    entry = {"underlying": symbol, "strikes": strikes, "expiry": frame.at(minute), "rights": rights}
    if draw.chance(0.15):
        entry["last_trade"] = frame.at(max(minute // 2, 1))
    if expires != "later" and draw.chance(0.3):
        entry["settlement_price"] = float(f"{SPOTS[symbol] * draw.between(0.97, 1.03):.4g}")
    expiry = frame.start + pd.Timedelta(minutes=minute)
    return entry, [Listed(symbol, expiry, right[0].upper(), strike) for strike in strikes for right in rights]


def _recorded(frame: Frame, draw: Draw, symbol: str, series: int) -> tuple[dict[str, Any], list[Listed]]:
    """A series whose strikes and date come with the data, and the time of day from the scenario.

    The time belongs to all series of an underlying, so it is a draw of the frame and the symbol alone.
    """
    time = frame.draw(f"expiry time of {symbol}")
    expiry = frame.start + pd.Timedelta(minutes=frame.inside(time))
    zone = time.one_of("UTC", "America/New_York", "Asia/Kolkata")
    entry: dict[str, Any] = {"underlying": symbol, "expiry_time": f"{expiry.tz_convert(zone):%H:%M} {zone}"}
    if series or draw.chance(0.4):
        expiry = (expiry.tz_convert(zone) + pd.DateOffset(days=14)).tz_convert("UTC")  # the same wall-clock time
    if draw.chance(0.2):
        entry["rights"] = ["call", "put"]
    strikes = _strikes(draw, symbol, series)
    return entry, [Listed(symbol, expiry, right, strike) for strike in strikes for right in "CP"]


def _strikes(draw: Draw, symbol: str, series: int) -> list[float]:
    chosen = draw.some(MONEYNESS, draw.whole(1, 3))
    return [float(f"{SPOTS[symbol] * (moneyness + 0.005 * series):.5g}") for moneyness in chosen]

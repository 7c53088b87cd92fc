"""Broken engines: each is the sound one, run on a scenario that differs in what the fault would get wrong.

Its books are sound in themselves, so nothing but the auditor, which has the true scenario, can tell.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

Values = dict[str, Any]
Fault = Callable[[Values], None]  # changes a scenario's plain values, where they have what it gets wrong


def broken(scenario: Values, fault: str) -> Values | None:
    """The scenario as a broken engine takes it; None where it has nothing that the fault gets wrong."""
    made = copy.deepcopy(scenario)
    FAULTS[fault](made)
    return made if made != scenario else None


def _without(part: str, key: str) -> Fault:
    """A key of a part is forgotten: its default holds, which is to do nothing."""
    return lambda scenario: scenario.get(part, {}).pop(key, None)


def _turned(part: str, key: str, *choices: str) -> Fault:
    """The next of the choices of a key, the first of which is its default."""

    def turn(scenario: Values) -> None:
        values = scenario.setdefault(part, {})
        if (given := values.get(key, choices[0])) in choices:
            values[key] = choices[(choices.index(given) + 1) % len(choices)]

    return turn


def _moved(part: str, key: str, default: float, by: float) -> Fault:
    def move(scenario: Values) -> None:
        values = scenario.setdefault(part, {})
        values[key] = values.get(key, default) + by

    return move


def _each(entries: str, change: Callable[[Values], Any], part: str = "") -> Fault:
    """A change of each entry of a list, which may stand in a part."""

    def change_all(scenario: Values) -> None:
        for entry in _entries(scenario, entries, part):
            change(entry)

    return change_all


def _entries(scenario: Values, name: str, part: str) -> Iterator[Values]:
    yield from (scenario.get(part, {}) if part else scenario).get(name, [])


def _replaced(key: str, was: str, new: str) -> Callable[[Values], Any]:
    return lambda entry: entry.update({key: new}) if entry.get(key) == was else None


def _tenfold(entry: Values) -> None:
    entry["multiplier"] = 10 * entry.get("multiplier", 100)


def _tenfold_future(entry: Values) -> None:
    if entry.get("kind") == "future":
        entry["multiplier"] = 10 * entry.get("multiplier", 1)


def _thaw(protection: Values) -> None:
    for key in ("window", "freeze", "quantity", "net_delta", "net_vega"):
        protection.pop(key, None)


def _later(dividend: Values) -> None:
    dividend["ex"] = (pd.Timestamp(dividend["ex"]) + pd.Timedelta(days=1)).isoformat()


def _without_margin(client: Values) -> None:
    if "threshold" in client:
        client["threshold"] = 0.0


def _without_taker(scenario: Values) -> None:
    fees = scenario["execution"].get("fees") or {}
    (fees.get("option") or {}).pop("taker", None)


def _conceding_more(client: Values) -> None:
    if "reservation_ticks" in client:
        client["reservation_ticks"] = 10 * client["reservation_ticks"]


FAULTS: dict[str, Fault] = {
    "option fees forgotten": _without("execution", "fee_per_option"),
    "hedge fees forgotten": _without("execution", "fee_per_hedge"),
    "exercise fees forgotten": _without("execution", "fee_per_exercise"),
    "offloads at another price": lambda scenario: scenario["execution"].get("offload", {}).pop("half_spread_vol", None),
    "offloads without their fee": _without_taker,
    "hedges at the other of mid and touch": _turned("execution", "hedge_at", "mid", "touch"),
    "fees by venue forgotten": _without("execution", "fees"),
    "hedges at another multiple of their cost": _without("execution", "hedge_cost"),
    "impact forgotten": _without("execution", "impact"),
    "the venue's freeze forgotten": lambda scenario: _thaw(scenario.get("protection", {})),
    "jumps unseen": _without("protection", "jump"),
    "hedges without their latency": _without("latency", "hedge"),
    "lots matched in another order": _turned("execution", "matching", "lifo", "fifo", "average"),
    "more interest on the options' cash": _moved("rates", "options_cash", 0.0, 0.05),
    "more interest on the hedge's cash": _moved("rates", "hedge_cash", 0.0, 0.05),
    "a longer year of interest": _moved("clock", "interest_days", 365.0, 5.0),
    "interest compounded otherwise": _turned("rates", "compounding", "continuous", "simple_daily"),
    "borrowing at the lending rate": _without("rates", "borrowing_spread"),
    "balances netted, or not": _turned("rates", "funding", "gross", "net"),
    "borrowed stock for nothing": _without("rates", "borrow"),
    "prices discounted at another rate": _moved("rates", "pricing", 0.0, 0.1),
    "a longer year of volatility": _moved("clock", "volatility_days", 365.0, 113.0),
    "wrong multiplier of an option": _each("options", _tenfold),
    "wrong multiplier of a future": _each("underlyings", _tenfold_future),
    "physical settled in cash": _each("options", _replaced("settlement", "physical", "cash")),
    "settlement price ignored": _each("options", lambda entry: entry.pop("settlement_price", None)),
    "margined premium paid up front": _each("options", _replaced("premium", "futures_style", "upfront")),
    "dividends a day late": _each("dividends", _later),
    "dividends dropped": lambda scenario: scenario.pop("dividends", None),
    "opening marks ignored": _each("options", lambda entry: entry.pop("mark", None), "opening"),
    "opening hedges at mid": _each("hedges", lambda entry: entry.pop("price", None), "opening"),
    "a rival forgotten": _without("market", "maker"),
    "a margin of volatility forgotten": _each("clients", _without_margin),
    "clients who concede more": _each("clients", _conceding_more),
    "a grid that misses moves of the spot": _moved("report", "mark_spot", 0.005, 0.005),
    "a grid of another interval": lambda scenario: scenario.setdefault("report", {}).update(mark_every="41m"),
}

"""The market, theo, Greeks, positions and cash before and after an event, as one table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from mmsim.engine.state import State, TransactionKind
from mmsim.events import Kind, Leg
from mmsim.explanation.replay import Played, Replay
from mmsim.ledger import MICROS, Account

ASSETS = [Account.CASH_OPTIONS, Account.CASH_HEDGE, Account.OPTIONS, Account.HEDGE]
_OF_AN_OPTION = (Kind.QUOTE, Kind.VOLATILITY, Kind.FAIR_VOLATILITY, Kind.ORDER, Kind.BAR_TRADE, Kind.EXPIRY)
_OF_AN_UNDERLYING = (Kind.SPOT, Kind.DIVIDEND)
_GREEKS = ("delta", "gamma", "vega", "theta")
_COLUMNS = ("of", "figure", "before", "after")
_Pair = tuple[float, float]


def at_hand(replay: Replay, played: Played) -> tuple[list[int], list[int]]:
    """The options and the underlyings that an event is about, or that were traded in it; else every underlying."""
    event = replay.events[played.event]
    kind, i = event["kind"], int(event["instrument"])
    options = [i] if kind in _OF_AN_OPTION else []
    if kind == Kind.ORDER and event["ask_size"] == Leg.FIRST:
        options.append(int(replay.events[played.event + 1]["instrument"]))
    fills = played.rows["fills"]
    is_hedge = fills["kind"] == TransactionKind.HEDGE
    options = list(dict.fromkeys([*options, *fills["instrument"][~is_hedge].tolist()]))
    underlyings = [i] if kind in _OF_AN_UNDERLYING else []
    underlyings += [int(played.after.options[n]["underlying"]) for n in options]
    underlyings += fills["instrument"][is_hedge].tolist()
    return options, sorted(set(underlyings)) or list(range(len(played.after.underlyings)))


def state_table(replay: Replay, played: Played, options: Sequence[int], underlyings: Sequence[int]) -> pd.DataFrame:
    """A row a figure: ``of`` (an instrument, or nothing: the desk), ``figure``, ``before``, ``after``.

    Greeks of options are of one unit, those of a book of its options with their sizes, all priced at that moment.
    """
    rows: list[tuple[str, str, float, float]] = []
    for u in underlyings:
        rows += [(replay.names.underlyings[u], name, *pair) for name, pair in _of_underlying(played, u)]
    for i in options:
        rows += [(replay.names.options[i], name, *pair) for name, pair in _of_option(played, i)]
    rows += [("", name, *pair) for name, pair in _of_desk(played)]
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def _both(played: Played, field: str, rows: str, n: int) -> _Pair:
    before, after = (float(getattr(state, rows)[n][field]) for state in (played.before, played.after))
    return before, after


def _looks(played: Played, n: int) -> tuple[Any, Any]:
    """What was seen of an option before and after."""
    looks, count = played.after.looks, len(played.after.options)
    return looks[n], looks[count + n]


def _of_underlying(played: Played, u: int) -> Iterator[tuple[str, _Pair]]:
    for name in ("spot", "bid", "ask"):
        yield name, _both(played, name, "underlyings", u)
    books = [_book(state, played, u, after) for after, state in enumerate((played.before, played.after))]
    for name in _GREEKS:
        yield f"book_{name}", (books[0][name], books[1][name])
    hedge, pending = (_both(played, name, "underlyings", u) for name in ("hedge", "pending"))
    yield "hedge", hedge
    if any(pending):
        yield "pending", pending
    yield (
        "net_delta",
        (books[0]["delta"] + hedge[0] + pending[0], books[1]["delta"] + hedge[1] + pending[1]),
    )


def _book(state: State, played: Played, u: int, after: int) -> dict[str, float]:
    """The Greeks of the options held on an underlying, in its units."""
    count = len(state.options)
    looks = played.after.looks[after * count : (after + 1) * count]
    held = (state.options["underlying"] == u) & (state.options["position"] != 0) & (state.options["settled"] == 0)
    units = (state.options["position"] * state.options["multiplier"])[held]
    return {name: float(np.nansum(units * looks[name][held])) for name in _GREEKS}


def _of_option(played: Played, i: int) -> Iterator[tuple[str, _Pair]]:
    for name in ("bid", "ask"):
        yield f"market_{name}", _both(played, name, "options", i)
    mids = [0.5 * (state.options[i]["bid"] + state.options[i]["ask"]) for state in (played.before, played.after)]
    yield "market_mid", (float(mids[0]), float(mids[1]))
    looks = _looks(played, i)
    yield "market_fair", (float(looks[0]["fair"]), float(looks[1]["fair"]))
    yield "implied_volatility", _both(played, "volatility", "options", i)
    for name in ("theo", *_GREEKS):
        yield name, (float(looks[0][name]), float(looks[1][name]))
    yield "position", _both(played, "position", "options", i)


def _of_desk(played: Played) -> Iterator[tuple[str, _Pair]]:
    for name, account in zip(("cash_options", "cash_hedge", "options_at_theo", "hedge_at_mid"), ASSETS, strict=True):
        amounts = [int(state.balances[:, account].sum()) / MICROS for state in (played.before, played.after)]
        yield name, (amounts[0], amounts[1])

"""Faults of a market that make it know what is to come, each a replacement for one function of mmsim.

A fault takes the honest function and gives the one that peeks.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmsim.events import Events, Kind
from mmsim.market import Market, books, quotes, recorded, smoothing
from mmsim.market.clients.informed import Foresight
from mmsim.market.spot.ticks import TickWalk

Honest = Callable[..., Any]
TWO_MINUTES_NS = 120_000_000_000


class Cheat(NamedTuple):
    """A fault, where it is planted, and the output that it shows in first."""

    owner: Any  # module or class of the function that it replaces
    name: str
    fault: Callable[[Honest], Honest]
    shows: str  # table.column

    def planted(self) -> AbstractContextManager[Any]:
        """The fault in place of the honest function, for as long as the context lasts."""
        return mock.patch.object(self.owner, self.name, self.fault(getattr(self.owner, self.name)))


def centred(honest: Honest) -> Honest:
    """Each volatility mark is the mean of itself and the option's next."""

    def smoothed(ts: Any, option: npt.NDArray[np.int64], *others: Any) -> int:
        without: int = honest(ts, option, *others)
        marks = others[-1]
        new = ~np.isnan(marks)
        following = pd.Series(marks[new]).groupby(option[new]).shift(-1).to_numpy()
        marks[new] = np.where(np.isnan(following), marks[new], 0.5 * (marks[new] + following))
        return without

    return smoothed


def whole_day(honest: Honest) -> Honest:
    """Each volatility mark is drawn by a hundredth towards the option's mean of the day."""

    def smoothed(ts: Any, option: npt.NDArray[np.int64], *others: Any) -> int:
        without: int = honest(ts, option, *others)
        marks = others[-1]
        marks += 0.01 * (pd.Series(marks).groupby(option).transform("mean").to_numpy() - marks)
        return without

    return smoothed


def carried_back(honest: Honest) -> Honest:
    """A side that is missing at first is filled with its first price."""

    def carry_forward(instrument: Any, bid: Any, ask: Any, *others: Any) -> int:
        for side in (bid, ask):
            side[:] = pd.Series(side).groupby(instrument).bfill().to_numpy()
        withdrawn: int = honest(instrument, bid, ask, *others)
        return withdrawn

    return carry_forward


def without_outliers(honest: Honest) -> Honest:
    """Quotes outside of what 98 % of the option's day lie in are taken for errors."""

    def standing(quality: Any, file: str, table: pd.DataFrame) -> pd.DataFrame:
        asks = table.groupby("instrument")["ask"]
        low, high = asks.transform("quantile", 0.01), asks.transform("quantile", 0.99)
        made: pd.DataFrame = honest(quality, file, table[~((table["ask"] < low) | (table["ask"] > high))])
        return made

    return standing


def quotes_of_the_minute_after(honest: Honest) -> Honest:
    """A surface is fitted to the quotes of a minute later, at the spot of its own time."""

    def at(self: Any, now_ns: int) -> Any:
        made = honest(self, now_ns + TWO_MINUTES_NS // 2)
        return made._replace(now_ns=now_ns, spot=books.spot_at(self.book, now_ns))

    return at


def sides_of_the_quote_after(honest: Honest) -> Honest:
    """Trades are bought or sold by the quotes of two minutes later."""

    def sides(trades: pd.DataFrame, standing: pd.DataFrame) -> Any:
        return honest(trades, standing.assign(ts=standing["ts"] - TWO_MINUTES_NS))

    return sides


def _with_next_ticks(honest: Honest, change: Callable[[Events, npt.NDArray[np.float64]], None]) -> Honest:
    """Events whose orders are changed in place by how far the first underlying's next tick moves."""

    def events(self: Any, path: int) -> Events:
        made = honest(self, path).copy()
        ticks = made[(made["kind"] == Kind.SPOT) & (made["instrument"] == 0)]
        chosen = np.flatnonzero((made["kind"] == Kind.ORDER) & np.isnan(made["price"]))
        after = np.searchsorted(ticks["ts"], made["ts"][chosen], side="right")
        bids = np.append(ticks["bid"], ticks["bid"][-1])
        orders = made[chosen]
        change(orders, bids[after] - bids[np.maximum(after - 1, 0)])
        made[chosen] = orders
        return made

    return events


def side_of_the_next_tick(honest: Honest) -> Honest:
    """Clients buy calls and sell puts, or the other way round, by where the spot ticks next."""

    def change(orders: Events, moves: npt.NDArray[np.float64]) -> None:
        orders["side"] = np.where(moves == 0.0, orders["side"], np.where(moves > 0.0, 1, -1))

    return _with_next_ticks(honest, change)


def reservation_of_the_next_tick(honest: Honest) -> Honest:
    """Clients pay up by half of what the next tick moves in their favour."""

    def change(orders: Events, moves: npt.NDArray[np.float64]) -> None:
        orders["value"] += np.maximum(0.5 * moves * orders["side"], 0.0)

    return _with_next_ticks(honest, change)


def matched_moments(honest: Honest) -> Honest:
    """The drawn path is made to end where it is expected to."""

    def over(self: Any, steps: Any) -> Any:
        made = honest(self, steps)
        path: npt.NDArray[np.float64] = made.prices
        return made._replace(prices=path * (path[0] / path[-1]) ** np.linspace(0.0, 1.0, len(path)))

    return over


def a_longer_horizon(honest: Honest) -> Honest:
    """Informed clients know the market of half as far again as they say."""

    def set_(self: Any, *arguments: Any) -> None:
        honest(dataclasses.replace(self, horizon_ns=self.horizon_ns * 3 // 2), *arguments)

    return set_


OF_INFORMED = {
    "a horizon that is longer": Cheat(Foresight, "set", a_longer_horizon, "events."),
}
OF_RECORDED = {
    "a smoother that is centred": Cheat(smoothing, "smoothed", centred, "events.value"),
    "a smoother of the whole day": Cheat(smoothing, "smoothed", whole_day, "events.value"),
    "a side carried back": Cheat(quotes, "carry_forward", carried_back, "events.bid_size"),
    "outliers of the whole day": Cheat(quotes, "standing", without_outliers, "events.instrument"),
    "sides by the quote after": Cheat(recorded, "sides", sides_of_the_quote_after, "events.side"),
}
OF_SURFACES = {
    "quotes of the minute after": Cheat(books.Standing, "at", quotes_of_the_minute_after, "events.value"),
}
OF_CLIENTS = {
    "a side from the next tick": Cheat(Market, "events", side_of_the_next_tick, "events.side"),
    "a price from the next tick": Cheat(Market, "events", reservation_of_the_next_tick, "events.value"),
}
OF_MODELS = {
    "a path with its end in mind": Cheat(TickWalk, "over", matched_moments, "events.bid"),
}
OF_POLICIES = {  # kind of policy: a class of policies/peeking.py
    "hedging": "KnowsTheClose",
    "quoting": "ReadsAhead",
}

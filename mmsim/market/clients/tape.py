"""The market data of one path, looked up by time: for groups that look at the market."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mmsim.events import EVENT, Events, Kind
from mmsim.instruments import Universe

Instants = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Series(NamedTuple):
    """Values in force from their times on."""

    times: Instants
    values: Floats

    def at(self, times: npt.ArrayLike) -> Floats:
        """The values in force, those of the same time counting; NaN before the first."""
        place = np.searchsorted(self.times, times, side="right") - 1
        return np.append(self.values, np.nan)[place]  # -1, before the first, is the NaN at the end


class Tape:
    """Spots and volatilities of a path: the columns that are needed of its events, and not the rows.

    The market's volatility of an option is that of its fair value; where the market is recorded and has none, the
    scenario's mark.
    """

    def __init__(self, pieces: Iterable[Events], universe: Universe) -> None:
        wanted = (Kind.SPOT, Kind.DIVIDEND, Kind.VOLATILITY, Kind.FAIR_VOLATILITY)
        parts: dict[int, list[Events]] = {kind: [] for kind in wanted}
        for piece in pieces:
            for kind, found in parts.items():
                rows = piece[piece["kind"] == kind]
                kept = np.empty(len(rows), _NEEDED)
                for name in _NEEDED.names or ():
                    kept[name] = rows[name]
                found.append(kept)
        spots, paid, marks, fair = (np.concatenate(parts[kind]) for kind in wanted)
        owned = [(rows["instrument"] == u for rows in (spots, paid)) for u in range(len(universe.underlyings))]
        self.spots = [_mids(spots[ticks], paid[own]) for ticks, own in owned]
        self.volatilities = _by_option(fair if len(fair) else marks, len(universe.options))


_NEEDED = np.dtype([(name, EVENT[name]) for name in ("ts", "instrument", "bid", "ask", "value")])


def _mids(ticks: Events, dividends: Events) -> Series:
    """An underlying's mids, which fall by each dividend as it goes ex, whether or not a tick says so at once.

    With one side missing a mid is the other side, with both it is the mid before.
    """
    bid, ask = ticks["bid"], ticks["ask"]
    mid = np.where(np.isnan(bid), ask, np.where(np.isnan(ask), bid, 0.5 * (bid + ask)))
    known = ~np.isnan(mid)
    made = Series(ticks["ts"][known], mid[known])
    for ex, amount in zip(dividends["ts"], dividends["value"], strict=True):
        place = int(np.searchsorted(made.times, ex))  # before a tick of the same time, which is without it already
        if place > 0:
            fallen = made.values[place - 1] - amount
            made = Series(np.insert(made.times, place, ex), np.insert(made.values, place, fallen))
    return made


def _by_option(rows: Events, options: int) -> list[Series]:
    order = np.argsort(rows["instrument"], kind="stable")
    ts, owner, value = rows["ts"][order], rows["instrument"][order], rows["value"][order]
    edges = np.searchsorted(owner, np.arange(options + 1))
    return [Series(ts[low:high], value[low:high]) for low, high in pairwise(edges)]

"""A busy market of one underlying and its options, row by row, so that two engines can be given the same rows.

A row changes one side of one instrument's best bid and ask: a size, or a price by one tick (the side improves, or its
best level is used up and the next one stands behind it). To mmsim that is one quote or spot row, to a program that
keeps books of orders one change of one price level: neither needs a second row for it. In one row of a hundred a
client trades an option.
"""

from __future__ import annotations

from itertools import product
from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from mmsim.pricing import price

TICK = 0.01
START_SPOT = 100.0
VOLATILITY = 0.2
YEARS = 60 / 365
EXPIRY = "2026-03-06T00:00:00Z"  # 60 days after the start
START_NS = 1_767_571_200_000_000_000  # 2026-01-05T00:00:00Z
ROWS_PER_SECOND = 1000  # of each instrument
TRADE_EVERY = 100  # rows
LEVEL_SIZE = 10.0  # contracts of a level before anything has changed it
LOWEST = 4  # half ticks: the lowest middle that an option's market has


class Rows(NamedTuple):
    """The rows of a market in time order. Prices are in ticks; an instrument is an option or, last, the underlying."""

    options: int
    ts: npt.NDArray[np.int64]  # nanoseconds UTC, rising strictly
    instrument: npt.NDArray[np.int64]
    bid: npt.NDArray[np.int64]  # best, after the row
    ask: npt.NDArray[np.int64]
    side: npt.NDArray[np.int64]  # of the level that the row changes: +1 bid, -1 ask; of a trade: +1 the client buys
    level: npt.NDArray[np.int64]  # the price that it changes, or at which the client trades
    size: npt.NDArray[np.float64]  # what then stands there: 0 for nothing; or what is traded
    is_trade: npt.NDArray[np.bool_]
    first_bid: npt.NDArray[np.int64]  # of each instrument before the first row
    first_ask: npt.NDArray[np.int64]


def strikes(options: int) -> npt.NDArray[np.float64]:
    """The strikes of so many options, a call and a put each: 85 to 115."""
    return np.linspace(85.0, 115.0, options // 2)


def busy_market(options: int, rows: int, seed: int = 7) -> Rows:
    """The market: every instrument has as many rows as the next, on average, and 1,000 a second."""
    drawn = np.random.default_rng(seed)
    instruments = options + 1
    length = rows / (instruments * ROWS_PER_SECOND) * 1e9
    ts = START_NS + 1 + np.sort(drawn.integers(0, max(int(length), rows), rows)) + np.arange(rows)
    instrument = drawn.integers(0, instruments, rows)
    is_trade = np.zeros(rows, np.bool_)
    is_trade[drawn.choice(np.flatnonzero(instrument < options), rows // TRADE_EVERY + 1, replace=False)] = True
    middles = np.zeros(rows, np.int64)  # bid + ask in ticks, less one: half ticks that move by one at a time
    firsts = np.zeros(instruments, np.int64)
    spot = _walk(drawn, rows, instrument == options, int(2 * START_SPOT / TICK), middles)
    firsts[options] = int(2 * START_SPOT / TICK)
    for i, (strike, right) in enumerate(product(strikes(options), ("call", "put"))):
        own = np.flatnonzero(instrument == i)
        fair = _half_ticks(spot, strike, right)
        firsts[i] = fair[0]
        middles[own] = _followed(fair[own], firsts[i], is_trade[own])
    return _as_rows(drawn, options, ts, instrument, is_trade, middles, firsts)


def _walk(
    drawn: np.random.Generator, rows: int, own: npt.NDArray[np.bool_], start: int, middles: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """A random walk of the underlying in half ticks, written into its rows; the spot as of every row."""
    steps = np.zeros(rows, np.int64)
    steps[own] = drawn.integers(-1, 2, np.count_nonzero(own))
    walked = start + np.cumsum(steps)
    middles[own] = walked[own]
    return 0.5 * TICK * walked


def _half_ticks(spot: npt.NDArray[np.float64], strike: float, right: str) -> npt.NDArray[np.int64]:
    """Theoretical value along the spots in half ticks, which the market's own middle follows (read from a table)."""
    grid = np.linspace(spot.min() - TICK, spot.max() + TICK, 2000)
    theo = np.interp(spot, grid, price(spot=grid, strike=strike, years=YEARS, volatility=VOLATILITY, right=right))
    return np.maximum(np.rint(2 / TICK * theo), LOWEST).astype(np.int64)


@numba.njit
def _followed(targets, start, stays):
    """Half ticks that move by at most one a row towards their target; a trade moves nothing."""
    middles = np.empty_like(targets)
    now = start
    for n in range(len(targets)):
        if not stays[n]:
            now += np.sign(targets[n] - now)
        middles[n] = now
    return middles


def _as_rows(
    drawn: np.random.Generator,
    options: int,
    ts: npt.NDArray[np.int64],
    instrument: npt.NDArray[np.int64],
    is_trade: npt.NDArray[np.bool_],
    middles: npt.NDArray[np.int64],
    firsts: npt.NDArray[np.int64],
) -> Rows:
    """The change of one level, or the trade, behind each row."""
    before = _previous(instrument, middles, firsts)
    bid, ask = _touch(middles)
    old_bid, old_ask = _touch(before)
    rises, falls = middles > before, middles < before
    side = np.where(drawn.random(len(ts)) < 0.5, 1, -1)  # of a size that changes, and of a trade
    side = np.where(rises | falls, np.where(bid != old_bid, 1, -1), side)
    is_gone = (falls & (side == 1)) | (rises & (side == -1))  # the best level is used up, and not improved upon
    touched = np.where(side == 1, np.where(is_gone, old_bid, bid), np.where(is_gone, old_ask, ask))
    traded = np.where(side == 1, ask, bid)
    size = np.where(is_gone, 0.0, drawn.integers(5, 30, len(ts)).astype(float))
    return Rows(
        options=options,
        ts=ts,
        instrument=instrument,
        bid=bid,
        ask=ask,
        side=side,
        level=np.where(is_trade, traded, touched),
        size=np.where(is_trade, drawn.integers(1, 5, len(ts)).astype(float), size),
        is_trade=is_trade,
        first_bid=_touch(firsts)[0],
        first_ask=_touch(firsts)[1],
    )


def _touch(middles: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Best bid and ask around a middle in half ticks: one tick wide or two, so that half a tick moves one side."""
    return (middles - 1) // 2, middles // 2 + 1


def _previous(
    instrument: npt.NDArray[np.int64], middles: npt.NDArray[np.int64], firsts: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """The middle of each row's instrument before the row."""
    order = np.argsort(instrument, kind="stable")
    shifted = np.empty_like(middles)
    shifted[order[1:]] = middles[order[:-1]]
    starts = order[np.flatnonzero(np.r_[True, np.diff(instrument[order]) > 0])]
    shifted[starts] = firsts[instrument[starts]]
    return shifted


def counts(rows: Rows) -> dict[str, Any]:
    """What the market is made of."""
    return {
        "rows": len(rows.ts),
        "rows of the underlying": int(np.count_nonzero(rows.instrument == rows.options)),
        "client orders": int(np.count_nonzero(rows.is_trade)),
        "seconds of market time": round((int(rows.ts[-1]) - START_NS) / 1e9, 1),
    }

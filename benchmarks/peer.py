"""The same busy market replayed by hftbacktest, two-sided quotes standing on every asset."""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from busy_market import LEVEL_SIZE, START_NS, TICK, Rows
from hftbacktest import (
    BUY_EVENT,
    DEPTH_EVENT,
    EXCH_EVENT,
    GTX,
    LIMIT,
    LOCAL_EVENT,
    SELL_EVENT,
    TRADE_EVENT,
    BacktestAsset,
    ROIVectorMarketDepthBacktest,
)
from hftbacktest.types import event_dtype
from numba import njit

BEHIND = 3  # ticks between the best price and the desk's own
SIZE = 10.0
CHECK_NS = 100_000_000
MARGIN = 50  # ticks of the book beyond what the market reaches


@njit
def standing_quotes(hbt, behind, size, check_ns):
    """Every 100 ms: a bid and an ask on every asset, moved where the market has moved; how often they were sent."""
    sent = 0
    next_id = 2
    bids = np.zeros(hbt.num_assets, np.uint64)
    asks = np.zeros(hbt.num_assets, np.uint64)
    bid_ticks = np.zeros(hbt.num_assets, np.int64)
    ask_ticks = np.zeros(hbt.num_assets, np.int64)
    while hbt.elapse(check_ns) == 0:
        for asset in range(hbt.num_assets):
            hbt.clear_inactive_orders(asset)
            depth = hbt.depth(asset)
            orders = hbt.orders(asset)
            bid_tick, ask_tick = depth.best_bid_tick - behind, depth.best_ask_tick + behind
            is_standing = bids[asset] in orders
            if not is_standing or bid_ticks[asset] != bid_tick:
                if is_standing:
                    hbt.cancel(asset, bids[asset], False)
                hbt.submit_buy_order(asset, next_id, bid_tick * depth.tick_size, size, GTX, LIMIT, False)
                bids[asset], bid_ticks[asset] = next_id, bid_tick
                next_id += 1
                sent += 1
            is_standing = asks[asset] in orders
            if not is_standing or ask_ticks[asset] != ask_tick:
                if is_standing:
                    hbt.cancel(asset, asks[asset], False)
                hbt.submit_sell_order(asset, next_id, ask_tick * depth.tick_size, size, GTX, LIMIT, False)
                asks[asset], ask_ticks[asset] = next_id, ask_tick
                next_id += 1
                sent += 1
    return sent


class Feed(NamedTuple):
    """What one asset is made of."""

    events: npt.NDArray[np.void]
    book: npt.NDArray[np.void]  # the levels before the first event
    low: float  # prices of the book's lowest and highest level
    high: float


def feeds(rows: Rows) -> list[Feed]:
    """Each instrument's feed: one event a row."""
    flags = EXCH_EVENT | LOCAL_EVENT
    every = np.zeros(len(rows.ts), event_dtype)
    every["ev"] = (
        np.where(rows.is_trade, TRADE_EVENT, DEPTH_EVENT) | np.where(rows.side == 1, BUY_EVENT, SELL_EVENT) | flags
    )
    every["exch_ts"] = every["local_ts"] = rows.ts
    every["px"], every["qty"] = rows.level * TICK, rows.size
    found = []
    for i in range(rows.options + 1):
        own = rows.instrument == i
        low = max(int(min(rows.bid[own].min(initial=rows.first_bid[i]), rows.first_bid[i])) - MARGIN, 1)
        high = int(max(rows.ask[own].max(initial=rows.first_ask[i]), rows.first_ask[i])) + MARGIN
        book = _book(low, int(rows.first_bid[i]), int(rows.first_ask[i]), high)
        found.append(Feed(every[own], book, low * TICK, high * TICK))
    return found


def _book(low: int, bid: int, ask: int, high: int) -> npt.NDArray[np.void]:
    """The levels that stand before the first row."""
    bids, asks = np.arange(bid, low - 1, -1), np.arange(ask, high + 1)
    book = np.zeros(len(bids) + len(asks), event_dtype)
    book["ev"] = DEPTH_EVENT | EXCH_EVENT | LOCAL_EVENT
    book["ev"][: len(bids)] |= BUY_EVENT
    book["ev"][len(bids) :] |= SELL_EVENT
    book["px"], book["qty"] = np.concatenate([bids, asks]) * TICK, LEVEL_SIZE
    book["exch_ts"] = book["local_ts"] = START_NS
    return book


def walk(given: list[Feed]) -> float:
    """Seconds that the strategy takes over all rows."""
    assets = [
        BacktestAsset()
        .data(feed.events)
        .initial_snapshot(feed.book)
        .linear_asset(1.0)
        .constant_order_latency(0, 0)
        .risk_adverse_queue_model()
        .no_partial_fill_exchange()
        .trading_value_fee_model(0.0, 0.0)
        .tick_size(TICK)
        .lot_size(1.0)
        .roi_lb(feed.low)
        .roi_ub(feed.high)
        .last_trades_capacity(0)
        for feed in given
    ]
    backtest = ROIVectorMarketDepthBacktest(assets)
    started = time.perf_counter()
    sent = standing_quotes(backtest, BEHIND, SIZE, CHECK_NS)
    seconds = time.perf_counter() - started
    backtest.close()
    assert sent >= 2 * len(given), "quotes stand on every asset"
    return seconds

"""The market stream and the fills of one path, interleaved as docs/accounting.md orders them."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from .book import BUCKETS, Book
from .execution import hedge_fee
from .legality import (
    has_rested,
    hedge_price,
    reservation,
    same,
    wrong_with_client_fill,
    wrong_with_hedge_fill,
    wrong_with_offload,
    wrong_with_prices,
)
from .markouts import Markouts
from .protection import Guard

# in the order in which the events of one time happen
MARKET_DATA = ["DIVIDEND", "BAR_TRADE", "SPOT", "QUOTE", "VOLATILITY", "FAIR_VOLATILITY"]
KINDS = [*MARKET_DATA, "ORDER", "TIMER", "OPEN", "CLOSE", "SETTLEMENT", "MARK", "EXERCISE", "EXPIRY"]
ORDER, MARK = KINDS.index("ORDER"), KINDS.index("MARK")


class Fill(NamedTuple):
    """A fill as the run reports it; only what nobody else can know is believed."""

    row: int  # in the fills table
    ts: int
    kind: str  # client, offload, hedge, exercise, expiry
    instrument: int  # number of the option (client, expiry) or of the hedged underlying (hedge)
    client: int
    size: float  # signed, + the desk buys; contracts or units
    price: float
    event: int | None  # position of the row that caused it, -1 a hedge that fell due; None: not told
    spot: float = float("nan")  # the underlying's mid at a hedge, which tells causes of one time apart; NaN: not told
    fee: float = float("nan")  # which tells a hedge that rested from one that took the same price; NaN: not told


class Replay:
    """Walks the events, meets each fill with its cause, and keeps the book."""

    def __init__(self, book: Book, events: pd.DataFrame, fills: list[Fill]) -> None:
        self.book = book
        self.fills = fills
        self.columns = {name: events[name].tolist() for name in events.columns}
        self.kinds = [KINDS.index(kind) for kind in events["kind"]]
        self.violations: list[str] = []
        self.recomputed: dict[int, dict[str, float]] = {}  # by row of the fills table
        self.snapshots: list[dict[str, Any]] = []  # one a MARK row
        self.causes: set[tuple[int, int]] = set()  # (time, underlying) at which the hedging policy was asked
        sessions = [kind for kind in events["kind"] if kind in ("OPEN", "CLOSE")]
        self.in_session = not sessions or sessions[0] == "CLOSE"
        self.opened = [False] * len(book.hedges)
        self.pending: deque[Fill] = deque()
        self.guard = Guard(book)
        self.markouts = Markouts(book)
        self.bereft: set[int] = set()  # underlyings of which options have expired at this time
        self.latency: int = book.settings["latency"]["hedge"]
        self.rests: bool = book.settings["hedge_at"] == "passive"

    def run(self) -> None:
        """Everything, time by time."""
        starts: dict[int, list[int]] = {}
        times = np.asarray(self.columns["ts"], np.int64)
        if np.any(np.diff(times) < 0):
            self.violations.append("the events are not in order of time")
        edges = np.flatnonzero(np.diff(times, prepend=times[:1] - 1, append=times[-1:] + 1))
        for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            starts[int(times[low])] = [low, high]
        by_time: dict[int, deque[Fill]] = {}
        for fill in self.fills:
            by_time.setdefault(fill.ts, deque()).append(fill)
        for ts in sorted(starts.keys() | by_time.keys()):
            self.pending = by_time.get(ts, deque())
            self.markouts.pass_to(ts)
            self._instant(ts, *starts.get(ts, [0, 0]))
        if self.snapshots and self.snapshots[-1]["ts"] == max(starts):  # the run's last row is written when all is over
            self.snapshots[-1] = self._snapshot(max(starts))
        self.markouts.end(max(starts))
        self._check_end()

    def _instant(self, ts: int, low: int, high: int) -> None:
        due, ended, stirred = False, False, False
        for i in range(low, high):
            kind = self.kinds[i]
            if not due and kind >= ORDER:
                self._fall_due(ts)
                due = True
            if not ended and kind >= MARK:
                self._end_time(ts)
                ended = True
            stirred |= kind < ORDER
            getattr(self, "_" + KINDS[kind].lower())(ts, i)
        if not due:
            self._fall_due(ts)
        if not ended and stirred:
            self._end_time(ts)
        for u in sorted(self.bereft):
            self._ask(ts, u, high - 1)
        self.bereft.clear()
        for fill in self.pending:
            self._complain(fill, "nothing at this time causes it")
            self._apply(fill)

    def _end_time(self, ts: int) -> None:
        if not self.book.started.all():
            self.book.start_marks(np.arange(len(self.book.options)), ts)
        self.book.mark_moved(ts)

    # ---- rows, by kind

    def _row(self, i: int) -> dict[str, Any]:
        return {name: column[i] for name, column in self.columns.items()}

    def _dividend(self, ts: int, i: int) -> None:
        self._exercise(ts, i)
        self.book.dividend(self.columns["instrument"][i], ts, self.columns["value"][i])
        self.markouts.pay(self.columns["instrument"][i], self.columns["value"][i])

    def _spot(self, ts: int, i: int) -> None:
        u = self.columns["instrument"][i]
        self.book.tick(u, ts, self.columns["bid"][i], self.columns["ask"][i])
        self.guard.tick(u, ts)
        for owner, instrument in self.book.instrument_of.items():
            ready = np.isfinite(self.book.hedges[instrument].mid) and np.isfinite(self.book.hedges[owner].mid)
            if ready and not self.opened[owner]:
                self.opened[owner] = True
                self.book.open_hedges(owner)
        while self.rests and self.pending and self._is_met(self.pending[0], u, ts):
            self._fill_hedge(self.pending.popleft())
        self._ask(ts, u, i)

    def _is_met(self, fill: Fill, v: int, ts: int) -> bool:
        """Whether a hedge that rests in the market of ``v`` could be dealt at this tick."""
        is_here = fill.kind == "hedge" and self.book.instrument_of[fill.instrument] == v
        if not is_here or not any(cause <= ts - self.latency and u == fill.instrument for cause, u in self.causes):
            return False
        return self._fits(fill, fill.instrument)

    def _quote(self, ts: int, i: int) -> None:
        option = self.columns["instrument"][i]
        self.book.market_bid[option], self.book.market_ask[option] = self.columns["bid"][i], self.columns["ask"][i]
        for size in ("bid_size", "ask_size"):
            if size in self.columns:
                getattr(self.book, f"market_{size}")[option] = self.columns[size][i]

    def _volatility(self, ts: int, i: int) -> None:
        self.book.volatility[self.columns["instrument"][i]] = self.columns["value"][i]

    def _fair_volatility(self, ts: int, i: int) -> None:
        self.book.fair_volatility[self.columns["instrument"][i]] = self.columns["value"][i]

    def _order(self, ts: int, i: int) -> None:
        """An order, or a package of two that is dealt as a whole or not."""
        order = self._row(i)
        if order.get("ask_size", 0) == 0:
            if self.pending and self._answers(self.pending[0], order, ts, i):
                self._deal(ts, i, [order])
        elif order["ask_size"] == 1:
            legs = [order, self._row(i + 1)]
            if len(self.pending) > 1 and all(map(self._is_of, self.pending, legs)):
                self._deal(ts, i, legs)

    _bar_trade = _order

    def _is_of(self, fill: Fill, leg: Mapping[str, Any]) -> bool:
        """Whether a fill is a leg's: of its instrument, client and side, and of its whole size."""
        named = (fill.kind, fill.instrument, fill.client) == ("client", leg["instrument"], leg["client"])
        return named and same(fill.size, -leg["side"] * leg["size"])

    def _deal(self, ts: int, i: int, orders: list[dict[str, Any]]) -> None:
        """The fills that stand next answer orders that are dealt together; then their underlying is hedged."""
        fills = [self.pending.popleft() for _ in orders]
        for wrong in wrong_with_prices(self.book, orders, ts, [(fill.size, fill.price) for fill in fills]):
            self._complain(fills[0], wrong)
        for order, fill in zip(orders, fills, strict=True):
            for wrong in wrong_with_client_fill(self.book, order, ts, fill.size, fill.price, self.in_session):
                self._complain(fill, wrong)
            for wrong in self.guard.wrong_with(fill.instrument, fill.client, ts):
                self._complain(fill, wrong)
            self._apply(fill)
            self.guard.count(fill.instrument, fill.client, ts, fill.size)
        u = int(self.book.owner[fills[0].instrument])
        self._offload(u)
        self._ask(ts, u, i)

    def _timer(self, ts: int, i: int) -> None:
        u = self.columns["instrument"][i]
        for asked in range(len(self.book.hedges)) if u < 0 else (u,):
            self._ask(ts, asked, i)

    def _open(self, ts: int, i: int) -> None:
        self.in_session = True

    def _close(self, ts: int, i: int) -> None:
        self.in_session = False

    def _settlement(self, ts: int, i: int) -> None:
        u = self.columns["instrument"][i]
        self.book.settle(ts, range(len(self.book.hedges)) if u < 0 else (u,))

    def _mark(self, ts: int, i: int) -> None:
        self.book.mark(ts, range(len(self.book.hedges)))
        self.book.post_carry(ts)
        for u in range(len(self.book.hedges)):
            if self._offload(u):
                self._ask(ts, u, i)
        for u in range(len(self.book.hedges)):
            self.causes.add((ts, u))  # a loss limit flattens here, whatever the hour
            if self.in_session or (self.pending and self.pending[0].event == i):
                self._ask(ts, u, i)
        self.snapshots.append(self._snapshot(ts))

    def _exercise(self, ts: int, i: int) -> None:
        """Fills say which positions were exercised; it has to be a whole position that is best exercised."""
        u = self.columns["instrument"][i]
        while self.pending and self.pending[0].kind == "exercise":
            option = self.pending[0].instrument
            if u not in (-1, self.book.owner[option]):
                break
            fill = self.pending.popleft()
            if fill.size != -self.book.position[option]:
                self._complain(fill, f"{self.book.position[option]} contracts were held")
            self.markouts.settle(option, self.book.hedges[self.book.owner[option]].mid)
            if not self.book.exercise(option, ts):
                self._complain(fill, "worth more than its intrinsic value")
            self.bereft.add(int(self.book.owner[option]))
        for option in self.book.best_exercised(ts):
            if u in (-1, self.book.owner[option]):
                self.violations.append(f"option {option}: held on at {ts}, worth no more than its intrinsic value")

    def _expiry(self, ts: int, i: int) -> None:
        option = self.columns["instrument"][i]
        held = self.book.position[option]
        self.markouts.settle(option, self.book.settlement_price(option))
        self.book.expire(option, ts)
        while self.pending and self.pending[0].kind == "expiry" and self.pending[0].instrument in (option, -1):
            fill = self.pending.popleft()
            if fill.instrument == option and abs(fill.size) != abs(held):
                self._complain(fill, f"{abs(held)} contracts were held")
            held = 0.0 if fill.instrument == option else held
        if held:
            self.violations.append(f"option {option}: held at its expiry, and no expiry fill says so")
        self.bereft.add(int(self.book.owner[option]))

    # ---- fills

    def _offload(self, u: int) -> bool:
        """The hedging policy may trade options on ``u`` with a volatility desk, at once; whether it has."""
        has = False
        while self.pending and self.pending[0].kind == "offload" and self.book.owner[self.pending[0].instrument] == u:
            fill, has = self.pending.popleft(), True
            for wrong in wrong_with_offload(
                self.book, fill.instrument, fill.ts, fill.size, fill.price, self.in_session
            ):
                self._complain(fill, wrong)
            self._apply(fill)
        return has

    def _answers(self, fill: Fill, order: Mapping[str, Any], ts: int, i: int) -> bool:
        """Whether a fill is an order's: by the row it names, or by terms that only this order meets."""
        if fill.kind != "client" or (fill.instrument, fill.client) != (order["instrument"], order["client"]):
            return False
        if fill.event is not None:
            return fill.event == i
        opposite = fill.size * order["side"] < 0 or order["side"] == 0
        side = -np.sign(fill.size)
        good_enough = (fill.price - reservation(self.book, order, ts, side)) * side <= 1e-9
        return opposite and good_enough and abs(fill.size) <= order["size"] + 1e-9

    def _ask(self, ts: int, u: int, i: int) -> None:
        """The hedging policy of ``u`` is asked; at zero latency its hedge is filled now."""
        self.causes.add((ts, u))
        is_cause = i >= 0 and self.columns["kind"][i] in self.book.settings.get("hedge_causes", KINDS)
        if self.latency or self.rests or not self.pending or not is_cause:
            return
        fill = self.pending[0]
        if fill.kind != "hedge" or fill.instrument != u or (fill.event is not None and fill.event != i):
            return
        if fill.event is None and not self._fits(fill, u):
            return
        self._fill_hedge(self.pending.popleft())

    def _fits(self, fill: Fill, u: int) -> bool:
        """Whether a hedge that names no row could be traded now: at its price, with the spot where it says."""
        moved = np.isfinite(fill.spot) and not same(fill.spot, self.book.hedges[u].mid)
        is_price = same(fill.price, hedge_price(self.book, u, fill.size))
        return not moved and (is_price or has_rested(self.book, u, fill.size, fill.price))

    def _fall_due(self, ts: int) -> None:
        """Hedges that were decided one latency ago."""
        while self.latency and not self.rests and self.pending and self.pending[0].kind == "hedge":
            fill = self.pending.popleft()
            if (ts - self.latency, fill.instrument) not in self.causes:
                self._complain(fill, "nothing asked for it one latency before")
            self._fill_hedge(fill)

    def _fill_hedge(self, fill: Fill) -> None:
        for wrong in wrong_with_hedge_fill(self.book, fill.instrument, fill.size, fill.price):
            self._complain(fill, wrong)
        self._apply(fill)

    def _apply(self, fill: Fill) -> None:
        if fill.kind == "client":
            self.markouts.add(fill.row, fill.instrument, fill.ts, fill.size, fill.price)
            made = self.book.client_fill(fill.instrument, fill.client, fill.ts, fill.size, fill.price)
        elif fill.kind == "offload":
            made = self.book.offload_fill(fill.instrument, fill.client, fill.ts, fill.size, fill.price)
        elif fill.kind == "hedge":
            made = self.book.hedge_fill(fill.instrument, fill.ts, fill.size, fill.price, self._is_maker(fill))
        else:
            return
        self.recomputed[fill.row] = made

    def _is_maker(self, fill: Fill) -> bool:
        """Whether a hedge rested at its price; where it may as well have taken it, its fee tells."""
        book, u = self.book, fill.instrument
        if not has_rested(book, u, fill.size, fill.price):
            return False
        contracts = abs(fill.size) / book.hedges[book.instrument_of[u]].multiplier
        is_makers_fee = same(fill.fee * 1e6, hedge_fee(book.settings["fees"], contracts, is_maker=True))
        return is_makers_fee or not same(fill.price, hedge_price(book, u, fill.size))

    def _complain(self, fill: Fill, wrong: str) -> None:
        self.violations.append(f"fill {fill.row} ({fill.kind} at {fill.ts}): {wrong}")

    # ---- results

    def _snapshot(self, ts: int) -> dict[str, Any]:
        """What the rows of marks should say: of the desk, and of each underlying."""
        book, journal = self.book, self.book.journal
        buckets = {
            name: (-sum(journal.totals[part] for part in parts) / 1e6, sum(journal.counts[part] for part in parts))
            for name, parts in BUCKETS.items()
        }
        underlyings = [
            {"spot": h.mid, "hedge": h.units} | book.position_greeks(u, ts) for u, h in enumerate(book.hedges)
        ]
        if self.latency or self.rests:
            for row in underlyings:
                row.pop("net_delta", None)  # hedges under way are not known
        worth = {"equity": book.equity / 1e6} | {
            name: amount / 1e6 for name, amount in book.equity_elsewhere(ts).items()
        }
        return {"ts": ts, "worth": worth, "buckets": buckets, "underlyings": underlyings}

    def _check_end(self) -> None:
        book = self.book
        for option in np.flatnonzero((book.position != 0) & (book.expiry_ns <= book.settings["end_ns"])):
            self.violations.append(f"option {option}: unsettled after its expiry")
        start, end, every = book.settings["start_ns"], book.settings["end_ns"], book.settings["marks"]["every_ns"]
        expected = {*range(start + every, end, every), end}
        off = expected ^ ({snapshot["ts"] for snapshot in self.snapshots} - {start})
        if off:
            self.violations.append(f"MARK rows: {len(off)} are missing or off the grid")

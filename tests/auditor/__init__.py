"""The auditor: recomputes a run's books from the market, the fills and the scenario, and shares no code with mmsim.

``audit(terms, events, fills, settings)`` takes plain tables:

- ``terms``: ``underlyings`` (symbol, kind stock|index|future, multiplier, lot, dividend_yield) and ``options``
  (name, underlying number, right +1|-1, strike, expiry_ns, last_trade_ns (0: none), multiplier, premium
  upfront|futures_style, exercise european|american, settlement cash|physical, settlement_price (NaN: the mid),
  tick_levels, tick_steps); an instrument's number is its row.
- ``events``: the merged market stream in order: ts (int ns), kind (its name), side, client, instrument, bid, ask,
  bid_size, ask_size, value, price, size. An order's ask_size is 1 on the first leg of a package, 2 on its second, which
  is the next row; its bid and bid_size are a volatility and a margin of it, its ask a spot, by which it values.
- ``fills``: of one path, in order of transaction: ts (int ns), kind client|offload|hedge|exercise|expiry, instrument
  (number), client (number), size (signed, + the desk buys), price, and, each or all absent, event (the causing row),
  spot (the underlying's mid at a hedge) and fee (which tells a hedge that rested from one that took the same price).
- ``settings``: start_ns, end_ns, volatility_days, interest_days, rates {options_cash, hedge_cash, pricing, borrow,
  borrowing_spread, funding, compounding}, fees {option, hedge, exercise; and option_taker, option_cap,
  hedge_maker}, offload {half_spread_vol}, hedge_at, hedge_cost (multiple of the
  distance from the mid at which hedges take a price), impact
  (instrument number -> {permanent, temporary, daily_volatility, daily_volume}), matching, latency {hedge; and
  quote}, protection {window, freeze, quantity, net_delta, net_vega, jump} (as far as fills can tell of it), marks
  {every_ns, spot, vol}, early {own, assigned} (whether American options are exercised before expiry), opening
  {options: (number, size, mark), hedges: (number, units, price)}, hedge_instruments {underlying: instrument},
  dividends (list of (underlying, ex_ns, amount), all that the model knows of), spot_dividends (whether theirs is the
  spot model), weights (None, or overnight, weekend, trading_days, open, close, zone, holidays and events (ns, days):
  the time that volatility runs by), maker (None, or half_spread_vol, half_spread_ticks, size, allocation of a rival;
  in a recorded market its quotes are the rival's), shopping (numbers of the clients who go to the better price),
  scripted_deltas (list or None), exact, refresh {spot, every_ns} where it is not;
  and, where fills name no event, hedge_causes: the kinds of row at which the hedging policy may trade at all (default:
  all).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

import pandas as pd

from . import comparison
from .book import BUCKETS, TAYLOR, Book
from .comparison import Discrepancy
from .markouts import Markout
from .replay import Fill, Replay

__all__ = ["BUCKETS", "Audit", "Discrepancy", "audit"]

# Of the Taylor view of American options, whose Greeks are differences here: each term against the sum of all, without
# signs. Near the boundary of exercise the second derivatives by volatility have a kink, which differences smear.
OF_DIFFERENCES = dict.fromkeys(TAYLOR, 1e-3) | dict.fromkeys(("gamma", "theta"), 3e-2)
OF_DIFFERENCES |= dict.fromkeys(("vanna", "volga", "residual"), 6e-2)


@dataclass(frozen=True)
class Audit:
    """What the books should say. Amounts of ``accounts`` and ``journal`` are micro-units, debits positive."""

    accounts: pd.DataFrame  # by account: amount, postings
    journal: pd.DataFrame  # ts, account, amount, postings
    inventory: dict[tuple[str, str], int]  # (account, instrument) -> micro-units at the end
    cash_view: dict[str, float]  # currency
    carry: dict[str, float]  # currency
    equity: dict[str, float]  # currency: opening, closing, change, at_mid, at_liquidation
    taylor: dict[str, float]  # currency
    taylor_tolerance: dict[str, float]  # of each, in currency, where Greeks are differences
    lots: list[list[tuple[float, int]]]  # open lots by underlying
    tranches: pd.DataFrame  # by option and client number (-1: the opening book), currency
    marks_posted: list[int]  # by option
    violations: list[str]
    recomputed: dict[int, dict[str, float]]  # columns of the fills table, by row
    snapshots: list[dict[str, Any]]  # one a MARK row
    markouts: list[Markout]  # of client fills
    lazy: float  # what X and Y may be off by, in currency

    def bucket(self, name: str) -> float:
        """A bucket of the mark view, in currency, profit positive."""
        return -float(self.accounts.reindex(BUCKETS[name])["amount"].fillna(0).sum()) / 1e6

    def compare(self, results: Mapping[str, Any]) -> list[Discrepancy]:
        """Where a run's results differ; any of its tables may be absent: detail, attribution, cash, carry, equity,
        taylor, identities (mappings), ledger, fills, options, marks, markouts (tables)."""
        found = [Discrepancy(violation, float("nan"), float("nan"), 0.0) for violation in self.violations]
        found += self._compare_sums(results)
        tables: dict[str, Callable[[Any], Iterator[Discrepancy]]] = {
            "detail": lambda detail: comparison.of_detail(detail, self.accounts, self.lazy),
            "attribution": lambda buckets: comparison.of_attribution(buckets, self.accounts, self.lazy),
            "ledger": lambda ledger: comparison.of_ledger(ledger, self.journal, self.inventory, self.lazy),
            "fills": lambda fills: comparison.of_fills(fills, self.recomputed),
            "options": lambda options: comparison.of_options(options, self.tranches, self.marks_posted, self.lazy),
            "marks": lambda marks: comparison.of_marks(marks, self.snapshots, self.lazy),
            "markouts": lambda markouts: comparison.of_markouts(markouts, self.markouts),
        }
        for name, compare in tables.items():
            if name in results:
                found += compare(results[name])
        return found

    def _compare_sums(self, results: Mapping[str, Any]) -> Iterator[Discrepancy]:
        loose = (int(self.accounts["postings"].sum()) + 1) / 1e6
        sums = {"cash": self.cash_view, "carry": self.carry, "equity": self.equity, "taylor": self.taylor}
        for key in sums.keys() & results.keys():
            for name, amount in sums[key].items():
                tolerance = loose + (1e-9 * abs(amount) + self.taylor_tolerance[name] if key == "taylor" else 0.0)
                yield from comparison.beyond(f"{key} {name}", results[key][name], amount, tolerance)
        for name, difference in results.get("identities", {}).items():
            yield from comparison.beyond(f"identity {name}", difference, 0.0, 0.0)


def audit(
    terms: Mapping[str, pd.DataFrame], events: pd.DataFrame, fills: pd.DataFrame, settings: Mapping[str, Any]
) -> Audit:
    """Recompute everything. See the module's docstring for the tables."""
    book = Book(terms["underlyings"], terms["options"], settings)
    replay = Replay(book, events, _as_fills(fills))
    replay.run()
    view = book.close_cash_view()
    journal = book.journal.table
    return Audit(
        accounts=journal.groupby("account")[["amount", "postings"]].sum(),
        journal=journal,
        inventory=_inventory(book, terms),
        cash_view={name: amount / 1e6 for name, amount in view.items()},
        carry={name: amount / 1e6 for name, amount in book.carry.items()},
        equity={name: amount / 1e6 for name, amount in _equity(book).items()},
        taylor={name: float(total) for name, total in zip(TAYLOR, book.taylor, strict=True)},
        taylor_tolerance={
            name: OF_DIFFERENCES[name] * book.taylor_by_differences if book.taylor_is_known else float("inf")
            for name in TAYLOR
        },
        lots=[hedge.lots.open for hedge in book.hedges],
        tranches=book.tranches.table,
        marks_posted=book.marks_posted.tolist(),
        violations=replay.violations,
        recomputed=replay.recomputed,
        snapshots=replay.snapshots,
        markouts=replay.markouts.found,
        lazy=6 * sqrt(book.lazy_variance),  # errors of the deltas do not know the sign of the next move
    )


def _equity(book: Book) -> dict[str, int]:
    opening, closing = book.opening_options + book.opening_hedges, book.equity
    elsewhere = book.equity_elsewhere(book.settings["end_ns"])
    return {
        "opening": opening,
        "closing": closing,
        "change": closing - opening,
        "at_mid": elsewhere["equity_at_mid"],
        "at_liquidation": elsewhere["equity_at_liquidation"],
    }


def _inventory(book: Book, terms: Mapping[str, pd.DataFrame]) -> dict[tuple[str, str], int]:
    options = zip(terms["options"]["name"], book.booked.tolist(), strict=True)
    hedges = zip(terms["underlyings"]["symbol"], book.hedges, strict=True)
    held = {("Assets:Options", name): booked for name, booked in options}
    return held | {("Assets:Hedge", symbol): hedge.booked for symbol, hedge in hedges}


def _as_fills(fills: pd.DataFrame) -> list[Fill]:
    events = fills["event"].tolist() if "event" in fills else [None] * len(fills)
    spots, fees = (fills[c].tolist() if c in fills else [float("nan")] * len(fills) for c in ("spot", "fee"))
    columns = [fills[c].tolist() for c in ("ts", "kind", "instrument", "client", "size", "price")]
    return [Fill(n, *row) for n, row in enumerate(zip(*columns, events, spots, fees, strict=True))]

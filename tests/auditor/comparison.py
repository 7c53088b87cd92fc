"""A run's results beside the auditor's: what differs by more than one micro-unit a posting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from .book import BUCKETS
from .markouts import Markout

# the split of the spot's PnL: deltas are expanded between refreshes unless pricing is exact
LAZY = ("Income:Gamma:Convexity", "Income:Gamma:Drift", "Income:Delta")
LAZY_BUCKETS = ("gamma", "delta")


class Discrepancy(NamedTuple):
    """One thing that differs; amounts in currency."""

    what: str
    reported: float
    audited: float
    tolerance: float

    def __str__(self) -> str:
        return f"{self.what}: reported {self.reported!r}, audited {self.audited!r}, tolerance {self.tolerance:g}"


def beyond(what: str, reported: float, audited: float, tolerance: float) -> Iterator[Discrepancy]:
    """The discrepancy, if the difference exceeds the tolerance or is no number."""
    if not abs(reported - audited) <= tolerance:
        yield Discrepancy(what, float(reported), float(audited), float(tolerance))


def of_detail(detail: Mapping[str, float], accounts: pd.DataFrame, lazy: float) -> Iterator[Discrepancy]:
    """Every income and expense account, profits positive, in currency."""
    for account, row in accounts.iterrows():
        name = str(account)
        if name.startswith(("Income", "Expenses")):
            tolerance = (row["postings"] + 1) / 1e6 + (lazy if name in LAZY else 0.0)
            yield from beyond(f"detail {name}", detail.get(name, 0.0), -row["amount"] / 1e6, tolerance)
    for name in detail.keys() - set(accounts.index):
        if name.startswith(("Income", "Expenses")):
            yield from beyond(f"detail {name}", detail[name], 0.0, 0.0)


def of_attribution(attribution: Mapping[str, float], accounts: pd.DataFrame, lazy: float) -> Iterator[Discrepancy]:
    """Every bucket of the mark view, and its total."""
    total, postings = 0.0, 0
    for bucket, parts in BUCKETS.items():
        rows = accounts.reindex(parts).fillna(0)
        audited, count = -rows["amount"].sum() / 1e6, int(rows["postings"].sum())
        tolerance = (count + 1) / 1e6 + (lazy if bucket in LAZY_BUCKETS else 0.0)
        yield from beyond(f"attribution {bucket}", attribution[bucket], audited, tolerance)
        total, postings = total + audited, postings + count
    yield from beyond("attribution total", attribution["total"], total, (postings + 1) / 1e6)
    parts_sum = sum(attribution[bucket] for bucket in BUCKETS)
    yield from beyond("attribution: its parts against its total", attribution["total"], parts_sum, 1e-6)


def of_ledger(
    ledger: pd.DataFrame, journal: pd.DataFrame, booked: Mapping[tuple[str, str], int], lazy: float
) -> Iterator[Discrepancy]:
    """Each transaction balances; each account gets, at each time, what the auditor posts to it then.

    ``ledger``: columns transaction, ts (int ns), account, instrument, amount_micros.
    """
    yield from of_transactions(ledger)
    yield from of_times(ledger, journal, lazy)
    yield from of_inventory(ledger, booked)


def of_transactions(ledger: pd.DataFrame) -> Iterator[Discrepancy]:
    """Every transaction's postings sum to zero."""
    balances = ledger.groupby("transaction")["amount_micros"].sum()
    for transaction, amount in balances[balances != 0].head(5).items():
        yield Discrepancy(f"transaction {transaction} does not balance", amount / 1e6, 0.0, 0.0)


def of_times(ledger: pd.DataFrame, journal: pd.DataFrame, lazy: float) -> Iterator[Discrepancy]:
    """What an account gets at each time, and its running total."""
    reported = ledger.groupby(["account", "ts"])["amount_micros"].agg(["sum", "size"])
    audited = journal.set_index(["account", "ts"])[["amount", "postings"]]
    both = reported.join(audited, how="outer").fillna(0).sort_index()
    allowed = both[["size", "postings"]].max(axis=1) * 2 + 2  # the leg that takes the remainder may be off by more
    gap = (both["sum"] - both["amount"]).abs() - allowed
    gap -= both.index.get_level_values("account").isin(LAZY) * lazy * 1e6
    for account, times in gap[gap > 0].groupby(level="account"):
        first = times.index[0]
        row = both.loc[first]
        what = f"ledger {account}: {len(times)} times differ, first {pd.Timestamp(first[1], tz='UTC')}"
        yield Discrepancy(what, row["sum"] / 1e6, row["amount"] / 1e6, allowed.loc[first] / 1e6)
    running = both[["sum", "amount"]].groupby(level="account").cumsum()
    counted = both["postings"].groupby(level="account").cumsum() + 1
    drift = (running["sum"] - running["amount"]).abs() - counted
    drift -= drift.index.get_level_values("account").isin(LAZY) * lazy * 1e6
    for account, times in drift[drift > 0].groupby(level="account"):
        first = times.index[0]
        what = f"ledger {account}: running total from {pd.Timestamp(first[1], tz='UTC')}"
        row = running.loc[first]
        yield Discrepancy(what, row["sum"] / 1e6, row["amount"] / 1e6, counted.loc[first] / 1e6)


def of_inventory(ledger: pd.DataFrame, booked: Mapping[tuple[str, str], int]) -> Iterator[Discrepancy]:
    """What is left in each inventory account, by instrument."""
    stock = ledger[ledger["account"].isin(["Assets:Options", "Assets:Hedge"])]
    reported = stock.groupby(["account", "instrument"])["amount_micros"].sum().to_dict()
    for key in sorted(reported.keys() | booked.keys()):
        tolerance = 3 / 1e6  # each mark books to the exact value: errors do not add up
        yield from beyond(f"inventory {key}", reported.get(key, 0) / 1e6, booked.get(key, 0) / 1e6, tolerance)


def of_fills(fills: pd.DataFrame, recomputed: Mapping[int, Mapping[str, float]]) -> Iterator[Discrepancy]:
    """The columns of the fills table that can be recomputed: theo, fee, spot."""
    reported = {column: fills[column].tolist() for column in ("theo", "fee", "spot")}
    for row, made in recomputed.items():
        if row >= len(fills):
            yield Discrepancy(f"fill {row} is not in the run's table", float("nan"), float("nan"), 0.0)
            return
        for column in reported.keys() & made.keys():
            tolerance = 1e-6 + 1e-9 * abs(made[column])
            yield from beyond(f"fill {row} {column}", reported[column][row], made[column], tolerance)


def of_options(options: pd.DataFrame, tranches: pd.DataFrame, marks: list[int], lazy: float) -> Iterator[Discrepancy]:
    """Buckets by option and client group, the tranches of the group.

    ``options``: columns option and client (numbers, -1 the opening book), and the buckets.
    """
    reported = options.set_index(["option", "client"])
    for key, row in tranches.iterrows():
        option, client = key
        if key not in reported.index:
            yield Discrepancy(f"options: no row of option {option}, client {client}", float("nan"), 0.0, 0.0)
            continue
        for bucket, amount in row.items():
            tolerance = (2 * marks[option] + 10) / 1e6  # the remainder of a mark falls to one of its legs
            tolerance += lazy if bucket in LAZY_BUCKETS else 0.0
            yield from beyond(f"options {option} {client} {bucket}", reported.loc[key, bucket], amount, tolerance)


def of_markouts(markouts: pd.DataFrame, found: Sequence[Markout]) -> Iterator[Discrepancy]:
    """A row a client fill and horizon: what it was worth then, and edge = mark-out + impact.

    ``markouts``: columns fill (its row of the fills) and horizon, and what is compared, amounts in micro-units.
    """
    reported = markouts.set_index(["fill", "horizon"]).sort_index()
    missing = reported.index.symmetric_difference([(one.fill, one.horizon) for one in found])
    for fill, horizon in missing[:5]:
        yield Discrepancy(
            f"mark-out of fill {fill} at {horizon}: there is one row too many or none", float("nan"), 0.0, 0.0
        )
    if len(missing):
        return
    columns = {column: reported[column].to_dict() for column in MARKOUTS}
    for one in found:
        key, what = (one.fill, one.horizon), f"mark-out of fill {one.fill} at {one.horizon}"
        for column in ("theo", "spot", "delta", "dividends"):
            audited = getattr(one, column)
            tolerance = 1e-6 + 1e-9 * abs(audited)
            yield from beyond(f"{what}: {column}", columns[column][key], audited, tolerance)
        for column in ("edge", "markout", "impact", "hedged_markout"):
            audited = getattr(one, column)
            tolerance = 3e-6 + 1e-9 * one.scale  # three roundings, and prices to nine digits
            yield from beyond(f"{what}: {column}", columns[f"{column}_micros"][key] / 1e6, audited, tolerance)
        parts = columns["markout_micros"][key] + columns["impact_micros"][key]
        yield from beyond(f"{what}: its parts against its edge", parts, columns["edge_micros"][key], 0.0)


MARKOUTS = (
    "theo",
    "spot",
    "delta",
    "dividends",
    *(f"{name}_micros" for name in ("edge", "markout", "impact", "hedged_markout")),
)
COLUMN_OF = {"gamma": "gamma_pnl", "theta": "theta_pnl", "vega": "vega_pnl"}  # of the marks table, by bucket


def of_marks(marks: pd.DataFrame, snapshots: list[dict[str, Any]], lazy: float) -> Iterator[Discrepancy]:
    """The rows of the time grid: of the desk its worth and its buckets so far, of an underlying its market and Greeks.

    ``marks``: columns ts (int ns), underlying (number, -1 the desk), and what is compared. Ends at the first bad row.
    """
    rows = {
        owner: mine.drop_duplicates("ts", keep="last").set_index("ts") for owner, mine in marks.groupby("underlying")
    }
    for shot in snapshots:
        if shot["ts"] not in rows[-1].index:
            yield Discrepancy(f"marks: no desk row at {shot['ts']}", float("nan"), shot["worth"]["equity"], 0.0)
            return
        found = list(_of_desk_row(rows[-1].loc[shot["ts"]], shot, lazy))
        for u, audited in enumerate(shot["underlyings"]):
            row = rows[u].loc[shot["ts"]]
            for column, amount in audited.items():
                if amount == amount:
                    tolerance = 1e-6 + 1e-8 * abs(amount)
                    found += beyond(f"marks {column} of {u} at {shot['ts']}", row[column], amount, tolerance)
        yield from found
        if found:
            return


def _of_desk_row(row: pd.Series, shot: Mapping[str, Any], lazy: float) -> Iterator[Discrepancy]:
    postings = sum(count for _, count in shot["buckets"].values())
    for column, amount in shot["worth"].items():
        yield from beyond(f"marks {column} at {shot['ts']}", row[column], amount, (postings + 10) / 1e6)
    for bucket, (amount, count) in shot["buckets"].items():
        column = COLUMN_OF.get(bucket, bucket)
        if column in row:
            tolerance = (count + 1) / 1e6 + (lazy if bucket in LAZY_BUCKETS else 0.0)
            yield from beyond(f"marks {column} at {shot['ts']}", row[column], amount, tolerance)

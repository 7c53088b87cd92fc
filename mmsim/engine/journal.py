"""Transactions and their postings: balances always, rows where the path is kept."""

from __future__ import annotations

from typing import Any

from mmsim.engine.state import LARGEST, Counter, Limit, Overflow, State, TransactionKind
from mmsim.kernel import internal


@internal
def begin(state: State, kind: TransactionKind) -> None:
    """Start a transaction: the one before it must have summed to zero, or it stands in `imbalance` for good."""
    desk = state.desk[0]
    desk["imbalance"] += abs(desk["unbalanced"])
    desk["unbalanced"] = 0
    desk["transaction"] += 1
    desk["kind"] = kind


@internal
def post(state: State, account: int, instrument: int, owner: int, amount: int) -> None:
    """One posting of the transaction begun, debit positive; `owner` is its row of `balances`."""
    balance = state.balances[owner, account] + amount
    state.balances[owner, account] = balance
    desk = state.desk[0]
    if abs(balance) > LARGEST:
        desk["overflow"] = Overflow.AMOUNT
    desk["unbalanced"] += amount
    if state.rules[0]["keep"] != 0 and amount != 0:
        row = state.postings[desk["postings"]]
        row["transaction"] = desk["transaction"]
        row["ts"] = desk["now"]
        row["amount"] = amount
        row["instrument"] = instrument
        row["path"] = state.rules[0]["path"]
        row["account"] = account
        row["kind"] = desk["kind"]
        desk["postings"] += 1


@internal
def post_underlying(state: State, account: int, u: int, amount: int) -> None:
    """A posting that belongs to an underlying: instruments are numbered options first, underlyings behind them."""
    post(state, account, state.options.shape[0] + u, u, amount)


@internal
def has_room(state: State) -> bool:
    """Whether the journal can take the most that one event can write."""
    desk = state.desk[0]
    options, underlyings = state.options.shape[0], state.underlyings.shape[0]
    hedges_under_way = desk["hedge_tail"] - desk["hedge_head"]
    return (
        desk["postings"] + 32 * (options + underlyings + 4) + 8 * hedges_under_way < state.postings.shape[0]
        and desk["fills"] + 4 * (options + underlyings + 4) + hedges_under_way < state.fills.shape[0]
        and desk["marks"] + 2 * (underlyings + 2) < state.marks.shape[0]
        and desk["breaches"] + options + 8 * underlyings + 8 < state.breaches.shape[0]
        and desk["quotes"] + state.sampled.shape[0] < state.quotes.shape[0]
    )


@internal
def new_fill(state: State, kind: TransactionKind, instrument: int, client: int, size: float, price: float) -> Any:
    """The next row of the fills, its first columns written."""
    desk = state.desk[0]
    row = state.fills[desk["fills"]]
    if state.rules[0]["keep"] != 0:
        desk["fills"] += 1
    row["ts"] = desk["now"]
    row["transaction"] = desk["transaction"]
    row["path"] = state.rules[0]["path"]
    row["kind"] = kind
    row["instrument"] = instrument
    row["client"] = client
    row["size"] = size
    row["price"] = price
    return row


@internal
def note_breach(state: State, instrument: int, limit: Limit, value: float) -> None:
    """Write down that a value is beyond a limit of the desk's, or has set off one of its protections."""
    desk = state.desk[0]
    state.counters[Counter.LIMIT_BREACHES] += 1
    if state.rules[0]["keep"] != 0:
        row = state.breaches[desk["breaches"]]
        desk["breaches"] += 1
        row["ts"], row["limit"], row["instrument"], row["value"] = desk["now"], limit, instrument, value
        row["path"] = state.rules[0]["path"]

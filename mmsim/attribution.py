"""From a path's postings and flows to the mark view, the cash view, the identities and the buckets by option."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmsim import spool
from mmsim.engine.state import State, TransactionKind
from mmsim.engine.summary import liquidation
from mmsim.ledger import MICROS, NAMES, Account

BUCKETS: dict[str, tuple[Account, ...]] = {
    "spread_capture": (Account.SPREAD_MARKET, Account.SPREAD_MARK),
    "gamma": (Account.CONVEXITY, Account.DRIFT),
    "delta": (Account.DELTA,),
    "theta": (Account.THETA,),
    "vega": (Account.VEGA,),
    "rates": (Account.RATES,),
    "dividends": (Account.DIVIDENDS,),
    "carry": (Account.CARRY_OPTIONS, Account.CARRY_HEDGE, Account.CARRY_BORROW, Account.CARRY_DIVIDENDS),
    "basis": (Account.BASIS,),
    "hedge_cost": (Account.HEDGE_COST,),
    "fees": (Account.FEES_OPTIONS, Account.FEES_HEDGE),
    "unexplained": (Account.UNEXPLAINED,),
}
CASH_PARTS = ("premium", "rebalancing", "carry", "fees", "settlement", "inventory")
TAYLOR = ("delta", "gamma", "theta", "vega", "vanna", "volga", "rates")
IDENTITIES = ("trial_balance", "mark_view", "cash_view", "cash", "components")


class Outcome(NamedTuple):
    """What one path came to, in micro-units."""

    accounts: npt.NDArray[np.int64]  # balance of each Account, debit positive
    cash: dict[str, int]  # the cash view
    identities: dict[str, int]  # differences, all zero
    components: dict[str, int]  # options, hedge
    equity: dict[str, int]  # opening, closing, change, at_mid, at_liquidation; unquoted is a count
    taylor: npt.NDArray[np.float64]  # currency: TAYLOR, then the whole change of theo
    counters: npt.NDArray[np.int64]

    @property
    def buckets(self) -> dict[str, int]:
        """The mark view: profits positive, and their total."""
        balances = self.accounts.tolist()
        sums = {name: -sum([balances[account] for account in group]) for name, group in BUCKETS.items()}
        return sums | {"total": sum(sums.values())}

    @property
    def detail(self) -> dict[str, int]:
        """Every income and expense account by name, profits positive."""
        earned = range(Account.SPREAD_MARKET, Account.UNEXPLAINED + 1)
        balances = zip(Account, self.accounts.tolist(), strict=True)
        return {NAMES[account]: -balance for account, balance in balances if account in earned}


def outcome(state: State) -> Outcome:
    """The outcome of the path that a state has come to the end of."""
    sums = state.balances.sum(axis=0)
    accounts: list[int] = sums.tolist()
    desk: dict[str, int] = dict(zip(state.desk.dtype.names or (), state.desk[0].tolist(), strict=True))
    opening = desk["opening_equity"]
    cash_accounts = accounts[Account.CASH_OPTIONS : Account.CASH_HEDGE + 1]
    closing = sum(cash_accounts) + accounts[Account.OPTIONS] + accounts[Account.HEDGE]
    at_mid, at_liquidation, unquoted = liquidation(state)
    opening_options = int(state.options["opening_value"].sum())
    cash = _cash_view(state, accounts, desk, opening_options)
    components = {
        "options": cash_accounts[0] + accounts[Account.OPTIONS] - opening_options,
        "hedge": cash_accounts[1] + accounts[Account.HEDGE] - int(state.underlyings["opening_value"].sum()),
    }
    flows = sum(desk[name] for name in ("premium", "settlement", "hedge_flow", "margin", "option_interest"))
    flows += desk["hedge_interest"] + desk["dividends"] - desk["borrow_fee"] - desk["option_fees"] - desk["hedge_fees"]
    mark_view = -sum(accounts[Account.SPREAD_MARKET : Account.UNEXPLAINED + 1])
    identities = {
        "trial_balance": desk["imbalance"] + abs(sum(accounts)),
        "mark_view": mark_view - (closing - opening),
        "cash_view": sum(cash.values()) - (closing - opening),
        "cash": abs(sum(cash_accounts) - flows)
        + sum(abs(have - balance) for have, balance in zip(state.cash["balance"].tolist(), cash_accounts, strict=True)),
        "components": sum(components.values()) - mark_view,
    }
    equity = {
        "opening": opening,
        "closing": closing,
        "change": closing - opening,
        "at_mid": closing + int(at_mid),
        "at_liquidation": closing + int(at_liquidation),
        "unquoted": int(unquoted),
    }
    return Outcome(sums, cash, identities, components, equity, state.taylor[0].copy(), state.counters.copy())


def _cash_view(state: State, accounts: list[int], desk: dict[str, int], opening_options: int) -> dict[str, int]:
    unrealised = 0
    for u, underlying in enumerate(state.underlyings):
        cost = int(state.lot_costs[u, underlying["lot_head"] : underlying["lot_tail"]].sum())
        unrealised += int(underlying["hedge_value"]) + int(underlying["hedge_base"]) - cost
    return {
        "premium": desk["premium"],
        "rebalancing": desk["realised"],
        "carry": desk["option_interest"] + desk["hedge_interest"] - desk["borrow_fee"] + desk["dividends"],
        "fees": -desk["option_fees"] - desk["hedge_fees"],
        "settlement": desk["settlement"],
        "inventory": accounts[Account.OPTIONS] - opening_options + unrealised,
    }


class Tranches(NamedTuple):
    """What is needed at a path's end to say what each of its fills has earned."""

    path: int
    options: npt.NDArray[np.void]  # the state's rows
    spots: npt.NDArray[np.float64]  # by underlying, at the end
    growth: float  # of one unit of options cash since the start
    now: int  # nanoseconds UTC
    opening: npt.NDArray[np.void]
    dividends: npt.NDArray[np.void]


def tranches(state: State) -> Tranches:
    """The tranches' ends of the path that a state has come to the end of."""
    return Tranches(
        int(state.rules[0]["path"]),
        state.options.copy(),
        state.underlyings["spot"].copy(),
        float(state.desk[0]["growth"]),
        int(state.desk[0]["now"]),
        state.opening,
        state.dividends,
    )


_BY_OPTION: dict[str, tuple[Account, ...]] = {
    name: BUCKETS[name] for name in ("spread_capture", "gamma", "theta", "vega", "rates", "dividends")
} | {"fees": (Account.FEES_OPTIONS,)}
OPTION_BUCKETS = (*_BY_OPTION, "carry")


def by_option(fills: npt.NDArray[np.void], postings: npt.NDArray[np.void], end: Tranches) -> pd.DataFrame:
    """Buckets by option and client group of one path, in micro-units: option, client, bought, sold, OPTION_BUCKETS.

    Each fill is a tranche of its group to the end: per unit it earns what the option's cumulative revaluation has grown
    by since, and of the spot step what the hedge did not answer for. Sums over the groups of an option are the
    ledger's, in integers: the largest group takes what rounding leaves. Carry is the interest on the
    tranche's own premium and fee. ``client`` is -1 for the opening book.
    """
    hedges = pd.concat(map(_hedges, spool.pieces(fills)), ignore_index=True)
    of_clients = (piece[piece["kind"] == TransactionKind.CLIENT] for piece in spool.pieces(fills))
    sums = [_grouped(_client_tranches(hedges, client, end)) for client in of_clients]
    opened = end.opening[end.opening["is_hedge"] == 0]
    grouped = _grouped(pd.concat([*sums, _opening_tranches(opened, end)], ignore_index=True))
    return _rounded(grouped, _by_account(postings, len(end.options)), end)


def _hedges(fills: npt.NDArray[np.void]) -> pd.DataFrame:
    """Of each hedge its underlying, transaction, time and the underlying's mid."""
    hedges = fills[fills["kind"] == TransactionKind.HEDGE]
    return pd.DataFrame({name: hedges[name] for name in ("instrument", "transaction", "ts", "spot")})


def _grouped(tranches: pd.DataFrame) -> pd.DataFrame:
    """The sums over the tranches of each option and client group."""
    return tranches.groupby(["option", "client"], as_index=False, sort=True).sum()


def _by_account(postings: npt.NDArray[np.void], count: int) -> npt.NDArray[np.int64]:
    """What each of ``count`` options has earned by account, micro-units, shape (options, accounts)."""
    earned = np.zeros((count, len(Account)), np.int64)
    for piece in spool.pieces(postings):
        mine = piece[(piece["instrument"] >= 0) & (piece["instrument"] < count)]
        np.subtract.at(earned, (mine["instrument"], mine["account"]), mine["amount"])
    return earned


def _client_tranches(hedges: pd.DataFrame, client: npt.NDArray[np.void], end: Tranches) -> pd.DataFrame:
    """A row a client fill, currency."""
    rows = end.options[client["instrument"]]
    units = client["size"] * rows["multiplier"]
    moved = _next_hedge_spot(hedges, client, end) - client["spot"]
    answered = rows["unit_answered"] - client["unit_answered"] + (client["delta"] - client["hedged_delta"]) * moved
    paid = np.where(rows["futures_style"] == 0, units * client["price"], 0.0) + client["fee"]
    return pd.DataFrame(
        {
            "option": client["instrument"].astype(np.int64),
            "client": client["client"].astype(np.int64),
            "bought": np.maximum(client["size"], 0.0),
            "sold": np.maximum(-client["size"], 0.0),
            "spread_capture": (client["spread_market"] + client["spread_mark"]) / MICROS,
            "gamma": units * (rows["unit_spot"] - client["unit_spot"] - answered),
            "theta": units * (rows["unit_time"] - client["unit_time"]),
            "vega": units * (rows["unit_volatility"] - client["unit_volatility"]),
            "rates": np.zeros(len(client)),
            "dividends": units * (rows["unit_dividends"] - client["unit_dividends"]),
            "fees": -client["fee"],
            "carry": -paid * (end.growth / client["growth"] - 1.0),
        }
    )


def _opening_tranches(opened: npt.NDArray[np.void], end: Tranches) -> pd.DataFrame:
    """A row an opening position, currency; what its first mark made of the price it was given at is volatility."""
    rows = end.options[opened["instrument"]]
    units = opened["size"] * rows["multiplier"]
    return pd.DataFrame(
        {
            "option": opened["instrument"].astype(np.int64),
            "client": np.full(len(opened), -1),
            "bought": np.maximum(opened["size"], 0.0),
            "sold": np.maximum(-opened["size"], 0.0),
            "spread_capture": np.zeros(len(opened)),
            "gamma": units * (rows["unit_spot"] - rows["unit_answered"]),
            "theta": units * rows["unit_time"],
            "vega": units * (rows["unit_volatility"] + rows["first_theo"] - rows["opening_mark"]),
            "rates": np.zeros(len(opened)),
            "dividends": units * rows["unit_dividends"],
            "fees": np.zeros(len(opened)),
            "carry": np.zeros(len(opened)),
        }
    )


def _next_hedge_spot(hedges: pd.DataFrame, client: npt.NDArray[np.void], end: Tranches) -> npt.NDArray[np.float64]:
    """The underlying's mid when it was next hedged after each client fill, dividends in between put back.

    Where it never was hedged again: at the option's end.
    """
    rows = end.options[client["instrument"]]
    until = np.minimum(rows["expiry"], end.now)
    spots = np.where(rows["settled"] != 0, rows["answered_spot"], end.spots[rows["underlying"]])
    for u in np.unique(rows["underlying"]):
        of_underlying = hedges[hedges["instrument"] == u]
        if of_underlying.empty:
            continue
        transactions, times, mids = (of_underlying[name].to_numpy() for name in ("transaction", "ts", "spot"))
        mine = np.flatnonzero(rows["underlying"] == u)
        place = np.searchsorted(transactions, client["transaction"][mine])
        following = np.minimum(place, len(transactions) - 1)
        in_time = (place < len(transactions)) & (times[following] < rows["expiry"][mine])
        spots[mine[in_time]] = mids[following][in_time]
        until[mine[in_time]] = times[following][in_time]
    paid = np.zeros(len(client))
    for dividend in end.dividends:
        is_between = (client["ts"] < dividend["ex"]) & (dividend["ex"] <= until)
        paid += np.where(is_between & (rows["underlying"] == dividend["underlying"]), dividend["amount"], 0.0)
    return np.asarray(spots + paid, float)


def _rounded(grouped: pd.DataFrame, earned: npt.NDArray[np.int64], end: Tranches) -> pd.DataFrame:
    """Each bucket as integers which sum, over the groups of an option, to what the ledger has for the option.

    ``earned`` is that, by account.
    """
    options = grouped["option"].to_numpy()
    for bucket, accounts in _BY_OPTION.items():
        totals = earned[:, list(accounts)].sum(axis=1)
        if bucket == "gamma":
            totals -= end.options["answered_posted"]
        whole = np.rint(grouped[bucket].to_numpy(float) * MICROS).astype(np.int64)
        np.subtract.at(totals, options, whole)
        largest = grouped[bucket].abs().groupby(options).idxmax()
        whole[largest.to_numpy(int)] += totals[largest.index.to_numpy(int)]
        grouped[bucket] = whole
    grouped["carry"] = np.rint(grouped["carry"].to_numpy(float) * MICROS).astype(np.int64)
    return grouped

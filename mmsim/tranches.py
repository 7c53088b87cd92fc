"""What each fill of a path has earned to its end: buckets by option and client group."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmsim import spool
from mmsim.attribution import BUCKETS
from mmsim.engine.state import State, TransactionKind
from mmsim.ledger import MICROS, Account


class PathEnd(NamedTuple):
    """What is needed of a path's end to say what each of its fills has earned."""

    path: int
    options: npt.NDArray[np.void]  # the state's rows
    spots: npt.NDArray[np.float64]  # by underlying, at the end
    growth: float  # of one unit of options cash since the start
    opening: npt.NDArray[np.void]
    dividends: npt.NDArray[np.void]
    paid: npt.NDArray[np.float64]  # dividends by underlying, currency a unit


def path_end(state: State) -> PathEnd:
    """The end of the path that a state has come to the end of."""
    return PathEnd(
        int(state.rules[0]["path"]),
        state.options.copy(),
        state.underlyings["spot"].copy(),
        float(state.desk[0]["growth"]),
        state.opening,
        state.dividends.copy(),
        state.underlyings["dividends_paid"].copy(),
    )


_BY_OPTION: dict[str, tuple[Account, ...]] = {
    name: BUCKETS[name] for name in ("spread_capture", "gamma", "theta", "vega", "rates", "dividends")
} | {"fees": (Account.FEES_OPTIONS,)}
OPTION_BUCKETS = (*_BY_OPTION, "carry")


def by_option(fills: npt.NDArray[np.void], postings: npt.NDArray[np.void], end: PathEnd) -> pd.DataFrame:
    """Buckets by option and client group of one path, in micro-units.

    Columns: option, client (-1 for the opening book), bought, sold, position, OPTION_BUCKETS. Each fill is a tranche
    of its group until the option is exercised or the end comes: per unit it earns what the option's cumulative
    revaluation has grown by since, and of the spot step what the hedge did not answer for. Sums over the groups of an
    option are the ledger's, in integers: the largest group takes what rounding leaves. Carry is the interest on the
    tranche's own premium and fee.
    """
    hedges = pd.concat(map(_hedges, spool.pieces(fills)), ignore_index=True)
    exercises = np.concatenate([_of_kind(piece, TransactionKind.EXERCISE) for piece in spool.pieces(fills)])
    dealt = (_dealt(piece) for piece in spool.pieces(fills))
    sums = [_grouped(_client_tranches(hedges, client, _ends(client, exercises, end), end)) for client in dealt]
    opened = end.opening[end.opening["is_hedge"] == 0]
    grouped = _grouped(
        pd.concat([*sums, _opening_tranches(opened, _ends(opened, exercises, end), end)], ignore_index=True)
    )
    return _rounded(grouped, _by_account(postings, len(end.options)), end)


def _of_kind(fills: npt.NDArray[np.void], kind: TransactionKind) -> npt.NDArray[np.void]:
    return np.asarray(fills[fills["kind"] == kind])


def _dealt(fills: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
    """The fills that change a position: those of clients and of the volatility desk."""
    return np.asarray(fills[np.isin(fills["kind"], (TransactionKind.CLIENT, TransactionKind.OFFLOAD))])


def _hedges(fills: npt.NDArray[np.void]) -> pd.DataFrame:
    """Of each hedge its underlying, transaction, time and the underlying's mid."""
    hedges = _of_kind(fills, TransactionKind.HEDGE)
    return pd.DataFrame({name: hedges[name] for name in ("instrument", "transaction", "ts", "spot")})


_GROWN = ("unit_dividends", "unit_time", "unit_spot", "unit_volatility", "unit_answered")
_END = np.dtype([*((name, "f8") for name in (*_GROWN, "spot")), ("transaction", "i8")], align=True)
_NEVER = np.iinfo(np.int64).max


def _ends(dealt: npt.NDArray[np.void], exercises: npt.NDArray[np.void], end: PathEnd) -> npt.NDArray[np.void]:
    """Where tranches, client fills or opening positions, end: at the next exercise of the option, or with it.

    A row a tranche: the option's cumulative revaluation of one unit, the spot, and the transaction that ends it.
    """
    options = dealt["instrument"]
    transactions = (
        dealt["transaction"] if "transaction" in (dealt.dtype.names or ()) else np.zeros(len(dealt), np.int64)
    )
    rows = end.options[options]
    ends = np.zeros(len(options), _END)
    for name in _GROWN:
        ends[name] = rows[name]
    ends["spot"] = np.where(rows["settled"] != 0, rows["answered_spot"], end.spots[rows["underlying"]])
    ends["transaction"] = _NEVER
    for option in np.unique(exercises["instrument"]):
        own = exercises[exercises["instrument"] == option]
        mine = np.flatnonzero(options == option)
        place = np.searchsorted(own["transaction"], transactions[mine])
        closed = place < len(own)
        for name in _END.names or ():
            ends[name][mine[closed]] = own[name][place[closed]]
    return ends


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


def _client_tranches(
    hedges: pd.DataFrame, client: npt.NDArray[np.void], ends: npt.NDArray[np.void], end: PathEnd
) -> pd.DataFrame:
    """A row a client fill, currency."""
    rows = end.options[client["instrument"]]
    units = client["size"] * rows["multiplier"]
    moved = _next_hedge_spot(hedges, client, ends, end) - client["spot"]
    answered = ends["unit_answered"] - client["unit_answered"] + (client["delta"] - client["hedged_delta"]) * moved
    paid = np.where(rows["futures_style"] == 0, units * client["price"], 0.0) + client["fee"]
    return pd.DataFrame(
        {
            "option": client["instrument"].astype(np.int64),
            "client": client["client"].astype(np.int64),
            "bought": np.maximum(client["size"], 0.0),
            "sold": np.maximum(-client["size"], 0.0),
            "position": _open(client["size"], rows, ends),
            "spread_capture": (client["spread_market"] + client["spread_mark"]) / MICROS,
            "gamma": units * (ends["unit_spot"] - client["unit_spot"] - answered),
            "theta": units * (ends["unit_time"] - client["unit_time"]),
            "vega": units * (ends["unit_volatility"] - client["unit_volatility"]),
            "rates": np.zeros(len(client)),
            "dividends": units * (ends["unit_dividends"] - client["unit_dividends"]),
            "fees": -client["fee"],
            "carry": -paid * (end.growth / client["growth"] - 1.0),
        }
    )


def _opening_tranches(opened: npt.NDArray[np.void], ends: npt.NDArray[np.void], end: PathEnd) -> pd.DataFrame:
    """A row an opening position, currency; what its first mark made of the price it was given at is volatility."""
    rows = end.options[opened["instrument"]]
    units = opened["size"] * rows["multiplier"]
    return pd.DataFrame(
        {
            "option": opened["instrument"].astype(np.int64),
            "client": np.full(len(opened), -1),
            "bought": np.maximum(opened["size"], 0.0),
            "sold": np.maximum(-opened["size"], 0.0),
            "position": _open(opened["size"], rows, ends),
            "spread_capture": np.zeros(len(opened)),
            "gamma": units * (ends["unit_spot"] - ends["unit_answered"]),
            "theta": units * ends["unit_time"],
            "vega": units * (ends["unit_volatility"] + rows["first_theo"] - rows["opening_mark"]),
            "rates": np.zeros(len(opened)),
            "dividends": units * ends["unit_dividends"],
            "fees": np.zeros(len(opened)),
            "carry": np.zeros(len(opened)),
        }
    )


def _open(
    size: npt.NDArray[np.float64], rows: npt.NDArray[np.void], ends: npt.NDArray[np.void]
) -> npt.NDArray[np.float64]:
    """What is left of tranches at the end: nothing of those that have been exercised or have expired."""
    return np.where((rows["settled"] == 0) & (ends["transaction"] == _NEVER), size, 0.0)


def _next_hedge_spot(
    hedges: pd.DataFrame, client: npt.NDArray[np.void], ends: npt.NDArray[np.void], end: PathEnd
) -> npt.NDArray[np.float64]:
    """The underlying's mid when it was next hedged after each client fill, dividends in between put back.

    Where it never was hedged again: at the tranche's end.
    """
    rows = end.options[client["instrument"]]
    until, spots = ends["transaction"].copy(), ends["spot"].copy()
    for u in np.unique(rows["underlying"]):
        of_underlying = hedges[hedges["instrument"] == u]
        if of_underlying.empty:
            continue
        transactions, times, mids = (of_underlying[name].to_numpy() for name in ("transaction", "ts", "spot"))
        mine = np.flatnonzero(rows["underlying"] == u)
        place = np.searchsorted(transactions, client["transaction"][mine])
        following = np.minimum(place, len(transactions) - 1)
        in_time = (place < len(transactions)) & (times[following] < rows["expiry"][mine])
        in_time &= transactions[following] < ends["transaction"][mine]
        spots[mine[in_time]] = mids[following][in_time]
        until[mine[in_time]] = transactions[following][in_time]
    paid = np.zeros(len(client))
    for dividend in end.dividends[end.dividends["transaction"] > 0]:
        is_between = (client["transaction"] < dividend["transaction"]) & (dividend["transaction"] < until)
        is_between &= dividend["ex"] <= rows["expiry"]
        paid += np.where(is_between & (rows["underlying"] == dividend["underlying"]), dividend["amount"], 0.0)
    return np.asarray(spots + paid, float)


def _rounded(grouped: pd.DataFrame, earned: npt.NDArray[np.int64], end: PathEnd) -> pd.DataFrame:
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

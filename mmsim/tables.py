"""From the rows that the loop has written to tables with names: the journal of the kept paths as DataFrames."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmsim import markout_rows, spool, tranches
from mmsim.attribution import BUCKETS, CARRY_PARTS, CASH_PARTS, Outcomes
from mmsim.engine import state as layout
from mmsim.engine.state import JOURNAL, Counter, Limit, State, TransactionKind
from mmsim.instruments import Option
from mmsim.ledger import MICROS, NAMES, Account
from mmsim.market import Market
from mmsim.spool import Spool
from mmsim.tranches import PathEnd

VOLATILITY_DESK = "volatility_desk"  # the client group of what was dealt with it


class Journal:
    """The rows that kept paths have written, as they are taken from the loop's state."""

    def __init__(self) -> None:
        self._taken = {
            "postings": Spool(layout.POSTING),
            "fills": Spool(layout.FILL),
            "marks": Spool(layout.MARK),
            "breaches": Spool(layout.BREACH),
            "positions": Spool(layout.POSITION),
            "quotes": Spool(layout.QUOTED),
            **{markout_rows.name(horizon): Spool(layout.MARKOUT) for horizon in markout_rows.TIMED},
        }
        self.ends: list[PathEnd] = []

    def take(self, state: State) -> None:
        """Copy the state's journal and empty it. UserError if there is no room for it on disk."""
        for name in JOURNAL:
            count = int(state.desk[0][name])
            if count:
                written = getattr(state, name)[:count]
                self._append(name, written.view(np.uint8).copy().view(written.dtype))  # else it goes field by field
                state.desk[name] = 0

    def _append(self, name: str, rows: npt.NDArray[np.void]) -> None:
        if name == "markouts":
            for horizon in markout_rows.TIMED:
                places = np.flatnonzero(rows["horizon"] == horizon)
                self._taken[markout_rows.name(horizon)].append(np.take(rows, places))  # an index goes field by field
        else:
            self._taken[name].append(rows)

    def rows(self, name: str) -> npt.NDArray[np.void]:
        """All rows of one journal: to be read, not written."""
        return self._taken[name].rows()


class Table(NamedTuple):
    """One of a run's tables, made when it is asked for."""

    whole: Callable[[], pd.DataFrame]
    pieces: Callable[[Sequence[str]], Iterator[pd.DataFrame]]  # those columns in bounded parts of rows, at least one


def of(journal: Journal, market: Market, outcomes: Outcomes) -> dict[str, Table]:
    """A run's tables by name."""
    has_offloads = bool(outcomes.rows["counters"][:, Counter.OFFLOADS].any())
    names = Names.of(market, [VOLATILITY_DESK] if has_offloads else [])
    made = _made(journal, market.universe.options, names, outcomes, market.smiles)
    return {name: table for name, table in made.items() if name != "paths" or len(outcomes) > 1}


def empty(name: str) -> pd.DataFrame:
    """A run's table without rows: its columns and their types."""
    return _made(Journal(), (), Names((), (), ()), Outcomes(0, 0), None)[name].whole()


def columns(name: str) -> list[str]:
    """The columns of a run's table."""
    return [str(column) for column in empty(name).columns]


def _made(
    journal: Journal,
    options: Sequence[Option],
    names: Names,
    outcomes: Outcomes,
    smiles: pd.DataFrame | None,
) -> dict[str, Table]:
    return {
        "ledger": row_by_row(lambda rows: ledger_table(rows, names), lambda: journal.rows("postings")),
        "fills": row_by_row(lambda rows: fills_table(rows, names), lambda: journal.rows("fills")),
        "markouts": in_pieces(lambda: _markouts(journal, options, names)),
        "options": at_once(lambda: options_table(journal, options, names)),
        "marks": at_once(lambda: marks_table(journal.rows("marks"), names)),
        "breaches": row_by_row(lambda rows: breaches_table(rows, names), lambda: journal.rows("breaches")),
        "positions": row_by_row(lambda rows: positions_table(rows, options), lambda: journal.rows("positions")),
        "paths": at_once(lambda: paths_table(outcomes)),
        "smiles": at_once(lambda: smiles_table(smiles)),
        "quotes": row_by_row(lambda rows: quotes_table(rows, names), lambda: journal.rows("quotes")),
    }


def at_once(whole: Callable[[], pd.DataFrame]) -> Table:
    """A table that is made in one part."""
    return Table(whole, lambda columns: iter([whole()[list(columns)]]))


def in_pieces(pieces: Callable[[], Iterator[pd.DataFrame]]) -> Table:
    """A table that is made in bounded parts of rows."""
    return Table(
        whole=lambda: pd.concat(pieces(), ignore_index=True),
        pieces=lambda columns: (piece[list(columns)] for piece in pieces()),
    )


def row_by_row(part: Callable[[npt.NDArray[np.void]], pd.DataFrame], rows: Callable[[], npt.NDArray[np.void]]) -> Table:
    """A table whose ``part`` for some rows does not depend on the others."""
    return in_pieces(lambda: map(part, spool.pieces(rows())))


class Names(NamedTuple):
    """The names behind the numbers of a run's rows."""

    options: Sequence[str]
    underlyings: Sequence[str]
    clients: Sequence[str]

    @classmethod
    def of(cls, market: Market, desks: Sequence[str] = ()) -> Names:
        """The names of a market's instruments and client groups, and of the desks numbered behind these."""
        universe = market.universe
        options = [option.name for option in universe.options]
        return cls(options, [underlying.symbol for underlying in universe.underlyings], [*market.clients, *desks])

    def instrument(self, numbers: npt.NDArray[Any]) -> Any:
        """Options first, underlyings behind them, -1 for none."""
        return _named(numbers, [*self.options, *self.underlyings])

    def underlying(self, numbers: npt.NDArray[Any]) -> Any:
        """Underlyings, -1 for none."""
        return _named(numbers, self.underlyings)

    def client(self, numbers: npt.NDArray[Any]) -> Any:
        """Client groups, -1 for none."""
        return _named(numbers, self.clients)


def _named(numbers: npt.NDArray[Any], names: Sequence[str]) -> Any:
    """Numbers as names; -1 becomes the empty name."""
    unique = list(dict.fromkeys(["", *names]))
    place = {name: n for n, name in enumerate(unique)}
    codes = np.array([place[name] for name in ["", *names]], np.int64)
    return pd.Categorical.from_codes(codes[np.asarray(numbers, np.int64) + 1], dtype=pd.CategoricalDtype(unique))


def _times(ns: npt.NDArray[Any]) -> pd.Series[Any]:
    return pd.Series(pd.to_datetime(np.asarray(ns, np.int64), unit="ns", utc=True))


def ledger_table(postings: npt.NDArray[np.void], names: Names) -> pd.DataFrame:
    """transaction, ts, kind, account, instrument, path, amount_micros: debits positive."""
    return pd.DataFrame(
        {
            "transaction": postings["transaction"],
            "ts": _times(postings["ts"]),
            "kind": _named(postings["kind"], [kind.name.lower() for kind in TransactionKind]),
            "account": _named(postings["account"], [NAMES[account] for account in Account]),
            "instrument": names.instrument(postings["instrument"]),
            "path": postings["path"],
            "amount_micros": postings["amount"],
        }
    )


def fills_table(fills: npt.NDArray[np.void], names: Names) -> pd.DataFrame:
    """A row a fill; ``side`` is the desk's, ``size`` positive (contracts, or units of the hedge)."""
    is_hedge = fills["kind"] == TransactionKind.HEDGE
    instrument = np.where(is_hedge, fills["instrument"] + len(names.options), fills["instrument"])
    columns = {
        "ts": _times(fills["ts"]),
        "path": fills["path"],
        "transaction": fills["transaction"],
        "kind": _named(fills["kind"], [kind.name.lower() for kind in TransactionKind]),
        "instrument": names.instrument(instrument),
        "client": names.client(fills["client"]),
        "side": _named((fills["size"] < 0).astype(int), ["buy", "sell"]),
        "size": np.abs(fills["size"]),
    }
    plain = (
        "price",
        "theo",
        "policy_fair",
        "quoted",
        "market_bid",
        "market_ask",
        "spot",
        "implied_volatility",
        "edge",
        "fee",
    )
    columns |= {name: fills[name] for name in (*plain, "decision_mid", "position_after")}
    return pd.DataFrame(columns)


def _markouts(journal: Journal, options: Sequence[Option], names: Names) -> Iterator[pd.DataFrame]:
    """The table of mark-outs in parts, see `markout_rows`."""
    fills, multipliers = journal.rows("fills"), np.array([option.multiplier for option in options], float)
    timed = [journal.rows(markout_rows.name(horizon)) for horizon in markout_rows.TIMED]
    for part in markout_rows.parts(fills, timed, journal.ends, journal.rows("positions")):
        yield markout_rows.table(part, fills_table(part.fills, names), multipliers[part.fills["instrument"]])


def marks_table(marks: npt.NDArray[np.void], names: Names) -> pd.DataFrame:
    """A row an underlying and one for the desk (no underlying) at each mark; the buckets are cumulative."""
    balances = marks["balances"]
    columns: dict[str, Any] = {
        "ts": _times(marks["ts"]),
        "path": marks["path"],
        "underlying": names.underlying(marks["underlying"]),
    }
    columns |= {name: marks[name] for name in ("spot", "hedge", "pending", "net_delta", "gamma", "vega", "theta")}
    sums = {name: -balances[:, list(group)].sum(axis=1) for name, group in BUCKETS.items()}
    renamed = {"gamma": "gamma_pnl", "theta": "theta_pnl", "vega": "vega_pnl"}
    for name, micros in sums.items():
        columns[renamed.get(name, name)] = micros / MICROS
        if name == "gamma":
            columns["convexity"] = -balances[:, Account.CONVEXITY] / MICROS
            columns["drift"] = -balances[:, Account.DRIFT] / MICROS
        if name == "carry":
            columns |= {f"carry_{part}": -balances[:, account] / MICROS for part, account in CARRY_PARTS.items()}
    columns["total"] = sum(sums.values()) / MICROS
    is_desk = marks["underlying"] == -1
    equity = balances[:, Account.CASH_OPTIONS : Account.HEDGE + 1].sum(axis=1)
    for name, micros in (("equity", equity), ("equity_at_mid", marks["equity_at_mid"]),
                         ("equity_at_liquidation", marks["equity_at_liquidation"])):  # fmt: skip
        columns[name] = np.where(is_desk, micros / MICROS, np.nan)
    columns["options_component"] = np.where(
        is_desk, (balances[:, Account.CASH_OPTIONS] + balances[:, Account.OPTIONS]) / MICROS, np.nan
    )
    table = pd.DataFrame(columns)
    return table.drop_duplicates(["ts", "path", "underlying"], keep="last", ignore_index=True)


def breaches_table(breaches: npt.NDArray[np.void], names: Names) -> pd.DataFrame:
    """A row a breach: the limit, of what, and the value that was beyond it."""
    is_position = breaches["limit"] == Limit.POSITION
    is_desk = breaches["instrument"] == -1
    instrument = np.where(is_position | is_desk, breaches["instrument"], breaches["instrument"] + len(names.options))
    return pd.DataFrame(
        {
            "ts": _times(breaches["ts"]),
            "path": breaches["path"],
            "limit": _named(breaches["limit"], [limit.name.lower() for limit in Limit]),
            "instrument": names.instrument(instrument),
            "value": breaches["value"],
        }
    )


def quotes_table(quotes: npt.NDArray[np.void], names: Names) -> pd.DataFrame:
    """A row a chosen option at each mark: the desk's quote in force and the market's; a side without size is NaN."""
    columns = {"ts": _times(quotes["ts"]), "path": quotes["path"], "instrument": names.instrument(quotes["instrument"])}
    of_desk = ("bid", "ask", "bid_size", "ask_size", "policy_fair", "theo")
    return pd.DataFrame(columns | {name: quotes[name] for name in (*of_desk, "market_bid", "market_ask", "spot")})


def options_table(journal: Journal, options: Sequence[Option], names: Names) -> pd.DataFrame:
    """The buckets by option and client group, a row each, of the kept paths."""
    postings, fills = journal.rows("postings"), journal.rows("fills")
    tables = []
    for end in journal.ends:
        table = tranches.by_option(_of_path(fills, end.path), _of_path(postings, end.path), end)
        table.insert(0, "path", end.path)
        tables.append(table)
    figures = ("bought", "sold", "position", *tranches.OPTION_BUCKETS)
    none = pd.DataFrame({"path": [], "option": [], "client": []}, dtype=np.int64).assign(**dict.fromkeys(figures, 0.0))
    joined = pd.concat(tables, ignore_index=True) if tables else none
    columns: dict[str, Any] = {
        "path": joined["path"].to_numpy(),
        **_contracts([options[n] for n in joined["option"]]),
        "client": names.client(joined["client"].to_numpy()).rename_categories({"": "opening"}),
        "contracts_bought": joined["bought"].to_numpy(float),
        "contracts_sold": joined["sold"].to_numpy(float),
        "position": joined["position"].to_numpy(float),
    }
    columns |= {name: joined[name].to_numpy() / MICROS for name in tranches.OPTION_BUCKETS}
    columns["total"] = joined[list(tranches.OPTION_BUCKETS)].sum(axis=1).to_numpy() / MICROS
    return pd.DataFrame(columns)


def positions_table(positions: npt.NDArray[np.void], options: Sequence[Option]) -> pd.DataFrame:
    """A row an option held, or dealt and not settled, at the end of each kept path; Greeks are of one unit."""
    listed = [options[n] for n in positions["option"]]
    columns: dict[str, Any] = {"path": positions["path"], "ts": _times(positions["ts"]), **_contracts(listed)}
    columns |= {name: positions[name] for name in ("position", "spot", "theo", "bid", "ask")}
    columns |= {"mid": positions["fair"], "implied_volatility": positions["volatility"]}
    columns |= {name: positions[name] for name in ("delta", "gamma", "vega", "theta", "years")}
    return pd.DataFrame(columns)


def _contracts(options: Sequence[Option]) -> dict[str, Any]:
    """The columns that say which option each of some rows is about."""
    return {
        "underlying": pd.Series([option.underlying for option in options], dtype=str),
        "option": pd.Series([option.name for option in options], dtype=str),
        "strike": np.array([option.strike for option in options], float),
        "expiry": _times(np.array([option.expiry_ns for option in options], np.int64)),
        "right": pd.Series([option.right.name.lower() for option in options], dtype=str),
        "multiplier": np.array([option.multiplier for option in options], float),
    }


def smiles_table(smiles: pd.DataFrame | None) -> pd.DataFrame:
    """A row a quote that the last surface was fitted to, with its smile there; none where marks come otherwise."""
    none: dict[str, list[Any]] = {name: [] for name in _SMILES}
    given = pd.DataFrame(none) if smiles is None else smiles[list(_SMILES)]
    table = given.astype({name: kind for name, kind in _SMILES.items() if kind is not pd.Timestamp})
    for name in ("ts", "expiry"):
        table[name] = pd.to_datetime(table[name], utc=True).astype("datetime64[ns, UTC]")
    return table


_SMILES: dict[str, Any] = {"underlying": str, "ts": pd.Timestamp, "expiry": pd.Timestamp} | dict.fromkeys(
    ("years", "forward", "strike", "log_moneyness", "bid", "mid", "ask", "svi", "mark"), float
)
_SMILES |= {"method": str}


def _of_path(rows: npt.NDArray[np.void], path: int) -> npt.NDArray[np.void]:
    """The rows of one path; those of paths stand one behind the other."""
    paths = rows["path"]
    return rows[bisect_left(paths, path) : bisect_left(paths, path + 1)]


def paths_table(outcomes: Outcomes) -> pd.DataFrame:
    """A row a path: the buckets, the parts of the cash view and the client fills."""
    buckets, cash, counters = outcomes.buckets, outcomes.cash, outcomes.rows["counters"]
    columns: dict[str, Any] = {"path": np.arange(len(outcomes))}
    columns |= {name: buckets[name] / MICROS for name in (*BUCKETS, "total")}
    columns |= {f"cash_{name}": cash[name] / MICROS for name in CASH_PARTS}
    columns |= {counter.name.lower(): counters[:, counter] for counter in (Counter.CLIENT_FILLS, Counter.HEDGE_FILLS)}
    return pd.DataFrame(columns)

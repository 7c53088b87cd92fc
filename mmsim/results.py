"""A run's results: tables in memory, and the run's folder on disk."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmsim import attribution
from mmsim.attribution import BUCKETS, CASH_PARTS, IDENTITIES, TAYLOR, Outcome, Tranches
from mmsim.engine import state as layout
from mmsim.engine.state import Counter, Limit, State, TransactionKind
from mmsim.errors import Problem, UserError
from mmsim.ledger import MICROS, NAMES, Account
from mmsim.market import Market
from mmsim.scenario import Scenario

if TYPE_CHECKING:
    from mmsim.engine.drive import Desk

TABLES = ("ledger", "fills", "options", "marks", "paths", "breaches")
_JOURNALS = ("postings", "fills", "marks", "breaches")


class Journal:
    """The rows that kept paths have written, as they are taken from the loop's state."""

    def __init__(self) -> None:
        self._taken: dict[str, list[npt.NDArray[np.void]]] = {name: [] for name in _JOURNALS}
        self.tranches: list[Tranches] = []

    def take(self, state: State) -> None:
        """Copy the state's journal and empty it."""
        for name in _JOURNALS:
            count = int(state.desk[0][name])
            if count:
                self._taken[name].append(getattr(state, name)[:count].copy())
                state.desk[name] = 0

    def rows(self, name: str) -> npt.NDArray[np.void]:
        """All rows of one journal."""
        taken = self._taken[name]
        dtype = {"postings": layout.POSTING, "fills": layout.FILL, "marks": layout.MARK, "breaches": layout.BREACH}[
            name
        ]
        return np.concatenate(taken) if taken else np.zeros(0, dtype)


class Run:
    """What a backtest came to. Everything is currency units with profits positive, unless a name says micros.

    ``summary`` is all of run.json; ``ledger``, ``fills``, ``options``, ``marks``, ``breaches`` and, for more than one
    path, ``paths`` are DataFrames whose columns docs/run_folder.md explains.
    """

    def __init__(self, summary: Mapping[str, Any], tables: Mapping[str, Callable[[], pd.DataFrame]]) -> None:
        self.summary = dict(summary)
        self._tables = dict(tables)

    @classmethod
    def of(
        cls,
        *,
        scenario: Scenario,
        market: Market,
        desk: Desk,
        outcomes: Sequence[Outcome],
        journal: Journal,
        versions: Mapping[str, str],
        inputs: Mapping[str, str],
        events: int,
        seconds: float,
        reproduce: str,
    ) -> Run:
        """A run from what the loop has left behind."""
        names = Names(market)
        summary = {
            "name": scenario.name,
            "about": scenario.about,
            "currency": scenario.currency,
            "scenario": scenario.dump(),
            "seed": scenario.seed,
            "paths": scenario.paths,
            "versions": dict(versions),
            "inputs": dict(inputs),
            "events": events,
            "seconds": seconds,
            **_figures(outcomes),
            "data": dict(market.quality),
            "policies": {"quoting": _policy(desk.quoting, desk.quote), "hedging": _policy(desk.hedging, desk.hedge)},
            "notes": [*market.notes, *_interpreted(desk)],
            "reproduce": reproduce,
        }
        tables = {
            "ledger": lambda: ledger_table(journal.rows("postings"), names),
            "fills": lambda: fills_table(journal.rows("fills"), names),
            "options": lambda: options_table(journal, market, names),
            "marks": lambda: marks_table(journal.rows("marks"), names),
            "breaches": lambda: breaches_table(journal.rows("breaches"), names),
        }
        if len(outcomes) > 1:
            tables["paths"] = lambda: paths_table(outcomes)
        return cls(summary, tables)

    @cached_property
    def attribution(self) -> pd.Series[float]:
        """The mark view: bucket -> currency, and the total."""
        return pd.Series(self.summary["attribution"], name="attribution", dtype=float)

    @cached_property
    def cash(self) -> pd.Series[float]:
        """The cash view: part -> currency, and the total."""
        return pd.Series(self.summary["cash"], name="cash", dtype=float)

    @cached_property
    def detail(self) -> pd.Series[float]:
        """Every income and expense account -> currency."""
        return pd.Series(self.summary["detail"], name="detail", dtype=float)

    @cached_property
    def ledger(self) -> pd.DataFrame:
        """Every posting of the kept paths."""
        return self._tables["ledger"]()

    @cached_property
    def fills(self) -> pd.DataFrame:
        """Client, hedge and expiry fills of the kept paths."""
        return self._tables["fills"]()

    @cached_property
    def options(self) -> pd.DataFrame:
        """The buckets by option and client group."""
        return self._tables["options"]()

    @cached_property
    def marks(self) -> pd.DataFrame:
        """Market, Greeks and cumulative buckets at each mark of the time grid."""
        return self._tables["marks"]()

    @cached_property
    def breaches(self) -> pd.DataFrame:
        """Every breach of a limit."""
        return self._tables["breaches"]()

    @cached_property
    def paths(self) -> pd.DataFrame:
        """One row a path with its buckets; empty for a run of one path."""
        return self._tables["paths"]() if "paths" in self._tables else pd.DataFrame()

    @property
    def counts(self) -> dict[str, int]:
        """What happened how often."""
        return dict(self.summary["counts"])

    @property
    def identities(self) -> dict[str, int]:
        """Differences in micro-units which have to be zero."""
        return dict(self.summary["identities"])

    @property
    def equity(self) -> dict[str, float]:
        """Equity at the opening and at the end, and at the two other marks."""
        return dict(self.summary["equity"])

    def report(self, path: str | Path) -> Path:
        """Write the HTML report to a file."""
        from mmsim import report

        return report.write(self, Path(path))

    def save(self, folder: str | Path | None = None) -> Path:
        """Write the run's folder, whole or not at all; by default reports/<name>/<run id>.

        Raises UserError if ``folder`` is not empty and not a run's.
        """
        target = Path(folder) if folder is not None else Path("reports") / self.summary["name"] / self._run_id()
        if target.exists() and not (target.is_dir() and (is_run_folder(target) or not any(target.iterdir()))):
            raise UserError(Problem("is not empty and not a run's folder: nothing was written", file=str(target)))
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            partial = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
            try:
                self._write(partial)
                _put_in_place(partial, target)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
        except OSError as error:
            raise UserError(Problem(f"cannot be written: {error.strerror or error}", file=str(target))) from error
        return target

    def _run_id(self) -> str:
        digest = hashlib.sha256(json.dumps([self.summary["scenario"], self.summary["inputs"]], sort_keys=True).encode())
        return f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%SZ}-{digest.hexdigest()[:6]}"

    def _write(self, folder: Path) -> None:
        for name in TABLES:
            table = getattr(self, name)
            if name != "paths" or len(table):
                _write_parquet(table, folder / f"{name}.parquet")
        (folder / "run.json").write_text(json.dumps(self.summary, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        self.report(folder / "report.html")
        hashes = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())}
        (folder / "manifest.json").write_text(json.dumps(hashes, indent=1) + "\n", encoding="utf-8")
        folder.chmod(0o755)

    def __repr__(self) -> str:
        total = self.summary["attribution"]["total"]
        return f"Run({self.summary['name']!r}, total={total:,.2f} {self.summary['currency']})"


def load(folder: str | Path) -> Run:
    """A run from its folder; UserError if it is none, or if a file is not what the manifest says."""
    folder = Path(folder)
    if not is_run_folder(folder):
        raise UserError(Problem("is not a run's folder (no run.json and manifest.json)", file=str(folder)))
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    wrong = [
        name
        for name, digest in manifest.items()
        if name != "report.html"
        and (not (folder / name).is_file() or hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest)
    ]
    if wrong:
        raise UserError(
            *(Problem("is missing or is not what manifest.json says", file=str(folder / name)) for name in wrong)
        )
    summary = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    present = [name for name in TABLES if (folder / f"{name}.parquet").is_file()]
    return Run(summary, {name: lambda name=name: pd.read_parquet(folder / f"{name}.parquet") for name in present})  # type: ignore[misc]


def is_run_folder(folder: Path) -> bool:
    """Whether a folder holds a run."""
    return (folder / "run.json").is_file() and (folder / "manifest.json").is_file()


def _put_in_place(partial: Path, target: Path) -> None:
    """Rename a whole new folder over an old one."""
    old = None
    if target.exists():
        old = target.with_name(f".{target.name}.{os.getpid()}.old")
        target.rename(old)
    partial.rename(target)
    if old is not None:
        shutil.rmtree(old, ignore_errors=True)


def _write_parquet(table: pd.DataFrame, file: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pandas(table, preserve_index=False), file, compression="zstd")


class Names:
    """The names behind the numbers of a run's rows."""

    def __init__(self, market: Market) -> None:
        universe = market.universe
        self.options = [option.name for option in universe.options]
        self.underlyings = [underlying.symbol for underlying in universe.underlyings]
        self.clients = list(market.clients)

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


def marks_table(marks: npt.NDArray[np.void], names: Names) -> pd.DataFrame:
    """A row an underlying and one for the desk (no underlying) at each mark; the buckets are cumulative."""
    balances = marks["balances"]
    columns: dict[str, Any] = {
        "ts": _times(marks["ts"]),
        "path": marks["path"],
        "underlying": names.underlying(marks["underlying"]),
    }
    columns |= {name: marks[name] for name in ("spot", "hedge", "net_delta", "gamma", "vega", "theta")}
    sums = {name: -balances[:, list(group)].sum(axis=1) for name, group in BUCKETS.items()}
    renamed = {"gamma": "gamma_pnl", "theta": "theta_pnl", "vega": "vega_pnl"}
    for name, micros in sums.items():
        columns[renamed.get(name, name)] = micros / MICROS
        if name == "gamma":
            columns["convexity"] = -balances[:, Account.CONVEXITY] / MICROS
            columns["drift"] = -balances[:, Account.DRIFT] / MICROS
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


def options_table(journal: Journal, market: Market, names: Names) -> pd.DataFrame:
    """The buckets by option and client group, a row each, of the kept paths."""
    postings, fills = journal.rows("postings"), journal.rows("fills")
    tables = []
    for end in journal.tranches:
        table = attribution.by_option(fills[fills["path"] == end.path], postings[postings["path"] == end.path], end)
        table.insert(0, "path", end.path)
        is_open = end.options["settled"][table["option"].to_numpy(int)] == 0
        table["position"] = np.where(is_open, (table["bought"] - table["sold"]).to_numpy(float), 0.0)
        tables.append(table)
    if not tables:
        return pd.DataFrame()
    joined = pd.concat(tables, ignore_index=True)
    listed = [market.universe.options[n] for n in joined["option"]]
    columns: dict[str, Any] = {
        "path": joined["path"].to_numpy(),
        "underlying": [option.underlying for option in listed],
        "option": [option.name for option in listed],
        "strike": [option.strike for option in listed],
        "expiry": _times(np.array([option.expiry_ns for option in listed], np.int64)),
        "right": [option.right.name.lower() for option in listed],
        "client": names.client(joined["client"].to_numpy()).rename_categories({"": "opening"}),
        "contracts_bought": joined["bought"].to_numpy(float),
        "contracts_sold": joined["sold"].to_numpy(float),
        "position": joined["position"].to_numpy(float),
    }
    columns |= {name: joined[name].to_numpy() / MICROS for name in attribution.OPTION_BUCKETS}
    columns["total"] = joined[list(attribution.OPTION_BUCKETS)].sum(axis=1).to_numpy() / MICROS
    return pd.DataFrame(columns)


def paths_table(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """A row a path: the buckets, the parts of the cash view and the client fills."""
    columns: dict[str, Any] = {"path": np.arange(len(outcomes))}
    buckets = [outcome.buckets for outcome in outcomes]
    for name in (*BUCKETS, "total"):
        columns[name] = np.array([of_path[name] for of_path in buckets]) / MICROS
    for name in CASH_PARTS:
        columns[f"cash_{name}"] = np.array([outcome.cash[name] for outcome in outcomes]) / MICROS
    columns["client_fills"] = [int(outcome.counters[Counter.CLIENT_FILLS]) for outcome in outcomes]
    columns["hedge_fills"] = [int(outcome.counters[Counter.HEDGE_FILLS]) for outcome in outcomes]
    return pd.DataFrame(columns)


def _figures(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The figures of run.json; those of several paths are means over the paths, identities and counts are sums."""
    count = len(outcomes)

    def mean(of: Callable[[Outcome], Mapping[str, int]]) -> dict[str, float]:
        values = [of(outcome) for outcome in outcomes]
        return {key: sum(value[key] for value in values) / count / MICROS for key in values[0]}

    taylor = np.mean([outcome.taylor for outcome in outcomes], axis=0)
    detail = mean(lambda outcome: outcome.detail)
    cash = mean(lambda outcome: outcome.cash)
    cash["total"] = sum(sum(outcome.cash.values()) for outcome in outcomes) / count / MICROS
    equity = mean(lambda outcome: {key: value for key, value in outcome.equity.items() if key != "unquoted"})
    attributed = mean(lambda outcome: outcome.buckets)
    figures: dict[str, Any] = {
        "attribution": attributed,
        "detail": detail,
        "convexity_and_theta": detail[NAMES[Account.CONVEXITY]] + attributed["theta"],
        "cash": cash,
        "carry": {
            "options_cash": detail[NAMES[Account.CARRY_OPTIONS]],
            "hedge_cash": detail[NAMES[Account.CARRY_HEDGE]],
            "borrow": detail[NAMES[Account.CARRY_BORROW]],
            "dividends": detail[NAMES[Account.CARRY_DIVIDENDS]],
        },
        "components": mean(lambda outcome: outcome.components),
        "equity": {**equity, "unquoted": sum(outcome.equity["unquoted"] for outcome in outcomes)},
        "taylor": {
            **{name: float(taylor[n]) for n, name in enumerate(TAYLOR)},
            "residual": float(taylor[7] - taylor[:7].sum()),
            "total": float(taylor[7]),
        },
        "counts": {
            counter.name.lower(): sum(int(outcome.counters[counter]) for outcome in outcomes) for counter in Counter
        },
        "identities": {name: sum(abs(outcome.identities[name]) for outcome in outcomes) for name in IDENTITIES},
    }
    if count > 1:
        figures["monte_carlo"] = _statistics(outcomes)
    return figures


def _statistics(outcomes: Sequence[Outcome]) -> dict[str, dict[str, float]]:
    """Mean, standard deviation and standard error over paths of every bucket."""
    statistics = {}
    buckets = [outcome.buckets for outcome in outcomes]
    for name in (*BUCKETS, "total"):
        values = np.array([of_path[name] for of_path in buckets]) / MICROS
        sd = float(values.std(ddof=1))
        statistics[name] = {"mean": float(values.mean()), "sd": sd, "se": sd / len(values) ** 0.5}
    return statistics


def _policy(policy: Any, bounds: Sequence[Any]) -> dict[str, Any]:
    return {
        "name": policy.name,
        "file": policy.file.name,
        "parameters": policy.parameters,
        "compiled": all(bound.compiled for bound in bounds),
    }


def _interpreted(desk: Desk) -> list[str]:
    """A note for each policy that runs as plain Python, with the reason."""
    notes = []
    for policy, bounds in ((desk.quoting, desk.quote), (desk.hedging, desk.hedge)):
        reasons = [bound.reason for bound in bounds if not bound.compiled and bound.reason]
        if reasons:
            notes.append(f"the policy {policy.name} runs as plain Python: {reasons[0]}")
    return notes

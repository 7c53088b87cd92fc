"""A run's results: tables in memory, and the run's folder on disk."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmsim import markouts, run_folder, spool, tables, whole_folder
from mmsim.attribution import CARRY_PARTS, TAYLOR, Integers, Outcomes
from mmsim.engine.state import Counter, TransactionKind
from mmsim.ledger import MICROS, NAMES, Account
from mmsim.market import Market
from mmsim.risk import measured
from mmsim.risk.figures import FIGURES, is_liquidation_known, unit
from mmsim.scenario import Scenario
from mmsim.scenario.years import years_of
from mmsim.tables import Table
from mmsim.units import duration_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from mmsim.engine.drive import Desk
    from mmsim.report.exhibits import Exhibit


_LONG = ("ledger", "fills", "markouts")  # tables that grow with the events: whole in memory only if asked for


class Run:
    """What a backtest came to. Everything is currency units with profits positive, unless a name says micros.

    ``summary`` is all of run.json; ``ledger``, ``fills``, ``markouts``, ``options``, ``positions``, ``marks``,
    ``breaches``, ``smiles``, ``quotes`` and, for more than one path, ``paths`` are DataFrames whose columns
    docs/run_folder.md explains.
    """

    def __init__(self, summary: Mapping[str, Any], tables: Mapping[str, Table]) -> None:
        self.summary = dict(summary)
        self._tables = dict(tables)

    @classmethod
    def of(
        cls,
        *,
        scenario: Scenario,
        market: Market,
        desk: Desk,
        outcomes: Outcomes,
        journal: tables.Journal,
        versions: Mapping[str, str],
        inputs: Mapping[str, str],
        events: int,
        seconds: float,
        reproduce: str,
    ) -> Run:
        """A run from what the loop has left behind."""
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
            "duty": _duty(scenario, market, outcomes),
            "data": dict(market.quality),
            "policies": {"quoting": _policy(desk.quoting, desk.quote), "hedging": _policy(desk.hedging, desk.hedge)},
            "notes": [*market.notes, *_waited(journal, scenario), *_interpreted(desk)],
            "reproduce": reproduce,
        }
        run = cls(summary, tables.of(journal, market, outcomes))
        run.summary["risk"] = _risk(run, scenario, market, outcomes, journal)
        return run

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
    def risk(self) -> pd.DataFrame:
        """The figures of risk by name: value, unit, formula, and why one is undefined. See docs/risk.md."""
        found, currency = self.summary["risk"], self.summary["currency"]
        rows = {
            name: (found["figures"][name], unit(name, currency), meaning.formula, found["undefined"].get(name, ""))
            for name, meaning in FIGURES.items()
        }
        table = pd.DataFrame.from_dict(rows, orient="index", columns=["value", "unit", "formula", "undefined"])
        return table.astype({"value": float})

    @cached_property
    def drawdowns(self) -> pd.DataFrame:
        """The deepest fall of equity by mark: depth, start, trough, end (none: never), share of time under water."""
        columns = ["depth", "start", "trough", "end", "under_water"]
        table = pd.DataFrame.from_dict(self.summary["risk"]["drawdowns"], orient="index", columns=columns)
        times = {name: pd.to_datetime(table[name], utc=True) for name in ("start", "trough", "end")}
        return table.assign(**times)

    @cached_property
    def ledger(self) -> pd.DataFrame:
        """Every posting of the kept paths."""
        return self._tables["ledger"].whole()

    @cached_property
    def fills(self) -> pd.DataFrame:
        """Client, hedge and expiry fills of the kept paths."""
        return self._tables["fills"].whole()

    @cached_property
    def markouts(self) -> pd.DataFrame:
        """What each client fill of the kept paths was worth after each horizon."""
        return self._tables["markouts"].whole()

    def markouts_by(self, group: str | None = None) -> pd.DataFrame:
        """Mark-outs summed by horizon, or by group and horizon: `client`, `side`, `moneyness` or `size`.

        The columns are those of `mmsim.markouts.summary`; ValueError if there is no such group.
        """
        return markouts.summary(self._markout_cells, group)

    @cached_property
    def _markout_cells(self) -> pd.DataFrame:
        return markouts.cells(self._tables["markouts"].pieces(markouts.COLUMNS))

    @cached_property
    def options(self) -> pd.DataFrame:
        """The buckets by option and client group."""
        return self._tables["options"].whole()

    @cached_property
    def positions(self) -> pd.DataFrame:
        """The options held at the end of the kept paths, with the theo and Greeks of one unit."""
        return self._tables["positions"].whole()

    @cached_property
    def marks(self) -> pd.DataFrame:
        """Market, Greeks and cumulative buckets at each mark of the time grid."""
        return self._tables["marks"].whole()

    @cached_property
    def breaches(self) -> pd.DataFrame:
        """Every breach of a limit."""
        return self._tables["breaches"].whole()

    @cached_property
    def smiles(self) -> pd.DataFrame:
        """The last fit of the surface that made the marks: each quote fitted, and the smile there; else empty."""
        return self._tables["smiles"].whole()

    @cached_property
    def quotes(self) -> pd.DataFrame:
        """The desk's quotes of a few options and the market's, at each mark of the time grid."""
        return self._tables["quotes"].whole()

    @cached_property
    def deals(self) -> pd.DataFrame:
        """The fills of the first path kept, with those columns alone that figures show."""
        of_path = self.marks["path"].min()
        columns = ["ts", "path", "kind", "instrument", "side", "size", "price", "theo", "spot"]
        pieces = self._tables["fills"].pieces(columns)
        kept: list[pd.DataFrame] = [piece[piece["path"] == of_path].drop(columns="path") for piece in pieces]
        return pd.concat(kept, ignore_index=True)

    @cached_property
    def paths(self) -> pd.DataFrame:
        """One row a path with its buckets; empty for a run of one path."""
        return self._tables["paths"].whole() if "paths" in self._tables else pd.DataFrame()

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

    @property
    def figures(self) -> list[str]:
        """The names of the report's figures, in its order."""
        return list(self._exhibits)

    def figure(self, name: str) -> Figure:
        """One of the report's `figures` as a matplotlib figure, which a notebook shows and ``savefig`` writes.

        Made without pyplot; title, legend and caption stand in it. UserError if there is none of that name.
        """
        from mmsim import report

        return report.figure(self._exhibits, name)

    @cached_property
    def _exhibits(self) -> dict[str, Exhibit]:
        from mmsim import report

        return report.figures(self)

    def report(self, path: str | Path) -> Path:
        """Write the HTML report to a file; UserError if the system refuses."""
        from mmsim import report

        with whole_folder.placing(Path(path)) as making:
            report.write(self, making)
        return Path(path)

    def save(self, folder: str | Path | None = None) -> Path:
        """Write the run's folder, whole or not at all; by default reports/<name>/<run id>.

        Raises UserError if ``folder`` is not empty and not a run's, or holds more than a run.
        """
        target = Path(folder) if folder is not None else Path("reports") / self.summary["name"] / self._run_id()
        whole_folder.write(target, run_folder.LAYOUT, self._write)
        return target

    def _run_id(self) -> str:
        digest = hashlib.sha256(json.dumps([self.summary["scenario"], self.summary["inputs"]], sort_keys=True).encode())
        return f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%SZ}-{digest.hexdigest()[:6]}"

    def pieces(self, table: str, columns: Sequence[str] | None = None) -> Iterator[pd.DataFrame]:
        """Those columns of a table (all by default) in bounded parts of rows, at least one; short ones are one part."""
        chosen = tables.columns(table) if columns is None else list(columns)
        return self._tables[table].pieces(chosen) if table in _LONG else iter([getattr(self, table)[chosen]])

    def export(self, form: str, path: str | Path) -> list[Path]:
        """Write the tables to a folder as ``csv`` or ``parquet``, or the ledger to a file for ``beancount``.

        The files written. UserError if there is no such form, if what stands there is no export of mmsim's, or if the
        system refuses.
        """
        from mmsim import export

        return export.write(self, form, Path(path))

    def _write(self, folder: Path) -> None:
        from mmsim import parquet, report

        for name in run_folder.tables_of(self.summary["paths"]):
            parquet.write(self.pieces(name), folder / run_folder.table_file(name), spool.PIECE)
        text = json.dumps(self.summary, indent=1, allow_nan=False) + "\n"
        (folder / run_folder.SUMMARY).write_text(text, encoding="utf-8")
        report.write(self, folder / run_folder.REPORT)

    def __reduce__(self) -> tuple[Any, ...]:
        """What another process is given of it: its tables as wholes."""
        return _thawed, (self.summary, {name: table.whole() for name, table in self._tables.items()})

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from mmsim import report

        return report.html(self)

    def __repr__(self) -> str:
        total = self.summary["attribution"]["total"]
        return f"Run({self.summary['name']!r}, total={total:,.2f} {self.summary['currency']})"


def _thawed(summary: Mapping[str, Any], frames: Mapping[str, pd.DataFrame]) -> Run:
    """The run that another process has made."""
    return Run(summary, {name: tables.at_once(partial(_same, frame)) for name, frame in frames.items()})


def _same(frame: pd.DataFrame) -> pd.DataFrame:
    return frame


def load(folder: str | Path) -> Run:
    """A run from its folder; UserError if it is none, or if a file is not what the manifest says."""
    folder = Path(folder)
    summary, hashes = whole_folder.read(folder, run_folder.LAYOUT)
    names = {name: run_folder.table_file(name) for name in run_folder.tables_of(summary["paths"])}
    return Run(summary, {name: _table_in(name, folder / file, hashes[file]) for name, file in names.items()})


def _table_in(name: str, file: Path, digest: str) -> Table:
    """A table of a run: UserError if its file has changed since it was first looked at, or is none of a run's."""
    from mmsim import parquet

    def whole() -> pd.DataFrame:
        columns = tables.columns(name)
        found = parquet.read(file, _there(file, digest, columns))
        return parquet.frame(file, found, tables.empty(name), run_folder.LAYOUT.owner)

    def pieces(columns: Sequence[str]) -> Iterator[pd.DataFrame]:
        like = tables.empty(name)[list(columns)]
        for piece in parquet.pieces(file, _there(file, digest, columns), spool.PIECE):
            yield parquet.frame(file, piece, like, run_folder.LAYOUT.owner)

    return Table(whole, pieces)


def _there(file: Path, digest: str, columns: Sequence[str]) -> list[str]:
    """Those of the columns that a run's file has; UserError if it has changed."""
    from mmsim import parquet

    whole_folder.check(file, digest)
    return parquet.there(file, columns)


def _figures(outcomes: Outcomes) -> dict[str, Any]:
    """The figures of run.json; those of several paths are means over the paths, identities and counts are sums."""
    count = len(outcomes)

    def mean(values: Mapping[str, Integers]) -> dict[str, float]:
        return {name: _total(of_paths) / count / MICROS for name, of_paths in values.items()}

    taylor = outcomes.rows["taylor"].mean(axis=0)
    detail, attributed = mean(outcomes.detail), mean(outcomes.buckets)
    figures: dict[str, Any] = {
        "attribution": attributed,
        "detail": detail,
        "convexity_and_theta": detail[NAMES[Account.CONVEXITY]] + attributed["theta"],
        "cash": mean(outcomes.cash),
        "carry": {part: detail[NAMES[account]] for part, account in CARRY_PARTS.items()},
        "hedge_cost": mean(outcomes.hedge_cost),
        "components": mean(outcomes.components),
        "equity": {**mean(outcomes.equity), "unquoted": _total(outcomes.rows["unquoted"])},
        "taylor": {
            **{name: float(taylor[n]) for n, name in enumerate(TAYLOR)},
            "residual": float(taylor[7] - taylor[:7].sum()),
            "total": float(taylor[7]),
        },
        "counts": {counter.name.lower(): _total(outcomes.rows["counters"][:, counter]) for counter in Counter},
        "identities": {name: _total(abs(off)) for name, off in outcomes.identities.items()},
    }
    if count > 1:
        figures["monte_carlo"] = _statistics(outcomes)
    return figures


def _risk(run: Run, scenario: Scenario, market: Market, outcomes: Outcomes, journal: tables.Journal) -> dict[str, Any]:
    """What the result was worth for what was risked."""
    equity = {name: micros / MICROS for name, micros in outcomes.equity.items()}
    buckets = {name: micros / MICROS for name, micros in outcomes.buckets.items()}
    ends = {"theo": "closing", "mid": "at_mid"}
    ends |= {"liquidation": "at_liquidation"} if is_liquidation_known(run.equity) else {}
    hedging_cost = (outcomes.hedge_cost["hedges"] + outcomes.detail[NAMES[Account.FEES_HEDGE]]) / MICROS
    totals = measured.Totals(
        of_marks={mark: equity[end] - equity["opening"] for mark, end in ends.items()},
        spread_capture=buckets["spread_capture"],
        costs=buckets["hedge_cost"] + buckets["fees"],
        hedging_cost=hedging_cost,
        opening=equity["opening"],
        client_fills=outcomes.rows["counters"][:, Counter.CLIENT_FILLS],
    )
    multipliers = np.array([option.multiplier for option in market.universe.options], float)
    dealt = measured.Dealt.of(journal.rows("fills"), multipliers)
    start, end = scenario.clock.start, scenario.clock.end
    years = float(years_of(scenario, market.universe).of_volatility(start, end))
    span = measured.Span(start, years / (end - start))
    return measured.risk(totals, dealt, run.marks, len(journal.ends), span)


def _total(of_paths: Integers) -> int:
    """The sum over paths, which may exceed what an int64 holds."""
    return sum(of_paths.tolist())


def _duty(scenario: Scenario, market: Market, outcomes: Outcomes) -> dict[str, Any]:
    """For how much of the time that options could be dealt they were quoted as the desk owes; {} if it owes nothing."""
    owed = scenario.protection.obligation
    if owed is None:
        return {}
    named = zip(market.universe.options, outcomes.duty.tolist(), strict=True)
    shares = {option.name: met / time for option, (met, time) in named if time}
    met, time = outcomes.duty.sum(axis=0).tolist()
    return {
        "required": owed.share,
        "share": met / time if time else 0.0,
        "seconds": time / 1e9,
        "short": sum(share < owed.share for share in shares.values()),
        "options": shares,
    }


def _statistics(outcomes: Outcomes) -> dict[str, dict[str, float]]:
    """Mean, standard deviation and standard error over paths of every bucket."""
    statistics = {}
    for name, micros in outcomes.buckets.items():
        values = micros / MICROS
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


def _waited(journal: tables.Journal, scenario: Scenario) -> list[str]:
    """A note of what the market has done to the hedges between decision and fill, which is part of the delta."""
    moved = sum(map(_moved, spool.pieces(journal.rows("fills"))))
    if not scenario.latency.hedge or not moved:
        return []
    after = f"{duration_text(scenario.latency.hedge)} after the decision"
    said = f"{abs(moved):,.2f} {scenario.currency} {'for' if moved > 0 else 'against'}"
    bars = "; of recorded bars that is the next bar's price" if scenario.market.recorded else ""
    kept = f", on {scenario.keep_paths:,} of the paths" if scenario.keep_paths < scenario.paths else ""
    return [f"hedges fill {after}{bars}: by then the market had moved {said} them (in delta{kept})"]


def _moved(fills: npt.NDArray[np.void]) -> float:
    hedges = fills[fills["kind"] == TransactionKind.HEDGE]
    return float((hedges["size"] * (hedges["decision_mid"] - hedges["theo"])).sum())


def _interpreted(desk: Desk) -> list[str]:
    """A note for each policy that runs as plain Python, with the reason."""
    notes = []
    for policy, bounds in ((desk.quoting, desk.quote), (desk.hedging, desk.hedge)):
        reasons = [bound.reason for bound in bounds if not bound.compiled and bound.reason]
        if reasons:
            notes.append(f"the policy {policy.name} runs as plain Python: {reasons[0]}")
    return notes

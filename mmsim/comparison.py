"""What a comparison came to: buckets by variant, and what each has more than the first."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from mmsim import comparison_folder, comparison_tables, whole_folder
from mmsim.comparison_folder import COLUMNS, LAYOUT
from mmsim.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from mmsim.report.exhibits import Exhibit

_MARKET = ("seed", "paths", "clock", "rates", "underlyings", "options", "market", "clients", "sessions", "dividends")
_NAME_MAX = 200  # characters of the name of a comparison of several scenarios


class Comparison:
    """What several variants came to on the same draws. Currency units, profits positive; the first is the reference.

    ``summary`` is all of comparison.json, ``runs`` is each variant's Run by name; a comparison that was loaded from its
    folder has none. docs/compare.md explains the columns of the tables.
    """

    def __init__(
        self, summary: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], runs: Mapping[str, Run] | None = None
    ) -> None:
        self.summary = dict(summary)
        self._tables = dict(tables)
        self.runs = dict(runs or {})

    @classmethod
    def of(cls, runs: Mapping[str, Run], seconds: float, reproduce: str, scenarios: Sequence[str]) -> Comparison:
        """A comparison of the runs of its variants by name.

        ``reproduce`` is the command that makes it again, ``scenarios`` are the names of the files compared.
        """
        tables = comparison_tables.of(runs)
        return cls(_summary(runs, tables, seconds, reproduce, scenarios), tables, runs)

    @property
    def reference(self) -> str:
        """The variant that the others are compared with."""
        return str(self.summary["reference"])

    @property
    def seconds(self) -> float:
        """How long the runs took."""
        return float(self.summary["seconds"])

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row a variant: the buckets, the total with its deviation and error over paths, and the fills.

        With several paths amounts are means. ``hedging_pnl`` is all but spread capture: what became of the trades.
        """
        return self._tables["buckets"].set_index("variant")

    @property
    def paths(self) -> pd.DataFrame:
        """A row a variant and path: the buckets and the fills."""
        return self._tables["paths"]

    @property
    def differences(self) -> pd.DataFrame:
        """A row a variant (but the first) and figure: what it has more than the first, with 95 % intervals.

        Paired over paths; with one path by the stationary bootstrap over the marks that both have (`paired`), the last
        of which is the end; not known where no marks are kept.
        """
        return self._tables["differences"]

    @property
    def clients(self) -> pd.DataFrame:
        """A row a variant and client group: contracts, and the buckets of its trades to the end; of the kept paths."""
        return self._tables["clients"]

    @property
    def over_time(self) -> pd.DataFrame:
        """A row a variant and mark of the first kept path: what each bucket had come to."""
        return self._tables["over_time"]

    @property
    def partings(self) -> pd.DataFrame:
        """The first fill of the first kept path in which a variant parts from the first: what either of them dealt."""
        return self._tables["partings"]

    @property
    def differs(self) -> dict[str, list[str]]:
        """For each variant the parts of the market and the clients in which it differs from the first.

        Where there are none both have met the same spot, quotes and orders; else the same shocks alone.
        """
        return {name: list(part["differs"]) for name, part in self.summary["variants"].items()}

    @property
    def identities(self) -> dict[str, int]:
        """Differences in micro-units which have to be zero, summed over the variants."""
        of_variants = [part["identities"] for part in self.summary["variants"].values()]
        return {key: sum(identities[key] for identities in of_variants) for key in of_variants[0]}

    @property
    def figures(self) -> list[str]:
        """The names of the report's figures, in its order."""
        return list(self._exhibits)

    def figure(self, name: str) -> Figure:
        """One of the report's `figures` as a matplotlib figure, as `Run.figure` gives those of a run."""
        from mmsim import report

        return report.figure(self._exhibits, name)

    @cached_property
    def _exhibits(self) -> dict[str, Exhibit]:
        from mmsim import report

        return report.comparison_figures(self)

    def report(self, path: str | Path) -> Path:
        """Write the HTML report to a file; UserError if the system refuses."""
        from mmsim import report

        with whole_folder.placing(Path(path)) as making:
            report.write_comparison(self, making)
        return Path(path)

    def save(self, folder: str | Path | None = None) -> Path:
        """Write the comparison's folder, whole or not at all; by default reports/<name>/compare-<id>.

        UserError if ``folder`` is not empty and not a comparison's, or holds more than one.
        """
        target = Path(folder) if folder is not None else Path("reports") / self.summary["name"] / self._id()
        whole_folder.write(target, LAYOUT, self._write)
        return target

    def _write(self, folder: Path) -> None:
        from mmsim import report

        text = json.dumps(self.summary, indent=1, allow_nan=False) + "\n"
        (folder / comparison_folder.SUMMARY).write_text(text, encoding="utf-8")
        for name, table in self._tables.items():
            table.to_parquet(folder / comparison_folder.table_file(name), index=False, compression="zstd")
        report.write_comparison(self, folder / comparison_folder.REPORT)

    def _id(self) -> str:
        inputs = [[part["scenario"], part["inputs"]] for part in self.summary["variants"].values()]
        digest = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
        return f"compare-{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%SZ}-{digest[:6]}"

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from mmsim import report

        return report.comparison_html(self)

    def __repr__(self) -> str:
        return f"Comparison({', '.join(self.summary['variants'])})"


def load(folder: str | Path) -> Comparison:
    """A comparison from its folder; UserError if it is none, or if a file is not what the manifest says."""
    from mmsim import parquet

    folder = Path(folder)
    summary, _ = whole_folder.read(folder, LAYOUT)
    tables = {}
    for name in COLUMNS:
        file = folder / comparison_folder.table_file(name)
        like = comparison_folder.typed(name, pd.DataFrame())
        found = parquet.read(file, parquet.there(file, list(COLUMNS[name])))
        tables[name] = comparison_folder.typed(name, parquet.frame(file, found, like, LAYOUT.owner))
    return Comparison(summary, tables)


def _summary(
    runs: Mapping[str, Run],
    tables: Mapping[str, pd.DataFrame],
    seconds: float,
    reproduce: str,
    scenarios: Sequence[str],
) -> dict[str, Any]:
    """All of comparison.json."""
    reference = next(iter(runs))
    first = runs[reference].summary
    hedging = tables["buckets"].set_index("variant")["hedging_pnl"].to_dict()
    return {
        "name": "+".join(scenarios)[:_NAME_MAX],
        "about": first["about"] if len(scenarios) == 1 else "",
        "scenarios": list(scenarios),
        "currency": first["currency"],
        "seed": first["seed"],
        "paths": first["paths"],
        "versions": first["versions"],
        "reference": reference,
        "variants": {
            name: {
                "scenario": run.summary["scenario"],
                "policies": run.summary["policies"],
                "differs": _differs(run.summary["scenario"], first["scenario"]),
                "inputs": run.summary["inputs"],
                "events": run.summary["events"],
                "attribution": run.summary["attribution"],
                "hedging_pnl": hedging[name],
                "counts": run.summary["counts"],
                "identities": run.summary["identities"],
                "notes": run.summary["notes"],
                "reproduce": run.summary["reproduce"],
            }
            for name, run in runs.items()
        },
        "differences": _records(tables["differences"]),
        "partings": _records(tables["partings"]),
        "reproduce": reproduce,
        "seconds": seconds,
    }


def _differs(scenario: Mapping[str, Any], first: Mapping[str, Any]) -> list[str]:
    return [key for key in _MARKET if scenario.get(key) != first.get(key)]


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table for JSON, in which what is no number is null."""
    return [{str(key): _plain(value) for key, value in row.items()} for row in table.to_dict("records")]


def _plain(value: Any) -> Any:
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    return None if isinstance(value, float) and isnan(value) else value

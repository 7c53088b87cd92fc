"""What a comparison came to: buckets by variant, and what each has more than the first."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mmsim import paired, whole_folder
from mmsim.attribution import BUCKETS
from mmsim.market.streams import generator
from mmsim.results import Run
from mmsim.whole_folder import Layout

FIGURES = (*BUCKETS, "hedging_pnl", "total")
COUNTS = ("client_fills", "hedge_fills")
_MARKET = ("seed", "paths", "clock", "rates", "underlyings", "options", "market", "clients", "sessions", "dividends")
SUMMARY, TABLES = "comparison.json", ("buckets", "differences", "paths", "clients")


class Comparison:
    """What several variants came to on the same draws. Currency units, profits positive; the first is the reference.

    ``runs`` is each variant's Run by name. docs/compare.md explains the columns of the tables.
    """

    def __init__(self, runs: Mapping[str, Run], seconds: float) -> None:
        self.runs = dict(runs)
        self.seconds = seconds

    @property
    def reference(self) -> str:
        """The variant that the others are compared with."""
        return next(iter(self.runs))

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row a variant: the buckets, the total with its deviation and error over paths, and the fills.

        With several paths amounts are means. ``hedging_pnl`` is all but spread capture: what became of the trades.
        """
        rows = self.paths.groupby("variant", sort=False)
        table = rows[[*FIGURES, *COUNTS]].mean()
        table["sd"] = rows["total"].std(ddof=1)
        table["se"] = table["sd"] / rows["total"].count() ** 0.5
        return table

    @cached_property
    def paths(self) -> pd.DataFrame:
        """A row a variant and path: the buckets and the fills."""
        return pd.concat([_of_paths(run).assign(variant=name) for name, run in self.runs.items()], ignore_index=True)[
            ["variant", "path", *FIGURES, *COUNTS]
        ]

    @cached_property
    def differences(self) -> pd.DataFrame:
        """A row a variant (but the first) and figure: what it has more than the first, with 95 % intervals.

        Paired over paths; with one path by the stationary bootstrap over the marks that both have (`paired`), the last
        of which is the end; not known where no marks are kept.
        """
        rows = []
        for name in list(self.runs)[1:]:
            for figure, found in zip(FIGURES, self._against_first(name), strict=True):
                rows.append({"variant": name, "figure": figure, **found._asdict()})
        columns = ["variant", "figure", *paired.Difference._fields]
        return pd.DataFrame(rows, columns=columns)

    @cached_property
    def clients(self) -> pd.DataFrame:
        """A row a variant and client group: contracts, and the buckets of its trades to the end; of the kept paths."""
        tables = []
        for name, run in self.runs.items():
            options = run.options
            kept = max(options["path"].nunique(), 1)
            sums = options.drop(columns=["path", "strike"]).groupby("client", observed=True).sum(numeric_only=True)
            tables.append((sums / kept).reset_index().assign(variant=name))
        table = pd.concat(tables, ignore_index=True)
        return table[["variant", *(column for column in table.columns if column != "variant")]]

    @cached_property
    def differs(self) -> dict[str, list[str]]:
        """For each variant the parts of the market and the clients in which it differs from the first.

        Where there are none both have met the same spot, quotes and orders; else the same shocks alone.
        """
        scenarios = {name: run.summary["scenario"] for name, run in self.runs.items()}
        first = scenarios[self.reference]
        return {
            name: [key for key in _MARKET if scenario.get(key) != first.get(key)]
            for name, scenario in scenarios.items()
        }

    @cached_property
    def summary(self) -> dict[str, Any]:
        """All of comparison.json."""
        first = self.runs[self.reference].summary
        return {
            "name": first["name"],
            "about": first["about"],
            "currency": first["currency"],
            "seed": first["seed"],
            "paths": first["paths"],
            "versions": first["versions"],
            "reference": self.reference,
            "variants": {
                name: {
                    "scenario": run.summary["scenario"],
                    "policies": run.summary["policies"],
                    "differs": self.differs[name],
                    "inputs": run.summary["inputs"],
                    "events": run.summary["events"],
                    "attribution": run.summary["attribution"],
                    "hedging_pnl": self.table["hedging_pnl"].to_dict()[name],
                    "counts": run.summary["counts"],
                    "identities": run.summary["identities"],
                    "notes": run.summary["notes"],
                    "reproduce": run.summary["reproduce"],
                }
                for name, run in self.runs.items()
            },
            "differences": _records(self.differences),
            "seconds": self.seconds,
        }

    @property
    def identities(self) -> dict[str, int]:
        """Differences in micro-units which have to be zero, summed over the variants."""
        return {
            key: sum(run.identities[key] for run in self.runs.values()) for key in self.runs[self.reference].identities
        }

    def save(self, folder: str | Path | None = None) -> Path:
        """Write the comparison's folder, whole or not at all; by default reports/<name>/compare-<id>.

        UserError if ``folder`` is not empty and not a comparison's, or holds more than one.
        """
        target = Path(folder) if folder is not None else Path("reports") / self.summary["name"] / self._id()
        whole_folder.write(target, LAYOUT, self._write)
        return target

    def _write(self, folder: Path) -> None:
        text = json.dumps(self.summary, indent=1, allow_nan=False) + "\n"
        (folder / SUMMARY).write_text(text, encoding="utf-8")
        tables = (self.table.reset_index(), self.differences, self.paths, self.clients)
        for name, table in zip(TABLES, tables, strict=True):
            table.to_parquet(folder / f"{name}.parquet", index=False, compression="zstd")

    def _id(self) -> str:
        inputs = [[part["scenario"], part["inputs"]] for part in self.summary["variants"].values()]
        digest = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
        return f"compare-{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%SZ}-{digest[:6]}"

    def _against_first(self, name: str) -> list[paired.Difference]:
        """The differences of all figures between a variant and the first."""
        one, other = (self.paths[self.paths["variant"] == which] for which in (self.reference, name))
        over_paths = [paired.over_paths(one[figure].to_numpy(), other[figure].to_numpy()) for figure in FIGURES]
        if len(one) > 1:
            return over_paths
        sums = [_over_time(self.runs[which]) for which in (self.reference, name)]
        shared = sums[0].index.intersection(sums[1].index)
        if not len(shared):
            return over_paths  # no marks were kept
        steps = [np.diff(table.loc[shared].to_numpy(), axis=0, prepend=0.0) for table in sums]
        draws = generator(self.runs[self.reference].summary["seed"], f"bootstrap:{name}", 0)
        return paired.over_time(steps[0], steps[1], draws)

    def __repr__(self) -> str:
        return f"Comparison({', '.join(self.runs)})"


def _of_paths(run: Run) -> pd.DataFrame:
    """A row a path of a run, `FIGURES` and `COUNTS`."""
    if len(run.paths):
        table = run.paths.copy()
    else:
        counts = {name: run.counts[name] for name in COUNTS}
        table = pd.DataFrame([{"path": 0, **run.summary["attribution"], **counts}])
    table["hedging_pnl"] = table["total"] - table["spread_capture"]
    return table[["path", *FIGURES, *COUNTS]]


def _over_time(run: Run) -> pd.DataFrame:
    """What each figure had come to at each mark of the time grid, by time."""
    marks = run.marks
    desk = marks[marks["underlying"] == ""].drop_duplicates("ts", keep="last").set_index("ts")
    renamed = {"gamma": "gamma_pnl", "theta": "theta_pnl", "vega": "vega_pnl"}
    sums = pd.DataFrame({figure: desk[renamed.get(figure, figure)] for figure in (*BUCKETS, "total")})
    sums["hedging_pnl"] = sums["total"] - sums["spread_capture"]
    return sums[list(FIGURES)]


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table for JSON, in which what is no number is null."""
    return [
        {str(key): None if isinstance(value, float) and isnan(value) else value for key, value in row.items()}
        for row in table.to_dict("records")
    ]


def _files(_summary: Mapping[str, Any]) -> list[str]:
    return [SUMMARY, *(f"{name}.parquet" for name in TABLES)]


LAYOUT = Layout(
    maker="comparison",
    owner="a comparison's",
    summary=SUMMARY,
    page="",
    keys={"name": str, "reference": str, "variants": dict, "differences": list},
    needed=frozenset(_files({})),
    known=frozenset(_files({})),
    files=_files,
)

"""What a scenario came to under other assumptions: tables, and a folder of them."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from mmsim import report, whole_folder
from mmsim.whole_folder import Layout

SUMMARY, REPORT, TABLES = "sensitivity.json", "report.html", ("table", "break_even")


class Sensitivity:
    """A scenario under other assumptions, on the same draws. Currency units, profits positive.

    ``summary`` is all of sensitivity.json; docs/sensitivity.md explains the columns of the tables.
    """

    def __init__(self, summary: Mapping[str, Any]) -> None:
        self.summary = dict(summary)

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row a combination of levels: totals at the three marks and the worst of them, and what they are made of.

        The scenario's own comes first. With several paths amounts are means, ``se`` the standard error of
        ``total_worst``, and fills are sums.
        """
        table = pd.DataFrame(self.summary["table"])
        amounts = ["total_theo", "total_mid", "total_liquidation", "total_worst", "spread_capture", "costs", "se"]
        return table.astype(dict.fromkeys(amounts, float))

    @cached_property
    def break_even(self) -> pd.DataFrame:
        """A row a factor: the level at which the total at the worst mark is zero, in ``says`` if there is none."""
        table = pd.DataFrame(self.summary["break_even"])
        columns = ["factor", "unit", "own", "break_even", "total", "says", "runs"]
        return table.reindex(columns=columns).astype({"break_even": float, "total": float})

    @property
    def left_out(self) -> dict[str, str]:
        """The factors that cannot be varied in the scenario, and why."""
        return dict(self.summary["left_out"])

    def save(self, folder: str | Path | None = None) -> Path:
        """Write the folder, whole or not at all; by default reports/<name>/sensitivity-<id>.

        UserError if ``folder`` is not empty and not one of these, or holds more than one.
        """
        target = Path(folder) if folder is not None else Path("reports") / self.summary["name"] / self._id()
        whole_folder.write(target, LAYOUT, self._write)
        return target

    def report(self, path: str | Path) -> Path:
        """Write the HTML report to a file; UserError if the system refuses."""
        with whole_folder.placing(Path(path)) as making:
            report.write_sensitivity(self, making)
        return Path(path)

    def _write(self, folder: Path) -> None:
        report.write_sensitivity(self, folder / REPORT)
        text = json.dumps(self.summary, indent=1, allow_nan=False) + "\n"
        (folder / SUMMARY).write_text(text, encoding="utf-8")
        break_even = self.break_even.assign(own=self.break_even["own"].astype(str))  # numbers and names
        for name, table in zip(TABLES, (self.table, break_even), strict=True):
            table.to_parquet(folder / f"{name}.parquet", index=False, compression="zstd")

    def _id(self) -> str:
        digest = hashlib.sha256(json.dumps(self.summary["scenario"], sort_keys=True).encode()).hexdigest()
        return f"sensitivity-{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%SZ}-{digest[:6]}"

    def __repr__(self) -> str:
        return f"Sensitivity({self.summary['name']!r}, {len(self.summary['table'])} runs)"


def load(folder: str | Path) -> Sensitivity:
    """A sensitivity from its folder; UserError if it is none, or if a file is not what the manifest says."""
    return Sensitivity(whole_folder.read(Path(folder), LAYOUT)[0])


def _files(_summary: Mapping[str, Any]) -> list[str]:
    return [SUMMARY, REPORT, *(f"{name}.parquet" for name in TABLES)]


LAYOUT = Layout(
    maker="sensitivity",
    owner="a sensitivity's",
    summary=SUMMARY,
    page=REPORT,
    keys={
        "name": str,
        "currency": str,
        "scenario": dict,
        "table": list,
        "break_even": list,
        "left_out": dict,
        "off": int,
    },
    needed=frozenset(_files({})),
    known=frozenset(_files({})),
    files=_files,
)

"""A comparison's folder: what stands in it, and the columns of its tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from mmsim.attribution import BUCKETS
from mmsim.paired import Difference
from mmsim.tranches import OPTION_BUCKETS
from mmsim.whole_folder import Layout

SUMMARY, REPORT = "comparison.json", "report.html"
FIGURES = (*BUCKETS, "hedging_pnl", "total")
COUNTS = ("client_fills", "hedge_fills")
_AMOUNTS = dict.fromkeys(FIGURES, "float64")
_TIME = "datetime64[ns, UTC]"
_TEXT = "str"
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "buckets": {"variant": _TEXT, **_AMOUNTS, **dict.fromkeys((*COUNTS, "sd", "se"), "float64")},
    "differences": {"variant": _TEXT, "figure": _TEXT, **dict.fromkeys(Difference._fields, "float64")},
    "paths": {"variant": _TEXT, "path": "int64", **_AMOUNTS, **dict.fromkeys(COUNTS, "int64")},
    "clients": {
        "variant": _TEXT,
        "client": _TEXT,
        **dict.fromkeys(("contracts_bought", "contracts_sold", "position", *OPTION_BUCKETS, "total"), "float64"),
    },
    "over_time": {"variant": _TEXT, "ts": _TIME, **_AMOUNTS},
    "partings": {
        "variant": _TEXT,
        "fill": "int64",
        "dealt_by": _TEXT,
        "ts": _TIME,
        **dict.fromkeys(("kind", "instrument", "client", "side"), _TEXT),
        **dict.fromkeys(("size", "price", "position_before"), "float64"),
    },
}  # table: column and dtype


def table_file(name: str) -> str:
    """The name of a table's file."""
    return f"{name}.parquet"


def typed(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """A table of a comparison with the columns it has, in their order and of their types."""
    kinds = COLUMNS[name]
    return table.reindex(columns=list(kinds)).astype(dict(kinds)).reset_index(drop=True)


def _files(_summary: Mapping[str, Any]) -> list[str]:
    return [SUMMARY, REPORT, *map(table_file, COLUMNS)]


LAYOUT = Layout(
    maker="comparison",
    owner="a comparison's",
    summary=SUMMARY,
    page=REPORT,
    keys={
        **dict.fromkeys(("name", "about", "currency", "reference", "reproduce"), str),
        **dict.fromkeys(("seed", "paths"), int),
        "seconds": (int, float),
        **dict.fromkeys(("versions", "variants"), dict),
        **dict.fromkeys(("scenarios", "differences", "partings"), list),
    },
    needed=frozenset(_files({})),
    known=frozenset(_files({})),
    files=_files,
)

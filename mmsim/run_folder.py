"""A run's folder: what stands in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmsim.whole_folder import Layout

TABLES = ("ledger", "fills", "markouts", "options", "positions", "marks", "paths", "breaches", "smiles", "quotes")
SUMMARY, REPORT = "run.json", "report.html"
EXPORTS = {"beancount": "journal.beancount", "csv": "csv", "parquet": "parquet"}  # what `mmsim export` adds
_SUMMARY_KEYS: Mapping[str, type | tuple[type, ...]] = {
    "name": str,
    "about": str,
    "currency": str,
    "scenario": dict,
    "seed": int,
    "paths": int,
    "versions": dict,
    "inputs": dict,
    "events": int,
    "seconds": (int, float),
    "attribution": dict,
    "detail": dict,
    "convexity_and_theta": (int, float),
    "cash": dict,
    "carry": dict,
    "hedge_cost": dict,
    "components": dict,
    "equity": dict,
    "taylor": dict,
    "counts": dict,
    "identities": dict,
    "duty": dict,
    "data": dict,
    "policies": dict,
    "notes": list,
    "risk": dict,
    "reproduce": str,
}


def table_file(name: str) -> str:
    """The name of a table's file."""
    return f"{name}.parquet"


def tables_of(paths: int) -> list[str]:
    """The tables of a run of that many paths."""
    return [name for name in TABLES if name != "paths" or paths > 1]


def _files(summary: Mapping[str, Any]) -> list[str]:
    return [SUMMARY, REPORT, *map(table_file, tables_of(summary["paths"]))]


LAYOUT = Layout(
    maker="run",
    owner="a run's",
    summary=SUMMARY,
    page=REPORT,
    keys=_SUMMARY_KEYS,
    needed=frozenset(_files({"paths": 1})),
    known=frozenset([SUMMARY, REPORT, *map(table_file, TABLES)]),
    files=_files,
    added=frozenset(
        [EXPORTS["beancount"], *(f"{EXPORTS[k]}/{name}.{k}" for k in ("csv", "parquet") for name in TABLES)]
    ),
)

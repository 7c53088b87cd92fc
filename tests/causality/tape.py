"""Recorded files with nothing, or with rubbish, after an instant."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

PRICES, SIZES = ("bid", "ask", "close"), ("bid_size", "ask_size", "volume")
MILLISECOND_NS, HOUR_NS = 1_000_000, 3_600_000_000_000
NO_PRICES = (np.nan, 0.0, -1.0, np.inf)


def times(folder: Path) -> pd.Series[int]:
    """When the rows of the options' quotes are known, nanoseconds UTC, ascending."""
    return _known(pd.read_parquet(folder / "option_quote.parquet", columns=["ts_utc"])).sort_values(ignore_index=True)


def cut(folder: Path, instant_ns: int, into: Path) -> Path:
    """The files as they stood at an instant: the rows that were known by then."""
    for file, table in _tables(folder):
        table[_known(table) <= instant_ns].to_parquet(_made(into) / file, index=False)
    return into


def corrupted(folder: Path, instant_ns: int, into: Path, draws: np.random.Generator) -> Path:
    """The files with every row after an instant made up anew, and standing first in its file.

    Prices and volumes are other ones (and with the price of a trade the side that is guessed for it), some of them none
    at all. Some rows keep their times and instruments; of the others each column is shuffled by itself, so that new
    options appear, their times lie anywhere after the instant, and there are more or fewer of them.
    """
    for file, table in _tables(folder):
        later = _known(table) > instant_ns
        wrong = _repriced(table[later], draws), _repriced(_shuffled(table[later], instant_ns, draws), draws)
        pd.concat([*wrong, table[~later]]).to_parquet(_made(into) / file, index=False)
    return into


def _shuffled(rows: pd.DataFrame, instant_ns: int, draws: np.random.Generator) -> pd.DataFrame:
    """Rows of values that stood in different ones, at times after an instant."""
    count = int(len(rows) * draws.uniform(0.0, 1.0))
    made = pd.DataFrame({name: rows[name].iloc[draws.integers(0, len(rows), count)].array for name in rows})
    last = int(_known(rows).max()) if len(rows) else instant_ns
    at = draws.integers(instant_ns + MILLISECOND_NS, last + HOUR_NS, count)
    return made.assign(ts_utc=pd.to_datetime(at, utc=True).astype(rows["ts_utc"].dtype))


def _repriced(rows: pd.DataFrame, draws: np.random.Generator) -> pd.DataFrame:
    """The rows with other prices and sizes, of which some are none."""
    made = rows.copy()
    for name in made.columns.intersection(PRICES):
        moved = made[name] * np.exp(draws.standard_normal(len(made)))
        made[name] = np.where(draws.random(len(made)) < 0.1, draws.choice(NO_PRICES, len(made)), moved)
    for name in made.columns.intersection(SIZES):
        made[name] = np.floor(made[name] * draws.exponential(2.0, len(made)))
    return made


def _tables(folder: Path) -> list[tuple[str, pd.DataFrame]]:
    return [(file.name, pd.read_parquet(file)) for file in sorted(folder.glob("*_*.parquet"))]


def _known(table: pd.DataFrame) -> pd.Series[int]:
    return table["ts_utc"].dt.as_unit("ns").astype("int64")


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder

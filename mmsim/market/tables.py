"""Recorded Parquet files as tables of known types; what does not fit is the user's to know, with its place."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from mmsim.errors import Problem, UserError, nearest

TIME = pa.timestamp("ns", "UTC")
DATE = pa.date32()
NUMBER = pa.float64()
TEXT = pa.string()
NEVER = np.iinfo(np.int64).min  # the time of a row that has none

QUOTE = {"ts_utc": TIME, "bid": NUMBER, "bid_size": NUMBER, "ask": NUMBER, "ask_size": NUMBER}
TRADE = {"ts_utc": TIME, "close": NUMBER, "volume": NUMBER}
OPTION = {"cp": TEXT, "strike": NUMBER, "expiry": DATE}
BAR_START = "bar_start_utc"  # optional: when a bar began


def read(file: Path, columns: Mapping[str, pa.DataType], optional: Mapping[str, pa.DataType]) -> pd.DataFrame:
    """The named columns of a Parquet file.

    Times are int64 nanoseconds UTC, `NEVER` where missing, numbers float64, dates datetime64 and texts str. Columns
    that are ``optional`` are read where the file has them. UserError if a column is missing or does not convert, or if
    the file is no Parquet.
    """
    try:
        schema = pq.read_schema(file)
    except (pa.ArrowException, OSError) as error:
        raise UserError(Problem(f"cannot be read as Parquet: {error}", file=str(file))) from error
    missing = [
        Problem(f"has no column {name!r}", file=str(file), suggestion=nearest(name, set(schema.names) - set(columns)))
        for name in columns
        if name not in schema.names
    ]
    if missing:
        raise UserError(*missing)
    wanted = {name: kind for name, kind in {**columns, **optional}.items() if name in schema.names}
    table = pq.read_table(file, columns=list(wanted))
    return pd.DataFrame({name: _column(file, name, table.column(name), kind) for name, kind in wanted.items()})


def sha256(file: Path) -> str:
    """The SHA-256 of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _column(file: Path, name: str, values: pa.ChunkedArray, kind: pa.DataType) -> pd.Series:
    if kind == TIME and pa.types.is_timestamp(values.type) and values.type.tz is None:
        raise UserError(Problem(f"column {name!r} has times without a zone", file=str(file)))
    try:
        converted = values.cast(kind, safe=kind != DATE)  # a date may stand as its midnight
    except pa.ArrowException as error:
        raise UserError(Problem(f"column {name!r} is {values.type}, not {kind}", file=str(file))) from error
    if kind == TIME:
        return pd.Series(converted.cast(pa.int64()).fill_null(int(NEVER)).to_numpy())
    if kind == NUMBER:
        return pd.Series(converted.fill_null(float("nan")).to_numpy())
    return pd.Series(converted.to_numpy()) if kind == DATE else converted.to_pandas()

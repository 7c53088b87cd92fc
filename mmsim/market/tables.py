"""Recorded Parquet files as tables of known types; what does not fit is the user's to know, with its place."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from mmsim import parquet
from mmsim.errors import Problem, UserError, nearest

TIME = pa.timestamp("ns", "UTC")
DATE = pa.date32()
NUMBER = pa.float64()
TEXT = pa.string()
NEVER = np.iinfo(np.int64).min  # the time of a row that has none

QUOTE = {"ts_utc": TIME, "bid": NUMBER, "bid_size": NUMBER, "ask": NUMBER, "ask_size": NUMBER}
TRADE = {"ts_utc": TIME, "close": NUMBER, "volume": NUMBER}
OPTION = {"cp": TEXT, "strike": NUMBER, "expiry": DATE}
_UTC = ("UTC", "Etc/UTC", "+00:00", "Z")
BAR_START = "bar_start_utc"  # optional: when a bar began


def problems(file: Path, columns: Mapping[str, pa.DataType], optional: Mapping[str, pa.DataType]) -> list[Problem]:
    """What a Parquet file's columns lack, from its schema alone: a column, or one of each name, or times in UTC."""
    try:
        schema = parquet.schema(file)
    except UserError as error:
        return list(error.problems)
    others = set(schema.names) - set(columns)
    found = [
        Problem(f"has no column {name!r}", file=str(file), suggestion=nearest(name, others))
        for name in columns
        if name not in schema.names
    ]
    for name, kind in {**columns, **optional}.items():
        fields = schema.get_all_field_indices(name)
        if len(fields) > 1:
            found.append(Problem(f"has {len(fields)} columns {name!r}", file=str(file)))
        elif fields and kind == TIME and not _is_utc(schema.field(name).type):
            message = f"column {name!r} is {schema.field(name).type}, not a timestamp with the zone UTC"
            found.append(Problem(message, file=str(file)))
    return found


def read(file: Path, columns: Mapping[str, pa.DataType], optional: Mapping[str, pa.DataType]) -> pd.DataFrame:
    """The named columns of a Parquet file in which `problems` finds none.

    Times are int64 nanoseconds UTC, `NEVER` where missing, numbers float64, dates datetime64 and texts str. Columns
    that are ``optional`` are read where the file has them. UserError for each column that does not convert, or if the
    file is damaged.
    """
    present = parquet.schema(file).names
    wanted = {name: kind for name, kind in {**columns, **optional}.items() if name in present}
    table = parquet.read(file, list(wanted))
    converted: dict[str, pd.Series] = {}
    wrong: list[Problem] = []
    for name, kind in wanted.items():
        values = table.column(name)
        try:
            converted[name] = _column(values, kind)
        except pa.ArrowException:
            wrong.append(Problem(f"column {name!r} is {values.type}, not {kind}", file=str(file)))
    if wrong:
        raise UserError(*wrong)
    return pd.DataFrame(converted)


def sha256(file: Path) -> str:
    """The SHA-256 of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _is_utc(kind: pa.DataType) -> bool:
    return pa.types.is_timestamp(kind) and kind.tz in _UTC


def _column(values: pa.ChunkedArray, kind: pa.DataType) -> pd.Series:
    """A column as its kind; ArrowException if a value does not fit."""
    converted = values.cast(kind, safe=kind != DATE)  # a date may stand as its midnight
    if kind == TIME:
        return pd.Series(converted.cast(pa.int64()).fill_null(int(NEVER)).to_numpy())
    if kind == NUMBER:
        return pd.Series(converted.fill_null(float("nan")).to_numpy())
    return pd.Series(converted.to_numpy()) if kind == DATE else converted.to_pandas()

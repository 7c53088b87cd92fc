"""Comma-separated values without a loss: what is read back is what was written."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as of
from pyarrow.csv import CSVWriter, WriteOptions


def write(pieces: Iterator[pd.DataFrame], file: Path) -> None:
    """Write a table whose pieces, at least one, stand one behind the other; a row of names comes first."""
    first = _plain(next(pieces))
    with CSVWriter(file, first.schema, write_options=WriteOptions(quoting_style="needed")) as writer:
        writer.write_table(first)
        for piece in pieces:
            writer.write_table(_plain(piece))


def head(file: Path) -> list[str]:
    """The names in the first row of a file; none if it is no text."""
    try:
        with file.open(encoding="utf-8", newline="") as opened:
            return next(csv.reader(opened), [])
    except (UnicodeDecodeError, csv.Error):
        return []


def _plain(piece: pd.DataFrame) -> pa.Table:
    """A piece as numbers and texts: times are ISO 8601 in UTC, to the nanosecond."""
    table = pa.Table.from_pandas(piece, preserve_index=False)
    columns = [_plain_column(column.combine_chunks()) for column in table.columns]
    return pa.table(dict(zip(table.column_names, columns, strict=True)))


def _plain_column(values: pa.Array) -> pa.Array:
    if of.is_timestamp(values.type):
        texts = values.cast(pa.timestamp("ns", values.type.tz)).cast(pa.string())
        return pc.replace_substring(texts, pattern=" ", replacement="T", max_replacements=1)
    return values.cast(values.type.value_type) if of.is_dictionary(values.type) else values

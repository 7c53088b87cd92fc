"""Parquet: written in pieces; read, though others may have written it, in full and sound or with a UserError."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.types as of

from mmsim.errors import Problem, UserError


def write(pieces: Iterator[pd.DataFrame], file: Path, rows: int) -> None:
    """Write a table whose pieces, at least one, stand one behind the other; a row group has at most so many rows."""
    first = pa.Table.from_pandas(next(pieces), preserve_index=False)
    with pq.ParquetWriter(file, first.schema, compression="zstd") as writer:
        writer.write_table(first, rows)
        for piece in pieces:
            writer.write_table(pa.Table.from_pandas(piece, preserve_index=False), rows)


def schema(file: Path) -> pa.Schema:
    """The columns of a file and their types."""
    with reading(file):
        return pq.read_schema(file)


def there(file: Path, columns: Sequence[str]) -> list[str]:
    """Those of the columns that a file has."""
    found = schema(file).names
    return [column for column in columns if column in found]


def read(file: Path, columns: Sequence[str]) -> pa.Table:
    """The named columns of a file, each value looked at: texts are UTF-8, and places in a dictionary lie within it."""
    with reading(file):
        table = pq.read_table(file, columns=list(columns))
        table.validate(full=True)
        return table


def pieces(file: Path, columns: Sequence[str], rows: int) -> Iterator[pa.Table]:
    """What `read` gives in parts of at most so many rows; at least one."""
    with reading(file), pq.ParquetFile(file) as opened:
        batches = opened.iter_batches(rows, columns=list(columns), use_threads=False)
        first = next(batches, None)
        yield opened.schema_arrow.empty_table().select(list(columns)) if first is None else _checked(first)
        yield from map(_checked, batches)


def frame(file: Path, table: pa.Table, like: pd.DataFrame, owner: str) -> pd.DataFrame:
    """Rows of a file as a DataFrame; UserError unless they have each column of ``like``, once, of its kind.

    Of floats alone some may be no number. ``owner`` says whose file it should be.
    """
    wrong = [str(column) for column, dtype in like.dtypes.items() if not _is_of_kind(table, str(column), dtype)]
    if not wrong:
        with reading(file):
            rows: pd.DataFrame = table.replace_schema_metadata(None).to_pandas()
        whole = [str(column) for column, dtype in like.dtypes.items() if dtype.kind != "f"]
        wrong = [column for column in whole if rows[column].isna().any()]
    if wrong:
        raise UserError(Problem(f"is not {owner}: wrong or without {', '.join(wrong)}", file=str(file)))
    return rows


def _is_of_kind(table: pa.Table, column: str, dtype: Any) -> bool:
    """Whether a column is there, once, and holds what that dtype does: times, floats, whole numbers or texts."""
    if table.column_names.count(column) != 1:
        return False
    kind = table.schema.field(column).type
    if dtype.kind == "M":
        return bool(of.is_timestamp(kind)) and kind.tz == "UTC"
    if dtype.kind in "if":
        return bool(of.is_floating(kind) if dtype.kind == "f" else of.is_integer(kind))
    text = kind.value_type if of.is_dictionary(kind) else kind
    return bool(of.is_string(text) or of.is_large_string(text))


def _checked(batch: pa.RecordBatch) -> pa.Table:
    table = pa.Table.from_batches([batch])
    table.validate(full=True)
    return table


@contextmanager
def reading(file: Path) -> Iterator[None]:
    """What is wrong with the file as a UserError of one line."""
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        message = f"cannot be read as Parquet: {str(error).partition(chr(10))[0]}"
        raise UserError(Problem(message, file=str(file))) from error
    except MemoryError as error:
        raise UserError(Problem("cannot be read: it needs more memory than there is", file=str(file))) from error

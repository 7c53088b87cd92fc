"""What a run has said by an instant: tables with names for numbers, compared as the bytes of Parquet files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mmsim import backtest, market
from mmsim.events import Kind
from mmsim.results import Run
from mmsim.tables import Names

TABLES = ("events", "ledger", "fills", "marks", "breaches")  # what has times; of one time the earlier one is named
Outputs = Mapping[str, pa.Table]


def played(run: Callable[[], Run]) -> Outputs:
    """The outputs of a run, with the events that its market made of the data and that no table shows."""
    with _markets() as built:
        done = run()
    return {"events": plain(_events(built[-1], done)), **_tables(done)}  # before it a policy may have built its own


def written(run: Run) -> Outputs:
    """The outputs of a run that another process has written."""
    return _tables(run)


def until(outputs: Outputs, instant_ns: int) -> Outputs:
    """The rows of each table whose time is ``instant_ns`` or earlier, in their order."""
    last = pa.scalar(instant_ns, pa.int64())
    return {name: table.filter(pc.less_equal(table["ts"].cast(pa.int64()), last)) for name, table in outputs.items()}


def difference(ours: Outputs, theirs: Outputs) -> str:
    """The first in time of what differs, as "table.column at time: ours, theirs"; "" if all bytes are equal."""
    assert ours.keys() == theirs.keys()
    found = [
        _first_cell(name, ours[name], theirs[name])
        for name in TABLES
        if name in ours and parquet(ours[name]) != parquet(theirs[name])
    ]
    return min(found, key=lambda cell: cell[0])[1] if found else ""


def parquet(table: pa.Table) -> bytes:
    """A table as a Parquet file, which holds nothing where a value is missing."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="none")
    return sink.getvalue().to_pybytes()


def _tables(run: Run) -> dict[str, pa.Table]:
    return {name: plain(getattr(run, name)) for name in TABLES if name != "events"}


def plain(frame: pd.DataFrame) -> pa.Table:
    """Texts in place of categories: which names a run knows at all is no output of a time."""
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata()
    for place, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            table = table.set_column(place, field.name, table.column(place).cast(pa.string()))
    return table


def _events(made: market.Market, run: Run) -> pd.DataFrame:
    """The events of the kept paths by name, without the scenario's own volatilities at the clock's start."""
    names, tables = Names.of(made), []
    for path in range(min(run.summary["paths"], run.summary["scenario"]["keep_paths"])):
        events = made.events(path)
        given = np.isin(events["kind"], [Kind.VOLATILITY, Kind.FAIR_VOLATILITY]) & (events["ts"] == events["ts"][0])
        events = events[~given]
        of_underlying = np.isin(events["kind"], [Kind.SPOT, Kind.DIVIDEND]) & (events["instrument"] >= 0)
        numbers = events["instrument"] + of_underlying * len(names.options)
        table = pd.DataFrame({name: events[name] for name in events.dtype.names or ()})
        tables.append(
            table.assign(path=path, instrument=names.instrument(numbers), client=names.client(table["client"]))
        )
    return pd.concat(tables, ignore_index=True)


def _first_cell(name: str, ours: pa.Table, theirs: pa.Table) -> tuple[int, str]:
    """(nanoseconds, description) of the first row of a table that differs."""
    shared = min(len(ours), len(theirs))
    cells = {column: _differs(ours[column][:shared], theirs[column][:shared]) for column in ours.column_names}
    rows = {column: int(np.argmax(differs)) for column, differs in cells.items() if differs.any()}
    if rows:
        column = min(rows, key=rows.__getitem__)
        row = rows[column]
        told = f"{ours[column][row].as_py()!r}, {theirs[column][row].as_py()!r}"
    elif len(ours) != len(theirs):
        column, row, told = "rows", shared, f"{len(ours)}, {len(theirs)}"
    else:
        column, row, told = "bytes", 0, "of equal values"
    at = min(_time(table, row) for table in (ours, theirs))
    return at, f"{name}.{column} at {pd.Timestamp(at, tz='UTC')}: {told}"


def _differs(ours: pa.ChunkedArray, theirs: pa.ChunkedArray) -> np.ndarray[Any, Any]:
    a, b = ours.to_pandas(), theirs.to_pandas()
    return ((a != b) & ~(a.isna() & b.isna())).to_numpy()


def _time(table: pa.Table, row: int) -> int:
    return table["ts"].cast(pa.int64())[row].as_py() if row < len(table) else np.iinfo(np.int64).max


@contextmanager
def _markets() -> Iterator[list[market.Market]]:
    """The markets that are built meanwhile."""
    built: list[market.Market] = []
    honest = market.build

    def build(*arguments: Any, **keywords: Any) -> market.Market:
        built.append(honest(*arguments, **keywords))
        return built[-1]

    with mock.patch.object(backtest.market, "build", build):
        yield built

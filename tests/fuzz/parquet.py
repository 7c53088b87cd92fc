"""Damaged Parquet: recorded inputs, and the tables of a run whose manifest was made to agree with the damage."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from mmsim import backtest, export, results
from mmsim.market.sample import write_sample
from mmsim.scenario import Scenario, load
from tests.fuzz.mutations import OF_BYTES
from tests.fuzz.workers import Try

SEED = 20_260_302
FILES = ("underlying_quote", "option_quote", "option_trade")
ENCODINGS: tuple[dict[str, Any], ...] = (
    {"compression": "snappy"},
    {"compression": "zstd"},
    {"compression": "none"},
    {"compression": "gzip", "use_dictionary": False},
    {"compression": "none", "use_dictionary": False, "column_encoding": "PLAIN"},
    {"compression": "none", "data_page_version": "2.0"},
    {"compression": "zstd", "row_group_size": 50},
)
SCENARIO = {
    "name": "fuzzed",
    "clock": {"start": "2026-03-02T14:30:00Z", "end": "2026-03-02T14:45:00Z"},
    "underlyings": [{"symbol": "XYZ"}],
    "options": [{"underlying": "XYZ", "expiry_time": "16:00 America/New_York"}],
    "market": {
        "recorded": {"folder": "day", "refuse_above": 1.0},
        "theo": {"volatility": "mid", "half_life": "5m"},
    },
    "clients": [{"name": "tape", "model": "recorded_trades"}],
    "quoting": {"policy": "vega_width", "half_spread_vol": 0.001},
    "hedging": {"policy": "delta_band", "band": 50},
    "report": {"mark_every": "5m"},
}


def recorded() -> Try:
    """Replays a generated quarter of an hour, one of whose three files is damaged or holds a wrong value."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    write_sample(folder / "whole")
    tables = {name: _small(pd.read_parquet(folder / "whole" / f"{name}.parquet")) for name in FILES}
    (folder / "day").mkdir()
    scenario = _scenario(folder)
    kept = {name: _encoded(pa.Table.from_pandas(table, preserve_index=False), {}) for name, table in tables.items()}

    def attempt(case: int) -> str:
        draw = np.random.default_rng([SEED, case])
        name = FILES[int(draw.integers(len(FILES)))]
        data = _damaged(tables[name], draw)
        for other in FILES:
            (folder / "day" / f"{other}.parquet").write_bytes(data if other == name else kept[other])
        return _counted(backtest.run(scenario, data=folder))

    assert _counted(backtest.run(scenario, data=_written(folder, kept))) == "read"
    return attempt


def saved() -> Try:
    """Loads and exports a run, one of whose tables is damaged or holds a wrong value, as its manifest says too."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    write_sample(folder / "day")
    whole = backtest.run(_scenario(folder), data=folder).save(folder / "whole")
    tables = {file.name: pd.read_parquet(file) for file in sorted(whole.glob("*.parquet"))}

    def attempt(case: int) -> str:
        draw = np.random.default_rng([SEED, case])
        run = folder / "run"
        shutil.rmtree(run, ignore_errors=True)
        shutil.copytree(whole, run)
        name = list(tables)[int(draw.integers(len(tables)))]
        (run / name).write_bytes(_damaged(tables[name], draw))
        agree(run, name)
        loaded = results.load(run)
        export.csv(loaded, run / "csv")
        export.beancount(loaded, run / "journal.beancount")
        return "read"

    return attempt


def agree(run: Path, name: str) -> None:
    """Make a run's manifest agree with what one of its files is now."""
    manifest = run / "manifest.json"
    hashes = json.loads(manifest.read_text())
    hashes[name] = hashlib.sha256((run / name).read_bytes()).hexdigest()
    manifest.write_text(json.dumps(hashes))


def _scenario(folder: Path) -> Scenario:
    """The scenario from a file, so that its mistakes have a place."""
    (folder / "fuzzed.yaml").write_text(json.dumps(SCENARIO))
    return load(folder / "fuzzed.yaml")


def _written(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / "day" / f"{name}.parquet").write_bytes(data)
    return folder


def _counted(run: backtest.Run) -> str:
    """A run whose identities hold and that says how many rows it read."""
    assert set(run.identities.values()) == {0}, run.identities
    assert all(f"{name}: rows" in run.summary["data"] for name in FILES if name != "option_trade")
    return "read"


def _small(table: pd.DataFrame) -> pd.DataFrame:
    """A quarter of an hour of few options."""
    kept = table[table["ts_utc"] <= pd.Timestamp("2026-03-02T14:45Z")]
    if "strike" in kept:
        kept = kept[kept["strike"].between(97, 103)]
    return kept.reset_index(drop=True)


def _encoded(table: pa.Table, options: dict[str, Any]) -> bytes:
    stream = io.BytesIO()
    pq.write_table(table, stream, **options)
    return stream.getvalue()


def _damaged(table: pd.DataFrame, draw: np.random.Generator) -> bytes:
    """A file of the table: in a third of the cases sound but of wrong values or types, else with damaged bytes."""
    options = ENCODINGS[int(draw.integers(len(ENCODINGS)))]
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    if draw.random() < 1 / 3:
        for _ in range(int(draw.integers(1, 4))):
            arrow = _altered(arrow, draw)
        try:
            return _encoded(arrow, options)
        except (pa.ArrowException, OSError):  # no Parquet of such a type or encoding
            return _encoded(arrow, {}) if _is_writable(arrow) else b""
    plain = {key: value for key, value in options.items() if key != "column_encoding"}
    data = _encoded(arrow, plain)
    for _ in range(int(draw.choice([1, 1, 1, 2, 3]))):
        data = OF_BYTES[int(draw.integers(len(OF_BYTES)))](data or b"\0" * 9, draw)
    return data


def _is_writable(table: pa.Table) -> bool:
    try:
        return bool(_encoded(table, {}))
    except (pa.ArrowException, OSError):
        return False


Values = Callable[[list[Any], np.random.Generator], pa.Array]
RUBBISH: tuple[Any, ...] = (
    float("nan"),
    float("inf"),
    float("-inf"),
    1e308,
    -1e308,
    5e-324,
    -0.0,
    0.0,
    1e15,
    -1.0,
    2.0**63,
)
INTEGERS = (0, -1, 1, 2**31, 2**53 + 1, 2**63 - 1, -(2**63))
TEXTS = ("", "\0", "XYZ\0", "nan", "٣", "C" * 10_000, "\U0001f4a5", "a\nb", '"', "../../x", "P")
TYPES: tuple[pa.DataType, ...] = (
    pa.int8(),
    pa.int64(),
    pa.uint64(),
    pa.float16(),
    pa.float32(),
    pa.bool_(),
    pa.string(),
    pa.large_string(),
    pa.binary(),
    pa.date32(),
    pa.date64(),
    pa.time64("ns"),
    pa.timestamp("s", "UTC"),
    pa.timestamp("ms", "UTC"),
    pa.timestamp("ns"),
    pa.timestamp("us", "America/New_York"),
    pa.timestamp("us", "Nowhere/Atall"),
    pa.duration("ns"),
    pa.decimal128(38, 10),
    pa.null(),
    pa.list_(pa.float64()),
    pa.struct([("x", pa.int64())]),
    pa.dictionary(pa.int32(), pa.string()),
)


def _altered(table: pa.Table, draw: np.random.Generator) -> pa.Table:
    """The table with one column or its rows made wrong."""
    if not table.num_columns:
        return table
    number = int(draw.integers(table.num_columns))
    name = table.column_names[number]
    ways: list[Callable[[], pa.Table]] = [
        lambda: table.set_column(number, name, _with_rubbish(table.column(number), draw)),
        lambda: table.set_column(number, name, _with_rubbish(table.column(number), draw)),
        lambda: table.set_column(number, name, _with_rubbish(table.column(number), draw)),
        lambda: table.set_column(number, name, _retyped(table.column(number), draw)),
        lambda: table.set_column(number, name, pa.nulls(table.num_rows, table.column(number).type)),
        lambda: table.remove_column(number),
        lambda: table.append_column(name, table.column(number)),
        lambda: table.rename_columns([*table.column_names[:number], "renamed", *table.column_names[number + 1 :]]),
        lambda: table.slice(0, int(draw.choice([0, 0, 1, 2]))),
        lambda: table.take(draw.integers(0, max(table.num_rows, 1), table.num_rows)) if table.num_rows else table,
        lambda: table.replace_schema_metadata({"pandas": str(draw.choice(["{}", "[", "{\"columns\": 1}"]))}),
    ]  # fmt: skip
    return ways[int(draw.integers(len(ways)))]()


def _with_rubbish(column: pa.ChunkedArray, draw: np.random.Generator) -> pa.Array:
    """Some values replaced by extreme ones of the same type; texts perhaps by bytes that are no UTF-8."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_string(kind):  # a change before this one may have left what is no UTF-8
        column, kind = column.cast(kind).cast(pa.binary()), pa.binary()
    values = column.cast(kind).to_pylist() if not pa.types.is_timestamp(kind) else column.cast(pa.int64()).to_pylist()
    chosen = draw.random(len(values)) < draw.choice([0.02, 0.3, 1.0])
    if pa.types.is_floating(kind):
        return pa.array([draw.choice(RUBBISH) if c else v for v, c in zip(values, chosen, strict=True)], kind)
    if pa.types.is_integer(kind):
        wide = [int(draw.choice(INTEGERS)) if c else v for v, c in zip(values, chosen, strict=True)]
        return pa.array(wide, pa.int64())
    if pa.types.is_timestamp(kind):
        return pa.array(
            [_time(v, draw) if c else v for v, c in zip(values, chosen, strict=True)], pa.int64()
        ).cast(kind)  # fmt: skip
    if pa.types.is_binary(kind):
        odd = [b"\xff\xfe\x80"] if draw.random() < 0.3 else [text.encode() for text in TEXTS]
        raw = [odd[int(draw.integers(len(odd)))] if c else v for v, c in zip(values, chosen, strict=True)]
        return pa.array(raw, pa.binary()).view(pa.string())
    return pa.nulls(len(values), kind)


def _time(value: int | None, draw: np.random.Generator) -> int:
    return int(draw.choice([*INTEGERS, value or 0, (value or 0) + 1, (value or 0) - 10**15, 253_402_300_800 * 10**6]))


def _retyped(column: pa.ChunkedArray, draw: np.random.Generator) -> pa.Array:
    """The column as another type: its values where they convert, else nulls."""
    kind = TYPES[int(draw.integers(len(TYPES)))]
    try:
        return column.cast(kind, safe=False)
    except pa.ArrowException:
        return pa.nulls(len(column), kind)

"""The made-up day, and real ones."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from mmsim.events import Kind
from mmsim.market import build
from mmsim.market.sample import write_sample
from mmsim.scenario import Scenario

FILES = ("option_quote", "underlying_quote", "option_trade")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_sample(folder / "sample_day")
    return folder


def test_a_seed_makes_the_same_bytes(sample: Path, tmp_path: Path) -> None:
    for seed in (0, 1):
        write_sample(tmp_path / str(seed), seed)
    for name in FILES:
        made = (sample / "sample_day" / f"{name}.parquet").read_bytes()
        assert made == (tmp_path / "0" / f"{name}.parquet").read_bytes()
        assert made != (tmp_path / "1" / f"{name}.parquet").read_bytes()


def test_it_replays_and_its_wrong_rows_are_found(sample: Path, replayed: Callable[..., Scenario]) -> None:
    scenario = replayed(
        underlyings=[{"symbol": "XYZ"}],
        options=[{"underlying": "XYZ", "expiry_time": "16:00 America/New_York", "ticks": 0.05, "exercise": "american"}],
        market={"recorded": {"folder": "sample_day"}, "theo": {"volatility": "mid", "half_life": "5m"}},
    )
    market = build(scenario, sample)
    for reason in ("negative, zero or infinite price", "crossed", "duplicate"):
        assert market.quality[f"option_quote: {reason}"] == 3
    assert market.quality["option_quote: pre-open"] > 0
    assert market.quality["underlying_quote: pre-open"] == 5
    assert market.quality["option_trade: option not quoted by then"] >= 3
    events = market.events(0)
    kinds = {kind: events[events["kind"] == kind] for kind in Kind}
    assert len(market.universe.options) == 36
    assert len(kinds[Kind.BAR_TRADE]) > 200
    assert set(kinds[Kind.BAR_TRADE]["side"]) == {-1, 1}
    assert 0.2 < np.median(kinds[Kind.VOLATILITY]["value"]) < 0.35
    one_sided = np.isnan(kinds[Kind.QUOTE]["bid"]) ^ np.isnan(kinds[Kind.QUOTE]["ask"])
    assert one_sided.any()


@pytest.mark.parametrize("name", FILES)
def test_its_layout_is_that_of_real_data(sample: Path, recorded_data: Path, name: str) -> None:
    real = pq.read_schema(recorded_data / "lean_goog" / f"{name}.parquet")
    made = pq.read_schema(sample / "sample_day" / f"{name}.parquet")
    written = ["open", "high", "low"] if name == "option_trade" else []
    assert set(made.names) == set(real.names)
    assert {column: str(made.field(column).type) for column in made.names if column not in written} == {
        column: str(real.field(column).type) for column in made.names if column not in written
    }


def real(replayed: Callable[..., Scenario], folder: str, clock: tuple[str, str], **parts: Any) -> Scenario:
    options = {"expiry_time": "16:00 America/New_York", "exercise": "american"}
    symbols = [entry["symbol"] for entry in parts["underlyings"]]
    return replayed(
        clock={"start": clock[0], "end": clock[1]},
        options=[options | {"underlying": symbol} | parts.pop("terms", {}) for symbol in symbols],
        market={"recorded": {"folder": folder}, "theo": {"volatility": "mid", "half_life": "5m"}},
        **parts,
    )


def test_es_futures_options(recorded_data: Path, replayed: Callable[..., Scenario]) -> None:
    scenario = real(
        replayed,
        "lean_es_fop",
        ("2020-01-05T23:00:00Z", "2020-01-06T22:00:00Z"),
        underlyings=[
            {"symbol": f"ES{month}", "kind": "future", "multiplier": 50, "data_symbol": month}
            for month in ("202003", "202006")
        ],
    )
    market = build(scenario, recorded_data)
    quality = market.quality
    assert quality["option_quote: rows"] == 254_590
    assert len(market.universe.options) == 211
    quoted = quality["option_trade: rows"] - quality["option_trade: option not quoted by then"] - 3  # 3 after the end
    assert quoted == 335
    events = market.events(0)
    assert np.count_nonzero(events["kind"] == Kind.BAR_TRADE) == quoted - quality["option_trade: no side"]
    volatilities = events["value"][events["kind"] == Kind.VOLATILITY]
    assert 0.05 < volatilities.min() < volatilities.max() < 0.3


def test_goog_options(recorded_data: Path, replayed: Callable[..., Scenario]) -> None:
    scenario = real(
        replayed,
        "lean_goog",
        ("2015-12-24T14:30:00Z", "2015-12-24T18:00:00Z"),
        underlyings=[{"symbol": "GOOG"}],
        terms={"half_days": {"2015-12-24": "13:00 America/New_York"}},
    )
    market = build(scenario, recorded_data)
    assert market.quality["option_quote: rows"] == 304_724
    assert len(market.universe.options) == 2192
    events = market.events(0)
    assert np.count_nonzero(events["kind"] == Kind.BAR_TRADE) > 850
    assert np.count_nonzero(events["kind"] == Kind.EXPIRY) == 176  # of the series that expires that day


@pytest.mark.parametrize(
    ("folder", "symbol", "date", "options"),
    [
        ("lean_twx", "TWX", "2014-06-05", 184),
        ("lean_spy", "SPY", "2023-08-03", 4),
        ("lean_nwsa", "NWSA", "2013-06-28", 260),
        ("lean_foxa", "FOXA", "2013-07-02", 186),
    ],
)
def test_other_recorded_days(
    recorded_data: Path, replayed: Callable[..., Scenario], folder: str, symbol: str, date: str, options: int
) -> None:
    clock = (f"{date}T13:30:00Z", f"{date}T20:00:00Z")
    market = build(real(replayed, folder, clock, underlyings=[{"symbol": symbol}]), recorded_data)
    assert len(market.universe.options) == options
    events = market.events(0)
    assert {Kind.SPOT, Kind.QUOTE, Kind.VOLATILITY, Kind.BAR_TRADE} <= {Kind(kind) for kind in events["kind"]}
    assert np.all(np.diff(events["ts"]) >= 0)

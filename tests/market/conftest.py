"""A small market of models and a small recorded one, to be changed by each test."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mmsim.scenario import Scenario

START = pd.Timestamp("2026-03-02T14:30Z")


@pytest.fixture
def modelled() -> Callable[..., Scenario]:
    """A day of a stock and two options on it; keys given replace whole parts."""

    def make(**parts: Any) -> Scenario:
        base = {
            "name": "modelled",
            "seed": 3,
            "clock": {"start": "2026-03-02T14:30:00Z", "end": "2026-03-02T21:00:00Z"},
            "underlyings": [{"symbol": "ABC"}],
            "options": [{"underlying": "ABC", "strikes": [95, 105], "expiry": "2026-03-20T20:00:00Z"}],
            "market": {
                "spot": {"model": "gbm", "start": 100, "volatility": 0.2, "step": "1h"},
                "volatility": {"model": "constant", "level": 0.25},
            },
            "report": {"mark_every": "1h"},
        }
        return Scenario.model_validate(base | parts)

    return make


@pytest.fixture
def replayed() -> Callable[..., Scenario]:
    """A recorded day of stock ABC in the folder ``day``; keys given replace whole parts."""

    def make(**parts: Any) -> Scenario:
        base = {
            "name": "replayed",
            "clock": {"start": "2026-03-02T14:30:00Z", "end": "2026-03-02T21:00:00Z"},
            "underlyings": [{"symbol": "ABC"}],
            "options": [{"underlying": "ABC", "expiry_time": "16:00 America/New_York"}],
            "market": {
                "recorded": {"folder": "day", "refuse_above": 1.0},
                "theo": {"volatility": "mid", "half_life": "5m"},
            },
            "clients": [{"name": "tape", "model": "recorded_trades"}],
        }
        return Scenario.model_validate(base | parts)

    return make


class Day:
    """Recorded rows to be: a minute of 0 is the bar that ends a minute after the open."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stock: list[dict[str, Any]] = []
        self.quotes: list[dict[str, Any]] = []
        self.trades: list[dict[str, Any]] = []

    def spot(self, minute: float, bid: float = 99.9, ask: float = 100.1, **other: Any) -> None:
        self.stock.append(self._bar(minute) | _sides(bid, ask) | {"symbol": "ABC"} | other)

    def quote(self, minute: float, bid: float | None = 2.0, ask: float | None = 2.2, **other: Any) -> None:
        self.quotes.append(self._bar(minute) | _sides(bid, ask) | _option() | other)

    def trade(self, minute: float, price: float, volume: float = 1, **other: Any) -> None:
        self.trades.append(self._bar(minute) | {"close": price, "volume": volume} | _option() | other)

    def write(self, shuffle: int | None = None) -> Path:
        """Write the three files, their rows in a random order if ``shuffle`` is a seed; the data folder."""
        (self.folder / "day").mkdir(exist_ok=True)
        bare = self._bar(0) | _option() | {"close": 1.0, "volume": 1.0}  # for its columns
        tables = {"underlying_quote": self.stock, "option_quote": self.quotes, "option_trade": [bare, *self.trades]}
        for name, bars in tables.items():
            table = pd.DataFrame(bars).iloc[int(name == "option_trade") :]
            if shuffle is not None:
                table = table.sample(frac=1.0, random_state=shuffle)
            table.to_parquet(self.folder / "day" / f"{name}.parquet", index=False)
        return self.folder

    @staticmethod
    def _bar(minute: float) -> dict[str, Any]:
        begin = START + pd.Timedelta(minutes=minute)
        return {"bar_start_utc": begin, "ts_utc": begin + pd.Timedelta(minutes=1)}


def _sides(bid: float | None, ask: float | None) -> dict[str, float]:
    return {
        "bid": float("nan") if bid is None else bid,
        "bid_size": 0.0 if bid is None else 10.0,
        "ask": float("nan") if ask is None else ask,
        "ask_size": 0.0 if ask is None else 10.0,
    }


def _option() -> dict[str, Any]:
    return {"root": "ABC", "cp": "C", "strike": 100.0, "expiry": pd.Timestamp("2026-03-20")}


@pytest.fixture
def day(tmp_path: Path) -> Day:
    """An empty recorded day with one tick of the stock in its first bar."""
    made = Day(tmp_path)
    made.spot(0)
    return made

"""Recorded files for a drawn scenario: one-sided, locked, crossed and doubled rows, missing minutes, any trades."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmsim import pricing
from tests.scenario_draws.draw import Draw, Frame
from tests.scenario_draws.instruments import SPOTS, Instruments, Listed

MISSING = 0.08  # share of the minutes of which nothing was recorded
TOLD = 0.6  # share of the options that have a row in a minute
SHAPES = {  # of a row: its share of all
    "both": 0.52,
    "bid only": 0.12,  # the ask has not changed
    "ask only": 0.12,
    "no bid": 0.06,  # the bid is gone
    "no ask": 0.06,
    "locked": 0.05,
    "crossed": 0.03,
    "negative": 0.02,
    "empty": 0.02,
}
NOTHING = float("nan")
Row = dict[str, Any]
Floats = npt.NDArray[np.float64]


def write(folder: Path, frame: Frame, instruments: Instruments) -> None:
    """The three Parquet files of a drawn market, in ``folder``/day."""
    day = folder / "day"
    day.mkdir(parents=True)
    draw = frame.draw("recording")
    spots = {symbol: _path(draw, frame.minutes, SPOTS[symbol]) for symbol in instruments.symbols}
    with_bars = draw.chance(0.5)
    tables: dict[str, list[Row]] = {"underlying_quote": [], "option_quote": [], "option_trade": []}
    levels = _path(draw, frame.minutes, draw.between(0.2, 0.5), 0.02)
    fairs = {option: _fair(frame, option, spots[option.underlying], levels) for option in instruments.listed}
    for minute in range(1, frame.minutes + 1):
        if minute > 1 and draw.chance(MISSING):
            continue
        clock = _clock(frame, minute, with_bars)
        for symbol in instruments.symbols:
            if minute == 1 or draw.chance(TOLD):
                spread = SPOTS[symbol] * 0.0002
                row = _sides(draw, spots[symbol][minute], spread, "both" if minute == 1 else _shape(draw))
                tables["underlying_quote"].append(clock | row | {"symbol": symbol})
        for option in instruments.listed:
            fair = float(fairs[option][minute])
            if minute == 1 or draw.chance(TOLD):
                shape = "both" if minute == 1 else _shape(draw)
                row = clock | _sides(draw, fair, max(0.02 * fair, 0.03), shape) | _names(option)
                tables["option_quote"] += [row] * (2 if draw.chance(0.02) else 1)
            if draw.chance(0.6 / len(instruments.listed)):
                tables["option_trade"].append(clock | _trade(draw, fair) | _names(option))
    unquoted = _names(instruments.listed[0]) | {"strike": 2.0 * instruments.listed[0].strike}
    tables["option_trade"].append(_clock(frame, frame.minutes // 2, with_bars) | _trade(draw, 1.0) | unquoted)
    for name, rows in tables.items():
        pd.DataFrame(rows).sample(frac=1.0, random_state=frame.seed).to_parquet(day / f"{name}.parquet", index=False)


def _path(draw: Draw, length: int, start: float, step: float = 0.0015) -> Floats:
    """A price or a volatility at each minute."""
    return start * np.exp(np.cumsum(step * draw.random.standard_normal(length + 1)))


def _clock(frame: Frame, minute: int, with_bars: bool) -> Row:
    known = frame.start + pd.Timedelta(minutes=minute)
    return {"ts_utc": known} | ({"bar_start_utc": known - pd.Timedelta(minutes=1)} if with_bars else {})


def _fair(frame: Frame, option: Listed, spot: Floats, volatility: Floats) -> Floats:
    """What an option is worth at each minute."""
    years = (option.expiry - frame.start) / pd.Timedelta(days=365) - np.arange(frame.minutes + 1) / 525_600
    right = 1.0 if option.right == "C" else -1.0
    return pricing.price(
        spot=spot, strike=option.strike, years=np.maximum(years, 0.0), volatility=volatility, rate=0.02, right=right
    )


def _shape(draw: Draw) -> str:
    return str(draw.random.choice(list(SHAPES), p=list(SHAPES.values())))


def _sides(draw: Draw, fair: float, half_spread: float, shape: str) -> Row:
    """Bid and ask around fair value, cents, in one of the shapes; sizes beside them, now and then of 0."""
    bid, ask = round(max(fair - half_spread, 0.01), 2), round(fair + half_spread, 2) + 0.01
    bids = {"ask only": NOTHING, "empty": NOTHING, "no bid": 0.0, "crossed": ask + 0.05, "negative": -bid}
    asks = {"bid only": NOTHING, "empty": NOTHING, "no ask": 0.0, "locked": bid}
    sizes = [float(draw.whole(0, 30)) for _ in range(2)]
    return {"bid": bids.get(shape, bid), "bid_size": sizes[0], "ask": asks.get(shape, ask), "ask_size": sizes[1]}


def _trade(draw: Draw, fair: float) -> Row:
    """A trade at, between or beyond quotes around fair value."""
    price = fair + draw.one_of(-3.0, -1.0, -1.0, 0.0, 1.0, 1.0, 3.0) * max(0.02 * fair, 0.03)
    return {"close": round(max(price, 0.01), 2), "volume": float(draw.whole(1, 20))}


def _names(option: Listed) -> Row:
    """What tells the option in the files; its date is that of its own zone's day, which is UTC's here."""
    return {
        "underlying": option.underlying,
        "cp": option.right,
        "strike": option.strike,
        "expiry": option.expiry.tz_localize(None).normalize(),
    }

"""Where prices come from in a market of models: the spot of each underlying, and what volatility all options have."""

from __future__ import annotations

from typing import Any

from tests.scenario_draws.draw import Draw, Frame, minutes
from tests.scenario_draws.instruments import SPOTS

TICKS = (15, 45)  # at least and at most, of one underlying in a run


def modelled(frame: Frame, symbols: list[str]) -> dict[str, Any]:
    """Models of spot and volatility for each underlying."""
    draw = frame.draw("market")
    theo = {"volatility": "market"} if draw.chance(0.6) else {"volatility": draw.between(0.2, 0.4)}
    return {
        "spot": {symbol: _spot(frame, draw, symbol) for symbol in symbols},
        "volatility": {symbol: {"model": "constant", "level": draw.between(0.15, 0.6)} for symbol in symbols},
        "theo": theo,
    }


def _spot(frame: Frame, draw: Draw, symbol: str) -> dict[str, Any]:
    start = SPOTS[symbol]
    ticks = draw.whole(*TICKS)
    given: dict[str, Any] = {"step": minutes(frame.minutes // ticks // 5 * 5 or frame.minutes // ticks)}
    given["half_spread"] = 0.0 if draw.chance(0.3) else float(f"{start * draw.between(0.00005, 0.0005):.3g}")
    if draw.chance(0.25):  # moves of exactly a mark's size, and none at all, are where comparisons go wrong
        moves = [draw.one_of(0.99, 0.995, 1.0, 1.0, 1.005, 1.01, 1.02) for _ in range(ticks)]
        return {"model": "path", "prices": [start * move for move in moves]} | given
    brown = {"start": start, "volatility": draw.between(0.05, 0.8), "drift": draw.between(-0.5, 0.5)}
    return {"model": "gbm"} | brown | given


def replayed(frame: Frame) -> dict[str, Any]:
    """A recorded market of the folder ``day``."""
    draw = frame.draw("market")
    volatility = draw.between(0.2, 0.4) if draw.chance(0.2) else "mid"
    half_life = draw.one_of("0s", "0s", "2m", "10m")
    return {
        "recorded": {"folder": "day", "refuse_above": draw.one_of(0.5, 1.0)},
        "theo": {"volatility": volatility} | ({"half_life": half_life} if volatility == "mid" else {}),
    }

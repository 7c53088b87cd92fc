"""Where prices come from in a market of models: the spot of each underlying, and what volatility all options have."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.scenario_draws import happenings
from tests.scenario_draws.draw import Draw, Frame, minutes
from tests.scenario_draws.instruments import SPOTS

TICKS = (15, 45)  # at least and at most, of one underlying in a run


def modelled(frame: Frame, symbols: list[str]) -> dict[str, Any]:
    """Models of spot and volatility for each underlying."""
    draw = frame.draw("market")
    theo = {"volatility": "market"} if draw.chance(0.6) else {"volatility": draw.between(0.2, 0.4)}
    spots = {symbol: _spot(frame, draw, symbol) for symbol in symbols}
    constant = {symbol: {"model": "constant", "level": draw.between(0.15, 0.6)} for symbol in symbols}
    return {
        "spot": spots,
        "volatility": {symbol: _volatility(frame, symbol, spots[symbol]) or constant[symbol] for symbol in symbols},
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
    return _other(frame, symbol, brown) | given


def _other(frame: Frame, symbol: str, brown: dict[str, Any]) -> dict[str, Any]:
    """A random spot: half of them geometric Brownian motions."""
    draw, start = frame.draw(f"spot of {symbol}"), SPOTS[symbol]
    model = draw.one_of("gbm", "gbm", "gbm", "gbm", "heston", "merton", "oscillation", "bootstrap")
    hours = {"hours": "sessions"} if happenings.has_sessions(frame) and draw.chance(0.5) else {}
    if model != "oscillation" and draw.chance(0.2):
        hours["events"] = [{"at": frame.at(frame.inside(draw)), "move": draw.between(0.0, 0.03)}]
    if model == "heston":
        names = ("long_run_volatility", "mean_reversion", "vol_of_vol", "correlation")
        values = (draw.between(0.1, 0.6), draw.between(0.5, 20), draw.between(0.1, 3), draw.between(-1, 1))
        return {"model": model} | brown | dict(zip(names, values, strict=True)) | hours
    if model == "merton":
        jumps = {"jump_mean": draw.between(-0.01, 0.01), "jump_deviation": draw.between(0.0, 0.02)}
        return {"model": model, "intensity": draw.between(0, 3000)} | brown | jumps | hours
    if model == "oscillation":
        chances = {"up": draw.between(0, 0.5), "down": draw.between(0, 0.5), "back": draw.between(0.1, 1)}
        return {"model": model, "level": start, "move": start * draw.one_of(0.005, 0.01)} | chances | hours
    if model == "bootstrap":
        prices = start * np.exp(np.cumsum(0.003 * draw.random.standard_normal(draw.whole(5, 60))))
        blocks = {"block": draw.whole(1, 4), "blocks": draw.one_of("geometric", "fixed")}
        return {"model": model, "start": start, "prices": prices.round(4).tolist()} | blocks | hours
    return {"model": "gbm"} | brown | hours


def _volatility(frame: Frame, symbol: str, spot: dict[str, Any]) -> dict[str, Any]:
    """Implied volatilities that move, in two fifths of the underlyings and most of Heston's; else nothing."""
    draw = frame.draw(f"volatility of {symbol}")
    if not draw.chance(0.8 if spot["model"] == "heston" else 0.4):
        return {}
    step: dict[str, Any] = {"step": minutes(max(frame.minutes // draw.whole(4, 15), 1))}
    if draw.chance(0.3):
        at = frame.at(frame.inside(draw))
        step["events"] = [{"at": at, "move": draw.between(0.0, 0.02), "factor": draw.between(0.7, 1.2)}]
    if spot["model"] == "heston" and draw.chance(0.8):
        return {"model": "heston", "correlation": draw.between(-0.9, 0.9)} | step
    shape = {"sticky": draw.one_of("strike", "moneyness", "delta"), "reversion": draw.one_of(0.0, 2.0)}
    shape |= {"skew": draw.between(-0.02, 0.02), "curvature": draw.between(0.0, 0.01)}
    if draw.chance(0.5):
        return {"model": "smile", "level": draw.between(0.15, 0.6), "long_run": draw.between(0.2, 0.4)} | step | shape
    level = {"start": draw.between(0.15, 0.6), "long_run": draw.between(0.2, 0.4), "speed": draw.one_of(0.0, 4.0)}
    if spot["model"] in ("gbm", "merton") and int(step["step"][:-1]) >= int(spot["step"][:-1]):
        level["correlation"] = draw.between(-1, 1)
    return {"model": "mean_reverting", "vol_of_vol": draw.between(0, 3)} | level | step | shape


def replayed(frame: Frame) -> dict[str, Any]:
    """A recorded market of the folder ``day``."""
    draw = frame.draw("market")
    volatility = draw.between(0.2, 0.4) if draw.chance(0.2) else "mid"
    half_life = draw.one_of("0s", "0s", "2m", "10m")
    return {
        "recorded": {"folder": "day", "refuse_above": draw.one_of(0.5, 1.0)},
        "theo": {"volatility": volatility} | ({"half_life": half_life} if volatility == "mid" else {}),
    }

"""Policies that hedge by deltas of their own or shed options: in the place of a share of the plainer ones."""

from __future__ import annotations

from typing import Any

from tests.scenario_draws.draw import Draw, Frame, minutes

SHARE = 0.5  # of the scenarios


def replaced(frame: Frame, plain: dict[str, Any]) -> dict[str, Any]:
    """The hedging policy of a frame: the plain one, or one of these with its instrument."""
    draw = frame.draw("shedding")
    if plain["policy"] == "scripted_deltas" or not draw.chance(SHARE):
        return plain
    name = draw.one_of(*["vega_offload"] * 3, "hedge_at", "leland", *OTHERS)
    made = {"policy": name} | (_offload(draw) if name == "vega_offload" else OTHERS[name](frame, draw))
    return made | {key: plain[key] for key in ("instrument",) if key in plain}


def offload(frame: Frame) -> dict[str, Any]:
    """What a volatility desk asks."""
    return {"half_spread_vol": frame.draw("volatility desk").between(0.001, 0.03)}


def _offload(draw: Draw) -> dict[str, Any]:
    """Limits narrow enough to be met, of one Greek or both."""
    limits = {"vega_limit": draw.between(20, 2000), "gamma_limit": draw.between(0.5, 20)}
    chosen = draw.some(list(limits), draw.whole(1, 2))
    return {name: limits[name] for name in chosen} | {
        "near": draw.one_of(0.9, 0.5),
        "target": draw.one_of(0.0, 0.3),
        "block": draw.one_of(1, 1, 5),
        "band": draw.between(0, 60),
    }


def _volatility(_frame: Frame, draw: Draw) -> dict[str, Any]:
    given = {"volatility": draw.between(0.1, 0.6)}
    kind = draw.one_of("implied", "forecast", "given")
    return {"volatility_is": kind, "band": draw.between(0, 40)} | (given if kind == "given" else {})


def _leland(frame: Frame, draw: Draw) -> dict[str, Any]:
    every = minutes(max(frame.minutes // draw.whole(3, 12) // 5 * 5, 1))
    return {"interval_ns": every, "round_trip": draw.between(0.0001, 0.02), "clamp": 0.1}


def _utility(_frame: Frame, draw: Draw) -> dict[str, Any]:
    return {"cost": draw.between(0.0001, 0.01), "risk_aversion": draw.between(0.01, 1.0)}


OTHERS: dict[str, Any] = {
    "hedge_at": _volatility,
    "leland": _leland,
    "minimum_variance": lambda _frame, draw: {name: draw.between(-0.3, 0.1) for name in "abc"},
    "spot_move": lambda _frame, draw: {"deviations": draw.between(0.05, 0.5)},
    "whalley_wilmott": _utility,
    "zakamouline": lambda frame, draw: _utility(frame, draw) | {"clamp": 0.1},
}

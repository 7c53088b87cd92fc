"""How venues treat the desk: fees of makers and takers, hedges that rest, and prices that give way."""

from __future__ import annotations

from typing import Any

from tests.scenario_draws.draw import Draw, Frame


def drawn(frame: Frame, execution: dict[str, Any]) -> dict[str, Any]:
    """The execution of a scenario with what its venues do."""
    draw = frame.draw("venues")
    made = dict(execution)
    if draw.chance(0.25):
        made["fees"] = {venue: _fees(draw, venue) for venue in ("option", "hedge")}
        del made["fee_per_option"], made["fee_per_hedge"]
    if draw.chance(0.2):
        patience = draw.one_of("1ns", "5m", "30m", "3h")
        made |= {"hedge_at": "passive", "fill_probability": draw.one_of(0.0, 0.3, 0.8), "patience": patience}
    if draw.chance(0.2):
        made["impact"] = _impact(draw) | ({} if frame.is_recorded else {"permanent": draw.between(1e-5, 1e-3)})
    if draw.chance(0.15):
        made["hedge_cost"] = draw.one_of(0.0, 0.5, 3.0)
    return made


def _fees(draw: Draw, venue: str) -> dict[str, float]:
    cap = {"cap": draw.one_of(0.0, 0.01, 0.125)} if venue == "option" and draw.chance(0.5) else {}
    return {"maker": draw.between(-0.5, 1.0), "taker": draw.between(0.1, 2.0)} | cap


def _impact(draw: Draw) -> dict[str, float]:
    volume = draw.one_of(1e4, 1e6)
    return {"temporary": draw.between(0.1, 1.0), "daily_volatility": draw.between(0.005, 0.03), "daily_volume": volume}

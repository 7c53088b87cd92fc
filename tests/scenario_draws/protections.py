"""What protects the desk's quotes, and how long they stand: narrow enough to be set off."""

from __future__ import annotations

from typing import Any

from tests.scenario_draws.draw import Draw, Frame


def drawn(frame: Frame) -> dict[str, Any]:
    """The protections of a scenario: none at all in half of the markets of models."""
    draw = frame.draw("protection")
    if draw.chance(0.5) and not frame.is_recorded:
        return {}
    made = _freeze(draw) if draw.chance(0.4) else {}
    if draw.chance(0.3):
        made["jump"] = {"spot": draw.one_of(0.002, 0.005, 0.01), "within": _time(draw)} | _action(draw)
    if draw.chance(0.3) and frame.is_recorded:
        made["thin"] = {"size": draw.whole(2, 40)} | _action(draw)
    if draw.chance(0.9 if frame.is_recorded else 0.4):
        made["quotes"] = _quotes(draw)
    if draw.chance(0.3):
        width = draw.one_of(0.5, {0: 0.3, 5: 1.0}, 2.0)
        made["obligation"] = {"max_width": width, "min_size": draw.whole(1, 5), "share": draw.between(0.1, 0.95)}
    if draw.chance(0.4):
        made["volatility"] = {"move": draw.between(0.001, 0.03), "within": _time(draw)} | _action(draw)
    return made


def _freeze(draw: Draw) -> dict[str, Any]:
    limits = {"quantity": draw.whole(2, 20), "net_delta": draw.between(20, 400), "net_vega": draw.between(50, 5000)}
    chosen = draw.some(list(limits), draw.whole(1, 3))
    return {"window": _time(draw), "freeze": _time(draw)} | {name: limits[name] for name in chosen}


def _action(draw: Draw) -> dict[str, Any]:
    widen = {"action": "widen", "factor": draw.between(1.0, 5.0)}
    return {"for": _time(draw)} | (widen if draw.chance(0.4) else {})


def _quotes(draw: Draw) -> dict[str, Any]:
    quotes: dict[str, Any] = {"requote_ticks": draw.one_of(1, 2, 10), "requote_size": draw.one_of(0.0, 0.5, 1.0)}
    if draw.chance(0.4):
        quotes["messages_per_second"] = draw.one_of(1e-4, 1e-2, 10.0)
    return quotes


def _time(draw: Draw) -> str:
    return str(draw.one_of("1s", "5m", "30m", "3h"))

"""Who trades with the desk: Poisson groups, scripts, and the tape of a recorded market."""

from __future__ import annotations

from typing import Any

from tests.scenario_draws.draw import Draw, Frame
from tests.scenario_draws.instruments import SPOTS, Instruments


def drawn(frame: Frame, instruments: Instruments) -> list[dict[str, Any]]:
    """One to three groups of clients."""
    draw = frame.draw("clients")
    groups = [_tape(draw)] if frame.is_recorded and draw.chance(0.9) else []
    is_busy = not groups or draw.chance(0.5)
    groups += [_poisson(frame, draw, n) for n in range(draw.one_of(1, 1, 2) if is_busy else 0)]
    return groups + ([_script(frame, draw, instruments)] if draw.chance(0.35) else [])


def _tape(draw: Draw) -> dict[str, Any]:
    rule = draw.one_of("trade_through", "back_of_queue", "touch", "touch", "touch")
    allocation = draw.one_of("none", "pro_rata", "price_time") if rule == "touch" else "none"
    return {"name": "tape", "model": "recorded_trades", "fills": rule, "allocation": allocation}


def _poisson(frame: Frame, draw: Draw, number: int) -> dict[str, Any]:
    group = {
        "name": f"flow{number}",
        "model": "poisson",
        "per_hour": draw.between(10, 60) * 60 / frame.minutes,
        "reservation_ticks": draw.whole(10, 80),
        "sizes": draw.one_of([1], [1, 2, 5], [10]),
        "buy_share": draw.one_of(0.5, 0.2, 0.8),
    }
    return group | ({"offset_ticks": draw.whole(1, 10)} if draw.chance(0.3) else {})


def _script(frame: Frame, draw: Draw, instruments: Instruments) -> dict[str, Any]:
    """Orders on whole minutes, where ticks and expiries are too, that trade at almost any price."""
    orders = []
    for _ in range(draw.whole(2, 12)):
        option = draw.one_of(*instruments.listed)
        side = draw.one_of("buy", "sell")
        price = 0.5 * SPOTS[option.underlying] if side == "buy" else draw.one_of(0.0, 0.0, 0.5)
        at = frame.at(frame.inside(draw))
        orders.append({"at": at, "option": option.name, "side": side, "size": draw.whole(1, 6), "price": price})
    return {"name": "script", "model": "scripted", "orders": orders}

"""Who trades with the desk: groups of every model, scripts, the tape of a recorded market, and who else quotes."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from tests.scenario_draws.draw import Draw, Frame
from tests.scenario_draws.instruments import SPOTS, Instruments

Group = dict[str, Any]
WIDE = {"delta": [0.0, 1.0], "days": [0, 10_000]}  # of any option there is


def drawn(frame: Frame, instruments: Instruments) -> list[Group]:
    """One to five groups of clients."""
    draw = frame.draw("clients")
    groups = [_tape(draw)] if frame.is_recorded and draw.chance(0.9) else []
    is_busy = not groups or draw.chance(0.5)
    groups += [_poisson(frame, draw, n) for n in range(draw.one_of(1, 1, 2) if is_busy else 0)]
    groups += [_script(frame, draw, instruments)] if draw.chance(0.35) else []
    return groups + _modelled(frame)


def maker(frame: Frame) -> dict[str, Any]:
    """A rival beside the desk, or none."""
    draw = frame.draw("maker")
    if not draw.chance(0.7 if frame.is_recorded else 0.25):
        return {}
    spreads = draw.one_of({"half_spread_vol": draw.between(0.001, 0.03)}, {"half_spread_ticks": draw.whole(0, 8)})
    size = {"size": draw.whole(1, 4)} if draw.chance(0.7) else {}
    allocation = {"allocation": draw.one_of("none", "pro_rata", "price_time", "price_time")}
    return {"maker": allocation if frame.is_recorded else allocation | spreads | size}


def _tape(draw: Draw) -> Group:
    rule = draw.one_of("trade_through", "back_of_queue", "touch", "touch", "touch")
    allocation = draw.one_of("none", "pro_rata", "price_time") if rule == "touch" else "none"
    return {"name": "tape", "model": "recorded_trades", "fills": rule, "allocation": allocation}


def _poisson(frame: Frame, draw: Draw, number: int) -> Group:
    group = {
        "name": f"flow{number}",
        "model": "poisson",
        "per_hour": draw.between(10, 60) * 60 / frame.minutes,
        "reservation_ticks": draw.whole(10, 80),
        "sizes": draw.one_of([1], [1, 2, 5], [10]),
        "buy_share": draw.one_of(0.5, 0.2, 0.8),
    }
    return group | ({"offset_ticks": draw.whole(1, 10)} if draw.chance(0.3) else {})


def _script(frame: Frame, draw: Draw, instruments: Instruments) -> Group:
    """Orders on whole minutes, where ticks and expiries are too, that trade at almost any price."""
    orders = []
    for _ in range(draw.whole(2, 12)):
        option = draw.one_of(*instruments.listed)
        side = draw.one_of("buy", "sell")
        price = 0.5 * SPOTS[option.underlying] if side == "buy" else draw.one_of(0.0, 0.0, 0.5)
        at = frame.at(frame.inside(draw))
        orders.append({"at": at, "option": option.name, "side": side, "size": draw.whole(1, 6), "price": price})
    return {"name": "script", "model": "scripted", "orders": orders}


def _modelled(frame: Frame) -> list[Group]:
    """Groups of the other models, each by its own chance."""
    draw = frame.draw("groups")
    made = [(name, _MODELS[name](frame, draw)) for name in _MODELS if draw.chance(0.12)]
    return [{"name": name, "model": name} | group for name, group in made]


def _arriving(frame: Frame, draw: Draw) -> Group:
    """What every group that arrives may have."""
    group: Group = {
        "per_hour": draw.between(8, 30) * 60 / frame.minutes,
        "sizes": draw.one_of([1], [1, 3], [8]),
    }
    if draw.chance(0.3):
        group["shape"] = draw.one_of("u_shape", [1.0, 0.0, 3.0, 2.0])
    if draw.chance(0.3):
        group["hawkes"] = {"branching": draw.between(0.1, 0.8), "decay": f"{draw.whole(1, 20)}m"}
    return group


def _conceding(frame: Frame, draw: Draw) -> Group:
    group = _arriving(frame, draw) | {"reservation_ticks": draw.whole(10, 80)}
    if draw.chance(0.5):
        package = draw.one_of("vertical", "calendar", "straddle", "strangle", "risk_reversal", "straddle", "vertical")
        return group | {"package": package}
    return group | ({"sweep": draw.whole(2, 4)} if draw.chance(0.5) else {})


def _ranges(draw: Draw) -> Group:
    """Any option, or those of a range."""
    return copy.deepcopy(draw.one_of(WIDE, WIDE, {"moneyness": [0.9, 1.15], "days": [0, 10_000]}, {}))


def _retail(frame: Frame, draw: Draw) -> Group:
    shares = {"covered_calls": draw.one_of(0.25, 0.5), "cash_secured_puts": draw.one_of(0.0, 0.25, 0.5)}
    return _conceding(frame, draw) | _ranges(draw) | shares | {"sold_delta": [0.0, 0.9]}


def _hedger(frame: Frame, draw: Draw) -> Group:
    return _conceding(frame, draw) | _ranges(draw)


def _net_buyer(frame: Frame, draw: Draw) -> Group:
    return _conceding(frame, draw) | _ranges(draw) | {"of": draw.one_of("index", "single_name")}


def _informed(frame: Frame, draw: Draw) -> Group:
    known = {"probability": draw.one_of(0.3, 1.0), "horizon": f"{draw.whole(1, 60)}m"}
    known |= {"knows": draw.one_of("spot", "spot", "volatility")}
    return {k: v for k, v in _conceding(frame, draw).items() if k != "package"} | known


def _vol_trader(frame: Frame, draw: Draw) -> Group:
    forecast = {"forecast": draw.between(0.1, 0.5)} if draw.chance(0.4) else {"error": draw.one_of(0.02, 0.05)}
    return _arriving(frame, draw) | forecast | {"threshold": draw.one_of(0.001, 0.01, 0.04)}


def _sniper(frame: Frame, draw: Draw) -> Group:
    group = {"share": draw.one_of(0.2, 1.0), "reaction": draw.one_of("0s", "1ms", "2s"), "size": draw.whole(1, 3)}
    group |= {"looks": draw.whole(1, 3)} if draw.chance(0.5) else {}
    return group | ({"cooldown": f"{draw.whole(1, 5)}m"} if draw.chance(0.5) else {})


_MODELS: dict[str, Callable[[Frame, Draw], Group]] = {
    "retail": _retail,
    "hedger": _hedger,
    "customer_net_buyer": _net_buyer,
    "informed": _informed,
    "vol_trader": _vol_trader,
    "sniper": _sniper,
}

"""How the desk quotes and hedges: every built-in policy with parameters."""

from __future__ import annotations

from typing import Any

from tests.scenario_draws import shedding
from tests.scenario_draws.draw import Draw, Frame, minutes
from tests.scenario_draws.instruments import Instruments


def quoting(frame: Frame) -> dict[str, Any]:
    """A quoting policy; most of them one that deals."""
    draw = frame.draw("quoting")
    policies: dict[str, dict[str, Any]] = {
        "none": {},
        "fixed_price": {"bid": draw.between(0.05, 2.0), "ask": draw.between(2.0, 8.0)},
        "fixed_width": {"half_spread": draw.between(0.01, 0.4)},
        "vega_width": {"half_spread_vol": draw.between(0.001, 0.02), "min_half_spread": draw.one_of(0.0, 0.05)},
        "inventory_skew": {
            "half_spread_vol": draw.between(0.001, 0.02),
            "lean_vol_per_vega": draw.one_of(0.0, 1e-7, 1e-5),
        },
    }
    dealing = ("fixed_width", "vega_width", "inventory_skew")
    name = draw.one_of(*dealing) if draw.chance(0.86) else draw.one_of("none", "fixed_price", "fixed_price")
    size = {} if name == "none" or draw.chance(0.3) else {"size": draw.whole(1, 20)}
    plain = {"policy": name} | policies[name] | size
    return _solved(frame, size) if name in dealing and frame.draw("literature").chance(0.4) else plain


def _solved(frame: Frame, size: dict[str, Any]) -> dict[str, Any]:
    """A policy of the literature, some of which solve a table once (of one shape, so that it is compiled once)."""
    draw = frame.draw("literature parameters")
    width, lean = draw.between(0.001, 0.02), draw.one_of(0.0, 1e-7, 1e-5)
    orders, ends = {"per_hour": draw.between(5, 60)}, draw.one_of({}, {"horizon_ns": "6h"})
    lot = {"decay": 1.0 / width, "lot": draw.between(500, 5000)}
    risk: dict[str, Any] = {"sd": width, "risk_aversion": draw.between(0.1, 50)} | lot
    glft: dict[str, Any] = {"policy": "glft", "max_lots": 20} | risk | orders
    linear: dict[str, Any] = {"policy": "stoikov_saglam", "slope": 20 / width, "risk_aversion": lean} | orders
    logistic = {"policy": "baldacci_bergault_gueant", "beta": 1 / width, "vega_lot": 2000, "max_vega": 40000} | orders
    toxic = {"policy": "toxicity", "half_spread_vol": width, "horizon_ns": draw.one_of("1s", "1m", "10m"), "fills": 3}
    costly = {"policy": "hedging_cost", "round_trip_cost": width / 10, "rehedge_ns": "1h", "half_spread_vol": width}
    entry: dict[str, Any] = draw.one_of(
        {"policy": "inventory_skew", "half_spread_vol": width, "lean_spot_per_delta": lean, "lean_vol_per_gamma": lean},
        {"policy": "avellaneda_stoikov", "symmetric": draw.chance(0.3)} | risk | ends,
        {"policy": "avellaneda_stoikov", "in_vol": False, "sd": 0.5, "decay": 10.0, "risk_aversion": 0.1, "lot": 5},
        glft | {"solution": "until_end"},
        glft | {"solution": "stationary"},
        linear | {"is_hedged": True},
        linear | {"is_hedged": False},
        logistic,
        logistic | ends,
        costly,
        costly | {"is_netted": False},
        toxic,
        toxic | {"half_life_ns": 0},
    )
    if frame.is_recorded and draw.chance(0.5):
        entry = {"policy": "join_market", "improve_ticks": draw.one_of(0, 1), "min_edge": draw.between(0.0, 0.1)}
    return entry | size


def instrument(frame: Frame, symbols: list[str]) -> dict[str, str]:
    """What hedges each underlying that another hedges: {SYMBOL: SYMBOL}."""
    draw = frame.draw("instrument")
    if len(symbols) < 2 or draw.chance(0.65):
        return {}
    hedge = "FUT" if "FUT" in symbols and draw.chance(0.7) else draw.one_of(*symbols)
    return {symbol: hedge for symbol in symbols if symbol != hedge and draw.chance(0.8)}


def hedging(frame: Frame, instruments: Instruments, instrument: dict[str, str]) -> dict[str, Any]:
    """A hedging policy, with the instrument that it trades where that is another."""
    draw = frame.draw("hedging")
    policies: dict[str, dict[str, Any]] = {
        "none": {},
        "delta_band": {"band": draw.between(0, 60)},
        "every_tick": {},
        "interval": {"interval_ns": minutes(max(frame.minutes // draw.whole(3, 25) // 5 * 5, 1))},
        "scripted_deltas": {"deltas": _deltas(frame, draw, instruments)},
    }
    name = draw.one_of("none", "delta_band", "delta_band", "delta_band", "every_tick", "interval", "scripted_deltas")
    plain = {"policy": name} | policies[name] | ({"instrument": instrument} if instrument else {})
    return shedding.replaced(frame, plain)


def _deltas(frame: Frame, draw: Draw, instruments: Instruments) -> list[Any]:
    """A delta a tick, or one for each option a tick where the scenario lists them."""
    ticks, options = draw.whole(1, 30), len(instruments.listed)
    if frame.is_recorded or draw.chance(0.5):
        return [draw.between(0, 1) for _ in range(ticks)]
    return [[draw.between(0, 1) for _ in range(options)] for _ in range(ticks)]

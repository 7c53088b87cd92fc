"""What trading costs and how late it is: interest, fees, lots, latencies, limits, and how closely it is priced."""

from __future__ import annotations

from typing import Any

from tests.scenario_draws import protections, shedding, venues
from tests.scenario_draws.draw import Draw, Frame, minutes


def drawn(frame: Frame) -> dict[str, Any]:
    """The parts of a scenario that say so."""
    return {
        "rates": _rates(frame.draw("rates")),
        "execution": venues.drawn(frame, _execution(frame.draw("execution"))) | {"offload": shedding.offload(frame)},
        "latency": _latency(frame.draw("latency")),
        "limits": _limits(frame.draw("limits")),
        "protection": protections.drawn(frame),
        "pricing": _pricing(frame.draw("pricing")),
        "report": _report(frame, frame.draw("report")),
    }


def day_counts(frame: Frame) -> dict[str, float]:
    """The clock's years."""
    draw = frame.draw("clock")
    return {"volatility_days": draw.one_of(252.0, 365.0), "interest_days": draw.one_of(360.0, 365.0)}


def _rates(draw: Draw) -> dict[str, Any]:
    rates: dict[str, Any] = {"options_cash": draw.between(-0.02, 0.08), "hedge_cash": draw.between(-0.02, 0.08)}
    if draw.chance(0.5):
        rates["pricing"] = draw.between(0.0, 0.08)
    if draw.chance(0.5):
        rates["borrow"] = draw.between(0.005, 0.1)
    if draw.chance(0.5):
        rates["borrowing_spread"] = draw.between(0.005, 0.05)
    rates["funding"] = draw.one_of("gross", "net")
    rates["compounding"] = draw.one_of("continuous", "simple_daily")
    return rates


def _execution(draw: Draw) -> dict[str, Any]:
    def fee(low: float) -> float:
        return 0.0 if draw.chance(0.3) else draw.between(low, 2.0)

    return {
        "hedge_at": draw.one_of("mid", "touch"),
        "fee_per_hedge": fee(-0.5),
        "fee_per_option": fee(-0.5),
        "fee_per_exercise": fee(0.1),
        "lot": draw.one_of(0, 1, 1, 10),
        "matching": draw.one_of("lifo", "fifo", "average"),
        "post_only": draw.chance(0.8),
    }


def _latency(draw: Draw) -> dict[str, str]:
    latency = {}
    if draw.chance(0.4):
        latency["quote"] = draw.one_of("1ms", "2s", "1m", "10m")
    if draw.chance(0.4):
        latency["hedge"] = draw.one_of("5ms", "30s", "1m", "25m")
    return latency


def _limits(draw: Draw) -> dict[str, float]:
    """Narrow enough to be met."""
    position = {"position": draw.whole(2, 10)} if draw.chance(0.2) else {}
    widths = {
        "net_delta": (20, 400),
        "net_gamma": (0.5, 40),
        "net_vega": (100, 10_000),
        "loss": (5, 500),
    }
    return position | {name: draw.between(*width) for name, width in widths.items() if draw.chance(0.2)}


def _pricing(draw: Draw) -> dict[str, Any]:
    if draw.chance(0.75):
        return {"exact": True}
    refresh_spot = draw.one_of(0.0, 0.0005, 0.002)
    return {"exact": False, "refresh_spot": refresh_spot, "refresh_every": draw.one_of("1m", "10m", "6h")}


def _report(frame: Frame, draw: Draw) -> dict[str, Any]:
    every = frame.minutes // draw.whole(2, 24) if draw.chance(0.9) else 2 * frame.minutes
    every = every // 5 * 5 if draw.chance(0.7) and every >= 5 else every
    return {
        "mark_every": minutes(every),
        "mark_spot": draw.one_of(0.002, 0.005, 0.02),
        "mark_vol": draw.one_of(0.005, 0.02, 0.1),
    }

"""What happens whatever anybody does: dividends, sessions with nights between them, and what the desk begins with."""

from __future__ import annotations

from typing import Any

from tests.scenario_draws.draw import Draw, Frame
from tests.scenario_draws.instruments import SPOTS, Instruments

WITH_SESSIONS = 0.3  # share of the scenarios


def drawn(frame: Frame, instruments: Instruments) -> dict[str, Any]:
    """The parts of a scenario that say so; what does not happen has no key."""
    parts: dict[str, Any] = {
        "dividends": _dividends(frame, frame.draw("dividends"), instruments),
        "opening": _opening(frame, frame.draw("opening"), instruments),
    }
    sessions = frame.draw("sessions")
    if sessions.chance(WITH_SESSIONS):
        parts["sessions"] = _sessions(frame, sessions)
    return {key: part for key, part in parts.items() if part}


def has_sessions(frame: Frame) -> bool:
    """Whether a frame's scenario has trading hours."""
    return frame.draw("sessions").chance(WITH_SESSIONS)


def _dividends(frame: Frame, draw: Draw, instruments: Instruments) -> list[dict[str, Any]]:
    """None or more for each stock, in the run or in the life of its options after it."""
    found = []
    for symbol in instruments.stocks:
        for minute in (frame.inside(draw), frame.minutes + 1440):
            if draw.chance(0.3):
                amount = float(f"{SPOTS[symbol] * draw.between(0.002, 0.01):.3g}")
                found.append({"underlying": symbol, "ex": frame.at(minute), "amount": amount})
    return found


def _opening(frame: Frame, draw: Draw, instruments: Instruments) -> dict[str, Any]:
    """Options and hedges, with a price or without; a recorded market has none yet when the clock starts."""
    opening: dict[str, Any] = {}
    if draw.chance(0.35):
        opening["options"] = [
            {"option": option.name, "size": draw.one_of(-1, 1) * draw.whole(1, 10)}
            | ({"mark": draw.between(0.0, 0.05) * SPOTS[option.underlying]} if _is_priced(frame, draw) else {})
            for option in draw.some(instruments.listed, draw.whole(1, 3))
        ]
    if draw.chance(0.3):
        opening["hedges"] = [
            {"underlying": symbol, "units": draw.one_of(-1, 1) * draw.whole(1, 300)}
            | ({"price": SPOTS[symbol] * draw.between(0.98, 1.02)} if _is_priced(frame, draw) else {})
            for symbol in draw.some(instruments.symbols, draw.whole(1, 2))
        ]
    return opening


def _is_priced(frame: Frame, draw: Draw) -> bool:
    return draw.chance(0.5) or frame.is_recorded


def _sessions(frame: Frame, draw: Draw) -> dict[str, str]:
    """Hours that are open somewhere in the run."""
    if frame.minutes <= 7 * 60:
        zone, opens, closes = (
            "UTC",
            f"{frame.at(frame.minutes // 6)[11:16]}",
            f"{frame.at(frame.minutes * 5 // 6)[11:16]}",
        )
    else:
        zone, opens, closes = draw.one_of(
            ("America/New_York", "09:30", "16:00"),
            ("America/Chicago", "17:00", "16:00"),
            ("Europe/Berlin", "08:00", "22:00"),
        )
    hours = {"open": opens, "close": closes, "zone": zone}
    return hours | ({"settlement": "15:15"} if draw.chance(0.4) else {})

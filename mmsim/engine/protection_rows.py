"""What a scenario says of protections and duties, as the loop's rules and rows hold it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from mmsim.engine import state as layout
from mmsim.scenario import Scenario
from mmsim.scenario.parts.protection import Alarm, Protection


def rules_of(protection: Protection) -> dict[str, float]:
    """The rules of market-maker protection, alarms, standing quotes and the obligation, but for its table of widths."""
    jump, thin, volatility = protection.jump, protection.thin, protection.volatility
    rules: dict[str, float] = {
        "protected": protection.window is not None,
        "window": protection.window or 0,
        "freeze": protection.freeze or 0,
        "most_size": np.inf if protection.quantity is None else protection.quantity,
        "most_delta": np.inf if protection.net_delta is None else protection.net_delta,
        "most_vega": np.inf if protection.net_vega is None else protection.net_vega,
        "alarmed": any(alarm is not None for alarm in (jump, thin, volatility)),
        "standing": stand(protection),
        "obliged": protection.obligation is not None,
        "requote_ticks": 1.0,
    }
    for name, alarm in (("jump", jump), ("thin", thin), ("volatility", volatility)):
        rules |= _alarm(name, alarm)
    if jump is not None:
        rules |= {"jump_move": jump.spot, "jump_within": jump.within}
    if thin is not None:
        rules["thin_size"] = thin.size
    if volatility is not None:
        rules |= {"volatility_move": volatility.move, "volatility_within": volatility.within}
    if (quotes := protection.quotes) is not None:
        rules |= {"requote_ticks": quotes.requote_ticks, "requote_size": quotes.requote_size}
        rules["message_rate"] = quotes.messages_per_second or 0.0
        rules["message_burst"] = burst(protection)
    if protection.obligation is not None:
        rules["least_size"] = protection.obligation.min_size
    return rules


def stand(protection: Protection) -> bool:
    """Whether quotes stand until they are replaced."""
    return protection.quotes is not None or protection.obligation is not None


def burst(protection: Protection) -> float:
    """Messages that may be sent at once."""
    quotes = protection.quotes
    if quotes is None or quotes.messages_per_second is None:
        return 0.0
    return quotes.burst or max(quotes.messages_per_second, 1.0)


def _alarm(name: str, alarm: Alarm | None) -> dict[str, float]:
    if alarm is None:
        return {}
    return {f"{name}_for": alarm.duration, f"{name}_factor": (alarm.factor or 0.0) if alarm.action == "widen" else 0.0}


def widths(protection: Protection) -> list[tuple[float, float, float]]:
    """The table of widths, as rows to stand behind those of ticks."""
    if protection.obligation is None:
        return []
    table = protection.obligation.max_width
    return [(level, width, 0.0) for level, width in zip(table.levels, table.steps, strict=True)]


def new_recent(rows: list[tuple[npt.NDArray[np.void], int]], scenario: Scenario) -> npt.NDArray[np.void]:
    """Rings for what alarms look back at: each row of each table is given its part, of so many rows."""
    if scenario.protection.jump is None and scenario.protection.volatility is None:
        return np.zeros(0, layout.RECENT)
    reached = 0
    for table, room in rows:
        table["recent_first"] = reached + room * np.arange(len(table))
        reached += room * len(table)
    return np.zeros(reached, layout.RECENT)


def set_desk(row: Any, protection: Protection) -> None:
    """The desk's row at the start."""
    row["busy"], row["messages"] = stand(protection), burst(protection)

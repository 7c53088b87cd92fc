"""What the desk's own hedges do to the market that it hedges in: a price that gives way, and one that stays moved."""

from __future__ import annotations

from math import sqrt
from typing import Any

from mmsim.engine.state import State
from mmsim.kernel import internal


@internal
def own_impact(instrument: Any, units: float) -> float:
    """What a trade of `units` (+ buys) adds to its own price: half of what it moves the market by, and what passes.

    permanent · units / 2 ± temporary · σ · S · sqrt(|units| / daily_volume), σ being the volatility of a day. Half,
    because the market gives way while it trades: so buying and selling again earns nothing by having moved the price.
    Source: Almgren, Thum, Hauptmann and Li, Direct estimation of equity market impact, Risk 18 (2005) 58–62, J = I/2 +
    temporary; the square root: Tóth et al., Anomalous price impact and the critical nature of liquidity in financial
    markets, Physical Review X 1 (2011) 021006.
    """
    kept = 0.5 * instrument["impact_permanent"] * units
    if instrument["impact_temporary"] == 0.0:
        return kept
    passing = instrument["impact_temporary"] * instrument["spot"] * sqrt(abs(units) / instrument["daily_volume"])
    return kept + passing if units > 0.0 else kept - passing


@internal
def move_market(state: State, u: int, units: float) -> None:
    """A trade of `units` moves its market by permanent · units, from the next time on at which there is a tick.

    Source: Frey and Stremme, Market volatility and feedback effects from dynamic hedging, Mathematical Finance 7 (1997)
    351–374.
    """
    instrument, now = state.underlyings[state.underlyings[u]["instrument"]], state.desk[0]["now"]
    if instrument["moved_ts"] != now:
        instrument["moved"], instrument["moved_ts"] = instrument["moving"], now
    instrument["moving"] += instrument["impact_permanent"] * units


@internal
def shift_at(row: Any, ts: int) -> float:
    """By how much the desk's trades before `ts` have moved the market of an underlying's row."""
    return row["moving"] if ts > row["moved_ts"] else row["moved"]

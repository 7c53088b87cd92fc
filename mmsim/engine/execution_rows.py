"""What a scenario says of fees, impact and resting hedges, as the loop's rows hold it."""

from __future__ import annotations

from math import inf
from typing import Any

from mmsim.market.streams import generator
from mmsim.scenario import Scenario
from mmsim.scenario.parts.execution import Execution, HedgeFees, Impact, OptionFees


def fees(execution: Execution) -> dict[str, float]:
    """The rules of fees: by venue where they are given so, else the same for makers and takers."""
    both = execution.fee_per_option, execution.fee_per_hedge
    option = execution.fees.option or OptionFees(maker=both[0], taker=both[0])
    hedge = execution.fees.hedge or HedgeFees(maker=both[1], taker=both[1])
    return {
        "fee_option": option.maker,
        "fee_option_taker": option.taker,
        "fee_cap": inf if option.cap is None else option.cap,
        "fee_hedge": hedge.taker * execution.hedge_cost,
        "fee_hedge_maker": hedge.maker * execution.hedge_cost,
    }


def set_execution(row: Any, scenario: Scenario, symbol: str) -> None:
    """An underlying's row: the impact of trades in it, and the key of the draws that fill hedges of its options."""
    impacts = scenario.execution.impact
    impact = (impacts.get(symbol) if isinstance(impacts, dict) else impacts) or Impact()
    row["impact_permanent"], row["daily_volume"] = impact.permanent, impact.daily_volume or 1.0
    row["impact_temporary"] = impact.temporary * (impact.daily_volatility or 0.0)
    row["luck_0"], row["luck_1"] = generator(scenario.seed, f"passive:{symbol}", 0).integers(0, 1 << 32, 2)

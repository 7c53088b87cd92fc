"""What a venue charges a contract: makers and takers apart, an option's fee capped by its premium."""

from __future__ import annotations

from math import inf
from typing import Any

from mmsim.engine.state import State, micros
from mmsim.kernel import internal


@internal
def option_fee(state: State, option: Any, contracts: float, price: float, is_maker: bool) -> int:
    """Micro-units for so many contracts of an option at a price; negative is a rebate.

    A contract costs at most `cap` × the premium of one contract, where there is a cap.
    """
    rules = state.rules[0]
    fee = rules["fee_option"] if is_maker else rules["fee_option_taker"]
    if rules["fee_cap"] < inf:
        fee = min(fee, rules["fee_cap"] * price * option["multiplier"])
    return micros(state, contracts * fee)


@internal
def hedge_fee(state: State, contracts: float, is_maker: bool) -> int:
    """Micro-units for so many contracts of the hedge; negative is a rebate."""
    rules = state.rules[0]
    return micros(state, contracts * (rules["fee_hedge_maker"] if is_maker else rules["fee_hedge"]))

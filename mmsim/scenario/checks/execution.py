"""Checks of how hedges are dealt, and of what trading costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from mmsim.scenario.checks.common import symbols_of, unknown
from mmsim.scenario.checks.registry import Mistake, reads

if TYPE_CHECKING:
    from mmsim.scenario.model import Scenario


@reads("execution")
def _fees_once(s: Scenario) -> Iterator[Mistake]:
    for venue in ("option", "hedge"):
        if getattr(s.execution.fees, venue) is not None and getattr(s.execution, f"fee_per_{venue}"):
            yield Mistake(("execution", f"fee_per_{venue}"), f"stands beside fees.{venue}: take one of the two out")


@reads("execution")
def _passive(s: Scenario) -> Iterator[Mistake]:
    for key in ("fill_probability", "patience"):
        if s.execution.hedge_at != "passive" and getattr(s.execution, key):
            yield Mistake(("execution", key), f"is for hedge_at: passive, not {s.execution.hedge_at}")
    if s.execution.hedge_at == "passive" and not s.execution.patience:
        yield Mistake(("execution", "hedge_at"), "passive needs patience: a resting hedge is to cross some time")


@reads("execution", "market", "underlyings")
def _impact(s: Scenario) -> Iterator[Mistake]:
    impacts = s.execution.impact
    each = impacts if isinstance(impacts, Mapping) else {"": impacts} if impacts else {}
    for symbol, impact in each.items():
        place = ("execution", "impact", symbol) if symbol else ("execution", "impact")
        if symbol and symbol not in symbols_of(s):
            yield unknown(place, "underlying", symbol, symbols_of(s))
        if impact.permanent and s.market.recorded is not None:
            wrong = "is for a market of models: recorded quotes of options do not follow a price that the desk moves"
            yield Mistake((*place, "permanent"), wrong)
        if impact.temporary and (impact.daily_volatility is None or impact.daily_volume is None):
            yield Mistake((*place, "temporary"), "needs daily_volatility and daily_volume, by which it is measured")

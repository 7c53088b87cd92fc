"""Hedge by the delta at a volatility of one's choice."""

from enum import Enum
from typing import Any, NamedTuple

from mmsim import HedgeView, OptionView


class Volatility(Enum):
    """Which volatility a delta is worked out at."""

    IMPLIED = "implied"
    REALISED = "realised"
    FORECAST = "forecast"
    GIVEN = "given"


class HedgeAt(NamedTuple):
    """Trade back to flat, by the options' deltas at a chosen volatility, when they stand outside ± `band`.

    units = −hedge_delta if |hedge_delta| > band, else 0, with hedge_delta = Σ position · multiplier · Δ(S, σ) + hedge

    σ by `volatility_is`: `implied`, the option's mark; `forecast`, what is expected of the underlying until the expiry
    (`expected_volatility`; the mark while nothing is); `realised`, the volatility of the scenario's own model of
    the spot, which no real desk knows; `given`, the number `volatility`.

    Source: Ahmad and Wilmott, Which free lunch would you like today, Sir?, Wilmott Magazine (November 2005) 64–79: at
    the realised volatility the final profit is certain, V(realised) − V(implied), and its way there is not; at the
    implied one the profit comes steadily, ½(σ² − σ̃²)S²Γ dt, and its sum is not certain.
    """

    volatility_is: Volatility = Volatility.IMPLIED  # what the deltas are worked out at
    volatility: float = 0.0  # a year, absolute: what `given` is; of `realised` it is taken from the scenario
    band: float = 0.0  # units of the underlying

    def check(self) -> dict[str, str]:
        wrong = {} if self.band >= 0.0 else {"band": "must be at least 0"}
        if self.volatility_is is Volatility.GIVEN and self.volatility <= 0.0:
            wrong["volatility"] = "must be above 0 for volatility_is: given"
        if self.volatility_is is not Volatility.GIVEN and self.volatility != 0.0:
            wrong["volatility"] = "is for volatility_is: given"
        return wrong

    def prepare(self, scenario: Any) -> "HedgeAt":
        if self.volatility_is is not Volatility.REALISED:
            return self
        models = scenario.market.spot
        models = list(models.values()) if isinstance(models, dict) else [models]
        levels = list({getattr(model, "volatility", None) for model in models})
        if len(levels) != 1 or not isinstance(levels[0], float):
            raise ValueError("no one volatility in market.spot: give the number, with volatility_is: given")
        return self._replace(volatility=levels[0])

    def hedge_vol(self, view: OptionView) -> float:
        if self.volatility_is is Volatility.FORECAST and view.expected_volatility > 0.0:
            return view.expected_volatility
        if self.volatility_is is Volatility.REALISED or self.volatility_is is Volatility.GIVEN:
            return self.volatility
        return view.implied_volatility

    def hedge(self, view: HedgeView) -> float:
        return 0.0 if abs(view.hedge_delta) <= self.band else -view.hedge_delta

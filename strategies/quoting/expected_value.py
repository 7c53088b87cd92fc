"""A quote around the value at the volatility that the underlying is expected to have."""

from typing import Any, NamedTuple

from mmsim import Quote, QuoteView


class ExpectedValue(NamedTuple):
    """Quote around the value at the expected volatility, and not at the implied one; nothing while none is expected.

    fair = theo + weight · (expected_theo − theo), bid and ask = fair ∓ half_spread_vol · vega; a bid below zero is not
    made. The scenario says what is expected: `expected_volatility: {model: ewma, half_life: 1h}`, say.

    Source: Sinclair, Volatility Trading (2nd ed., 2013), chapters 2 to 4 on forecasts of volatility: options are bought
    below and sold above the value at the forecast, and earn the difference as they are hedged.
    """

    half_spread_vol: float = 0.005  # absolute volatility: 0.01 is one point
    weight: float = 1.0  # of the expected value against theo: 0 quotes around theo, 1 around the expected value
    size: float = 10.0  # contracts a side

    def check(self) -> dict[str, str]:
        wrong = {key: "must be at least 0" for key in ("half_spread_vol", "size") if getattr(self, key) < 0.0}
        return wrong if 0.0 <= self.weight <= 1.0 else wrong | {"weight": "must be from 0 to 1"}

    def prepare(self, scenario: Any) -> "ExpectedValue":
        if scenario.expected_volatility is None:
            raise ValueError("the scenario has no expected_volatility: write {model: ewma, half_life: 1h}, say")
        return self

    def quote(self, view: QuoteView) -> Quote:
        if view.expected_theo != view.expected_theo:
            return Quote(0.0, 0.0, 0.0, 0.0)
        fair = view.theo + self.weight * (view.expected_theo - view.theo)
        half_spread = self.half_spread_vol * view.vega
        bid = fair - half_spread
        ask = fair + half_spread
        return Quote(bid, ask, self.size if bid >= 0.0 else 0.0, self.size)

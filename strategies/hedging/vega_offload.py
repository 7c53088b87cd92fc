"""Hedge delta in a band, and shed vega or gamma in blocks when a limit comes near."""

from math import floor
from typing import NamedTuple

from mmsim import HedgeView, OptionView


class VegaOffload(NamedTuple):
    """Trade back to flat delta outside ± `band`, and with a volatility desk out of the options that add to a limit.

    When |net_vega| ≥ near · vega_limit, options whose position has the sign of the net vega are closed, one after the
    other as long as that holds, in blocks of `block` contracts; likewise |net_gamma|:

    contracts = (|net| − target · limit) / (Greek · multiplier), down to whole blocks, of an option at most its position

    It is asked after client fills and at each mark of the time grid. What the volatility desk asks is
    `execution.offload`. Put the limits somewhat below those under `limits`, which pull quotes.

    Source: the choice between warehousing and externalising risk is that of dealers in Butz and Oomen, Internalisation
    by electronic FX spot dealers, Quantitative Finance 19 (2019) 35–56; the rule itself is a plain band, as in
    `delta_band`, and no optimum.
    """

    vega_limit: float = 0.0  # currency per 1.00 of volatility; 0: none
    gamma_limit: float = 0.0  # units of the underlying for a move of 1 of the spot; 0: none
    near: float = 0.9  # share of a limit at which it sheds
    target: float = 0.5  # share of the limit that it sheds to
    block: float = 10.0  # contracts
    band: float = 5.0  # units of the underlying, of the delta

    def check(self) -> dict[str, str]:
        wrong = {key: "must be at least 0" for key in ("vega_limit", "gamma_limit", "band") if getattr(self, key) < 0.0}
        if not 0.0 < self.near <= 1.0:
            wrong["near"] = "must be above 0 and at most 1"
        if not 0.0 <= self.target < self.near:
            wrong["target"] = "must be at least 0 and below `near`"
        if not (self.block >= 1.0 and self.block == floor(self.block)):
            wrong["block"] = "must be a whole number of contracts, at least 1"
        return wrong

    def hedge(self, view: HedgeView) -> float:
        return 0.0 if abs(view.net_delta) <= self.band else -view.net_delta

    def offload(self, view: OptionView) -> float:
        contracts = 0.0
        for net, limit, of_unit in (
            (view.net_vega, self.vega_limit, view.vega),
            (view.net_gamma, self.gamma_limit, view.gamma),
        ):
            adds = net * view.position > 0.0 and of_unit > 0.0
            if limit > 0.0 and adds and abs(net) >= self.near * limit:
                excess = (abs(net) - self.target * limit) / (of_unit * view.multiplier)
                contracts = max(contracts, min(excess, abs(view.position)))
        blocks = self.block * floor(contracts / self.block + 1e-9)
        return -blocks if view.position > 0.0 else blocks

"""The figures of risk: what each is called, its unit and its formula."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

MARKS = {"theo": "theo", "mid": "the market's mid", "liquidation": "liquidation prices"}  # of the options


class Meaning(NamedTuple):
    """What a figure is. ``CUR`` in a unit stands for the currency."""

    label: str
    unit: str
    formula: str


FIGURES: dict[str, Meaning] = {
    "total_theo": Meaning("Total, options at theo", "CUR", "equity at the end less equity at the opening"),
    "total_mid": Meaning("Total, options at market mid", "CUR", "the same with the options at the market's mid"),
    "total_liquidation": Meaning("Total at liquidation", "CUR", "the same with longs at the bid and shorts at the ask"),
    "total_worst": Meaning("Total at the worst mark", "CUR", "the least of the three"),
    "edge_retained": Meaning("Edge retained", "share", "total at the worst mark / spread capture"),
    "edge_retained_before_costs": Meaning(
        "Edge retained before costs", "share", "total at the worst mark without hedge cost and fees / spread capture"
    ),
    "contracts": Meaning("Contracts dealt", "contracts", "with clients, bought and sold"),
    "total_per_contract": Meaning("Total a contract", "CUR a contract", "total at the worst mark / contracts dealt"),
    "vega_warehoused": Meaning(
        "Vega warehoused", "CUR a point", "time average of |vega| for 0.01 of volatility, summed over underlyings"
    ),
    "total_per_vega": Meaning("Total a unit of vega", "points", "total at the worst mark / vega warehoused"),
    "vega_days": Meaning("Vega-days", "CUR a point × days", "the integral of |vega| over time, days of 24 hours"),
    "total_per_vega_day": Meaning("Total a vega-day", "points a day", "total at the worst mark / vega-days"),
    "gamma_warehoused": Meaning(
        "Gamma warehoused", "CUR a 1 % move", "time average of |gamma| · spot² / 100, summed over underlyings"
    ),
    "total_per_gamma": Meaning("Total a unit of gamma", "1 % moves", "total at the worst mark / gamma warehoused"),
    "hedge_units": Meaning("Hedge turnover", "units", "underlying bought and sold as a hedge"),
    "hedge_notional": Meaning("Hedge turnover in money", "CUR", "the same times the price dealt"),
    "hedge_units_per_contract": Meaning("Hedge a contract", "units a contract", "hedge turnover / contracts dealt"),
    "hedge_units_per_delta": Meaning(
        "Hedge a unit of delta", "units a unit", "hedge turnover / |delta| of the contracts at their fills, summed"
    ),
    "hedging_cost": Meaning("Cost of hedging", "CUR", "hedges against mid, and their fees; a cost is negative"),
    "hedging_cost_per_contract": Meaning("Cost a contract", "CUR a contract", "cost of hedging / contracts dealt"),
    "hedging_cost_per_unit": Meaning("Cost a unit hedged", "CUR a unit", "cost of hedging / hedge turnover"),
    "hedging_cost_of_notional": Meaning(
        "Cost of the money turned over", "basis points", "10,000 × cost of hedging / hedge turnover in money"
    ),
    "drawdown_theo": Meaning("Drawdown, options at theo", "CUR", "least of equity less its highest so far, at marks"),
    "drawdown_mid": Meaning("Drawdown, options at mid", "CUR", "the same with the options at the market's mid"),
    "drawdown_liquidation": Meaning("Drawdown at liquidation", "CUR", "the same with the options at bid and ask"),
    "under_water": Meaning("Time under water", "share", "of the time, equity at the worst mark below its highest"),
    "increments": Meaning("Increments", "number", "changes of equity from a mark of the grid to the next"),
    "increment_seconds": Meaning("Their length", "seconds", "the median"),
    "sharpe_theo": Meaning("Sharpe an increment, theo", "ratio", "mean / standard deviation of the increments"),
    "sharpe_theo_se": Meaning("Its standard error", "ratio", "Lo (2002), with Newey and West's long-run variance"),
    "sharpe_worst": Meaning("Sharpe an increment, worst mark", "ratio", "the same with equity at the worst mark"),
    "sharpe_worst_se": Meaning("Its standard error", "ratio", "as above"),
    "sharpe_annual": Meaning(
        "Sharpe a year, worst mark", "ratio", "√(increments a year) · mean / long-run deviation of the increments"
    ),
    "sharpe_annual_se": Meaning("Its standard error", "ratio", "that of an increment, times the same factor"),
    "total_sd": Meaning("Deviation over paths", "CUR", "of the total at the worst mark"),
    "total_se": Meaning("Standard error of its mean", "CUR", "deviation / √paths"),
    "sharpe_paths": Meaning("Sharpe over paths", "ratio", "mean / standard deviation of the total at the worst mark"),
    "sharpe_paths_se": Meaning("Its standard error", "ratio", "Lo (2002), paths being independent"),
}


def unit(name: str, currency: str) -> str:
    """The unit of a figure in a run of that currency."""
    return FIGURES[name].unit.replace("CUR", currency)


def is_liquidation_known(equity: Mapping[str, float]) -> bool:
    """Whether any position has a quote to liquidate at, by run.json's `equity`.

    It is not where all positions lack one, and leave equity at liquidation where mid has it.
    """
    return bool(equity["unquoted"] == 0 or equity["at_liquidation"] != equity["at_mid"])

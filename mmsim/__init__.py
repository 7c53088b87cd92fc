"""mmsim: an event-driven backtester for an options market maker.

The public names stand here and are loaded when first used, so that a policy file which imports ``Quote`` and
its view costs nothing but that.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mmsim.backtest import run
    from mmsim.comparison import Comparison
    from mmsim.comparison import load as load_comparison
    from mmsim.errors import Problem, UserError
    from mmsim.expected_volatility import (
        Garch,
        TwoScale,
        ewma_volatility,
        fit_garch,
        realised_variance,
        realised_volatility,
        two_scale_variance,
    )
    from mmsim.explanation.explain import Explanation, explain
    from mmsim.fitted import SurfaceAt, surface_at
    from mmsim.minimum_variance import MinimumVarianceFit, fit_minimum_variance, volatility_marks
    from mmsim.policy import FillView, HedgeView, OptionView, Quote, QuoteView, TickView
    from mmsim.pricing import greeks, implied_volatility, price
    from mmsim.results import Run
    from mmsim.results import load as load_run
    from mmsim.scenario import Scenario
    from mmsim.scenario import load as load_scenario
    from mmsim.trading_time import VarianceClock, variance_clock, year_fraction
    from mmsim.variants import compare
    from mmsim.what_if.play import sensitivity
    from mmsim.what_if.result import Sensitivity
    from mmsim.what_if.result import load as load_sensitivity

__version__ = "0.1.0"

__all__ = [
    "Comparison",
    "Explanation",
    "FillView",
    "Garch",
    "HedgeView",
    "MinimumVarianceFit",
    "OptionView",
    "Problem",
    "Quote",
    "QuoteView",
    "Run",
    "Scenario",
    "Sensitivity",
    "SurfaceAt",
    "TickView",
    "TwoScale",
    "UserError",
    "VarianceClock",
    "compare",
    "ewma_volatility",
    "explain",
    "fit_garch",
    "fit_minimum_variance",
    "greeks",
    "implied_volatility",
    "load_comparison",
    "load_run",
    "load_scenario",
    "load_sensitivity",
    "price",
    "realised_variance",
    "realised_volatility",
    "run",
    "sensitivity",
    "surface_at",
    "two_scale_variance",
    "variance_clock",
    "volatility_marks",
    "year_fraction",
]

_LOADERS = {
    "load_comparison": "comparison",
    "load_run": "results",
    "load_scenario": "scenario",
    "load_sensitivity": "what_if.result",
}
_HOME = {name: (module, "load") for name, module in _LOADERS.items()} | {
    name: (module, name)
    for module, names in {
        "backtest": ("run",),
        "comparison": ("Comparison",),
        "variants": ("compare",),
        "what_if.play": ("sensitivity",),
        "what_if.result": ("Sensitivity",),
        "errors": ("Problem", "UserError"),
        "expected_volatility": (
            "Garch",
            "TwoScale",
            "ewma_volatility",
            "fit_garch",
            "realised_variance",
            "realised_volatility",
            "two_scale_variance",
        ),
        "explanation.explain": ("Explanation", "explain"),
        "policy": ("FillView", "HedgeView", "OptionView", "Quote", "QuoteView", "TickView"),
        "pricing": ("greeks", "implied_volatility", "price"),
        "results": ("Run",),
        "scenario": ("Scenario",),
        "trading_time": ("VarianceClock", "variance_clock", "year_fraction"),
        "minimum_variance": ("MinimumVarianceFit", "fit_minimum_variance", "volatility_marks"),
        "fitted": ("SurfaceAt", "surface_at"),
    }.items()
    for name in names
}  # public name: (module, its name there)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'mmsim' has no attribute {name!r}")
    module, attribute = _HOME[name]
    value = getattr(import_module(f"mmsim.{module}"), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]

"""Nanoseconds of an American price, quickly and exactly, beside QuantLib's, and how far off each is.

The options are drawn over what trades: a day to three years, volatility 5 % to 100 %, rates and yields to 10 %,
moneyness 0.7 to 1.4. The high-precision values are by collocation in a setting several times as fine, which the tests
hold against QuantLib's own.
"""

from __future__ import annotations

from typing import Any

import measure
import numpy as np
import numpy.typing as npt
import QuantLib as ql  # noqa: N813

from mmsim.pricing import american_chain, collocation

Floats = npt.NDArray[np.float64]
DRAWN, CHECKED, SEED = 4_000, 200, 11
FINE = (30, 6, 30, 80)  # of `collocation.scheme`


def drawn() -> Floats:
    """Columns of spot, strike, years, volatility, rate, carry and right."""
    rng = np.random.default_rng(SEED)
    rate, yielded = rng.uniform(0.0, 0.1, DRAWN), rng.uniform(0.0, 0.1, DRAWN)
    years, volatility = rng.uniform(1 / 365, 3.0, DRAWN), rng.uniform(0.05, 1.0, DRAWN)
    spot, right = 100.0 * rng.uniform(0.7, 1.4, DRAWN), np.where(rng.random(DRAWN) < 0.5, 1.0, -1.0)
    return np.stack(np.broadcast_arrays(spot, 100.0, years, volatility, rate, rate - yielded, right))


def quantlib_values(columns: Floats, engine: str) -> Floats:
    """By one of QuantLib's engines, an option at a time."""
    today = ql.Date(1, 1, 2020)
    ql.Settings.instance().evaluationDate = today
    count, found = ql.Actual365Fixed(), []
    for spot, strike, years, volatility, rate, carry, right in columns.T.tolist():
        curves = [ql.YieldTermStructureHandle(ql.FlatForward(today, r, count)) for r in (rate - carry, rate)]
        noise = ql.BlackVolTermStructureHandle(ql.BlackConstantVol(today, ql.NullCalendar(), volatility, count))
        process = ql.BlackScholesMertonProcess(ql.QuoteHandle(ql.SimpleQuote(spot)), *curves, noise)
        payoff = ql.PlainVanillaPayoff(ql.Option.Call if right > 0.0 else ql.Option.Put, strike)
        option = ql.VanillaOption(payoff, ql.AmericanExercise(today, today + max(round(365 * years), 1)))
        option.setPricingEngine(getattr(ql, engine)(process))
        found.append(option.NPV())
    return np.array(found)


def american_exercise(repeat: int) -> dict[str, Any]:
    """Quick and exact prices over the draws; errors relative to the strike."""
    columns = drawn()
    columns[2] = np.maximum(np.round(365 * columns[2]), 1) / 365  # QuantLib counts days
    quick, exact, fine, usual = np.empty(DRAWN), np.empty(DRAWN), np.empty(DRAWN), collocation.scheme()
    american_chain.fill_exact_values(columns, collocation.scheme(*FINE), fine)
    runs = {
        "quick": lambda: american_chain.fill_values(columns, quick),
        "exact": lambda: american_chain.fill_exact_values(columns, usual, exact),
    }
    for run in runs.values():
        run()
    taken = measure.interleaved(
        {name: lambda run=run: measure.seconds_of(run) for name, run in runs.items()}, max(repeat // 10, 3)
    )
    few = np.ascontiguousarray(columns[:, :: DRAWN // CHECKED])
    true = fine[:: DRAWN // CHECKED]
    theirs = {}
    for engine in ("QdFpAmericanEngine", "BaroneAdesiWhaleyApproximationEngine"):
        seconds = measure.seconds_of(lambda engine=engine: quantlib_values(few, engine))
        error = float(np.abs(quantlib_values(few, engine) - true).max()) / 100.0
        theirs[engine] = {"ns": 1e9 * seconds / CHECKED, "error": error}
    return {
        "american_fast_ns": 1e9 * min(taken["quick"]) / DRAWN,
        "american_exact_ns": 1e9 * min(taken["exact"]) / DRAWN,
        "american": {
            "error_fast": float(np.abs(quick - fine).max()) / 100.0,
            "error_fast_rms": float(np.sqrt(np.mean((quick - fine) ** 2))) / 100.0,
            "error_exact": float(np.abs(exact - fine).max()) / 100.0,
            "options": DRAWN,
            **theirs,
        },
    }

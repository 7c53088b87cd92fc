"""American prices: nanoseconds an option, quick and exact, and their error against a high-precision value."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from mmsim.pricing import american_chain, collocation
from mmsim.pricing.black_scholes import Greeks

Floats = npt.NDArray[np.float64]

OPTIONS, REPEAT, SEED = 2000, 7, 1
ORACLE = collocation.scheme(32, 8, 48, 96)


def american() -> dict[str, float]:
    """The least time of several runs over a box of options, none of them European; errors in shares of the strike."""
    options = box(OPTIONS, SEED)
    quick, exact, truth = np.empty(OPTIONS), np.empty(OPTIONS), np.empty(OPTIONS)
    table = np.empty((OPTIONS, len(Greeks._fields)))
    scheme = collocation.scheme()
    figures = {
        "american_fast_ns": _nanoseconds(lambda: american_chain.fill_values(options, quick)),
        "american_fast_greeks_ns": _nanoseconds(lambda: american_chain.fill_greeks(options, table)),
        "american_exact_ns": _nanoseconds(lambda: american_chain.fill_exact_values(options, scheme, exact)),
    }
    american_chain.fill_exact_values(options, ORACLE, truth)
    for name, values in (("fast", quick), ("exact", exact)):
        error = np.abs(values - truth) / options[1]
        figures[f"american_{name}_error_rms"] = float(np.sqrt((error**2).mean()))
        figures[f"american_{name}_error_max"] = float(error.max())
    return figures


def box(count: int, seed: int) -> Floats:
    """Rows spot, strike, years, volatility, rate, carry, right: a day to three years, 5 to 100 %, rates to 10 %."""
    rng = np.random.default_rng(seed)
    rate = rng.uniform(0.0, 0.1, count)
    return np.stack(
        [
            100.0 * rng.uniform(0.7, 1.4, count),
            np.full(count, 100.0),
            rng.uniform(1 / 365, 3.0, count),
            rng.uniform(0.05, 1.0, count),
            rate,
            rate - rng.uniform(0.0, 0.1, count),
            rng.choice([-1.0, 1.0], count),
        ]
    )


def _nanoseconds(run: Callable[[], None]) -> float:
    """The least time of a run, an option."""
    run()
    taken = []
    for _ in range(REPEAT):
        started = time.perf_counter_ns()
        run()
        taken.append(time.perf_counter_ns() - started)
    return min(taken) / OPTIONS

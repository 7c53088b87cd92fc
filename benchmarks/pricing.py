"""Nanoseconds an option of theoretical value, and how far off it is, beside numpy, QuantLib and vollib.

**What is measured.** A chain of 20 expiries, each 80 strikes within three deviations, options out of the money, on one
core. Each program is given the same columns, all of them in turn, K times; the figure is the quickest, since whatever
else runs only adds.

- ``chain_ns``: value, delta, gamma, vega and theta into an array that stands ready (`chain.fill_greeks`), with the
  status of every option. ``greeks_ns`` is the whole of `mmsim.greeks`: fourteen columns and a DataFrame.
- ``implied_volatility_ns``: the same for `chain.fill_implied_volatilities` over the chain's own values, and
  ``implied_volatility_wide_ns`` over 20,000 options of a wide box, no two of one expiry.
- ``error``: the largest relative error over ``checked`` options of the chain, against 50 digits (mpmath): of the value,
  and of the volatility that was put in.

**What is unfair.** QuantLib and vollib's value are called from Python an option at a time, which is most of their time;
there is no other door to them from Python. vollib's implied volatility is compiled over arrays by numba.

- ``american_fast_ns``, ``american_exact_ns``: `american` and `collocation`, see pricing_american.py.
- ``surface_cold_ms``, ``surface_warm_ms``: a fit of ES's 211 options, see pricing_surface.py.

Another price has its function here, which returns its figures, and its place in MEASURED.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import measure
import numpy as np
import pricing_peers as peers
import pricing_surface
from mpmath import mp, mpf
from pricing_american import american_exercise

import mmsim
from mmsim.pricing import chain

Floats = peers.Floats
EXPIRIES, STRIKES, WIDE = 20, 80, 20_000
SEED, CHECKED = 5, 200


def drawn_chain() -> Floats:
    """Columns of spot, strike, years, volatility, rate, carry and right, a smile over each expiry."""
    years = np.repeat(np.linspace(0.02, 2.0, EXPIRIES), STRIKES)
    out = np.tile(np.linspace(-3.0, 3.0, STRIKES), EXPIRIES)
    volatility = 0.2 - 0.02 * out + 0.01 * out * out
    strike = 100.0 * np.exp(0.01 * years + out * volatility * np.sqrt(years))
    return np.stack(np.broadcast_arrays(100.0, strike, years, volatility, 0.03, 0.01, np.where(out > 0.0, 1.0, -1.0)))


def wide_box() -> Floats:
    """The same columns of options that have nothing in common."""
    rng = np.random.default_rng(SEED)
    years, volatility = 10 ** rng.uniform(-3, 1, WIDE), 10 ** rng.uniform(-2, 0.5, WIDE)
    rate, out = rng.uniform(-0.02, 0.1, WIDE), rng.normal(0.0, 3.0, WIDE)
    strike = 100.0 * np.exp(0.5 * rate * years + out * volatility * np.sqrt(years))
    return np.stack(
        np.broadcast_arrays(100.0, strike, years, volatility, rate, 0.5 * rate, np.where(out > 0.0, 1.0, -1.0))
    )


def quickest(runs: dict[str, Callable[[], object]], options: int, repeat: int) -> dict[str, float]:
    """Nanoseconds an option of each, in turn, after one run that counts for nothing."""
    for run in runs.values():
        run()
    taken = measure.interleaved({name: lambda run=run: measure.seconds_of(run) for name, run in runs.items()}, repeat)
    return {f"{name}_ns": 1e9 * min(seconds) / options for name, seconds in taken.items()}


def true_value(option: list[float]) -> mpf:
    """Black–Scholes–Merton in 50 digits."""
    with mp.workdps(50):
        spot, strike, years, volatility, rate, carry, right = map(mpf, option)
        deviation = volatility * mp.sqrt(years)
        d1 = (mp.log(spot / strike) + carry * years) / deviation + deviation / 2
        legs = spot * mp.exp(carry * years) * mp.ncdf(right * d1) - strike * mp.ncdf(right * (d1 - deviation))
        return right * legs * mp.exp(-rate * years)


def largest_error(found: Floats, true: Floats) -> float:
    """Relative."""
    return float(np.abs(found / true - 1.0).max())


def european(repeat: int) -> dict[str, Any]:
    """Value and four Greeks over the chain."""
    columns = drawn_chain()
    options = columns.shape[1]
    table, statuses = np.empty((chain.FIRST, options)), np.empty(options, np.int64)
    names = ("spot", "strike", "years", "volatility", "rate", "carry", "right")
    named = dict(zip(names, columns, strict=True))
    taken = quickest(
        {
            "mmsim": lambda: chain.fill_greeks(columns, table, statuses),
            "mmsim_greeks": lambda: mmsim.greeks(**named),
            "numpy": lambda: peers.numpy_greeks(columns),
        },
        options,
        repeat,
    )
    few = columns[:, :: max(options // CHECKED, 1)]
    taken |= quickest(
        {"quantlib": lambda: peers.quantlib_greeks(few), "vollib_value": lambda: peers.vollib_values(few)},
        few.shape[1],
        max(repeat // 10, 1),
    )
    true = np.array([float(true_value(option)) for option in few.T.tolist()])
    errors = {
        "mmsim": largest_error(table[0, :: max(options // CHECKED, 1)], true),
        "numpy": largest_error(peers.numpy_greeks(few)[0], true),
        "quantlib": largest_error(peers.quantlib_greeks(few)[0], true),
        "vollib": largest_error(peers.vollib_values(few), true),
    }
    return {
        "chain_ns": taken["mmsim_ns"],
        "greeks_ns": taken["mmsim_greeks_ns"],
        "chain": {**taken, "error": errors, "options": options, "checked": few.shape[1]},
    }


def implied_volatility(repeat: int) -> dict[str, Any]:
    """The volatilities of the chain's own values, and of a wide box."""
    columns, wide = drawn_chain(), wide_box()
    options = columns.shape[1]
    prices, found, statuses = np.empty(options), np.empty(options), np.empty(options, np.int64)
    chain.fill_values(columns, prices, statuses)
    priced = np.stack([prices, *columns[[0, 1, 2, 4, 5, 6]]])
    taken = quickest(
        {
            "mmsim": lambda: chain.fill_implied_volatilities(priced, found, statuses),
            "vollib": lambda: peers.vollib_volatilities(columns, prices),
        },
        options,
        repeat,
    )
    step = max(options // CHECKED, 1)
    few, few_prices = columns[:, ::step], prices[::step]
    taken |= quickest(
        {"quantlib": lambda: peers.quantlib_volatilities(few, few_prices)}, few.shape[1], max(repeat // 10, 1)
    )
    values, volatilities, codes = np.empty(WIDE), np.empty(WIDE), np.empty(WIDE, np.int64)
    chain.fill_values(wide, values, codes)
    wide_priced = np.stack([values, *wide[[0, 1, 2, 4, 5, 6]]])
    of_the_box = quickest(
        {
            "mmsim": lambda: chain.fill_implied_volatilities(wide_priced, volatilities, codes),
            "vollib": lambda: peers.vollib_volatilities(wide, values),
        },
        WIDE,
        max(repeat // 10, 1),
    )
    true = np.array([float(true_value(option)) for option in few.T.tolist()])
    exact = np.stack([true, *few[[0, 1, 2, 4, 5, 6]]])
    ours = np.empty(true.size)
    chain.fill_implied_volatilities(exact, ours, np.empty(true.size, np.int64))
    errors = {
        "mmsim": largest_error(ours, few[3]),
        "vollib": largest_error(peers.vollib_volatilities(few, true), few[3]),
        "quantlib": largest_error(peers.quantlib_volatilities(few, true), few[3]),
    }
    return {
        "implied_volatility_ns": taken["mmsim_ns"],
        "implied_volatility_wide_ns": of_the_box["mmsim_ns"],
        "implied": {**taken, "error": errors, "wide": of_the_box, "options": options, "checked": few.shape[1]},
    }


def surfaces(repeat: int) -> dict[str, Any]:
    """A fit of the options of ES."""
    return pricing_surface.figures(max(repeat // 4, 3))


MEASURED: tuple[Callable[[int], dict[str, Any]], ...] = (european, implied_volatility, american_exercise, surfaces)


def figures(repeat: int) -> dict[str, Any]:
    """Everything that the command prints: the headline figures first."""
    found: dict[str, Any] = {}
    for measured in MEASURED:
        found |= measured(repeat)
    return dict(sorted(found.items(), key=lambda item: isinstance(item[1], dict)))


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="figures as JSON")
    parser.add_argument("--repeat", type=int, default=200, help="runs of each, in turn (default: %(default)s)")
    given = parser.parse_args()
    measure.tell(figures(given.repeat), as_json=given.json)


if __name__ == "__main__":
    main()

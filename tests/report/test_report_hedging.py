"""Break-even moves, the expected error of a hedge, and hedges by the clock, against closed forms and simulations."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.stats import norm

from mmsim.report import hedged, moves
from mmsim.report.hedged import Book
from mmsim.scenario.years import Years
from mmsim.units import DAY_NS

YEARS = Years(None, 365.0 * DAY_NS, 365.0 * DAY_NS)
START = np.datetime64("2026-01-05T00:00:00", "ns")
SPOT, SIGMA, LIFE_DAYS = 100.0, 0.2, 30
LIFE = LIFE_DAYS / 365.0
VEGA = SPOT * np.sqrt(LIFE) * norm.pdf(0.5 * SIGMA * np.sqrt(LIFE))  # at the money, without interest


def every(days: float, count: int) -> npt.NDArray[np.datetime64]:
    """``count`` times, so many days apart, from the start."""
    return START + (np.arange(count) * days * DAY_NS).astype("timedelta64[ns]")


def marks(times: npt.NDArray[np.datetime64], **columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"ts": pd.to_datetime(times, utc=True), **columns})


def gamma_at(spot: Any, left: Any) -> Any:
    """Gamma of the at-the-money option, Black and Scholes without interest."""
    deviation = SIGMA * np.sqrt(left)
    return norm.pdf(np.log(spot / SPOT) / deviation + 0.5 * deviation) / (spot * deviation)


def test_the_break_even_move_pays_for_theta() -> None:
    book = marks(
        every(1, 4), spot=[100.0, 101.0, 99.0, 99.5], gamma=[2.0, -2.0, 3.0, 0.0], theta=[-365.0, 730.0, 10.0, 0.0]
    )
    moved = moves.between_marks(book, YEARS)
    assert moved.break_even[:2] == pytest.approx([1.0, np.sqrt(2.0)])  # ½·2·1² = 365/365; ½·2·2 = 730/365
    assert np.isnan(moved.break_even[2]), "gamma and theta both gain"
    assert moved.gamma_pnl == pytest.approx([1.0, -4.0, 0.375])
    assert moved.theta_pnl == pytest.approx([-1.0, 2.0, 10.0 / 365.0])


def test_a_book_priced_at_a_volatility_breaks_even_at_it() -> None:
    draws = np.random.default_rng(3)
    spot = SPOT * np.exp(np.cumsum(draws.normal(0.0, 0.3 / np.sqrt(365.0 * 24.0), 20_000)))
    gamma = draws.uniform(1.0, 5.0, len(spot))
    book = marks(every(1 / 24, len(spot)), spot=spot, gamma=gamma, theta=-0.5 * gamma * SIGMA**2 * spot**2)
    moved = moves.between_marks(book, YEARS)
    assert moved.break_even_volatility() == pytest.approx(SIGMA, rel=1e-12)
    assert moved.realised_volatility() == pytest.approx(0.3, rel=0.02)
    assert moves.variance(every(1 / 24, len(spot)), spot, YEARS) ** 0.5 == pytest.approx(0.3, rel=0.02)
    short = moved._replace(gamma=-moved.gamma, theta=-moved.theta)
    assert short.break_even_volatility() == moved.break_even_volatility()
    assert np.isnan(moved._replace(theta=-moved.theta).break_even_volatility())
    assert np.isnan(moves.variance(every(1, 1), np.array([SPOT]), YEARS))


@pytest.mark.parametrize("hedges", [50, 200])
def test_the_expected_error_of_one_option_at_the_money_is_the_books_formula(hedges: int) -> None:
    """√(π/4)·vega·σ/√N: the gammas are the root mean square over the spots that the option may meet."""
    steps = 20 * hedges
    times = every(LIFE_DAYS / steps, steps + 1)
    passed = np.arange(steps + 1) / steps * LIFE
    nodes = np.linspace(-5.0, 5.0, 1_001)  # the gamma of the last steps is narrow
    weights = norm.pdf(nodes)
    spots = SPOT * np.exp(SIGMA * np.sqrt(passed)[:, None] * nodes - 0.5 * SIGMA**2 * passed[:, None])
    left = np.maximum(LIFE - passed, LIFE / steps / 2)[:, None]
    squares = (gamma_at(spots, left) * spots**2) ** 2 @ (weights / weights.sum())
    flat = every(LIFE_DAYS / hedges, hedges)[1:]
    found = hedged.error_variance(times, np.sqrt(squares), np.ones(steps + 1), flat, SIGMA, YEARS) ** 0.5
    assert found == pytest.approx(np.sqrt(np.pi / 4.0) * VEGA * SIGMA / np.sqrt(hedges), rel=0.03)


def test_the_expected_error_is_that_of_simulated_hedges() -> None:
    """A book of constant dollar gamma, hedged at uneven times: its error over simulated spots has that deviation."""
    draws, steps = np.random.default_rng(11), 600
    times = every(1 / 24, steps + 1)
    dollar_gamma, dt = 5_000.0, 1 / (365.0 * 24.0)
    hedges = np.sort(draws.choice(np.arange(1, steps), 20, replace=False))
    returns = draws.normal(0.0, SIGMA * np.sqrt(dt), (4_000, steps))
    flat = np.zeros(steps, np.intp)
    flat[hedges] = hedges
    since = np.maximum.accumulate(flat)
    walked = np.concatenate([np.zeros((4_000, 1)), returns.cumsum(axis=1)], axis=1)
    errors = (dollar_gamma * (walked[:, :-1] - walked[:, since]) * returns).sum(axis=1)
    found = hedged.error_variance(
        times, np.full(steps + 1, dollar_gamma / SPOT**2), np.full(steps + 1, SPOT), times[hedges], SIGMA, YEARS
    )
    assert errors.std() == pytest.approx(found**0.5, rel=0.04)
    assert np.isnan(hedged.error_variance(times[:1], np.ones(1), np.ones(1), times[:0], SIGMA, YEARS))


def book(hedge: list[float], delta: list[float], spot: list[float], fills: pd.DataFrame) -> Book:
    times = every(1 / 1440, len(spot))
    return Book(times, np.array(spot), np.ones(len(spot)), np.array(hedge), np.array(delta), fills, SIGMA, YEARS)


def test_a_hedge_earns_what_its_trades_and_its_last_price_say() -> None:
    fills = pd.DataFrame(
        {
            "ts": pd.to_datetime(
                every(1 / 2880, 8)[[1, 4, 5]], utc=True
            ),  # half-way to the second mark, at the third, ...
            "side": ["buy", "sell", "buy"],
            "size": [30.0, 10.0, 5.0],
            "spot": [100.5, 99.0, 98.0],
        }
    )
    hedge = [10.0, 40.0, 30.0, 35.0]
    mine = book(hedge, [-10.0, -40.0, -30.0, -35.0], [100.0, 101.0, 99.0, 97.0], fills).as_hedged()
    # 10·(101 − 100) + 30·(101 − 100.5); 40·(99 − 101); 30·(97 − 99) + 5·(97 − 98)
    assert mine.earned == pytest.approx([25.0, -80.0, -65.0])
    assert (mine.trades, mine.units) == (3, 45.0)
    assert mine.earned.sum() == pytest.approx(35 * 97 - 10 * 100 - 30 * 100.5 + 10 * 99 - 5 * 98)


def test_hedging_by_the_clock_holds_the_delta_of_its_last_mark() -> None:
    none = pd.DataFrame({"ts": pd.to_datetime([], utc=True), "side": [], "size": [], "spot": []})
    given = book([0.0] * 5, [10.0, 20.0, 30.0, 40.0, 50.0], [100.0, 101.0, 103.0, 106.0, 110.0], none)
    two_minutes = hedged.first_of_each(given.times, START, 2 * 60 * 10**9)
    assert two_minutes.tolist() == [0, 2, 4]
    flat = given.flat_at(two_minutes)
    assert flat.earned == pytest.approx([-10.0, -20.0, -90.0, -120.0])
    assert (flat.trades, flat.units) == (3, 50.0)
    never = given.flat_at(np.array([], np.intp))
    assert (never.trades, never.units, never.earned.sum()) == (0, 0.0, 0.0)
    assert given.as_hedged().earned.tolist() == [0.0] * 4

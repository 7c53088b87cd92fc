"""Guéant, Lehalle and Fernandez-Tapia: figures for their own parameters, and the matrix by SciPy."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.linalg import eigh, expm

from mmsim import QuoteView
from strategies.quoting.glft import Glft, Solution

START, SECOND = 1_767_225_600_000_000_000, 1_000_000_000
TEN_MINUTES = SimpleNamespace(clock=SimpleNamespace(start=START, end=START + 600 * SECOND))
# A = 0.9 orders a second, k = 0.3 a tick, γ = 0.01 a tick, σ = 0.3 ticks a √second, Q = 30; money here is ticks.
PAPER = Glft(
    risk_aversion=0.01, per_hour=0.9 * 3600, decay=0.3, sd=0.3 * 86400**0.5, lot=1.0, max_lots=30, in_vol=False
)
# Lots held: distances to the bid and the ask, ticks, from the closed form and from the eigenvector, to 5e-5.
DISTANCES = {
    Solution.CLOSED_FORM: {0: (3.3129, 3.3129), 1: (3.3808, 3.2450), 5: (3.6522, 2.9736)},
    Solution.STATIONARY: {0: (3.3130, 3.3130), 1: (3.3812, 3.2449), 5: (3.6535, 2.9725)},
    Solution.UNTIL_END: {0: (3.3130, 3.3130), 1: (3.3812, 3.2449), 5: (3.6535, 2.9725)},
}


def distances(policy: Glft, view: QuoteView) -> tuple[float, float]:
    quote = policy.quote(view)
    return view.theo - quote.bid, quote.ask - view.theo


@pytest.mark.parametrize("solution", Solution)
def test_the_papers_parameters(solution: Solution, quote_view: Callable[..., QuoteView]) -> None:
    policy = PAPER._replace(solution=solution).prepare(TEN_MINUTES)
    for held, expected in DISTANCES[solution].items():
        shown = quote_view(theo=1000.0, position=float(held), ts_ns=START)
        assert distances(policy, shown) == pytest.approx(expected, abs=5e-5)
        mirrored = distances(policy, shown._replace(position=-float(held)))
        assert mirrored == pytest.approx(expected[::-1], abs=5e-5)


def matrix(policy: Glft) -> np.ndarray:
    """M of the paper, a second."""
    lots = np.arange(-policy.max_lots, policy.max_lots + 1)
    sd, rate = policy.sd / 86400**0.5, policy.per_hour / 3600
    k, gamma = policy.decay, policy.risk_aversion
    eta = rate * (1 + gamma / k) ** -(1 + k / gamma)
    return np.diag(k * gamma * sd**2 / 2 * lots**2.0) - eta * (np.eye(len(lots), k=1) + np.eye(len(lots), k=-1))


def of_values(policy: Glft, values: np.ndarray, lots: int) -> tuple[float, float]:
    """The distances that a value function makes (theorem 1)."""
    k, gamma, n = policy.decay, policy.risk_aversion, lots + policy.max_lots
    base = np.log(1 + gamma / k) / gamma
    return np.log(values[n] / values[n + 1]) / k + base, np.log(values[n] / values[n - 1]) / k + base


@pytest.mark.parametrize("aversion", [0.002, 0.01, 0.05])
@pytest.mark.parametrize("lots", [-8, 0, 3, 9])
def test_far_from_the_end_it_is_the_eigenvector(
    aversion: float, lots: int, quote_view: Callable[..., QuoteView]
) -> None:
    policy = PAPER._replace(risk_aversion=aversion, max_lots=10, solution=Solution.STATIONARY)
    values = np.abs(eigh(matrix(policy))[1][:, 0])
    shown = quote_view(theo=1000.0, position=float(lots))
    assert distances(policy.prepare(TEN_MINUTES), shown) == pytest.approx(of_values(policy, values, lots), abs=1e-9)


@pytest.mark.parametrize("seconds", [600, 150, 600 / 63**2, 0])
@pytest.mark.parametrize("lots", [-8, 0, 3, 9])
def test_until_the_end_it_is_the_matrix_exponential(
    seconds: float, lots: int, quote_view: Callable[..., QuoteView]
) -> None:
    """At times of the table (the share of the span left is a square of n/63), or nearly."""
    policy = PAPER._replace(risk_aversion=0.05, max_lots=10, solution=Solution.UNTIL_END)
    values = expm(-matrix(policy) * seconds) @ np.ones(21)
    ts = START + 600 * SECOND - round(seconds * SECOND)
    shown = quote_view(theo=1000.0, position=float(lots), ts_ns=ts)
    tolerance = 1e-6 if seconds != 150 else 2e-4  # 150 s stand between two rows
    assert distances(policy.prepare(TEN_MINUTES), shown) == pytest.approx(
        of_values(policy, values, lots), abs=tolerance
    )


def test_ratios_too_large_for_an_eigenvector_in_doubles(quote_view: Callable[..., QuoteView]) -> None:
    """Fifty lots from the centre the vector is below 1e-50 of its largest: both ways still agree far from the end."""
    strong = PAPER._replace(risk_aversion=0.5, max_lots=50)
    shown = quote_view(theo=1000.0, position=45.0, ts_ns=START)
    stationary = distances(strong._replace(solution=Solution.STATIONARY).prepare(TEN_MINUTES), shown)
    assert distances(strong._replace(solution=Solution.UNTIL_END).prepare(TEN_MINUTES), shown) == pytest.approx(
        stationary, abs=1e-9
    )


def test_at_the_bound_only_the_side_that_comes_back_is_shown(quote_view: Callable[..., QuoteView]) -> None:
    policy = PAPER.prepare(TEN_MINUTES)
    assert policy.quote(quote_view(theo=1000.0, position=30.0))[2:] == (0.0, 10.0)
    assert policy.quote(quote_view(theo=1000.0, position=-31.0))[2:] == (10.0, 0.0)


def test_in_volatility_the_inventory_is_the_books_vega(quote_view: Callable[..., QuoteView]) -> None:
    policy = PAPER._replace(in_vol=True, lot=1000.0).prepare(TEN_MINUTES)
    shown = quote_view(theo=1000.0, vega=2.0, net_vega=5000.0, position=-3.0)
    assert distances(policy, shown) == pytest.approx((2 * 3.6522, 2 * 2.9736), abs=2e-4)


def test_between_whole_lots_distances_are_interpolated(quote_view: Callable[..., QuoteView]) -> None:
    policy = PAPER.prepare(TEN_MINUTES)
    (low, half, high) = (distances(policy, quote_view(theo=1000.0, position=held)) for held in (2.0, 2.5, 3.0))
    assert half == pytest.approx(((low[0] + high[0]) / 2, (low[1] + high[1]) / 2))


def test_a_hopelessly_far_end_is_refused() -> None:
    year = SimpleNamespace(clock=SimpleNamespace(start=START, end=START + 365 * 86400 * SECOND))
    with pytest.raises(ValueError, match="`solution: stationary` is the same"):
        PAPER._replace(solution=Solution.UNTIL_END).prepare(year)


@pytest.mark.parametrize(
    ("parameters", "wrong"),
    [
        (
            {"risk_aversion": 0.0, "per_hour": 0.0, "sd": 0.0},
            dict.fromkeys(("risk_aversion", "per_hour", "sd"), "must be above 0"),
        ),
        ({"max_lots": 0}, {"max_lots": "must be from 1 to 500"}),
        ({"size": -1.0}, {"size": "must be at least 0"}),
        ({"start": 1.0}, {"start": "is taken from the clock"}),
        ({"distances": np.ones((1, 2, 3))}, {"distances": "is solved, not given"}),
    ],
)
def test_domains(parameters: dict[str, float], wrong: dict[str, str]) -> None:
    assert Glft(**parameters).check() == wrong

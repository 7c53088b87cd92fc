"""GARCH(1,1) against the package that estimates it, and against a simulation whose parameters are known."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest

from mmsim import Garch, UserError, fit_garch
from mmsim.expected_volatility.recursion import average_ahead

MODEL = Garch(long_run=0.2, alpha=0.08, beta=0.9, steps_per_year=252.0)


@pytest.fixture(scope="module")
def arch_model():
    arch = pytest.importorskip("arch", reason="needs the extra garch")
    return arch.arch_model


def simulated(model: Garch, count: int) -> np.ndarray:
    """Log returns."""
    rng = np.random.default_rng(4)
    long_run = model.long_run**2 / model.steps_per_year
    variance, moves = long_run, np.empty(count)
    for n in range(count):
        moves[n] = math.sqrt(variance) * rng.standard_normal()
        variance = (1.0 - model.alpha - model.beta) * long_run + model.alpha * moves[n] ** 2 + model.beta * variance
    return moves


@pytest.fixture(scope="module")
def moves() -> np.ndarray:
    return simulated(MODEL, 8_000)


def fixed(arch_model, moves):
    """arch's own result at the parameters of MODEL."""
    omega = (1.0 - MODEL.alpha - MODEL.beta) * MODEL.long_run**2 / 252.0
    model = arch_model(moves, mean="Zero", vol="GARCH", p=1, q=1, rescale=False)
    return model.fix([omega, MODEL.alpha, MODEL.beta])


def test_volatilities_are_those_of_arch(arch_model, moves):
    theirs = fixed(arch_model, moves).conditional_volatility * math.sqrt(252.0)
    ours = MODEL.volatilities(moves, initial=theirs[0])
    assert ours[:-1] == pytest.approx(theirs, rel=1e-12)


def test_the_term_structure_is_the_mean_of_what_arch_forecasts(arch_model, moves):
    result = fixed(arch_model, moves)
    theirs = result.forecast(horizon=250, reindex=False).variance.to_numpy()[-1]
    start = MODEL.volatilities(moves, initial=result.conditional_volatility[0] * math.sqrt(252.0))[-1]
    horizons = np.array([1, 2, 5, 21, 63, 250])
    expected = [math.sqrt(252.0 * theirs[:n].mean()) for n in horizons]
    assert MODEL.term_structure(start, horizons / 252.0) == pytest.approx(expected, rel=1e-12)


def test_estimates_are_those_of_arch_and_near_the_truth(arch_model, moves):
    found = fit_garch(100.0 * np.exp(np.append(0.0, np.cumsum(moves))))
    theirs = arch_model(100.0 * moves, mean="Zero", rescale=False).fit(disp="off").params
    assert (found.alpha, found.beta) == pytest.approx((theirs["alpha[1]"], theirs["beta[1]"]), abs=2e-4)
    omega = (1.0 - found.alpha - found.beta) * found.long_run**2 / 252.0
    assert omega == pytest.approx(theirs["omega"] / 1e4, rel=0.02)
    assert found.alpha == pytest.approx(MODEL.alpha, abs=0.02)
    assert found.beta == pytest.approx(MODEL.beta, abs=0.03)
    assert found.long_run == pytest.approx(MODEL.long_run, rel=0.06)
    assert found.steps_per_year == 252.0


def test_the_term_structure_goes_from_now_to_the_long_run():
    found = MODEL.term_structure(0.5, [0.0, 1e-6, 1 / 252, 2 / 252, 1.0, 1e4])
    assert found[:3].tolist() == [0.5, 0.5, 0.5]
    assert found[3] ** 2 == pytest.approx((0.25 + 0.04 + 0.98 * (0.25 - 0.04)) / 2.0, rel=1e-12)
    assert np.all(np.diff(found[2:]) < 0.0)
    assert found[-1] == pytest.approx(0.2, rel=1e-4)
    assert MODEL.term_structure(0.2, [[0.1], [0.2]]) == pytest.approx(np.full((2, 1), 0.2))


def test_without_persistence_only_the_next_step_differs():
    assert average_ahead(0.09, 0.04, 0.0, 2.0) == pytest.approx((0.09 + 0.04) / 2.0)
    assert average_ahead(0.09, 0.04, 1.0, 500.0) == 0.09


def test_without_arch_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "arch", None)
    with pytest.raises(UserError, match=r'pip install "mmsim\[garch\]"'):
        fit_garch(np.exp(np.random.default_rng(1).normal(0.0, 0.01, 200).cumsum()))


@pytest.mark.parametrize(
    ("closes", "said"),
    [
        (np.ones(99), "at least 100 numbers"),
        (np.ones(200), "do not move"),
        (np.append(np.ones(150), [0.0, 1.0]), "price 150 is not above zero"),
        (np.append(np.ones(150), [np.nan]), "number 150 is not finite"),
        (np.ones((100, 2)), "in a row"),
    ],
)
def test_closes_that_are_none(closes, said):
    with pytest.raises(ValueError, match=said):
        fit_garch(closes)


def test_prices_whose_volatility_has_no_long_run(arch_model):
    explosive = np.random.default_rng(2).standard_normal(600) * np.exp(np.linspace(-9.0, -2.0, 600))
    with pytest.raises(UserError, match=r"no long run|does not converge"):
        fit_garch(np.exp(np.cumsum(explosive)))


@pytest.mark.parametrize(
    "wrong", [{"alpha": 0.2}, {"alpha": -0.1}, {"long_run": 0.0}, {"steps_per_year": -1.0}, {"beta": math.nan}]
)
def test_parameters_that_are_no_model(wrong):
    model = MODEL._replace(**wrong)
    with pytest.raises(ValueError, match="a sum below 1"):
        model.term_structure(0.2, [1.0])
    with pytest.raises(ValueError, match="a sum below 1"):
        model.volatilities([0.0])


def test_what_cannot_be_forecast():
    with pytest.raises(ValueError, match="years must be numbers"):
        MODEL.term_structure(0.2, [math.nan])
    with pytest.raises(ValueError, match="volatility must be a number"):
        MODEL.term_structure(-0.2, [1.0])
    with pytest.raises(ValueError, match="number 1 is not finite"):
        MODEL.volatilities([0.0, math.inf])

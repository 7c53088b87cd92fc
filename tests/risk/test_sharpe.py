"""The Sharpe ratio and its error against closed forms."""

import math

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import kurtosis, skew

from mmsim.risk import sharpe


def test_the_error_of_normal_increments_is_lo_s():
    """Quantiles of a normal with mean 0.4: √((1 + 0.4² / 2) / n), Lo (2002), eq. 9."""
    count = 200_000
    found = sharpe.of(0.4 + ndtri((np.arange(count) + 0.5) / count), 0)
    assert found.ratio == pytest.approx(0.4, rel=1e-3)
    assert found.standard_error == pytest.approx(math.sqrt((1.0 + 0.08) / count), rel=1e-3)
    assert found.persistence == pytest.approx(1.0, abs=1e-12)


def test_without_lags_it_is_mertens_for_any_distribution():
    """√((1 − γ₃·SR + (γ₄ − 1)·SR² / 4) / n) with skewness and kurtosis, exactly (Mertens, 2002)."""
    x = np.random.default_rng(1).exponential(size=500) - 0.6
    found = sharpe.of(x, 0)
    ratio = x.mean() / x.std()
    expected = (1.0 - skew(x) * ratio + (kurtosis(x, fisher=False) - 1.0) * ratio**2 / 4.0) / len(x)
    assert found.ratio == pytest.approx(ratio, rel=1e-12)
    assert found.standard_error == pytest.approx(math.sqrt(expected), rel=1e-12)


@pytest.mark.parametrize("phi", [0.5, -0.4])
def test_an_autoregression_s_sums_deviate_by_its_long_run_variance(phi):
    """γ₀·(1 + φ) / (1 − φ); with a mean near zero the error of the ratio is that of the mean."""
    draws = np.random.default_rng(2).normal(size=100_000)
    x = np.empty_like(draws)
    x[0] = draws[0] / math.sqrt(1.0 - phi**2)
    for k in range(1, len(x)):
        x[k] = phi * x[k - 1] + draws[k]
    found = sharpe.of(x, 200)
    assert found.persistence == pytest.approx(math.sqrt((1.0 + phi) / (1.0 - phi)), rel=0.06)
    assert found.standard_error == pytest.approx(found.persistence / math.sqrt(len(x)), rel=0.02)


def test_newey_and_west_by_hand():
    """γ₀ = 10 / 4 and γ₁ = (−1 − 2 − 4) / 4, whose weight with one lag is 2 · ½."""
    assert sharpe.long_run_variance(np.array([1.0, -1.0, 2.0, -2.0]), 1) == pytest.approx(2.5 - 1.75)


@pytest.mark.parametrize("increments", [[], [1.0, 2.0], [0.1] * 9, [0.0] * 9])
def test_what_does_not_vary_has_none(increments):
    assert all(map(math.isnan, sharpe.of(np.array(increments), 0)))

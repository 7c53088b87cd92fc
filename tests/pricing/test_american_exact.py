"""Collocation against QuantLib, against itself finer, and against what must hold of any American option."""

import numpy as np
import pytest

from mmsim.pricing import black_scholes, collocation
from mmsim.pricing.black_scholes import Greeks

from .american_draws import box, column, exact, exact_greeks, quantlib

DRAWS = 10_000
FINE = collocation.scheme(24, 5, 32, 64)


def test_quantlib_agrees_on_random_options() -> None:
    """Both solve for the same boundary, by other points, other quadrature, another iteration, in other code."""
    options = box(20160915, DRAWS, wide=False)
    error = np.abs(exact(options, collocation.scheme()) - quantlib(options)) / 100.0
    assert error.max() < 1e-5  # QuantLib's own, at this setting
    assert np.sqrt((error**2).mean()) < 4e-7


def test_default_is_as_exact_as_is_said() -> None:
    """docs/american.md: in shares of the strike, against a much finer setting."""
    for wide, worst, typical in ((False, 1e-7, 8e-9), (True, 3e-7, 3e-8)):
        options = box(4, 1000, wide=wide)
        error = np.abs(exact(options, collocation.scheme()) - exact(options, FINE)) / 100.0
        assert error.max() < worst
        assert np.sqrt((error**2).mean()) < typical


def test_greeks_are_slopes() -> None:
    """Central differences of the value: by spot, time, volatility and rate."""
    options = box(5, 150, wide=False)
    table = exact_greeks(options, FINE)
    held = table[:, Greeks._fields.index("gamma")] > 0.0
    assert held.mean() > 0.9
    spot, _, years, volatility = options[:4]
    steps = {0: 2e-3 * spot * volatility * np.sqrt(years), 2: 1e-3 * years, 3: 1e-3 * volatility, 4: 1e-3 * volatility}
    for row, name, tolerance in ((0, "delta", 5e-5), (2, "theta", 2e-4), (3, "vega", 2e-4), (4, "rho", 2e-3)):
        up, down = options.copy(), options.copy()
        step = steps[row]
        up[row] += step
        down[row] -= step
        if row == 4:  # at the yield given
            up[5] += step
            down[5] -= step
            held &= (options[4] > 2.0 * step) & (options[5] != 0.0)
        ours = table[:, Greeks._fields.index(name)]
        sign = -1.0 if row == 2 else 1.0  # time passes as the life runs out
        slope = sign * (exact(up, FINE) - exact(down, FINE)) / (2.0 * step)
        scale = np.sqrt((ours[held] ** 2).mean())
        assert np.abs(ours - slope)[held].max() < tolerance * scale, name


def test_value_is_theo_to_the_bit() -> None:
    options = box(6, 200, wide=True)
    assert (exact_greeks(options, collocation.scheme())[:, 0] == exact(options, collocation.scheme())).all()


def test_call_is_the_mirrored_put() -> None:
    options = box(7, 100, wide=False)
    spot, strike, years, volatility, rate, carry, right = options
    mirrored = np.stack([strike, spot, years, volatility, rate - carry, -carry, -right])
    assert exact(mirrored) == pytest.approx(exact(options), rel=1e-13)


def test_perpetual_put_is_the_limit() -> None:
    """Merton (1973): the boundary is K·λ/(λ − 1), the value (K − B)·(S/B)^λ."""
    rate, volatility = 0.08, 0.3
    power = -2.0 * rate / volatility**2
    boundary = 100.0 * power / (power - 1.0)
    value = (100.0 - boundary) * (90.0 / boundary) ** power
    ours = exact(column(90.0, 100.0, 150.0, volatility, rate, rate, -1.0), FINE)[0]
    assert ours == pytest.approx(value, rel=1e-6)
    assert black_scholes.value(90.0, 100.0, 150.0, volatility, rate, rate, -1.0) < 0.1 * value


@pytest.mark.parametrize("years", [1e-4, 1e-2, 1.0, 10.0])
@pytest.mark.parametrize("volatility", [0.01, 0.05, 0.2, 2.0])
@pytest.mark.parametrize("yield_", [-0.05, 0.0, 0.05, 0.3])
def test_edges(years: float, volatility: float, yield_: float) -> None:
    """No setting loses a price; where the drift outruns the volatility by far, fewer digits are right."""
    for rate in (1e-9, 1e-6, 0.05, 0.3):
        terms = (100.0, 100.0, years, volatility, rate, rate - yield_, -1.0)
        ours, finer = (exact(column(*terms), scheme)[0] for scheme in (collocation.scheme(), FINE))
        outrun = max(rate, abs(yield_)) * years**0.5 / volatility
        assert ours == pytest.approx(finer, abs=5e-2 if outrun > 10.0 else 5e-5), rate
        assert ours >= black_scholes.value(*terms)

"""Raw SVI against published figures, numerical derivatives and prices."""

from itertools import pairwise

import numpy as np
import pytest

from mmsim.pricing import price
from mmsim.surface import JumpWings, Svi, from_jump_wings, jump_wings
from mmsim.surface.arbitrage import Kind, butterflies, calendars, wings
from mmsim.surface.ssvi import Ssvi

K = np.linspace(-1.5, 1.5, 3001)

# Gatheral and Jacquier (2014): section 5.1, from A. Vogt; T = 1.
VOGT = Svi(a=-0.0410, b=0.1331, rho=0.3060, m=0.3586, sigma=0.4153)
VOGT_JUMP_WINGS = JumpWings(0.01742625, -0.1752111, 0.6997381, 1.316798, 0.0116249)
REPAIRED_SLOPE, REPAIRED_LEAST_VARIANCE = 0.3493158, 0.01548182
OPTIMAL_SLOPE = 0.8564763


def negative_density(smile: Svi) -> np.ndarray:
    """Where second differences of call prices by strike are below zero: butterflies, without Durrleman's formula."""
    strike = np.linspace(0.4, 4.0, 1801)
    vol = np.sqrt(smile.derivatives(np.log(strike))[0])
    calls = price(spot=1.0, strike=strike, years=1.0, volatility=vol, carry=0.0)
    return np.log(strike[1:-1])[np.diff(calls, 2) < -1e-14]


def test_derivatives_are_those_of_total_variance() -> None:
    step = 1e-4
    w, slope, curvature = VOGT.derivatives(K)
    up, down = VOGT.derivatives(K + step), VOGT.derivatives(K - step)
    assert np.allclose(slope, (up[0] - down[0]) / (2 * step), atol=1e-8)
    assert np.allclose(curvature, (up[1] - down[1]) / (2 * step), atol=1e-7)
    assert w.min() == pytest.approx(VOGT.minimum, rel=1e-6)


def test_vogt_in_jump_wings() -> None:
    assert jump_wings(VOGT, 1.0) == pytest.approx(VOGT_JUMP_WINGS, rel=5e-7)


@pytest.mark.parametrize(
    "svi", [VOGT, Svi(0.001, 0.03, -0.9, 0.04, 0.02), Svi(0.01, 0.1, -0.2, 0.0, 0.2), Svi(0.01, 0.1, -0.3, -0.1, 0.1)]
)
@pytest.mark.parametrize("years", [0.1, 1.0, 3.0])
def test_jump_wings_round_trip(svi: Svi, years: float) -> None:
    assert from_jump_wings(jump_wings(svi, years), years) == pytest.approx(svi, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("wings", "reason"),
    [
        ((0.02, 5.0, 0.5, 0.5, 0.01), "outside of the slopes"),
        ((0.02, 0.0, 0.0, 0.0, 0.01), "above zero"),
        ((-0.1, 0.0, 1.0, 1.0, 0.01), "above zero"),
        ((0.02, 0.0, 1.0, 1.0, 0.02), "below that at the money"),
    ],
)
def test_no_smile_has_such_wings(wings: tuple[float, ...], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        from_jump_wings(JumpWings(*wings), 1.0)


def test_vogt_has_a_butterfly() -> None:
    (found,) = butterflies(K, *VOGT.derivatives(K))
    assert found.kind is Kind.BUTTERFLY
    assert found.worst == pytest.approx(0.88, abs=0.02)
    assert found.amount == pytest.approx(0.0329, abs=1e-3)
    where = negative_density(VOGT)
    assert (found.low, found.high) == pytest.approx((where.min(), where.max()), abs=5e-3)


def test_vogt_repaired() -> None:
    """The same level, skew and put wing: c' = p + 2ψ and ṽ' = v·4pc'/(p + c')² are free of arbitrage."""
    v, skew, p, *_ = jump_wings(VOGT, 1.0)
    slope = p + 2.0 * skew
    least = v * 4.0 * p * slope / (p + slope) ** 2
    assert (slope, least) == pytest.approx((REPAIRED_SLOPE, REPAIRED_LEAST_VARIANCE), abs=6e-8)
    repaired = from_jump_wings(JumpWings(v, skew, p, slope, least), 1.0)
    assert not butterflies(K, *repaired.derivatives(K))
    assert not negative_density(repaired).size


def test_vogt_with_the_published_call_slope() -> None:
    """The level, skew, put wing and least variance of Vogt's: free with the optimal slope, and not far above it."""
    level = jump_wings(VOGT, 1.0)
    optimal, above = (from_jump_wings(level._replace(call_slope=slope), 1.0) for slope in (OPTIMAL_SLOPE, 0.95))
    assert not butterflies(K, *optimal.derivatives(K)) and not negative_density(optimal).size
    assert butterflies(K, *above.derivatives(K)) and negative_density(above).size


def test_steep_wings_are_found() -> None:
    left, right = wings(Svi(0.1, 2.1, -0.02, 0.0, 1.0))
    assert (left.kind, left.low, left.worst) == (Kind.WING, -np.inf, -np.inf)
    assert (left.amount, right.amount) == pytest.approx((2.1 * 1.02 - 2.0, 2.1 * 0.98 - 2.0))
    assert not wings(Svi(0.1, 1.9, -0.02, 0.0, 1.0))


def test_calendars_are_found_where_curves_cross() -> None:
    near, far = Svi(0.01, 0.10, 0.0, 0.0, 0.1), Svi(0.014, 0.08, 0.0, 0.0, 0.1)
    found = calendars(K, near.derivatives(K)[0], far.derivatives(K)[0])
    crossing = np.sqrt(0.2**2 - 0.1**2)  # 0.01 + 0.10·r = 0.014 + 0.08·r
    assert [one.kind for one in found] == [Kind.CALENDAR] * 2
    assert (found[0].high, found[1].low) == pytest.approx((-crossing, crossing), abs=2e-3)
    assert (found[0].worst, found[0].amount) == pytest.approx((-1.5, 0.02 * np.hypot(1.5, 0.1) - 0.004))
    assert not calendars(K, far.derivatives(K)[0], far.derivatives(K)[0])


@pytest.mark.parametrize("theta", [0.001, 0.04, 0.5])
def test_ssvi_is_its_formula(theta: float) -> None:
    shape = Ssvi(rho=-0.6, eta=1.2, gamma=0.45)
    phi = 1.2 / (theta**0.45 * (1.0 + theta) ** 0.55)
    expected = theta / 2 * (1 - 0.6 * phi * K + np.sqrt((phi * K - 0.6) ** 2 + 1 - 0.6**2))
    assert np.allclose(shape.smile(theta).derivatives(K)[0], expected, rtol=1e-13)
    assert shape.smile(theta).derivatives(0.0)[0] == pytest.approx(theta, rel=1e-13)


def test_ssvi_within_its_conditions_is_free_of_arbitrage() -> None:
    """η·(1 + |ρ|) ≤ 2 and γ ≤ 1/2: θφ(1 + |ρ|) < 4 and θφ²(1 + |ρ|) ≤ 4 for every θ (theorem 4.2, remark 4.4)."""
    rng = np.random.default_rng(5)
    for rho, share, gamma in rng.uniform([-0.95, 0.1, 0.01], [0.95, 1.0, 0.5], (40, 3)):
        shape = Ssvi(rho, 2.0 * share / (1.0 + abs(rho)), gamma)
        thetas = np.sort(10 ** rng.uniform(-3.5, 0.3, 6))
        for theta in thetas:
            phi = shape.phi(theta)
            assert theta * phi * (1 + abs(rho)) < 4 and theta * phi**2 * (1 + abs(rho)) <= 4 * (1 + 1e-12)
        curves = [shape.smile(theta).derivatives(K) for theta in thetas]
        assert not any(butterflies(K, *curve) for curve in curves)
        assert not any(calendars(K, near[0], far[0]) for near, far in pairwise(curves))


def test_ssvi_beyond_its_conditions_is_not() -> None:
    steep = Ssvi(rho=-0.7, eta=3.0, gamma=0.5).smile(0.02)  # θφ²(1 + |ρ|) is 15 / 1.02
    assert butterflies(K, *steep.derivatives(K))

"""The quick American price and its Greeks: error against collocation, limits, shape, exercise, implied volatility."""

import math

import numpy as np
import pytest

from mmsim.pricing import american, american_chain, black_scholes, collocation, finite_differences
from mmsim.pricing.black_scholes import Greeks

from .american_draws import box, column, exact, exact_greeks, fast, fast_greeks

NONE = np.empty(0)
DEFAULT = collocation.scheme()
# Rate, carry, right.
ALWAYS_HELD = [
    (0.05, 0.05, 1.0),
    (0.03, 0.06, 1.0),
    (0.0, 0.0, 1.0),
    (-0.02, 0.0, 1.0),
    (-0.02, 0.01, 1.0),
    (0.0, 0.0, -1.0),
    (0.0, -0.02, -1.0),
    (-0.01, -0.03, -1.0),
    (-0.02, 0.0, -1.0),
]
SOMETIMES_EXERCISED = [
    (0.0, 0.03, -1.0),
    (0.02, 0.05, -1.0),
    (0.02, -0.03, -1.0),
    (1e-9, 1e-9, -1.0),
    (1e-4, -0.05, -1.0),
    (0.05, 0.0, -1.0),
    (-0.01, -0.03, 1.0),
    (0.01, -0.02, 1.0),
    (0.0, -0.03, 1.0),
    (0.05, 0.0, 1.0),
]


def value(*terms: float) -> float:
    return float(fast(column(*terms))[0])


def greeks(*terms: float) -> Greeks:
    return Greeks(*fast_greeks(column(*terms))[0].tolist())


def on_grid(terms: tuple[float, ...]) -> float:
    """The value by finite differences, which knows nothing of boundaries."""
    coarse, fine = (finite_differences.solve(*terms, NONE, NONE, False, True, n, n // 4).theo for n in (201, 401))
    return fine + (fine - coarse) / 3.0


def test_error_is_as_is_said() -> None:
    """docs/american.md: in shares of the strike, over one day to three years, 5 to 100 %, rates and yields to 10 %."""
    options = box(1, 10_000, wide=False)
    error = np.abs(fast(options) - exact(options, DEFAULT)) / 100.0
    assert np.sqrt((error**2).mean()) < 3.5e-5
    assert error.max() < 4e-4


def test_greeks_are_as_near_as_is_said() -> None:
    """Root mean square error over that of the Greek itself."""
    options = box(2, 400, wide=False)
    ours, exactly = fast_greeks(options), exact_greeks(options, collocation.scheme(24, 5, 32, 96))
    bounds = {"delta": 1e-3, "gamma": 0.02, "vega": 5e-3, "theta": 0.02, "rho": 0.01, "vanna": 0.1, "charm": 0.03}
    for name, bound in bounds.items():
        n = Greeks._fields.index(name)
        held = (ours[:, 2] > 0.0) & (exactly[:, 2] > 0.0)
        error = (ours - exactly)[held, n]
        assert np.sqrt((error**2).mean()) < bound * np.sqrt((exactly[held, n] ** 2).mean()), name


def test_value_is_theo_to_the_bit() -> None:
    options = box(3, 2000, wide=True)
    assert (fast_greeks(options)[:, 0] == fast(options)).all()


def test_no_less_than_the_european_nor_than_intrinsic() -> None:
    options = box(4, 5000, wide=True)
    european = np.array([black_scholes.value(*option) for option in options.T])
    assert (fast(options) >= np.maximum(european, options[6] * (options[0] - options[1]))).all()


@pytest.mark.parametrize("right", [1.0, -1.0])
@pytest.mark.parametrize(("rate", "yield_"), [(0.05, 0.01), (0.02, 0.08), (0.05, 0.05), (0.08, 0.01)])
def test_no_jump_at_the_boundary(rate: float, yield_: float, right: float) -> None:
    """Bisected to the last bit: theo is intrinsic on one side and next to nothing more on the other."""
    for years in (0.01, 0.5, 3.0):
        rest = (100.0, years, 0.25, rate, rate - yield_, right)
        held, exercised = 100.0, (1.0 if right < 0.0 else 1e4)
        for _ in range(100):
            middle = 0.5 * (held + exercised)
            if value(middle, *rest) > right * (middle - 100.0):
                held = middle
            else:
                exercised = middle
        assert value(held, *rest) == pytest.approx(right * (held - 100.0), abs=1e-6)


@pytest.mark.parametrize("right", [1.0, -1.0])
@pytest.mark.parametrize(("rate", "yield_"), [(0.05, 0.0), (0.02, 0.08), (0.05, 0.05), (0.08, 0.01)])
def test_smooth_along_the_spot_the_volatility_and_time(rate: float, yield_: float, right: float) -> None:
    """No step larger than its neighbours allow, and where the exact value rises or falls the quick one does."""
    spots, volatilities, lives = (
        np.linspace(60.0, 160.0, 2001),
        np.linspace(0.05, 0.8, 751),
        np.linspace(0.01, 2.0, 996),
    )
    for moving, grid, most in ((0, spots, 2e-2), (3, volatilities, 5e-3), (2, lives, 5e-3)):
        options = np.repeat([[95.0, 100.0, 0.5, 0.25, rate, rate - yield_, right]], grid.size, axis=0).T.copy()
        options[moving] = grid
        steps = np.diff(fast(options))
        assert np.abs(np.diff(steps)).max() < most
        assert (steps * (right if moving == 0 else 1.0)).min() > -1e-4


def test_european_to_the_bit_where_waiting_is_better() -> None:
    for rate, carry, right in ALWAYS_HELD:
        assert american.is_never_early(rate, carry, right)
        for spot in (80.0, 125.0):
            terms = (spot, 100.0, 0.75, 0.3, rate, carry, right)
            assert value(*terms) == black_scholes.value(*terms)
            assert greeks(*terms) == black_scholes.greeks(*terms)
            assert exact(column(*terms))[0] == black_scholes.value(*terms)
            assert on_grid(terms) == pytest.approx(black_scholes.value(*terms), abs=5e-4)
            assert not american.is_exercised(*terms)


@pytest.mark.parametrize(("rate", "carry", "right"), SOMETIMES_EXERCISED)
def test_signs_of_the_rates(rate: float, carry: float, right: float) -> None:
    """One boundary, on either side of zero rates and yields, against finite differences."""
    assert not american.is_never_early(rate, carry, right)
    assert not american.has_two_boundaries(rate, carry, right)
    for spot in (80.0, 100.0, 125.0):
        terms = (spot, 100.0, 1.5, 0.25, rate, carry, right)
        truth = on_grid(terms)
        assert exact(column(*terms))[0] == pytest.approx(truth, abs=5e-4)
        assert value(*terms) == pytest.approx(truth, abs=4e-2)


@pytest.mark.parametrize(("rate", "carry", "right"), [(-0.01, 0.01, -1.0), (-0.03, -0.02, 1.0)])
def test_two_boundaries_are_not_priced(rate: float, carry: float, right: float) -> None:
    """Such an option is worth more than the European one, and no number is given for it."""
    terms = (100.0, 100.0, 5.0, 0.1, rate, carry, right)
    assert american.has_two_boundaries(rate, carry, right)
    assert on_grid(terms) > black_scholes.value(*terms) + 0.05
    assert math.isnan(value(*terms))
    assert all(map(math.isnan, greeks(*terms)))
    assert math.isnan(exact(column(*terms))[0])
    assert math.isnan(american.implied_volatility(10.0, *terms[:3], *terms[4:]))
    assert not american.is_exercised(*terms)


@pytest.mark.parametrize("years", [0.0, -0.5])
def test_expired(years: float) -> None:
    for spot in (90.0, 100.0, 110.0):
        assert greeks(spot, 100.0, years, 0.2, 0.05, 0.0, -1.0)[:2] == (
            (max(100.0 - spot, 0.0), -1.0 if spot < 100.0 else 0.0)
        )


@pytest.mark.parametrize("right", [1.0, -1.0])
@pytest.mark.parametrize(("rate", "carry"), [(0.05, 0.0), (0.02, -0.04), (0.08, 0.05), (0.04, -0.02), (0.0, 0.02)])
@pytest.mark.parametrize("spot", [45.0, 80.0, 97.0, 103.0, 150.0, 300.0])
def test_zero_volatility_is_the_best_time_to_exercise(spot: float, rate: float, carry: float, right: float) -> None:
    terms = (spot, 100.0, 30.0, 0.0, rate, carry, right)
    times = np.linspace(0.0, 30.0, 300_001)
    paths = np.exp(-rate * times) * np.maximum(right * (spot * np.exp(carry * times) - 100.0), 0.0)
    assert value(*terms) == pytest.approx(paths.max(), rel=1e-9, abs=1e-12)
    assert value(*terms) == greeks(*terms).theo
    assert exact(column(*terms))[0] == value(*terms)


@pytest.mark.parametrize("place", range(6))
def test_nan_in_nan_out(place: int) -> None:
    terms = [95.0, 100.0, 0.5, 0.2, 0.05, 0.02]
    terms[place] = math.nan
    for right in (1.0, -1.0):
        assert math.isnan(value(*terms, right))
        assert math.isnan(greeks(*terms, right).theo)


def test_exercised_where_it_is_best() -> None:
    """The exact boundary parts the spots, within what its approximation leaves open."""
    for rate, carry, right in ((0.06, 0.06, -1.0), (0.04, -0.02, 1.0), (0.05, 0.0, -1.0)):
        spots = np.linspace(50.0, 220.0, 341)
        terms = [(spot, 100.0, 0.5, 0.3, rate, carry, right) for spot in spots]
        ours = np.array([american.is_exercised(*term) for term in terms])
        exactly = np.array([exact_greeks(column(*term), DEFAULT)[0, 2] == 0.0 for term in terms])
        assert exactly.any()
        assert (ours != exactly).sum() <= 2
        for term, is_exercised in zip(terms, ours, strict=True):
            if is_exercised:
                assert greeks(*term)[:3] == (right * (term[0] - 100.0), right, 0.0)


def test_implied_volatility_gives_the_price_back() -> None:
    options = box(9, 2000, wide=False)
    prices = fast(options)
    found = np.empty(prices.size)
    asked = np.concatenate([prices[None], options[:3], options[4:]])
    american_chain.fill_implied_volatilities(np.ascontiguousarray(asked), found)
    intrinsic = np.maximum(options[6] * (options[0] - options[1]), 0.0)
    certain = np.array([value(*option[:3], 0.0, *option[4:]) for option in options.T])
    known = prices > np.maximum(intrinsic, certain) + 1e-9
    assert known.mean() > 0.9
    again = options.copy()
    again[3] = found
    assert np.abs(fast(again) - prices)[known].max() < 1e-9
    assert np.isnan(found[prices <= np.maximum(intrinsic, certain)]).all()
    vega = fast_greeks(options)[:, 3]
    clear = known & (vega > 1.0)
    assert np.abs(found - options[3])[clear].max() < 1e-8


@pytest.mark.parametrize("price", [20.0, 19.0, 100.0, 101.0, math.nan, -1.0])
def test_no_implied_volatility(price: float) -> None:
    """At intrinsic many volatilities give the price, below and at the strike none does."""
    assert math.isnan(american.implied_volatility(price, 80.0, 100.0, 0.5, 0.05, 0.05, -1.0))

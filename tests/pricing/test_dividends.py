"""Cash dividends: the grid against quadrature, QuantLib and lattices; the quick prices against the grid."""

import math
from itertools import pairwise

import numpy as np
import pytest
import QuantLib as ql  # noqa: N813
from scipy.integrate import quad
from scipy.stats import norm

from mmsim.pricing import black_scholes, cash_dividends, collocation, dividend_grid
from mmsim.pricing.black_scholes import Greeks

from .american_draws import TODAY, column, contract, exact_greeks, process
from .lattice import lattice

NONE = np.empty(0)


def draws(seed: int, count: int, *, is_typical: bool) -> list[tuple[tuple[float, ...], np.ndarray, np.ndarray]]:
    """Options and dividends, on whole days; typical are quarterly ones of up to 0.6 % for up to a year."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        days = int(rng.integers(30, 365 if is_typical else 900))
        if is_typical:
            dates = np.arange(rng.integers(1, 91), days, 91)
            amounts = np.full(dates.size, rng.uniform(0.1, 0.6))
        else:
            dates = np.unique(rng.integers(3, days - 1, rng.integers(1, 5)))
            amounts = rng.uniform(0.2, 3.0, dates.size)
        rate = rng.uniform(0.0, 0.08)
        terms = (rng.uniform(80, 125), 100.0, days / 365, rng.uniform(0.1, 0.6), rate, rate, rng.choice([-1.0, 1.0]))
        found.append((terms, dates / 365.0, amounts.astype(float)))
    return found


def quantlib(
    terms: tuple[float, ...], times: np.ndarray, amounts: np.ndarray, model: object, *, is_american: bool
) -> float:
    """Its finite differences, extrapolated in time, of which its early exercise is of first order."""
    spot, strike, years, volatility, rate, _, right = terms
    dates = [TODAY + round(time * 365) for time in times]
    option = contract(strike, round(years * 365), right, is_american=is_american)
    values = []
    for steps in (200, 400):
        schedule = ql.DividendVector(dates, list(amounts))
        market = process(spot, volatility, rate, 0.0)
        scheme = ql.FdmSchemeDesc.Douglas()
        engine = ql.FdBlackScholesVanillaEngine(market, schedule, steps, 1200, 4, scheme, False, -1e10, model)
        option.setPricingEngine(engine)
        values.append(option.NPV())
    return 2.0 * values[1] - values[0] if is_american else values[1]


@pytest.mark.parametrize("is_escrowed", [False, True])
def test_quantlib_agrees(is_escrowed: bool) -> None:
    engine = ql.FdBlackScholesVanillaEngine
    model = engine.Escrowed if is_escrowed else engine.Spot
    for terms, times, amounts in draws(1, 12, is_typical=False):
        for is_american, tolerance in ((False, 1.5e-3), (True, 3e-3)):
            ours = dividend_grid.solved(*terms, times, amounts, is_escrowed, is_american).theo
            theirs = quantlib(terms, times, amounts, model, is_american=is_american)
            assert ours == pytest.approx(theirs, abs=tolerance), (terms, times, amounts)


@pytest.mark.parametrize("is_escrowed", [False, True])
@pytest.mark.parametrize("is_american", [False, True])
@pytest.mark.parametrize("right", [1.0, -1.0])
def test_lattice_agrees(is_escrowed: bool, is_american: bool, right: float) -> None:
    terms = (98.0, 100.0, 1.0, 0.3, 0.05, 0.05, right)
    dividends = [(0.25, 2.0), (0.75, 3.0)]
    times, amounts = map(np.array, zip(*dividends, strict=True))
    ours = dividend_grid.solved(*terms, times, amounts, is_escrowed, is_american).theo
    found = [
        lattice(*terms[:5], right, dividends, is_escrowed=is_escrowed, is_american=is_american, steps=steps)
        for steps in (800, 804, 1600, 1604)
    ]
    assert ours == pytest.approx(sum(found[2:]) - 0.5 * sum(found[:2]), abs=5e-3)


@pytest.mark.parametrize("is_american", [False, True])
@pytest.mark.parametrize(("time", "amount"), [(0.5, 7.0), (0.1, 1.0), (0.95, 3.0)])
def test_one_dividend_is_an_integral(time: float, amount: float, is_american: bool) -> None:
    """Haug, Haug and Lewis (2003): at the ex-date a call is the better of what it pays and the call on what is left."""
    rate, volatility, years = 0.06, 0.3, 1.0

    def payoff(z: float) -> float:
        spot = 100.0 * math.exp((rate - 0.5 * volatility**2) * time + volatility * math.sqrt(time) * z)
        left = max(spot - amount, 1e-12)
        held = black_scholes.value(left, 100.0, years - time, volatility, rate, rate, 1.0)
        return (max(held, spot - 100.0) if is_american else held) * norm.pdf(z)

    pieces = np.arange(-10.0, 10.5, 0.5)
    value = math.exp(-rate * time) * sum(quad(payoff, *ends, epsabs=1e-11, limit=200)[0] for ends in pairwise(pieces))
    terms = (100.0, 100.0, years, volatility, rate, rate, 1.0)
    ours = dividend_grid.solved(*terms, np.array([time]), np.array([amount]), False, is_american).theo
    assert ours == pytest.approx(value, abs=2e-5)


def test_grid_without_dividends_is_the_collocation() -> None:
    for carry, right in ((0.05, -1.0), (0.0, -1.0), (0.0, 1.0), (-0.03, 1.0)):
        terms = (95.0, 100.0, 0.75, 0.3, 0.05, carry, right)
        ours, exactly = (
            dividend_grid.solved(*terms, NONE, NONE, False, True),
            Greeks(*exact_greeks(column(*terms), collocation.scheme())[0]),
        )
        assert ours.theo == pytest.approx(exactly.theo, abs=2e-5)
        assert ours.delta == pytest.approx(exactly.delta, abs=2e-6)
        assert ours.gamma == pytest.approx(exactly.gamma, abs=2e-6)


def test_escrowed_european_is_exact() -> None:
    for terms, times, amounts in draws(2, 20, is_typical=False):
        quick = cash_dividends.value(*terms, times, amounts, True, False)
        assert quick == pytest.approx(dividend_grid.solved(*terms, times, amounts, True, False).theo, abs=2e-4)


@pytest.mark.parametrize("is_typical", [True, False])
@pytest.mark.parametrize("is_escrowed", [False, True])
def test_quick_prices_are_as_near_as_is_said(is_typical: bool, is_escrowed: bool) -> None:
    """docs/american.md, on a strike of 100."""
    found = {False: [], True: []}
    for terms, times, amounts in draws(3, 60, is_typical=is_typical):
        for is_american, errors in found.items():
            exactly = dividend_grid.solved(*terms, times, amounts, is_escrowed, is_american).theo
            errors.append(cash_dividends.value(*terms, times, amounts, is_escrowed, is_american) - exactly)
    european, early = (np.sqrt(np.mean(np.square(found[key]))) for key in (False, True))
    assert european < (2e-3 if is_typical else 2e-2)
    assert early < (0.08 if is_typical else 0.5)


@pytest.mark.parametrize("is_american", [False, True])
def test_quick_greeks_are_slopes_of_the_quick_price(is_american: bool) -> None:
    for terms, times, amounts in draws(4, 40, is_typical=True):
        for is_escrowed in (False, True):
            rest = (times, amounts, is_escrowed, is_american)
            ours = cash_dividends.greeks(*terms, *rest)
            assert ours.theo == cash_dividends.value(*terms, *rest)
            up, down = (cash_dividends.value(terms[0] + step, *terms[1:], *rest) for step in (0.01, -0.01))
            assert ours.delta == pytest.approx((up - down) / 0.02, abs=0.02)  # the yield is held still


def test_no_dividends_is_no_difference() -> None:
    terms = (95.0, 100.0, 0.5, 0.3, 0.04, 0.04, -1.0)
    gone = (np.array([-0.1, 0.6]), np.array([5.0, 5.0]))  # paid already, or after expiry
    for is_american in (False, True):
        for is_escrowed in (False, True):
            plain = cash_dividends.greeks(*terms, NONE, NONE, is_escrowed, is_american)
            assert cash_dividends.greeks(*terms, *gone, is_escrowed, is_american) == plain
            assert dividend_grid.solved(*terms, *gone, is_escrowed, is_american) == dividend_grid.solved(
                *terms, NONE, NONE, is_escrowed, is_american
            )
    assert cash_dividends.greeks(*terms, NONE, NONE, True, False) == black_scholes.greeks(*terms)


@pytest.mark.parametrize("is_escrowed", [False, True])
@pytest.mark.parametrize("right", [1.0, -1.0])
def test_deamericanised(is_escrowed: bool, right: float) -> None:
    times, amounts = np.array([0.2, 0.45]), np.array([1.5, 1.5])
    terms = (100.0, 98.0, 0.5, 0.35, 0.05, 0.05, right)
    price = dividend_grid.solved(*terms, times, amounts, is_escrowed, True).theo
    european = dividend_grid.solved(*terms, times, amounts, is_escrowed, False).theo
    found = dividend_grid.deamericanised(price, *terms[:3], *terms[4:], times, amounts, is_escrowed)
    assert found.volatility == pytest.approx(0.35, abs=1e-7)
    assert found.european == pytest.approx(european, abs=1e-6)
    assert found.european < price


def test_not_deamericanised() -> None:
    """Worth no more than exercising now: many volatilities say so, and none is given."""
    for price in (30.0, 29.0, math.nan):
        found = dividend_grid.deamericanised(price, 70.0, 100.0, 0.5, 0.05, 0.05, -1.0, NONE, NONE, False)
        assert math.isnan(found.volatility)
        assert math.isnan(found.european)


def test_greeks_with_dividends_stay_within_their_bounds() -> None:
    for terms, times, amounts in draws(5, 150, is_typical=False):
        for is_escrowed in (False, True):
            found = cash_dividends.greeks(*terms, times, amounts, is_escrowed, True)
            assert -1.0 <= found.delta * 1.0 <= 1.0 and found.gamma >= 0.0 and found.vega >= 0.0


def test_a_dividend_near_expiry_does_not_take_the_right_before_it() -> None:
    """Struck at 110, half a per cent paid three days before the end of a year: 13.7460 by the grid, within 4e-3."""
    found = cash_dividends.value(
        100.0, 110.0, 1.0, 0.25, 0.05, 0.05, -1.0, np.array([0.99]), np.array([0.5]), True, True
    )
    assert found == pytest.approx(13.7460, abs=4e-3 * 110.0)

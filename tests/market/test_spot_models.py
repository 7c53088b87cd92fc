"""Calibration of the drawn spots: moments, counts and option prices, each within three standard errors.

Seeds are fixed. An estimate's standard error is that of its own sample unless a closed form is given.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from mmsim import pricing
from mmsim.market.spot.bootstrap import Bootstrap
from mmsim.market.spot.brownian import BrownianMotion
from mmsim.market.spot.heston import HestonMotion
from mmsim.market.spot.leaps import Leaps
from mmsim.market.spot.merton import MertonMotion
from mmsim.market.spot.motion import Motion, Span
from mmsim.market.spot.oscillation import Oscillation
from mmsim.pricing.heston import HestonTerms, value
from tests.pricing import heston_oracle

PATHS = 20_000


def span(years: float, steps: int) -> Span:
    """So many equal steps, by the calendar."""
    moving = np.full(steps, years / steps)
    return Span(np.arange(steps + 1, dtype=np.int64), moving, moving)


def ends(motion: Motion, over: Span, paths: int = PATHS) -> tuple[Any, Any]:
    """Prices and variances at the end of each path."""
    steps = motion.steps(over)
    made = [motion.walk(17, path).over(steps) for path in range(paths)]
    variances = [np.nan if moves.variances is None else moves.variances[-1] for moves in made]
    return np.array([moves.prices[-1] for moves in made]), np.array(variances)


def agrees(sample: Any, expected: float) -> None:
    """The mean of a sample is what is expected, within three standard errors."""
    error = np.std(sample) / math.sqrt(len(sample))
    assert abs(np.mean(sample) - expected) < 3.0 * error, (np.mean(sample), expected, error)


HESTON = {  # Feller's condition holds, and is broken by far
    "calm": HestonMotion("spot:X", 100.0, 0.03, 0.04, 0.06, 3.0, 0.5, -0.6),
    "broken": HestonMotion("spot:X", 100.0, 0.03, 0.04, 0.04, 1.0, 1.0, -0.8),
}


@pytest.fixture(scope="module", params=HESTON)
def drawn(request: pytest.FixtureRequest) -> tuple[HestonMotion, Any, Any]:
    motion = HESTON[request.param]
    return motion, *ends(motion, span(0.5, 64))


class TestHeston:
    def test_variance_has_its_moments(self, drawn: Any) -> None:
        motion, _, variances = drawn
        mean, variance = heston_oracle.variance_moments(
            motion.variance, motion.long_run_variance, motion.mean_reversion, motion.vol_of_vol, 0.5
        )
        assert variances.min() >= 0.0
        agrees(variances, mean)
        agrees((variances - mean) ** 2, variance)

    def test_spot_has_its_moments(self, drawn: Any) -> None:
        motion, spots, _ = drawn
        terms = motion.variance, motion.long_run_variance, motion.mean_reversion, motion.vol_of_vol, motion.correlation
        ratio = spots / (100.0 * math.exp(0.03 * 0.5))
        agrees(ratio, 1.0)
        agrees((ratio - 1.0) ** 2, heston_oracle.moment(2.0, *terms, 0.5) - 1.0)
        agrees(np.sqrt(ratio), heston_oracle.moment(0.5, *terms, 0.5))

    def test_options_cost_what_the_formula_says(self, drawn: Any) -> None:
        motion, spots, _ = drawn
        of = HestonTerms(
            motion.variance, motion.long_run_variance, motion.mean_reversion, motion.vol_of_vol, motion.correlation
        )
        for strike in (85.0, 95.0, 101.5, 110.0, 120.0):
            right = 1.0 if strike > 100.0 else -1.0
            payoffs = np.maximum(right * (spots - strike), 0.0)
            agrees(payoffs, value(100.0, strike, 0.5, 0.0, 0.03, right, of).theo)

    def test_spot_and_variance_move_together_as_told(self) -> None:
        """Over short steps, of which each is nearly Brownian: the correlation is that of the model."""
        motion = HestonMotion("spot:X", 100.0, 0.0, 0.04, 0.04, 1.0, 0.2, -0.7)
        moves = motion.walk(3, 0).over(motion.steps(span(0.01, 20_000)))
        found = np.corrcoef(np.diff(np.log(moves.prices)), np.diff(moves.variances))[0, 1]
        assert abs(found + 0.7) < 3.0 * (1.0 - 0.49) / math.sqrt(20_000)

    def test_a_clock_that_stands_moves_nothing(self) -> None:
        over = span(0.1, 4)
        still = over._replace(moving=np.array([0.01, 0.0, 0.0, 0.01]))
        motion = HestonMotion("spot:X", 100.0, 0.0, 0.04, 0.04, 1.0, 0.5, -0.7)
        moves = motion.walk(3, 0).over(motion.steps(still))
        assert moves.prices[1] == moves.prices[2] == moves.prices[3] != moves.prices[4]


class TestMerton:
    def test_jumps_are_a_poisson_process(self) -> None:
        """Without diffusion, jumps of 0.01 each: the logarithm counts them."""
        plain = BrownianMotion("spot:X", 100.0, 0.0, 0.0)
        spots, _ = ends(MertonMotion(plain, 6.0, 0.01, 0.0), span(0.5, 50))
        counts = np.log(spots / 100.0) / 0.01 + 6.0 * 0.5 * math.expm1(0.01) / 0.01
        assert np.allclose(counts, counts.round(), atol=1e-6)
        agrees(counts, 3.0)
        agrees((counts - 3.0) ** 2, 3.0)
        seen = np.bincount(counts.round().astype(int), minlength=9)[:9]
        expected = stats.poisson(3.0).pmf(np.arange(9)) * PATHS
        assert (
            stats.chisquare(np.append(seen, PATHS - seen.sum()), np.append(expected, PATHS - expected.sum()))[1] > 0.01
        )

    def test_moments_and_the_price_of_an_option(self) -> None:
        """The mean grows by the drift; options cost Merton's series of Black–Scholes values (1976)."""
        plain = BrownianMotion("spot:X", 100.0, 0.2, 0.05)
        mean, deviation, intensity, years = -0.08, 0.15, 1.5, 0.5
        spots, _ = ends(MertonMotion(plain, intensity, mean, deviation), span(years, 5))
        agrees(spots, 100.0 * math.exp(0.05 * years))
        logarithms = np.log(spots)
        agrees((logarithms - logarithms.mean()) ** 2, (0.04 + intensity * (mean**2 + deviation**2)) * years)
        lost = math.expm1(mean + deviation**2 / 2)
        for strike, right in ((80.0, -1.0), (100.0, 1.0), (125.0, 1.0)):
            series, likely = 0.0, intensity * (1 + lost) * years
            for n in range(40):
                volatility = math.sqrt(0.04 + n * deviation**2 / years)
                rate = 0.05 - intensity * lost + n * math.log(1 + lost) / years
                series += (
                    math.exp(-likely) * likely**n / math.factorial(n) * float(
                        pricing.price(
                            spot=100.0, strike=strike, years=years, volatility=volatility, rate=rate, right=right
                        )
                    )
                )  # fmt: skip
            agrees(math.exp(-0.05 * years) * np.maximum(right * (spots - strike), 0.0), series)

    def test_without_jumps_it_is_the_brownian_motion(self) -> None:
        plain, over = BrownianMotion("spot:X", 100.0, 0.2, 0.05), span(1.0, 100)
        jumping = MertonMotion(plain, 0.0, -0.1, 0.2)
        assert np.array_equal(
            jumping.walk(5, 1).over(jumping.steps(over)).prices, plain.walk(5, 1).over(plain.steps(over)).prices
        )


class TestOscillation:
    def test_it_moves_between_three_states_as_long_as_it_should(self) -> None:
        """A chain with up 0.2, down 0.3 and back 0.4: two ninths above, three below, four at the level."""
        motion = Oscillation("spot:X", 100.0, 2.5, 0.2, 0.3, 0.4)
        prices = motion.walk(1, 0).over(motion.steps(span(1.0, 60_000))).prices
        assert prices[0] == 100.0 and set(prices) == {97.5, 100.0, 102.5}
        assert {*np.diff(prices)} == {-2.5, 0.0, 2.5}  # never from one side to the other
        blocks = prices[1:].reshape(300, 200)
        for level, share in ((102.5, 2 / 9), (97.5, 3 / 9), (100.0, 4 / 9)):
            agrees((blocks == level).mean(axis=1), share)
        for state, away in ((100.0, 0.5), (102.5, 0.4), (97.5, 0.4)):
            agrees((np.diff(prices) != 0.0)[prices[:-1] == state], away)

    def test_neftcis_path(self) -> None:
        """Up or down, and always back."""
        motion = Oscillation("spot:X", 100.0, 5.0, 0.5, 0.5, 1.0)
        prices = motion.walk(4, 0).over(motion.steps(span(1.0, 20))).prices
        assert set(prices[::2]) == {100.0} and set(prices[1::2]) == {95.0, 105.0}


def recorded(count: int) -> Any:
    """Returns that remember: an autoregression, which blocks keep and single draws lose."""
    draws, made = np.random.default_rng(8), np.zeros(count)
    for n in range(1, count):
        made[n] = 0.6 * made[n - 1] + 0.01 * draws.standard_normal()
    return made


class TestBootstrap:
    @pytest.mark.parametrize("is_stationary", [True, False])
    def test_moments_and_memory_are_those_of_the_recording(self, is_stationary: bool) -> None:
        """Lag-one products come to 1 − 1/block of the recording's, taken in a circle (Politis and Romano, 1994)."""
        returns = recorded(500)
        motion = Bootstrap("spot:X", 100.0, returns, 5, is_stationary, 0.0, 1.0)
        steps = motion.steps(Span(np.arange(41, dtype=np.int64), np.ones(40), np.ones(40)))
        drawn = np.array([np.diff(np.log(motion.walk(6, n).over(steps).prices)) for n in range(4000)])
        agrees(drawn.mean(axis=1), returns.mean())
        agrees((drawn**2).mean(axis=1), (returns**2).mean())
        centred = returns - returns.mean()
        products = (drawn[:, 1:] - returns.mean()) * (drawn[:, :-1] - returns.mean())
        if is_stationary:
            agrees(products.mean(axis=1), 0.8 * (centred * np.roll(centred, 1)).mean())
        else:  # 31 of 39 neighbours lie within a block of five
            agrees(products.mean(axis=1), 32 / 39 * (centred * np.roll(centred, 1)).mean())

    def test_every_return_is_a_recorded_one(self) -> None:
        returns = recorded(30)
        motion = Bootstrap("spot:X", 100.0, returns, 3, True, 0.0, 1.0)
        drawn = np.diff(np.log(motion.walk(2, 0).over(motion.steps(span(500.0, 500))).prices))
        nearest = np.abs(drawn[:, None] - returns).min(axis=1)
        assert nearest.max() < 1e-12

    def test_a_nights_return_is_longer(self) -> None:
        returns = np.full(10, 0.01)
        motion = Bootstrap("spot:X", 100.0, returns, 2, True, 0.0, 0.001)
        moving = np.array([0.001, 0.004, 0.001, 0.00025])
        prices = motion.walk(2, 0).over(motion.steps(Span(np.arange(5, dtype=np.int64), moving, moving))).prices
        assert np.diff(np.log(prices)) == pytest.approx([0.01, 0.02, 0.01, 0.005])


class TestScheduledJumps:
    def test_they_have_mean_one_and_the_deviation_given(self) -> None:
        leaps = Leaps("spot:X:events", np.array([5, 9]), np.array([0.05, 0.2]))
        factors = np.array([leaps.factors(1, path) for path in range(PATHS)])
        assert (factors[:, 0] == 1.0).all()
        for column, before, move in ((1, 0, 0.05), (2, 1, 0.2)):
            ratio = factors[:, column] / factors[:, before]
            agrees(ratio, 1.0)
            agrees((np.log(ratio) + move**2 / 2) ** 2, move**2)

    def test_the_first_tick_from_then_on_shows_it(self) -> None:
        leaps = Leaps("spot:X:events", np.array([5, 9]), np.array([0.05, 0.2]))
        assert leaps.passed(np.array([4, 5, 6, 8, 10])).tolist() == [0, 1, 1, 1, 2]

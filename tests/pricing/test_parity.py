"""The forward from put-call parity: against what made the prices, with wrong quotes among them, and what cannot be."""

import math
from pathlib import Path

import numpy as np
import pytest
import yaml
from QuantLib import BlackCalculator, Option, PlainVanillaPayoff

from mmsim.pricing import parity, synthetic
from mmsim.pricing.parity import PairStatus, Status

CASES = yaml.safe_load((Path(__file__).parent / "literature_parity.yaml").read_text())
STRIKES = np.arange(80.0, 121.0, 2.5)
YEARS, RATE, FORWARD = 0.5, 0.05, 101.3
DEALT = {"call": 4.48, "put": 2.0, "spot": 50.0, "strike": 50.0, "discount": 1 / 1.05, "years": 1.0}


def european(strikes=STRIKES, volatility=0.2, rate=RATE):
    """Mids by QuantLib, (2, strikes): calls and puts on one forward."""
    discount, deviation = math.exp(-rate * YEARS), volatility * math.sqrt(YEARS)
    return np.array(
        [
            [BlackCalculator(PlainVanillaPayoff(right, k), FORWARD, deviation, discount).value() for k in strikes]
            for right in (Option.Call, Option.Put)
        ]
    )


def quoted(mids, half_widths=0.1, strikes=STRIKES):
    half = np.broadcast_to(half_widths, mids.shape)
    bid, ask = mids - half, mids + half
    return parity.Pairs(strikes.copy(), bid[0], ask[0], bid[1], ask[1])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_published_figure(case):
    given = dict(case["given"])
    years, rate = given.pop("years"), given.pop("rate")
    discount = (1 + rate) ** -years if given.pop("compounding") == "annual" else math.exp(-rate * years)
    ((name, figure),) = case["published"].items()
    ours = getattr(synthetic, f"synthetic_{name}")(**given, discount=discount)
    assert ours == pytest.approx(figure, abs=case["tolerance"])


class TestForward:
    def test_exact_prices_give_forward_and_rate_back(self):
        pairs = quoted(european())
        assert parity.forward(pairs, years=YEARS, rate=RATE).value == pytest.approx(FORWARD, abs=1e-10)
        joint = parity.forward(pairs, years=YEARS)
        assert joint.status == Status.OK
        assert joint.value == pytest.approx(FORWARD, abs=1e-10)
        assert joint.rate == pytest.approx(RATE, abs=1e-11)

    def test_a_lone_pair_is_the_forward_to_within_its_quotes(self):
        found = parity.forward(quoted(european()).where(STRIKES == 100.0), years=YEARS, rate=RATE)
        assert found.status == Status.ONE_STRIKE
        assert found.value == pytest.approx(FORWARD, abs=1e-10)
        assert found.error == pytest.approx(0.2 * math.exp(RATE * YEARS) / math.sqrt(3.0), rel=1e-9)

    @pytest.mark.parametrize("share", [0.1, 0.25, 0.4])
    @pytest.mark.parametrize("rate", [RATE, None])
    def test_bad_quotes_do_not_move_it(self, rate, share):
        """Calls that stand 3 to 30 too high, with narrow quotes: as far as a stale quote after a move, and beyond."""
        rng = np.random.default_rng(3)
        for _ in range(20):
            noise = 0.1 * rng.uniform(-1, 1, (2, len(STRIKES)))
            mids = european() + noise
            clean = parity.forward(quoted(mids), years=YEARS, rate=rate)
            bad = rng.choice(len(STRIKES), int(share * len(STRIKES)), replace=False)
            mids[0, bad] += rng.uniform(3.0, 30.0, len(bad))
            found = parity.forward(quoted(mids), years=YEARS, rate=rate)
            assert found.value == pytest.approx(FORWARD, abs=0.25)
            assert found.value == pytest.approx(clean.value, abs=0.25)
            shown = found.residuals().set_index("strike")["half_widths"]
            assert (shown.loc[STRIKES[bad]].abs() > 10).all()
            assert (shown.drop(STRIKES[bad]).abs() < 2.5).all()

    def test_narrow_quotes_count_for_more(self):
        mids = european()
        mids[0, ::2] += 0.3
        widths = np.where(np.arange(len(STRIKES)) % 2 == 0, 1.0, 0.02)
        assert parity.forward(quoted(mids, widths), years=YEARS, rate=RATE).value == pytest.approx(FORWARD, abs=0.001)

    def test_its_standard_errors_are_those_of_repeated_draws(self):
        rng, off, rates = np.random.default_rng(5), [], []
        exact = european()
        for _ in range(300):
            widths = 0.1 * (1.0 + rng.random(exact.shape))
            pairs = quoted(exact + widths * rng.uniform(-1, 1, exact.shape), widths)
            one, both = parity.forward(pairs, years=YEARS, rate=RATE), parity.forward(pairs, years=YEARS)
            off.append((one.value - FORWARD) / one.error)
            rates.append((both.rate - RATE) / both.rate_error)
            assert one.rate_error == 0.0
        assert np.std(off) == pytest.approx(1.0, abs=0.2)
        assert np.std(rates) == pytest.approx(1.0, abs=0.25)

    def test_the_rate_is_known_the_better_the_wider_the_strikes_and_the_longer_the_time(self):
        noise = 0.05 * np.random.default_rng(9).uniform(-1, 1, (2, len(STRIKES)))
        pairs = quoted(european() + noise)
        wide = parity.forward(pairs, years=YEARS).rate_error
        assert parity.forward(pairs.where(np.abs(STRIKES - 100) < 10), years=YEARS).rate_error > 2 * wide
        assert wide > 0.0002

    def test_an_early_exercise_premium_is_taken_out(self):
        premium = np.linspace(0.0, -2.0, len(STRIKES))
        mids = european()
        mids[1] -= premium
        assert parity.forward(quoted(mids), years=YEARS, rate=RATE, premium=premium).value == pytest.approx(FORWARD)

    def test_near_the_money_is_within_a_straddle(self):
        mids = european()
        straddle = mids.sum(axis=0)[STRIKES == 100.0][0]
        expected = np.abs(STRIKES - 102.5 + 2.5 * (abs(mids[0] - mids[1]).argmin() == 8)) <= straddle + 0.5
        near = parity.near_the_money(quoted(mids))
        assert 3 <= near.sum() < len(STRIKES)
        assert np.array_equal(near, expected)


class TestWhatCannotBe:
    """Each has a name, and no figure is NaN."""

    @pytest.mark.parametrize(
        ("change", "status"),
        [
            ({"years": 0.0}, Status.EXPIRED),
            ({"years": -1.0}, Status.EXPIRED),
            ({"years": math.nan}, Status.EXPIRED),
            ({"put_bid": math.nan, "put_ask": math.nan}, Status.NO_PUTS),
            ({"call_bid": math.nan, "call_ask": math.nan}, Status.NO_CALLS),
            ({"call_ask": math.nan}, Status.NO_GOOD_PAIRS),
            ({"call_bid": 90.0}, Status.NO_GOOD_PAIRS),
            ({"put_bid": 0.0}, Status.NO_GOOD_PAIRS),
            ({"put_ask": math.inf}, Status.NO_GOOD_PAIRS),
            ({"strike": -STRIKES[::-1]}, Status.NO_GOOD_PAIRS),
            ({"put_bid": 200.0, "put_ask": 201.0}, Status.NO_FORWARD),
        ],
    )
    def test_is_named(self, change, status):
        years = change.pop("years", YEARS)
        columns = vars(quoted(european())) | {
            name: np.broadcast_to(value, STRIKES.shape).astype(float) for name, value in change.items()
        }
        for rate in (RATE, None):
            found = parity.forward(parity.Pairs(**columns), years=years, rate=rate)
            allowed = {status, Status.NO_RATE} if status == Status.NO_FORWARD else {status}
            assert found.status in allowed
            assert found.value is None and found.error is None and found.rate is None
            assert len(found.residuals()) == len(STRIKES)

    def test_an_empty_chain(self):
        found = parity.forward(parity.paired([], [], [], []), years=YEARS, rate=RATE)
        assert found.status == Status.NO_CALLS and found.value is None

    def test_calls_and_puts_at_other_strikes(self):
        pairs = parity.paired([90, 110], [1, -1], [11.0, 9.0], [11.2, 9.2])
        assert parity.forward(pairs, years=YEARS, rate=RATE).status == Status.NO_PAIRS
        assert pairs.status().tolist() == [PairStatus.NO_PUT, PairStatus.NO_CALL]

    @pytest.mark.parametrize(("strikes", "status"), [(1, Status.ONE_STRIKE), (2, Status.NO_RATE)])
    def test_few_strikes_do_not_tell_the_rate(self, strikes, status):
        found = parity.forward(quoted(european()).where(np.arange(len(STRIKES)) < strikes), years=YEARS)
        assert found.status == status and found.value is None

    def test_locked_quotes_are_sound_and_a_fault_of_one_strike_is_its_own(self):
        pairs = quoted(european(), 0.0)
        pairs.call_bid[0], pairs.put_ask[1], pairs.put_bid[2] = math.nan, 0.01, -1.0
        pairs.call_bid[3] = pairs.call_ask[3] = math.nan
        found = parity.forward(pairs, years=YEARS, rate=RATE)
        assert found.value == pytest.approx(FORWARD, abs=1e-9)
        names = [PairStatus.ONE_SIDED, PairStatus.CROSSED, PairStatus.NOT_POSITIVE, PairStatus.NO_CALL, PairStatus.OK]
        assert found.residuals()["status"].tolist()[:5] == names
        assert found.used.sum() == len(STRIKES) - 4

    def test_an_option_that_stands_twice(self):
        with pytest.raises(ValueError, match="twice"):
            parity.paired([100, 100], [1, 1], [1.0, 1.0], [2.0, 2.0])


class TestWhatTheForwardImplies:
    def test_yield_and_dividends(self):
        forward = 50.0 * math.exp((0.05 - 0.02) * 0.75)
        assert parity.implied_yield(forward, 50.0, 0.75, 0.05) == pytest.approx(0.02)
        after = (50.0 - 1.5) * math.exp(0.05 * 0.75)
        assert parity.implied_dividends(after, 50.0, 0.75, 0.05) == pytest.approx(1.5)

    def test_range_of_american_options(self):
        """Hull: a call at 1.50 on a stock at 19, strike 20, five months, 10 %: the put is worth 1.68 to 2.50."""
        low, high = parity.american_range(19.0, 20.0, 5 / 12, 0.10, 0.10)
        assert (1.5 - high, 1.5 - low) == (pytest.approx(1.68, abs=0.005), pytest.approx(2.50, abs=0.005))
        low, high = parity.american_range(100.0, [80.0, 120.0], 0.5, 0.05, 0.0)  # a future
        bond = math.exp(-0.025)
        assert low == pytest.approx([100 * bond - 80, 100 * bond - 120])
        assert high == pytest.approx([100 - 80 * bond, 100 - 120 * bond])


class TestPackages:
    def test_a_conversion_locks_in_what_the_call_is_too_dear(self):
        package = synthetic.conversion(**DEALT)
        assert package.today == pytest.approx(-47.52) and package.at_expiry == 50.0
        assert package.locked_in == pytest.approx(4.48 - 4.380952, abs=1e-6)
        assert package.rate == pytest.approx(math.log(50.0 / 47.52))

    def test_a_reversal_is_its_mirror(self):
        there, back = synthetic.conversion(**DEALT), synthetic.reversal(**DEALT)
        assert [there.today + back.today, there.at_expiry + back.at_expiry] == [0.0, 0.0]
        assert there.locked_in + back.locked_in == pytest.approx(0.0) and there.rate == pytest.approx(back.rate)

    def test_dividends_are_received_by_who_holds_the_stock(self):
        with_them = synthetic.conversion(**DEALT, dividends=0.5)
        assert with_them.locked_in == pytest.approx(synthetic.conversion(**DEALT).locked_in + 0.5)
        call = synthetic.synthetic_call(put=2.0, spot=50.0, strike=50.0, discount=1 / 1.05, dividends=0.5)
        assert synthetic.conversion(**(DEALT | {"call": call}), dividends=0.5).locked_in == pytest.approx(0.0)

    def test_a_package_at_par_earns_the_market_rate(self):
        call = synthetic.synthetic_call(put=2.0, spot=50.0, strike=50.0, discount=1 / 1.05)
        assert synthetic.conversion(**(DEALT | {"call": call})).rate == pytest.approx(math.log(1.05))
        assert math.isnan(synthetic.conversion(**(DEALT | {"call": 60.0})).rate)

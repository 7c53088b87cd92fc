"""From quotes to slices: forwards and volatilities that made the prices come back, and every unfit quote has a name."""

import math

import numpy as np
import pandas as pd
import pytest
from QuantLib import BlackCalculator, Option, PlainVanillaPayoff

from mmsim.pricing import american
from mmsim.surface import chain, forwards, implied
from mmsim.surface.chain import Liquid, Quotes, Use

YEAR_NS = 365.0 * 86_400e9
NOW_NS = 1_600_000_000_000_000_000
SPOT, RATE, BORROW = 100.0, 0.03, 0.012
STRIKES = np.arange(70.0, 131.0, 2.5)
LIVES = (0.05, 0.5)


def smile(strike, years):
    k = np.log(np.asarray(strike) / SPOT)
    return 0.2 - 0.15 * k + 0.3 * k * k + 0.02 * years


def quotes(*, is_american=False, on_future=False, width=0.02, **changes):
    """A chain of two expiries, priced on a forward that the given carry does not know of."""
    table = pd.DataFrame(
        [(years, strike, right) for years in LIVES for strike in STRIKES for right in (1.0, -1.0)],
        columns=["years", "strike", "right"],
    )
    carry = 0.0 if on_future else RATE - BORROW
    mids = np.array([price(*row, carry, is_american) for row in table.itertuples(index=False)])
    half = width / 2 * np.maximum(mids, 0.05)
    made = Quotes(
        expiry_ns=(NOW_NS + np.round(table["years"] * YEAR_NS)).to_numpy(np.int64),
        strike=table["strike"].to_numpy(),
        right=table["right"].to_numpy(),
        bid=mids - half,
        ask=mids + half,
        updated_ns=np.full(len(table), NOW_NS),
        tick=np.full(len(table), 0.001),
        rate=np.full(len(table), RATE),
        carry=np.full(len(table), 0.0 if on_future else RATE),
        now_ns=NOW_NS,
        spot=SPOT,
        year_ns=YEAR_NS,
        on_future=on_future,
        american=is_american,
    )
    return made._replace(**changes)


def price(years, strike, right, carry, is_american):
    volatility = float(smile(strike, years))
    if is_american:
        return american.value(SPOT, strike, years, volatility, RATE, carry, right)
    payoff = PlainVanillaPayoff(Option.Call if right > 0 else Option.Put, strike)
    forward, discount = SPOT * math.exp(carry * years), math.exp(-RATE * years)
    return BlackCalculator(payoff, forward, volatility * math.sqrt(years), discount).value()


@pytest.mark.parametrize("is_american", [False, True])
def test_forward_and_volatilities_are_those_that_made_the_prices(is_american):
    made = quotes(is_american=is_american)
    found = chain.read(made, Liquid())
    assert len(found.expiries) == 2
    for expiry, years in zip(found.expiries, LIVES, strict=True):
        assert expiry.forward == pytest.approx(SPOT * math.exp((RATE - BORROW) * years), rel=2e-7)
        assert expiry.model_forward == pytest.approx(SPOT * math.exp(RATE * years))
        strikes = expiry.forward * np.exp(expiry.slice.log_moneyness)
        assert expiry.slice.mid_volatility == pytest.approx(smile(strikes, years), rel=2e-5)
        assert (expiry.slice.bid_volatility < expiry.slice.mid_volatility).all()
        assert (expiry.slice.mid_volatility < expiry.slice.ask_volatility).all()
        assert (made.right[expiry.options] * (made.strike[expiry.options] - expiry.forward) >= 0.0).all()
        assert len(expiry.options) > 5


def test_of_options_on_a_future_the_future_is_the_forward():
    """Even where the quotes say otherwise: what they say is kept beside it."""
    found = chain.read(quotes(on_future=True, spot=100.5, is_american=True), Liquid())
    for expiry in found.expiries:
        assert expiry.forward == expiry.model_forward == 100.5
        assert expiry.parity.value == pytest.approx(100.0, abs=0.01)


def test_every_unfit_quote_has_its_reason():
    made = quotes()
    bid, ask, updated = made.bid.copy(), made.ask.copy(), made.updated_ns.copy()
    at = {strike: int(np.flatnonzero((made.strike == strike) & (made.right < 0))[1]) for strike in STRIKES[4:11]}
    row = list(at.values())
    bid[row[0]] = math.nan
    ask[row[1]] = math.nan
    bid[row[2]] = ask[row[2]] = math.nan
    bid[row[3]] = ask[row[3]] + 1.0
    updated[row[4]] -= 1_800_000_000_001
    updated[row[5]] = 0
    ask[row[6]] = 300.0  # a mid beyond the strike's worth
    uses = chain.read(made._replace(bid=bid, ask=ask, updated_ns=updated), Liquid()).uses
    expected = [Use.NO_BID, Use.NO_ASK, Use.NO_QUOTE, Use.CROSSED, Use.STALE, Use.UNSEEN, Use.NO_VOLATILITY]
    assert [uses[n] for n in row] == expected
    far = (made.expiry_ns == made.expiry_ns.min()) & (np.abs(np.log(made.strike / SPOT)) > 0.2)
    assert set(uses[far]) <= {Use.FAR, Use.IN_THE_MONEY, Use.SMALL, Use.NO_BID}
    assert {Use.USED, Use.FAR, Use.IN_THE_MONEY} <= set(uses)


def test_liquidity_is_as_asked():
    made = quotes()
    soon = chain.read(made, Liquid(life_ns=int(0.1 * YEAR_NS)))
    assert [expiry.years for expiry in soon.expiries] == pytest.approx([0.5])
    assert (soon.uses[made.expiry_ns == made.expiry_ns.min()] == Use.SOON).all()
    few = chain.read(made, Liquid(bid_ticks=500.0))  # 0.50
    assert (made.bid[few.uses == Use.USED] > 0.5).all() and (few.uses == Use.SMALL).any()
    wide, narrow = (sum(len(e.options) for e in chain.read(made, Liquid(delta=d)).expiries) for d in (0.01, 0.2))
    assert wide > narrow > 0


@pytest.mark.parametrize(
    ("change", "forward"),
    [
        ({"right": 1.0}, SPOT * math.exp(0.5 * RATE)),  # no puts: the spot, grown at the carry given
        ({"bid": math.nan}, SPOT * math.exp(0.5 * RATE)),
        ({"spot": math.nan}, None),
        ({"spot": 0.0}, None),
    ],
)
def test_bad_chains_have_a_status_and_no_points_without_a_forward(change, forward):
    made = quotes()
    keep = (made.expiry_ns == made.expiry_ns.max()) & (made.right > 0.0 if change == {"right": 1.0} else True)
    columns = {name: value[keep] for name, value in made._asdict().items() if isinstance(value, np.ndarray)}
    columns |= {name: np.full(int(keep.sum()), value) if name == "bid" else value for name, value in change.items()}
    columns.pop("right") if change == {"right": 1.0} else None
    (expiry,) = chain.read(made._replace(**({"right": np.ones(int(keep.sum()))} | columns)), Liquid()).expiries
    if forward is None:
        assert not len(expiry.options) and math.isnan(expiry.slice.forward)
    else:
        assert expiry.parity.status != "ok" and expiry.parity.value is None
        assert expiry.forward == pytest.approx(forward)


def test_an_american_volatility_is_that_of_bisection():
    """Calls and puts, in and out of the money, on stocks that pay less and more than the rate, and on a future."""
    rng, count = np.random.default_rng(2), 400
    spot, right = np.full(count, 100.0), rng.choice([1.0, -1.0], count)
    strike, years = 100.0 * np.exp(rng.normal(0, 0.15, count)), rng.uniform(0.05, 2.0, count)
    volatility, rate = rng.uniform(0.1, 0.6, count), rng.uniform(0.0, 0.08, count)
    carry = np.where(rng.random(count) < 0.3, 0.0, rate - rng.uniform(0.0, 0.08, count))
    terms = np.stack([spot, strike, years, rate, carry, right, np.ones(count)])
    mids = np.array([american.value(*terms[:3, n], volatility[n], *terms[3:6, n]) for n in range(count)])
    told, delta, vega = np.empty((3, count)), np.empty(count), np.empty(count)
    implied.fill_sides(terms, np.stack([mids] * 3), told, delta, vega)
    alive = mids > np.maximum(right * (spot - strike), 0.0) * (1.0 + 1e-6) + 1e-6
    assert alive.sum() > 250
    assert told[1][alive] == pytest.approx(volatility[alive], rel=1e-6)
    assert np.isnan(told[1][mids <= right * (spot - strike)]).all()


def test_a_mark_moves_prices_out_of_the_money_to_the_other_forward():
    """The option out of the money is worth on F' what it was on F, the less so the nearer it is to the money."""
    strike, years = np.array([70.0, 85.0, 100.2, 115.0, 130.0]), np.full(5, 0.5)
    forward, other, before = np.full(5, 100.2), np.full(5, 100.0), smile([70.0, 85.0, 100.2, 115.0, 130.0], 0.5)
    after = before.copy()
    forwards.move_to(strike, years, forward, other, after)

    def worth(f, k, volatility):
        right = Option.Call if k > 100.2 else Option.Put
        return BlackCalculator(PlainVanillaPayoff(right, k), f, volatility * math.sqrt(0.5), 1.0).value()

    for n in (0, 1, 3, 4):
        wanted, plain = worth(100.2, strike[n], before[n]), worth(100.0, strike[n], before[n])
        assert abs(worth(100.0, strike[n], after[n]) - wanted) < 0.3 * abs(plain - wanted)
    assert after[2] == pytest.approx(before[2], abs=0.0004)  # of 0.2/2 / 28 of vega: a tenth of what one side wants
    forwards.move_to(strike, years, forward, forward, before)
    assert before == pytest.approx(smile(strike, 0.5), abs=0.0)

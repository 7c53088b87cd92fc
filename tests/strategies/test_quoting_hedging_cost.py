"""Quotes at Leland's volatilities: his formula's figures, and what the book's gamma spares."""

from collections.abc import Callable
from math import exp, pi, sqrt

import pytest

from mmsim import QuoteView
from strategies.quoting.hedging_cost import DAY_NS, HedgingCost

WEEK, MONTH = round(365 * DAY_NS / 52), round(365 * DAY_NS / 12)
LELAND = HedgingCost(year_days=365.0, rehedge_ns=WEEK, half_spread_vol=0.0, lot=1.0)


@pytest.fixture
def call(quote_view: Callable[..., QuoteView]) -> QuoteView:
    """A year at the money at 20 % and a rate of 10 %: 13.2697, with d₁ = 0.6."""
    density = exp(-0.18) / sqrt(2 * pi)
    return quote_view(theo=13.269677, implied_volatility=0.2, vega=100 * density, gamma=density / 20)


@pytest.mark.parametrize(
    ("cost", "rehedge_ns", "volatility", "price"),
    [
        (0.01, WEEK, 0.22695, 14.1806),
        (0.01, MONTH, 0.21337, 13.7186),
        (0.0025, WEEK, 0.20707, 13.5061),
    ],
)
def test_the_ask_is_lelands_price_to_first_order(
    cost: float, rehedge_ns: int, volatility: float, price: float, call: QuoteView
) -> None:
    """k of 1 % weekly and monthly, and a quarter of it; volga moves the price by some 0.02 at most."""
    quote = LELAND._replace(round_trip_cost=cost, rehedge_ns=rehedge_ns).quote(call)
    assert (quote.ask - call.theo) / call.vega == pytest.approx(volatility - 0.2, abs=5e-6)
    assert quote.ask == pytest.approx(price, abs=0.02)


def test_the_bid_gives_as_much_variance_less(call: QuoteView) -> None:
    """σ²·(1 − 0.28772): 0.16879 of volatility."""
    quote = LELAND._replace(round_trip_cost=0.01).quote(call)
    assert (quote.bid - call.theo) / call.vega == pytest.approx((0.04 * (1 - 0.28772)) ** 0.5 - 0.2, abs=5e-6)


def test_costs_beyond_all_variance_leave_no_bid(call: QuoteView) -> None:
    """k of 4 % weekly: Leland's number is 1.1507, and no variance is left to a buyer."""
    quote = LELAND._replace(round_trip_cost=0.04).quote(call)
    assert (quote.bid_size, quote.ask_size) == (0.0, LELAND.size)
    assert (quote.ask - call.theo) / call.vega == pytest.approx(0.29331 - 0.2, abs=5e-6)


def test_a_book_long_gamma_sells_below_theo_what_spares_it_hedges(call: QuoteView) -> None:
    policy, gamma = LELAND._replace(round_trip_cost=0.01), 100 * call.gamma
    flat, long, short = (policy.quote(call._replace(net_gamma=n * gamma)) for n in (0.0, 5.0, -5.0))
    assert long.ask == pytest.approx(long.bid) == pytest.approx(flat.bid)
    assert short.bid == pytest.approx(short.ask) == pytest.approx(flat.ask)
    half = policy.quote(call._replace(net_gamma=0.5 * gamma))
    assert half.ask == pytest.approx(call.theo)  # from half a lot long to half a lot short: as much to hedge as before
    assert policy._replace(is_netted=False).quote(call._replace(net_gamma=5 * gamma)) == flat


@pytest.mark.parametrize(("held", "shown"), [(0.0, 10.0), (0.8, 1.0), (2.6, 2.0), (50.0, 10.0)])
def test_what_spares_hedges_is_shown_for_no_more_lots_than_there_is_gamma_to_net(
    held: float, shown: float, call: QuoteView
) -> None:
    policy, gamma = LELAND._replace(round_trip_cost=0.01), 100 * call.gamma
    long, short = (policy.quote(call._replace(net_gamma=side * held * gamma)) for side in (1.0, -1.0))
    assert (long.bid_size, long.ask_size) == (10.0, shown)
    assert (short.bid_size, short.ask_size) == (shown, 10.0)


def test_the_half_spread_comes_on_top(call: QuoteView) -> None:
    bare, wide = (LELAND._replace(half_spread_vol=width).quote(call) for width in (0.0, 0.01))
    assert (bare.bid - wide.bid, wide.ask - bare.ask) == pytest.approx((0.01 * call.vega, 0.01 * call.vega))


@pytest.mark.parametrize(
    ("parameters", "wrong"),
    [
        ({"rehedge_ns": 0}, {"rehedge_ns": "must be above 0"}),
        ({"round_trip_cost": -0.1}, {"round_trip_cost": "must be at least 0"}),
    ],
)
def test_domains(parameters: dict[str, float], wrong: dict[str, str]) -> None:
    assert HedgingCost(**parameters).check() == wrong

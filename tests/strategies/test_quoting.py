"""Each quoting policy, worked by hand on constructed views."""

from math import nan

import pytest

from mmsim import Quote
from strategies.quoting.expected_value import ExpectedValue
from strategies.quoting.fixed_price import FixedPrice
from strategies.quoting.fixed_width import FixedWidth
from strategies.quoting.inventory_skew import InventorySkew
from strategies.quoting.join_market import JoinMarket
from strategies.quoting.none import NoQuote
from strategies.quoting.vega_width import VegaWidth


def test_none_shows_no_size(quote_view):
    assert NoQuote().quote(quote_view())[2:] == (0.0, 0.0)


def test_fixed_width_is_the_same_for_every_option(quote_view):
    policy = FixedWidth(half_spread=0.25, size=3)
    assert policy.quote(quote_view()) == Quote(4.75, 5.25, 3, 3)
    assert policy.quote(quote_view(theo=8.0, vega=1.0)) == Quote(7.75, 8.25, 3, 3)


def test_vega_width_is_the_same_in_volatility(quote_view):
    policy = VegaWidth(half_spread_vol=0.01, size=3)
    assert policy.quote(quote_view()) == pytest.approx((4.6, 5.4, 3, 3))  # 0.01 × 40
    assert policy.quote(quote_view(vega=10.0)) == pytest.approx((4.9, 5.1, 3, 3))


def test_vega_width_keeps_a_least_width_where_there_is_no_vega(quote_view):
    policy = VegaWidth(half_spread_vol=0.01, min_half_spread=0.02, size=3)
    assert policy.quote(quote_view(vega=0.0)) == pytest.approx((4.98, 5.02, 3, 3))


def test_inventory_skew_leans_against_the_vega_of_the_book(quote_view):
    policy = InventorySkew(half_spread_vol=0.01, lean_vol_per_vega=1e-6, size=3)
    assert policy.quote(quote_view()) == pytest.approx((4.6, 5.4, 3, 3))
    long_vega = policy.quote(quote_view(net_vega=5_000.0))  # half a point of volatility lower: 0.005 × 40 = 0.20
    assert long_vega == pytest.approx((4.4, 5.2, 3, 3))
    short_vega = policy.quote(quote_view(net_vega=-5_000.0))
    assert short_vega == pytest.approx((4.8, 5.6, 3, 3))


def test_inventory_skew_leans_against_the_delta_of_the_book(quote_view):
    policy = InventorySkew(half_spread_vol=0.01, lean_vol_per_vega=0.0, lean_spot_per_delta=1e-3, size=3)
    long_delta = policy.quote(quote_view(net_delta=100.0))  # as if the spot were 0.10 lower: 0.052 for a delta of 0.52
    assert long_delta == pytest.approx((4.548, 5.348, 3, 3))
    a_put = policy.quote(quote_view(net_delta=100.0, delta=-0.5))
    assert a_put == pytest.approx((4.65, 5.45, 3, 3))


def test_inventory_skew_leans_against_the_gamma_held_at_the_strike(quote_view):
    policy = InventorySkew(half_spread_vol=0.01, lean_vol_per_vega=0.0, lean_vol_per_gamma=1e-3, size=3)
    held = policy.quote(quote_view(position=-2.0, net_gamma=1e6))  # −2 · 100 · 0.03 of gamma: 0.006 · 40 = 0.24 higher
    assert held == pytest.approx((4.84, 5.64, 3, 3))


def test_join_market_stands_where_the_market_does(quote_view):
    assert JoinMarket(size=3).quote(quote_view()) == pytest.approx((4.9, 5.1, 3, 3))
    assert JoinMarket(improve_ticks=2.0, size=3).quote(quote_view()) == pytest.approx((4.92, 5.08, 3, 3))
    assert JoinMarket(improve_ticks=-1.0, size=3).quote(quote_view()) == pytest.approx((4.89, 5.11, 3, 3))


def test_join_market_keeps_its_edge(quote_view):
    assert JoinMarket(min_edge=0.2).quote(quote_view()) == pytest.approx((4.8, 5.2, 10, 10))
    assert JoinMarket(min_edge=0.2).quote(quote_view(market_bid=4.5)) == pytest.approx((4.5, 5.2, 10, 10))
    assert JoinMarket(min_edge_vol=0.01).quote(quote_view()) == pytest.approx((4.6, 5.4, 10, 10))  # 0.01 × 40
    assert JoinMarket(improve_ticks=50.0).quote(quote_view()) == pytest.approx((5.0, 5.0, 10, 10))


def test_join_market_shows_nothing_where_the_market_has_no_side(quote_view):
    assert JoinMarket().quote(quote_view(market_bid=nan)) == pytest.approx((0.0, 5.1, 0, 10))
    assert JoinMarket().quote(quote_view(market_ask=nan))[2:] == (10, 0)
    assert JoinMarket().quote(quote_view(market_bid=nan, market_ask=nan))[2:] == (0, 0)


def test_expected_value_quotes_around_the_value_at_the_expected_volatility(quote_view):
    policy = ExpectedValue(half_spread_vol=0.01, size=3)
    view = quote_view(expected_volatility=0.28, expected_theo=6.2)
    assert policy.quote(view) == pytest.approx((5.8, 6.6, 3, 3))  # 6.2 ∓ 0.01 × 40
    assert policy._replace(weight=0.5).quote(view) == pytest.approx((5.2, 6.0, 3, 3))
    assert policy.quote(quote_view(expected_theo=0.1)) == pytest.approx((-0.3, 0.5, 0, 3))


def test_expected_value_shows_nothing_while_nothing_is_expected(quote_view):
    assert ExpectedValue().quote(quote_view())[2:] == (0.0, 0.0)


def test_fixed_price_is_as_given(quote_view):
    assert FixedPrice(bid=2.13, ask=2.20, size=5).quote(quote_view()) == Quote(2.13, 2.20, 5, 5)
    assert FixedPrice(bid=2.13, ask=2.20, bid_size=100, ask_size=0).quote(quote_view()) == Quote(2.13, 2.20, 100, 0)


@pytest.mark.parametrize("policy", [FixedWidth(0.25), VegaWidth(0.01), InventorySkew(0.01)])
def test_a_bid_below_zero_is_not_made(policy, quote_view):
    quote = policy.quote(quote_view(theo=0.1))
    assert quote.bid_size == 0
    assert quote.ask > 0
    assert quote.ask_size == 10


def test_a_lean_that_takes_the_whole_quote_below_zero_shows_nothing(quote_view):
    quote = InventorySkew(0.01, 1e-6).quote(quote_view(theo=0.1, net_vega=1e6))
    assert (quote.bid_size, quote.ask_size) == (0, 0)


@pytest.mark.parametrize("policy", [FixedWidth(), VegaWidth(), InventorySkew(), NoQuote()])
def test_defaults_never_cross(policy, quote_view):
    quote = policy.quote(quote_view())
    assert quote.bid <= quote.ask
    assert min(quote.bid_size, quote.ask_size) >= 0

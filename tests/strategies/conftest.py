"""Views as the loop would show them, to be changed field by field."""

from collections.abc import Callable
from math import nan

import pytest

from mmsim import HedgeView, OptionView, QuoteView


@pytest.fixture
def quote_view() -> Callable[..., QuoteView]:
    """An at-the-money call worth 5.00 with a vega of 40.00, on a flat book."""
    view = QuoteView(
        ts_ns=1_767_225_600_000_000_000,
        option=0,
        underlying=0,
        ticks=1,
        spot=100.0,
        strike=100.0,
        right=1.0,
        years=0.25,
        multiplier=100.0,
        tick=0.01,
        theo=5.0,
        implied_volatility=0.25,
        delta=0.52,
        gamma=0.03,
        vega=40.0,
        theta=-8.0,
        market_bid=4.9,
        market_ask=5.1,
        market_bid_size=10.0,
        market_ask_size=10.0,
        position=0.0,
        hedge=0.0,
        net_delta=0.0,
        net_gamma=0.0,
        net_vega=0.0,
    )
    return view._replace


@pytest.fixture
def hedge_view() -> Callable[..., HedgeView]:
    """A book that is long 52 deltas in options and has no hedge."""
    view = HedgeView(
        ts_ns=1_767_225_600_000_000_000,
        underlying=0,
        ticks=1,
        timer=0,
        spot=100.0,
        spot_bid=99.99,
        spot_ask=100.01,
        option_delta=52.0,
        hedge=0.0,
        pending=0.0,
        net_delta=52.0,
        net_gamma=3.0,
        net_vega=4000.0,
        net_theta=-800.0,
        last_hedge_ns=0,
        last_hedge_spot=nan,
    )
    return view._replace


@pytest.fixture
def option_view() -> Callable[..., OptionView]:
    """Ten at-the-money calls for a quarter of a year, all that the desk holds; no hedge."""
    view = OptionView(
        ts_ns=1_767_225_600_000_000_000,
        option=0,
        underlying=0,
        ticks=1,
        spot=100.0,
        strike=100.0,
        right=1.0,
        years=0.25,
        rate=0.05,
        multiplier=100.0,
        theo=5.0,
        implied_volatility=0.2,
        delta=0.55,
        gamma=0.04,
        vega=20.0,
        theta=-8.0,
        position=10.0,
        hedge=0.0,
        net_delta=550.0,
        net_gamma=40.0,
        net_vega=20_000.0,
    )
    return view._replace

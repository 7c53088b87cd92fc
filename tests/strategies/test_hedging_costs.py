"""Hedging policies that know what hedging costs: published figures, and figures worked out by hand."""

from math import nan

import pytest

import mmsim
from strategies.hedging.leland import Leland
from strategies.hedging.spot_move import SpotMove
from strategies.hedging.whalley_wilmott import WhalleyWilmott
from strategies.hedging.zakamouline import Zakamouline

WEEK = 604_800_000_000_000
TABLE = [  # k, weeks between hedges, volatility, value of a year's call at 100 with r = 10 %: to all digits printed
    (0.01, 1, 0.22695, 14.1806),
    (0.01, 52 / 12, 0.21337, 13.7186),
    (0.0025, 1, 0.20707, 13.5061),
    (0.04, 1, 0.29331, 16.4968),
]


class TestLeland:
    @pytest.mark.parametrize(("round_trip", "weeks", "volatility", "value"), TABLE)
    def test_volatility_and_value_of_short_gamma(self, round_trip, weeks, volatility, value, option_view):
        policy = Leland(round_trip=round_trip, interval_ns=round(weeks * WEEK), year_days=364)
        found = policy.hedge_vol(option_view(net_gamma=-1.0))
        assert found == pytest.approx(volatility, abs=5e-6)
        worth = mmsim.price(spot=100, strike=100, years=1, rate=0.1, volatility=found, right=1)
        assert float(worth) == pytest.approx(value, abs=5e-5)

    def test_long_gamma_has_the_other_sign(self, option_view):
        policy = Leland(round_trip=0.01, interval_ns=WEEK, year_days=364)
        assert policy.hedge_vol(option_view(net_gamma=1.0)) == pytest.approx(0.2 * (1 - 0.28768) ** 0.5, abs=1e-5)

    def test_says_where_there_is_no_volatility_and_how_to_go_on(self, option_view):
        policy = Leland(round_trip=0.04, interval_ns=WEEK, year_days=364)  # its number is 1.1507
        with pytest.raises(ValueError, match=r"imaginary volatility.*clamp, lower round_trip or lengthen interval_ns"):
            policy.hedge_vol(option_view(net_gamma=1.0))
        clamped = policy._replace(clamp=0.09)
        assert clamped.hedge_vol(option_view(net_gamma=1.0)) == pytest.approx(0.06)

    def test_hedges_at_its_timer_and_at_first(self, hedge_view):
        view = hedge_view(hedge_delta=40.0, last_hedge_ns=1)
        assert [Leland().hedge(view._replace(timer=timer)) for timer in (0, 1)] == [0, -40]
        assert Leland().hedge(view._replace(last_hedge_ns=0)) == -40


class TestWhalleyWilmott:
    policy = WhalleyWilmott(cost=0.01, risk_aversion=1.0)

    @pytest.mark.parametrize(("net_delta", "traded"), [(0.13174, 0), (-0.13174, 0), (0.5, -0.368257), (-0.5, 0.368257)])
    def test_trades_to_the_nearest_edge(self, net_delta, traded, hedge_view):
        """Their example: S = K = 100, r = 5 %, σ = 20 %, a quarter of a year: half-width 0.131743."""
        view = hedge_view(net_gamma=0.039288, net_delta=net_delta, years=0.25, rate=0.05)
        assert self.policy.hedge(view) == pytest.approx(traded, abs=1e-6)

    def test_without_options_it_goes_back_to_flat(self, hedge_view):
        assert self.policy.hedge(hedge_view(net_gamma=0.0, net_delta=-3.0, years=nan, rate=nan)) == 3


class TestZakamouline:
    """λ = 0.0005, γ = 1, S = 5000, Γ = 0.02, σ = 20 %, r = 0, a quarter of a year.

    By hand: λ^0.31 = 0.0947721, λ^0.78 = 0.00266193, τ^0.05 = 0.933033, τ^0.02 = 0.972655, σ^−0.25 = 1.495349,
    √Γ = 0.1414214, (γS²Γ)^0.15 = 500000^0.15 = 7.158887; so H₀ = 0.00001, H₁ = 0.0209437, K = −0.1394546.
    """

    policy = Zakamouline(cost=0.0005, risk_aversion=1.0)
    width = 0.00001 + 0.0209437

    @pytest.mark.parametrize("side", [-1.0, 1.0])
    def test_trades_to_the_nearest_edge(self, side, hedge_view):
        view = hedge_view(spot=5000.0, years=0.25, rate=0.0, implied_volatility=0.2, net_gamma=0.02)
        inside, outside = view._replace(hedge_delta=0.999 * side * self.width), view._replace(hedge_delta=0.5 * side)
        assert self.policy.hedge(inside) == 0
        assert self.policy.hedge(outside) == pytest.approx(-side * (0.5 - self.width), abs=1e-6)

    @pytest.mark.parametrize(("net_gamma", "square"), [(0.02, 1 - 0.1394546), (-0.02, 1 + 0.1394546)])
    def test_volatility(self, net_gamma, square, option_view):
        found = self.policy.hedge_vol(option_view(spot=5000.0, rate=0.0, net_gamma=net_gamma))
        assert found == pytest.approx(0.2 * square**0.5, abs=1e-6)

    def test_says_where_there_is_no_volatility_and_how_to_go_on(self, option_view):
        dear = Zakamouline(cost=0.02, risk_aversion=1.0)
        view = option_view(spot=5000.0, net_gamma=0.02)
        with pytest.raises(ValueError, match=r"imaginary volatility, 1 \+ K <= 0: set clamp, or lower cost or risk_av"):
            dear.hedge_vol(view)
        assert dear._replace(clamp=0.25).hedge_vol(view) == pytest.approx(0.1)
        assert dear.hedge_vol(view._replace(net_gamma=-0.02)) > 0.2

    def test_at_expiry_there_is_no_band(self, hedge_view, option_view):
        assert self.policy.hedge(hedge_view(years=nan, hedge_delta=7.0)) == -7
        assert self.policy.hedge_vol(option_view(years=0.0)) == 0.2


def test_spot_move_waits_for_a_share_of_a_days_deviation(hedge_view):
    """At 20 % and 252 days a standard deviation of a day is 1.26 %: half of it is from 100 to 100.632."""
    policy = SpotMove(deviations=0.5, year_days=252)
    view = hedge_view(implied_volatility=0.2, last_hedge_ns=1, last_hedge_spot=100.0)
    assert [policy.hedge(view._replace(spot=spot)) for spot in (99.373, 100.63, 99.371, 100.633)] == [0, 0, -52, -52]
    assert policy.hedge(view._replace(last_hedge_ns=0, last_hedge_spot=nan)) == -52
    assert policy.hedge(view._replace(implied_volatility=nan)) == -52


@pytest.mark.parametrize(
    ("policy", "wrong"),
    [
        (
            Leland(round_trip=-0.1, interval_ns=0, clamp=2.0, year_days=-1),
            {"round_trip", "interval_ns", "clamp", "year_days"},
        ),
        (WhalleyWilmott(cost=-0.1, risk_aversion=0.0), {"cost", "risk_aversion"}),
        (Zakamouline(cost=0.0, risk_aversion=-1.0, clamp=-0.1), {"cost", "risk_aversion", "clamp"}),
        (SpotMove(deviations=-1.0, period_ns=0, year_days=-1.0), {"deviations", "period_ns", "year_days"}),
    ],
)
def test_domains_are_checked(policy, wrong):
    assert set(policy.check()) == wrong
    assert type(policy)().check() == {}

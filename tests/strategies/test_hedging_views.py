"""Hedging policies with a delta, or with options to shed, of their own: worked by hand on constructed views."""

from types import SimpleNamespace

import pytest

from strategies.hedging.hedge_at import HedgeAt, Volatility
from strategies.hedging.minimum_variance import MinimumVariance
from strategies.hedging.vega_offload import VegaOffload


class TestHedgeAt:
    @pytest.mark.parametrize(
        ("policy", "expected", "found"),
        [
            (HedgeAt(), 0.3, 0.2),
            (HedgeAt(Volatility.FORECAST), 0.3, 0.3),
            (HedgeAt(Volatility.FORECAST), float("nan"), 0.2),
            (HedgeAt(Volatility.GIVEN, 0.4), 0.3, 0.4),
        ],
    )
    def test_volatility(self, policy, expected, found, option_view):
        assert policy.hedge_vol(option_view(expected_volatility=expected)) == found

    def test_realised_is_what_the_scenario_says(self, option_view):
        def market(*volatilities):
            models = {n: SimpleNamespace(volatility=volatility) for n, volatility in enumerate(volatilities)}
            return SimpleNamespace(market=SimpleNamespace(spot=models))

        policy = HedgeAt(Volatility.REALISED)
        assert policy.prepare(market(0.35, 0.35)).hedge_vol(option_view()) == 0.35
        for models in (market(0.35, 0.3), market(None), market(), SimpleNamespace(market=SimpleNamespace(spot=None))):
            with pytest.raises(ValueError, match=r"no one volatility in market\.spot"):
                policy.prepare(models)

    def test_band(self, hedge_view):
        policy = HedgeAt(band=10.0)
        assert [policy.hedge(hedge_view(hedge_delta=delta)) for delta in (10.0, -10.0, 10.5)] == [0, 0, -10.5]

    def test_a_number_goes_with_given_alone(self):
        assert "volatility" in HedgeAt(Volatility.GIVEN).check()
        assert "volatility" in HedgeAt(Volatility.FORECAST, 0.2).check()
        assert HedgeAt(Volatility.GIVEN, 0.2).check() == {}


class TestMinimumVariance:
    policy = MinimumVariance(a=-0.2, b=0.3, c=-0.4, band=1.0)

    def test_slope(self, option_view):
        """At a delta of 0.5: (−0.2 + 0.15 − 0.1) / (100 · 0.5) = −0.003 of volatility for a move of 1."""
        assert self.policy.hedge_slope(option_view(delta=0.5)) == pytest.approx(-0.003)
        assert self.policy.hedge_slope(option_view(delta=-0.5, right=-1.0)) == pytest.approx(-0.003), "the put's"
        assert self.policy.hedge_slope(option_view(years=0.0)) == 0

    def test_band(self, hedge_view):
        assert [self.policy.hedge(hedge_view(hedge_delta=delta)) for delta in (1.0, -1.5)] == [0, 1.5]


class TestVegaOffload:
    policy = VegaOffload(vega_limit=20_000.0, near=0.9, target=0.5, block=1.0, band=5.0)

    def test_sheds_to_its_target_in_whole_blocks(self, option_view):
        """Vega 20,000 of 10 contracts at 2,000 each; 10,000 is the target: 5 are sold, 4 in blocks of two."""
        assert self.policy.offload(option_view()) == -5
        assert self.policy._replace(block=2.0).offload(option_view()) == -4
        assert self.policy.offload(option_view(position=-10.0, net_vega=-20_000.0)) == 5

    def test_keeps_what_is_within_or_helps(self, option_view):
        assert self.policy.offload(option_view(net_vega=17_999.0)) == 0
        assert self.policy.offload(option_view(position=-10.0)) == 0, "short vega while the book is long"
        assert self.policy._replace(vega_limit=0.0).offload(option_view(net_vega=1e9)) == 0

    def test_sells_no_more_than_it_has(self, option_view):
        assert self.policy.offload(option_view(net_vega=1e6)) == -10

    def test_gamma(self, option_view):
        """Gamma 40 at 4 a contract, limit 40, target 20: 5 contracts."""
        assert self.policy._replace(vega_limit=0.0, gamma_limit=40.0).offload(option_view()) == -5

    def test_hedges_in_its_band(self, hedge_view):
        assert [self.policy.hedge(hedge_view(net_delta=delta)) for delta in (5.0, 6.0)] == [0, -6]


@pytest.mark.parametrize(
    ("policy", "wrong"),
    [
        (VegaOffload(vega_limit=-1.0, near=0.0, block=0.5), {"vega_limit", "near", "target", "block"}),
        (MinimumVariance(0.0, 0.0, 0.0, band=-1.0), {"band"}),
    ],
)
def test_domains_are_checked(policy, wrong):
    assert set(policy.check()) == wrong

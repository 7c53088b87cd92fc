"""Stoikov and Sağlam: the complete market, and the risk by numerical differences."""

from collections.abc import Callable

import numpy as np
import pytest

from mmsim import QuoteView
from strategies.quoting.stoikov_saglam import DAY_NS, StoikovSaglam

COMPLETE = StoikovSaglam(year_days=365.0, per_hour=40.0, slope=200.0, risk_aversion=0.0, in_vol=False)


@pytest.mark.parametrize("book", [{}, {"net_delta": 900.0, "net_gamma": -50.0, "net_vega": 1e6, "position": 30.0}])
def test_in_a_complete_market_the_premium_is_half_of_c_over_d(
    book: dict[str, float], quote_view: Callable[..., QuoteView]
) -> None:
    """Theorems 1 and 4: 40 − 200·ε has its best premium at 0.1, whatever is held."""
    quote = COMPLETE.quote(quote_view(theo=5.0, **book))
    assert (quote.bid, quote.ask) == (4.9, 5.1)
    premiums = np.linspace(0, 0.2, 2001)
    assert premiums[np.argmax((40 - 200 * premiums) * premiums)] == pytest.approx(0.1)


def test_hedged_continuously_no_delta_and_no_gamma_is_risk(quote_view: Callable[..., QuoteView]) -> None:
    policy = COMPLETE._replace(risk_aversion=1.0, vol_sd=0.0)
    assert policy.quote(quote_view(theo=5.0, net_delta=900.0, net_gamma=-50.0)) == pytest.approx((4.9, 5.1, 10, 10))


def risk(policy: StoikovSaglam, delta: float, gamma: float, vega: float, daily: float) -> float:
    """½·γ·variance over the horizon; `daily` is the spot's standard deviation a day.

    The gain between two hedges is ½·Γ·(ΔS² − s²·h) with a variance of ½·Γ²·s⁴·h², once every h.
    """
    tau, h = policy.horizon_ns / DAY_NS, policy.rehedge_ns / DAY_NS
    variance = (vega * policy.vol_sd) ** 2 + 0.5 * gamma**2 * daily**4 * h
    return 0.5 * policy.risk_aversion * tau * (variance + (0.0 if policy.is_hedged else (delta * daily) ** 2))


@pytest.mark.parametrize("is_hedged", [True, False])
def test_premiums_are_the_best_against_linear_demand_and_the_added_risk(
    is_hedged: bool, quote_view: Callable[..., QuoteView]
) -> None:
    """The premium that maximises (C − D·ε)·(ε − what the trade adds in risk a unit), by search."""
    policy = COMPLETE._replace(
        risk_aversion=2e-5, vol_sd=0.02, rehedge_ns=DAY_NS // 4, horizon_ns=DAY_NS // 2, lot=5.0, is_hedged=is_hedged
    )
    shown = quote_view(theo=5.0, net_delta=300.0, net_gamma=40.0, net_vega=-20_000.0)
    daily = 100.0 * 0.25 / 365**0.5
    units = 5.0 * 100.0
    book = np.array([300.0, 40.0, -20_000.0])
    trade = units * np.array([shown.delta, shown.gamma, shown.vega])
    quote, premiums = policy.quote(shown), np.linspace(-0.2, 0.4, 600_001)
    for side, premium in ((1.0, 5.0 - quote.bid), (-1.0, quote.ask - 5.0)):
        added = (risk(policy, *(book + side * trade), daily) - risk(policy, *book, daily)) / units
        gains = (40 - 200 * premiums) * (premiums - added)
        assert premium == pytest.approx(premiums[np.argmax(gains)], abs=2e-6)


def test_premiums_in_volatility_go_with_vega(quote_view: Callable[..., QuoteView]) -> None:
    policy = COMPLETE._replace(in_vol=True, slope=4000.0)
    quote = policy.quote(quote_view(theo=5.0, vega=20.0))
    assert (quote.bid, quote.ask) == pytest.approx((4.9, 5.1))  # half of 0.01 times 20


@pytest.mark.parametrize(
    ("parameters", "wrong"),
    [
        ({"per_hour": 0.0, "slope": -1.0}, dict.fromkeys(("per_hour", "slope"), "must be above 0")),
        (
            {"risk_aversion": -1.0, "lot": -1.0},
            {"risk_aversion": "must be at least 0", "lot": "must be at least 0"},
        ),
    ],
)
def test_domains(parameters: dict[str, float], wrong: dict[str, str]) -> None:
    assert StoikovSaglam(**parameters).check() == wrong

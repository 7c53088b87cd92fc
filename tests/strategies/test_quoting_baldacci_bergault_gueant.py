"""Baldacci, Bergault and Guéant: the intensity, its Hamiltonian, and the value function by other means."""

from collections.abc import Callable
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import minimize_scalar
from scipy.special import lambertw

from mmsim import QuoteView
from strategies.quoting.baldacci_bergault_gueant import DAY_NS, BaldacciBergaultGueant

START = 1_767_225_600_000_000_000
DAY = SimpleNamespace(clock=SimpleNamespace(start=START, end=START + DAY_NS))
# The paper's α and β, one class of requests; inventories count.
POLICY = BaldacciBergaultGueant(
    per_hour=5.0, alpha=0.7, beta=150.0, risk_aversion=2e-5, vol_sd=0.02, vega_lot=10_000.0, max_vega=60_000.0
)


@cache
def solved(drift: float = 0.0) -> BaldacciBergaultGueant:
    """The policy prepared for a day, once for each drift of volatility."""
    return POLICY._replace(vol_drift=drift).prepare(DAY)


def accepted(distance: float) -> float:
    """The probability that a request trades `distance` (volatility) from theo."""
    return 1.0 / (1.0 + np.exp(POLICY.alpha + POLICY.beta * distance))


def test_the_papers_intensity() -> None:
    """A third of the requests at the mid, 0.69 a volatility point better, 0.10 a point worse; 30 and 12.5 a day."""
    assert [accepted(x) for x in (0.0, -0.01, 0.01)] == pytest.approx([0.33, 0.69, 0.10], abs=0.005)
    assert [30 / (1 + 0.7 * abs(10 - strike)) for strike in (10, 8, 12)] == pytest.approx([30, 12.5, 12.5])


def best(price: float) -> tuple[float, float]:
    """sup over δ of (δ − p) times the probability, and where it is, by search."""
    found = minimize_scalar(
        lambda x: -(x - price) * accepted(x), bounds=(price, price + 0.2), method="bounded", options={"xatol": 1e-12}
    )
    return -found.fun, found.x


@pytest.mark.parametrize("price", [-0.05, -0.01, 0.0, 0.004, 0.03])
def test_the_hamiltonian_and_its_distance_are_the_best_there_is(
    price: float, quote_view: Callable[..., QuoteView]
) -> None:
    """A slope of the value moves both quotes: δ(p) on one side, δ(−p) on the other."""
    prepared = solved()
    prepared = prepared._replace(slopes=np.full_like(prepared.slopes, price))
    quote = prepared.quote(quote_view(theo=50.0, vega=40.0, ts_ns=START))
    assert (50 - quote.bid) / 40 == pytest.approx(best(price)[1], abs=1e-7)
    assert (quote.ask - 50) / 40 == pytest.approx(best(-price)[1], abs=1e-7)
    lambert = lambertw(np.exp(-1 - POLICY.alpha - POLICY.beta * price)).real
    assert best(price)[0] == pytest.approx(lambert / POLICY.beta, rel=1e-9)


def values(policy: BaldacciBergaultGueant, days: float) -> np.ndarray:
    """v at every vega by the lot, by an adaptive implicit solver and the Hamiltonian as SciPy's Lambert function."""
    bound = round(policy.max_vega / policy.vega_lot)
    vegas = policy.vega_lot * np.arange(-bound, bound + 1)

    def growth(_tau: float, value: np.ndarray) -> np.ndarray:
        rate = policy.vol_drift * vegas - policy.risk_aversion * (policy.vol_sd * vegas) ** 2 / 2
        for n in range(len(value)):
            for other in (n - 1, n + 1):
                if 0 <= other < len(value):
                    price = (value[n] - value[other]) / policy.vega_lot
                    lambert = lambertw(np.exp(-1 - policy.alpha - policy.beta * price)).real
                    rate[n] += policy.vega_lot * 24 * policy.per_hour * lambert / policy.beta
        return rate

    return solve_ivp(growth, (0, days), np.zeros(len(vegas)), method="LSODA", rtol=1e-10, atol=1e-8).y[:, -1]


@pytest.mark.parametrize("days", [1.0, (20 / 63) ** 2, (2 / 63) ** 2])
@pytest.mark.parametrize("drift", [0.0, 0.004])
def test_quotes_follow_the_value_function(days: float, drift: float, quote_view: Callable[..., QuoteView]) -> None:
    worth, prepared = values(POLICY._replace(vol_drift=drift), days), solved(drift)
    for n in range(1, 12):
        shown = quote_view(theo=50.0, vega=40.0, net_vega=(n - 6) * 10_000.0, ts_ns=START + round((1 - days) * DAY_NS))
        quote = prepared.quote(shown)
        bought, sold = (worth[n] - worth[n + 1]) / 10_000, (worth[n] - worth[n - 1]) / 10_000
        assert (50 - quote.bid) / 40 == pytest.approx(best(bought)[1], abs=1e-6)
        assert (quote.ask - 50) / 40 == pytest.approx(best(sold)[1], abs=1e-6)


def test_the_value_function_is_the_best_of_all_quotes() -> None:
    """Without the Hamiltonian: at each instant of a fine grid the distances are searched for among 4,001."""
    policy = POLICY._replace(max_vega=20_000.0)
    vegas, steps = 10_000.0 * np.arange(-2, 3), 2000
    distances = np.linspace(-0.05, 0.15, 4001)
    rates = 24 * policy.per_hour / (1 + np.exp(policy.alpha + policy.beta * distances))
    value = np.zeros(5)
    for _ in range(steps):
        rate = -policy.risk_aversion * (policy.vol_sd * vegas) ** 2 / 2
        for n in range(5):
            for other in (n - 1, n + 1):
                if 0 <= other < 5:
                    gain = policy.vega_lot * distances + value[other] - value[n]
                    rate[n] += (rates * gain).max()
        value = value + rate * 0.05 / steps
    solved = policy._values(np.array([0.0, 0.05]))[-1]
    assert value == pytest.approx(solved, rel=1e-4)


def test_a_desk_that_is_long_vega_sells_cheaper(quote_view: Callable[..., QuoteView]) -> None:
    prepared = solved()
    flat, long = (prepared.quote(quote_view(theo=50.0, net_vega=vega, ts_ns=START)) for vega in (0.0, 30_000.0))
    assert long.ask < flat.ask
    assert long.bid < flat.bid
    assert flat.bid + flat.ask == pytest.approx(100.0)


def test_no_more_contracts_than_the_bound_leaves_room_for(quote_view: Callable[..., QuoteView]) -> None:
    """A contract has 4,000 of vega, and 60,000 is the bound: at 50,000 two may be bought, at 70,000 none."""
    prepared = solved()._replace(size=20.0)
    sizes = [prepared.quote(quote_view(theo=50.0, net_vega=vega))[2:] for vega in (0.0, 50_000.0, -70_000.0)]
    assert sizes == [(15, 15), (2, 20), (20, 0)]


def test_a_horizon_stays_as_far_away(quote_view: Callable[..., QuoteView]) -> None:
    rolling = POLICY._replace(horizon_ns=DAY_NS).prepare(DAY)
    late = quote_view(theo=50.0, net_vega=20_000.0, ts_ns=START + DAY_NS - 1)
    assert rolling.quote(late) == solved().quote(late._replace(ts_ns=START))


def test_more_requests_than_can_be_solved_are_refused() -> None:
    with pytest.raises(ValueError, match="give a shorter `horizon_ns`"):
        POLICY._replace(per_hour=5000.0).prepare(DAY)


@pytest.mark.parametrize(
    ("parameters", "wrong"),
    [
        ({"beta": 0.0, "per_hour": -1.0}, dict.fromkeys(("per_hour", "beta"), "must be above 0")),
        ({"risk_aversion": -1e-6}, {"risk_aversion": "must be at least 0"}),
        ({"max_vega": 5_000.0}, {"max_vega": "must be from 1 to 500 times vega_lot"}),
        ({"end": 1.0}, {"end": "is taken from the clock"}),
        ({"slopes": np.ones((2, 2))}, {"slopes": "is solved, not given"}),
    ],
)
def test_domains(parameters: dict[str, float], wrong: dict[str, str]) -> None:
    assert BaldacciBergaultGueant(**parameters).check() == wrong

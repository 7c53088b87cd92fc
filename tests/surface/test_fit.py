"""The fit on synthetic chains: what it recovers, what it keeps clear of, and what it says."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import least_squares

from mmsim.pricing import price
from mmsim.surface import Arbitrage, Method, Slice, SliceStatus, Surface, Svi, fit
from mmsim.surface.ssvi import Ssvi

from .chains import FORWARD, chain, exact, mixture

MARCH = Svi(a=0.0017, b=0.027, rho=-0.87, m=0.04, sigma=0.021)  # of ES, January 2020
SKEWED = ((0.25, 0.92, 0.25), (0.75, 1.03, 0.11))
CALENDAR_K = np.linspace(-0.3, 0.2, 501)


def smile_of(svi: Svi, years: float):
    return lambda k: np.sqrt(svi.derivatives(k)[0] / years)


def has_butterfly(surface: Surface, expiry_ns: int, low: float = -0.6, high: float = 0.4) -> bool:
    """Whether second differences of call prices by strike are below zero somewhere."""
    smile = surface.smiles[expiry_ns]
    strike = FORWARD * np.linspace(np.exp(low), np.exp(high), 4001)
    vol = smile.volatility(np.log(strike / FORWARD))
    calls = price(spot=FORWARD, strike=strike, years=smile.years, volatility=vol, carry=0.0)
    return bool((np.diff(calls, 2) < -1e-10).any())


@pytest.mark.parametrize(
    ("svi", "years"),
    [
        (MARCH, 0.2),
        (Svi(0.0043, 0.042, -0.99, 0.058, 0.035), 0.45),
        (Svi(0.01, 0.08, -0.3, -0.02, 0.1), 1.0),
        (Svi(0.0004, 0.012, 0.2, 0.0, 0.02), 0.02),
    ],
)
def test_svi_is_recovered(svi: Svi, years: float) -> None:
    deviation = float(np.sqrt(svi.derivatives(0.0)[0]))
    k = np.linspace(-2.5, 1.8, 45) * deviation
    smile = fit([exact(smile_of(svi, years), years, k)]).smiles[1]
    dense = np.linspace(-3.0, 2.2, 201) * deviation
    assert np.abs(np.sqrt(smile.svi.derivatives(dense)[0] / years) - smile_of(svi, years)(dense)).max() < 2e-6
    assert np.abs(smile.volatility(dense) - smile_of(svi, years)(dense)).max() < 2e-6
    assert smile.method is Method.SVI and smile.status is SliceStatus.FITTED and not smile.arbitrage


@pytest.mark.parametrize("seed", range(6))
def test_svi_is_as_near_as_scipy_finds(seed: int) -> None:
    """The weighted sum of squares against an independent optimiser from many starts."""
    rng = np.random.default_rng(seed)
    years = float(rng.uniform(0.05, 1.0))
    volatility = mixture(years, ((0.3, 0.93, float(rng.uniform(0.2, 0.4))), (0.7, 1.03, 0.13)))
    quotes = chain(volatility, years, noise=0.4, rng=rng)
    smile = fit([quotes]).smiles[1]
    assert not smile.arbitrage_found  # so that the free fit is what is compared
    used = smile.residuals["status"] == "used"
    k, mid = quotes.log_moneyness[used], quotes.mid_volatility[used]
    half_width = (quotes.vega * np.maximum(0.5 * (quotes.ask_volatility - quotes.bid_volatility), 1e-5))[used]
    weight = quotes.vega[used] / np.hypot(half_width, np.median(half_width))

    def misses(x: np.ndarray) -> np.ndarray:
        a, b, rho, m, sigma = x
        w = a + b * (rho * (k - m) + np.hypot(k - m, sigma))
        return weight * (np.sqrt(np.maximum(w, 1e-12) / years) - mid)

    d = float(np.sqrt(smile.total_variance(0.0)))
    lower, upper = [-1, 1e-6, -0.9999, k.min() - 0.5 * d, 0.05 * d], [1, 1, 0.9999, k.max() + 0.5 * d, 10 * d]
    best = min(
        least_squares(misses, [0.5 * d * d, 0.1 * d, -0.3, m * d, s * d], bounds=(lower, upper), x_scale="jac").cost
        for m in (-0.8, 0.0, 0.8)
        for s in (0.15, 0.5, 1.5)
    )
    assert 0.5 * np.square(misses(np.array(smile.svi))).sum() <= best * 1.002


def test_mark_is_inside_where_svi_is_not() -> None:
    """A smile that SVI cannot follow, on a tick: the mark is inside nearly everywhere, and free of arbitrage."""
    years = 0.25
    surface = fit([chain(mixture(years, SKEWED), years)])
    smile = surface.smiles[1]
    table = smile.residuals
    assert table["svi_inside"].mean() < 0.3
    assert table["mark_inside"].mean() > 0.98
    assert not smile.arbitrage and not has_butterfly(surface, 1)
    k = np.linspace(-0.18, 0.07, 61)
    assert np.abs(smile.volatility(k) - mixture(years, SKEWED)(k)).max() < 5e-4


@pytest.mark.parametrize("seed", range(4))
def test_mark_does_not_follow_noise(seed: int) -> None:
    """Quotes that contradict each other: the mark is as near to them as the truth is, and near to the truth."""
    years = 0.25
    truth = mixture(years, SKEWED)
    surface = fit([chain(truth, years, noise=0.5, rng=np.random.default_rng(seed))])
    table = surface.smiles[1].residuals
    of_truth = table["k"].to_numpy()
    true_vol = truth(of_truth)
    inside = ((table["bid"] <= true_vol) & (true_vol <= table["ask"])).mean()
    assert table["mark_inside"].mean() > inside - 0.05
    assert np.sqrt(np.square(table["mark"] - true_vol).mean()) < 0.5 * np.sqrt(
        np.square(table["mid"] - true_vol).mean()
    )
    assert not surface.smiles[1].arbitrage and not has_butterfly(surface, 1)


def test_correction_ends_with_the_quotes() -> None:
    """Far from the quotes the mark is raw SVI, and it gets there smoothly."""
    smile = fit([chain(mixture(0.25, SKEWED), 0.25)]).smiles[1]
    far = np.array([-1.0, -0.5, 0.3, 1.0])  # log-moneyness
    assert (smile.total_variance(far) == smile.svi.derivatives(far)[0]).all()
    k = np.linspace(-0.4, 0.25, 20_001)
    w, slope, curvature = smile.curve.derivatives(k)
    step = k[1] - k[0]
    assert np.abs(np.diff(w) / step - 0.5 * (slope[1:] + slope[:-1])).max() < 1e-6
    assert np.abs(np.diff(slope) / step - 0.5 * (curvature[1:] + curvature[:-1])).max() < 1e-3


def test_butterfly_is_found_and_removed() -> None:
    """Vogt's smile, quoted: the free fit finds it with its arbitrage, the mark has none (by prices, too)."""
    vogt = Svi(a=-0.0410, b=0.1331, rho=0.3060, m=0.3586, sigma=0.4153)
    quotes = exact(smile_of(vogt, 1.0), 1.0, np.linspace(-0.5, 1.2, 60), half_width=0.01)
    quotes = quotes._replace(vega=np.ones(60))
    surface = fit([quotes])
    (found,) = surface.smiles[1].arbitrage_found
    assert found.kind == "butterfly" and found.worst == pytest.approx(0.88, abs=0.03)
    assert has_butterfly(fit([quotes]), 1, -1.0, 1.4) is False
    assert not surface.smiles[1].arbitrage
    assert "butterfly by 0.033" in surface.report()["arbitrage_found"].item()


def test_calendar_is_found_and_removed() -> None:
    """The earlier smile is quoted above the later one in its wing: it gives way there, and stays where it can."""
    near, far = Svi(0.001, 0.05, -0.3, 0.0, 0.15), Svi(0.004, 0.035, -0.3, 0.0, 0.15)
    k = np.linspace(-0.25, 0.25, 51)
    slices = [
        exact(smile_of(near, 0.5), 0.5, k, expiry_ns=1, half_width=5e-3),
        exact(smile_of(far, 0.6), 0.6, np.linspace(-0.3, 0.3, 61), expiry_ns=2, half_width=5e-3),
    ]
    surface = fit(slices)
    assert {one.kind for one in surface.smiles[1].arbitrage_found} == {"calendar"}
    assert not surface.smiles[1].arbitrage and not surface.smiles[2].arbitrage
    room = surface.smiles[2].total_variance(CALENDAR_K) - surface.smiles[1].total_variance(CALENDAR_K)
    assert room.min() >= 0.0
    assert np.abs(surface.smiles[1].volatility(np.zeros(1)) - smile_of(near, 0.5)(np.zeros(1))).max() < 2e-3


def test_surface_between_expiries() -> None:
    slices = [
        chain(smile_of(MARCH, 0.2), 0.2, expiry_ns=1),
        chain(smile_of(MARCH.scaled(2.0), 0.45), 0.45, expiry_ns=2),
    ]
    surface = fit(slices)
    k = np.linspace(-0.2, 0.1, 7)
    near, far = (surface.smiles[e].total_variance(k) for e in (1, 2))
    assert surface.total_variance(0.2, k) == pytest.approx(near, rel=1e-14)
    assert surface.total_variance(0.45, k) == pytest.approx(far, rel=1e-14)
    assert surface.total_variance(0.3, k) == pytest.approx(near + (far - near) * 0.4, rel=1e-12)
    assert surface.volatility(0.1, k) == pytest.approx(surface.smiles[1].volatility(k), rel=1e-12)
    assert surface.volatility(2.0, k) == pytest.approx(surface.smiles[2].volatility(k), rel=1e-12)
    assert surface.volatility([[0.2], [0.3]], k).shape == (2, 7)
    with pytest.raises(ValueError, match="above zero"):
        surface.volatility(0.0, k)


def test_ssvi_is_recovered() -> None:
    shape = Ssvi(rho=-0.55, eta=0.9, gamma=0.4)
    slices = []
    for n, (years, theta) in enumerate([(0.1, 0.003), (0.3, 0.011), (1.0, 0.05)]):
        k = np.linspace(-2.5, 2.0, 31) * np.sqrt(theta)
        slices.append(exact(smile_of(shape.smile(theta), years), years, k, expiry_ns=n))
    assert fit(slices).ssvi == pytest.approx(shape, abs=1e-4)
    assert fit(slices[:1]).ssvi is None


def test_few_strikes_take_the_shape_of_the_others() -> None:
    """Two strikes between two whole expiries of one SSVI surface: the smile between is that of the surface."""
    shape = Ssvi(rho=-0.55, eta=0.9, gamma=0.4)
    slices = []
    for n, (years, theta, points) in enumerate([(0.1, 0.003, 31), (0.3, 0.011, 2), (1.0, 0.05, 31)]):
        k = np.linspace(-1.0, 1.5, points) * np.sqrt(theta)
        slices.append(exact(smile_of(shape.smile(theta), years), years, k, expiry_ns=n))
    surface = fit(slices)
    smile = surface.smiles[1]
    assert (smile.method, smile.status) == (Method.SSVI, SliceStatus.FEW_STRIKES)
    k = np.linspace(-0.2, 0.2, 21)
    assert np.abs(smile.volatility(k) - smile_of(shape.smile(0.011), 0.3)(k)).max() < 1e-4
    assert not smile.arbitrage


def test_warm_start_finds_the_same() -> None:
    rng = np.random.default_rng(3)
    first = fit([chain(mixture(0.25, SKEWED), 0.25, noise=0.3, rng=rng)])
    quotes = chain(mixture(0.2499, SKEWED), 0.2499, noise=0.3, rng=rng)
    cold, warm = fit([quotes]).smiles[1], fit([quotes], first).smiles[1]
    k = np.linspace(-0.25, 0.15, 41)
    assert np.abs(cold.volatility(k) - warm.volatility(k)).max() < 2e-5


def test_order_of_quotes_and_of_slices_changes_nothing() -> None:
    rng = np.random.default_rng(4)
    slices = [chain(mixture(t, SKEWED), t, expiry_ns=n, noise=0.3, rng=rng) for n, t in enumerate((0.2, 0.4))]
    order = rng.permutation(slices[0].vega.size)
    mixed = [slices[1], Slice(*slices[0][:3], *(column[order] for column in slices[0][3:]))]
    k = np.linspace(-0.25, 0.15, 41)
    there, again = fit(slices), fit(mixed)
    assert list(again.smiles) == [0, 1]
    assert np.abs(there.smiles[0].volatility(k) - again.smiles[0].volatility(k)).max() < 1e-12


def test_report() -> None:
    slices = [chain(mixture(t, SKEWED), t, expiry_ns=n) for n, t in enumerate((0.2, 0.4))]
    gone = slices[0]._replace(expiry_ns=-1, years=-0.01)
    report = fit([gone, *slices]).report()
    assert report["status"].tolist() == ["expired", "fitted", "fitted"]
    assert report["method"].tolist() == ["none", "svi", "svi"]
    assert report["expiry"].iloc[1] == pd.Timestamp(0, tz="UTC")
    row, table = report.iloc[1], fit(slices).smiles[0].residuals
    used = table["status"] == "used"
    assert (row["quotes"], row["used"]) == (len(table), used.sum())
    assert row["inside_mark"] == table["mark_inside"][used].mean()
    assert row["rms_svi"] == pytest.approx(float((table["svi"] - table["mid"])[used].pow(2).mean() ** 0.5))
    assert str(Arbitrage("calendar", -0.1, 0.2, 0.15, 0.0123)) == "calendar by 0.012 at +0.150 (from -0.100 to +0.200)"

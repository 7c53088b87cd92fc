"""The fit of the policy minimum_variance: coefficients that made the data are found, and none where there are none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mmsim
from mmsim.errors import UserError
from tests.economics import oracle

SEED = 11
TRUE = (-0.25, 0.4, -0.35)


@pytest.fixture(scope="module")
def marks() -> pd.DataFrame:
    """Nine calls on 400 days, their volatilities moved by the spot as TRUE says, and by noise of 0.05 points a day."""
    draw, days = np.random.default_rng(SEED), 400
    spot = 100 * np.exp(np.cumsum(0.01 * draw.standard_normal(days)))
    tables = []
    for strike in range(80, 125, 5):
        volatility, years = np.full(days, 0.2), 3.0 - np.arange(days) / 365
        for day in range(days - 1):
            delta = float(oracle.delta(spot[day], strike, years[day], volatility[day]))
            move = (spot[day + 1] / spot[day] - 1) / np.sqrt(years[day])
            answer = move * (TRUE[0] + TRUE[1] * delta + TRUE[2] * delta**2)
            volatility[day + 1] = max(volatility[day] + answer + 0.0005 * draw.standard_normal(), 0.05)
        gamma = oracle.gamma(spot, strike, years, volatility)
        tables.append(
            pd.DataFrame(
                {
                    "option": f"C{strike}",
                    "ts": pd.date_range("2026-01-01", periods=days, tz="UTC"),
                    "spot": spot,
                    "volatility": volatility,
                    "years": years,
                    "call_delta": oracle.delta(spot, strike, years, volatility),
                    "vega": gamma * spot**2 * volatility * years,
                }
            )
        )
    return pd.concat(tables).sample(frac=1.0, random_state=SEED)


def test_finds_the_coefficients_that_made_the_data(marks: pd.DataFrame) -> None:
    fit = mmsim.fit_minimum_variance(marks)
    assert fit.changes == 9 * 399
    for found, true, error in zip(fit[:3], TRUE, fit.errors, strict=True):
        assert abs(found - true) < 3 * error, f"seed {SEED}: {fit}"
        assert 0.0 < error < 0.1
    assert fit.policy == {"policy": "minimum_variance", "a": fit.a, "b": fit.b, "c": fit.c}


def test_gain_is_the_share_that_the_fit_explains(marks: pd.DataFrame) -> None:
    fit = mmsim.fit_minimum_variance(marks)
    noisier = marks.assign(volatility=marks["volatility"] + 0.05 * np.random.default_rng(1).standard_normal(len(marks)))
    assert 0.02 < fit.gain < 0.9
    assert mmsim.fit_minimum_variance(noisier).gain < 0.2 * fit.gain


@pytest.mark.parametrize(("rows", "said"), [(slice(0, 15), "at least 20 are needed"), (slice(None), "does not move")])
def test_says_what_is_wanting(marks: pd.DataFrame, rows: slice, said: str) -> None:
    still = marks.assign(spot=100.0) if said == "does not move" else marks
    with pytest.raises(ValueError, match=said):
        mmsim.fit_minimum_variance(still[rows])


MARKET = {  # a year's options, whose one volatility answers to the spot by ρ ξ σ/σ_spot = −0.6 · 0.9 · 0.2/0.2 a return
    "clock.end": "2026-01-22T00:00:00Z",
    "options.0.expiry": "2026-12-31T00:00:00Z",
    "clients": "[]",
    "options.0.strikes": "[85, 90, 95, 100, 105, 110, 115]",
    "options.0.rights": "[call, put]",
    "clock.volatility_days": "365",
    "market.spot.step": "1h",
    "market.volatility": "{model: mean_reverting, start: 0.2, long_run: 0.2, speed: 0, vol_of_vol: 0.9,"
    " correlation: -0.6, step: 1h}",
}


@pytest.fixture(scope="module")
def file(root: Path) -> Path:
    return root / "scenarios" / "textbook" / "fair_option.yaml"


class TestMarks:
    def test_of_a_market_whose_volatility_answers_to_its_spot(self, file: Path) -> None:
        """With volatilities that are all the same b = c = 0, and a = −0.54 √τ, τ being 0.97 on average."""
        fit = mmsim.fit_minimum_variance(mmsim.volatility_marks(file, every="1h", changes=MARKET))
        middle = fit.a + 0.5 * fit.b + 0.25 * fit.c
        assert middle == pytest.approx(-0.54 * np.sqrt(0.97), abs=0.15)
        assert fit.gain == pytest.approx(0.36, abs=0.1), "the square of the correlation"

    def test_stop_where_the_training_part_does(self, file: Path) -> None:
        until = "2026-01-10T00:00:00Z"
        early = mmsim.volatility_marks(file, every="6h", until=until, changes=MARKET)
        whole = mmsim.volatility_marks(file, every="6h", changes=MARKET)
        assert early["ts"].max() == pd.Timestamp(until)
        assert len(early) == 14 * (9 * 4 + 1)
        kept = whole[whole["ts"] <= early["ts"].max()].reset_index(drop=True)
        pd.testing.assert_frame_equal(early, kept)

    def test_puts_have_the_delta_of_their_calls(self, file: Path) -> None:
        marks = mmsim.volatility_marks(file, every="5d", changes=MARKET).set_index(["ts", "option"])["call_delta"]
        first = marks.xs(marks.index[0][0])
        assert first["ABC 2026-12-31 P100"] == pytest.approx(first["ABC 2026-12-31 C100"], abs=1e-12)
        years = 364 / 365
        assert first["ABC 2026-12-31 C100"] == pytest.approx(float(oracle.delta(100, 100, years, 0.2, 0.05)), abs=1e-9)

    def test_an_instant_has_a_zone(self, file: Path) -> None:
        with pytest.raises(UserError, match="has no zone"):
            mmsim.volatility_marks(file, until="2026-01-10", changes=MARKET)

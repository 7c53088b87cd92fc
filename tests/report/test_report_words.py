"""The sentence at the top, number formats, thinning."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mmsim.report import words
from mmsim.report.numbers import compact, count, fixed, money, quantity
from mmsim.report.sampling import evenly, keep_extremes

ZERO = dict.fromkeys(words.BUCKETS, 0.0)


def summary(fills: int = 5, **amounts: float) -> dict[str, Any]:
    attribution = ZERO | amounts
    attribution["total"] = sum(attribution.values())
    equity = {"opening": 0.0, "closing": attribution["total"], "at_liquidation": attribution["total"]}
    return {
        "scenario": {"currency": "USD"},
        "paths": 1,
        "attribution": attribution,
        "counts": {"client_fills": fills},
        "identities": {"trial_balance": 0},
        "equity": equity,
    }


@pytest.mark.parametrize(
    ("run", "sentence"),
    [
        (
            summary(spread_capture=100, fees=-20, vega=-5),
            "Good: the desk made 75.00 USD, 75 % of the 100.00 it captured in spread; costs took most, 20.00.",
        ),
        (
            summary(spread_capture=100),
            "Good: the desk made 100.00 USD, 100 % of the 100.00 it captured in spread; nothing else cost it anything.",
        ),
        (
            summary(spread_capture=100, vega=1_900),
            (
                "Good, with help from the market: the desk made 2,000.00 USD, of which it captured 100.00 in spread;"
                " vega added 1,900.00."
            ),
        ),
        (
            summary(spread_capture=-100, gamma=500, theta=-200),
            (
                "Good, but not by making markets: the desk made 200.00 USD although its fills gave up 100.00 in"
                " spread; gamma net of theta and carry brought 300.00."
            ),
        ),
        (
            summary(spread_capture=100, delta=-300, fees=-5),
            "Bad: the desk lost 205.00 USD; its fills captured 100.00 in spread, and delta left unhedged took 300.00.",
        ),
        (
            summary(spread_capture=-10, vega=-90),
            "Bad: the desk lost 100.00 USD; vega took 90.00, and its fills gave up 10.00 in spread.",
        ),
        (
            summary(spread_capture=-90, vega=-10),
            "Bad: the desk lost 100.00 USD; its fills gave up 90.00 in spread, the largest part of it.",
        ),
        (
            summary(spread_capture=90, vega=-90),
            "Neither good nor bad: the desk ends where it began, and its fills captured 90.00 in spread.",
        ),
        (summary(fills=0), "Neither good nor bad: no client traded, and the desk ends where it began."),
        (
            summary(fills=0, vega=-30),
            "No client traded: the desk lost 30.00 USD on what it held, −30.00 of it from vega.",
        ),
    ],
)
def test_the_sentence_says_whether_it_was_good_and_why(run: dict[str, Any], sentence: str) -> None:
    assert words.verdict(run) == sentence


@pytest.mark.parametrize(
    ("mean", "start", "end"),
    [
        (5.0, "Good: the desk makes 5.00 USD a path", "and its fills captured 4.00 in spread."),
        (-5.0, "Bad: the desk loses 5.00 USD a path", "and its fills captured 4.00 in spread."),
        (1.0, "Neither good nor bad: the desk makes 1.00 USD a path", "within 1.96 standard errors of zero."),
    ],
)
def test_over_paths_the_mean_is_held_against_its_error(mean: float, start: str, end: str) -> None:
    figures = {"total": {"mean": mean, "sd": 10.0, "se": 1.0}, "spread_capture": {"mean": 4.0, "sd": 0.0, "se": 0.0}}
    sentence = words.verdict(summary() | {"paths": 100, "monte_carlo": figures})
    assert sentence.startswith(start) and sentence.endswith(end)


def test_a_result_that_hangs_on_the_mark_or_a_broken_identity_is_said() -> None:
    good = summary(spread_capture=100)
    assert words.second_thought(good) == ""
    good["equity"]["at_liquidation"] = -40.0
    assert words.second_thought(good) == "With the options at liquidation prices it would be a loss of 40.00 USD."
    good["identities"]["trial_balance"] = 1
    assert "an identity does not hold (trial balance)" in words.second_thought(good)


def test_drivers_and_spread_capture_are_the_whole_total() -> None:
    attribution = {bucket: float(n + 1) for n, bucket in enumerate(words.BUCKETS) if bucket != "total"}
    assert sum(words.drivers(attribution).values()) + attribution["spread_capture"] == sum(attribution.values())


def test_numbers_are_readable_and_keep_their_value() -> None:
    assert money(-1234.567) == ("−1,234.57", -1234.567, "loss")
    assert money(0.004) == ("0.00", 0.004, "") and money(-0.004).text == "0.00"
    assert money(float("nan")) == ("–", None, "") == money(None)
    assert [quantity(x).text for x in (51.0, -0.5, 1234.5, 254590.4, 0.0)] == ["51", "−0.5", "1,234.5", "254,590", "0"]
    assert [compact(x) for x in (999, 9_999, 10_000, 999_999.9999, 2.5e9)] == ["999", "9,999", "10k", "1M", "2.5G"]
    assert count(1_000_000).text == "1,000,000" and fixed(1e15, 0) == "1,000,000,000,000,000"


def test_thinning_keeps_the_extremes_and_the_ends() -> None:
    draws = np.random.default_rng(5)
    for length in (1, 3, 99, 100, 101, 12_345):
        series = draws.normal(size=length).cumsum()
        series[draws.random(length) < 0.3] = np.nan
        series[0] = series[0] if np.isfinite(series[0]) else 0.0
        kept = keep_extremes(series, 100)
        assert len(kept) <= 100 and (np.diff(kept) > 0).all()
        assert kept[0] == 0 and kept[-1] == length - 1
        assert np.nanmax(series[kept]) == np.nanmax(series) and np.nanmin(series[kept]) == np.nanmin(series)
    assert len(keep_extremes([], 4)) == 0 and len(keep_extremes(np.full(50, np.nan), 8)) <= 8
    assert evenly(1000, 7)[[0, -1]].tolist() == [0, 999]

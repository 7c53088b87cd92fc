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
    marks = dict.fromkeys(("closing", "at_mid", "at_liquidation"), attribution["total"])
    return {
        "scenario": {"currency": "USD"},
        "paths": 1,
        "attribution": attribution,
        "counts": {"client_fills": fills},
        "identities": {"trial_balance": 0},
        "equity": {"opening": 0.0, **marks, "unquoted": 0},
    }


@pytest.mark.parametrize(
    ("run", "sentence"),
    [
        (
            summary(spread_capture=100, fees=-30, vega=-5),
            "Good: the desk made 65.00 USD: spread capture brought 100.00; costs took 30.00.",
        ),
        (
            summary(spread_capture=100),
            "Good: the desk made 100.00 USD: spread capture brought 100.00.",
        ),
        (
            summary(spread_capture=600, vega=1_900),
            (
                "Good, with help from the market: the desk made 2,500.00 USD: vega brought 1,900.00 and"
                " spread capture 600.00."
            ),
        ),
        (
            summary(spread_capture=-100, gamma=500, theta=-200),
            (
                "Good, but not by making markets: the desk made 200.00 USD: gamma net of theta and carry brought"
                " 300.00; dealing worse than theo took 100.00."
            ),
        ),
        (
            summary(
                spread_capture=28_000.16,
                gamma=-2_579.46,
                delta=-18_678.13,
                theta=13_200.15,
                vega=-24_136.15,
                hedge_cost=-24_739.79,
                fees=-1_840.15,
            ),
            (
                "Bad: the desk lost 30,773.37 USD: costs took 26,579.94, vega 24,136.15 and delta kept at hedges"
                " 18,678.13; spread capture brought 28,000.16 and gamma net of theta and carry 10,620.69."
            ),
        ),
        (  # costs alone are near the total, but vega and spread capture only cancel: they are named
            summary(spread_capture=14_000, vega=-13_000, fees=-18_000),
            (
                "Bad: the desk lost 17,000.00 USD: costs took 18,000.00 and vega 13,000.00;"
                " spread capture brought 14,000.00."
            ),
        ),
        (
            summary(spread_capture=-90, vega=-10),
            "Bad: the desk lost 100.00 USD: dealing worse than theo took 90.00.",
        ),
        (
            summary(spread_capture=900, vega=-900),
            ("Neither good nor bad: the desk ends where it began: spread capture brought 900.00; vega took 900.00."),
        ),
        (summary(spread_capture=1e-7), "Neither good nor bad: the desk ends where it began."),
        (summary(fills=0), "Neither good nor bad: no client traded, and the desk ends where it began."),
        (
            summary(fills=0, vega=-0.3),
            "No client traded: the desk lost 0.300000 USD on what it held: vega took 0.300000.",
        ),
    ],
)
def test_the_sentence_says_whether_it_was_good_and_why(run: dict[str, Any], sentence: str) -> None:
    assert words.verdict(run) == sentence


@pytest.mark.parametrize(
    ("mean", "start", "end"),
    [
        (500.0, "Good: the desk makes 500.00 USD a path", "spread capture brought 400.00 and vega 100.00."),
        (-500.0, "Bad: the desk loses 500.00 USD a path", "vega took 900.00; spread capture brought 400.00."),
        (
            100.0,
            "Neither good nor bad: the desk makes 100.00 USD a path",
            "vega took 300.00. The mean is within 1.96 standard errors of zero.",
        ),
    ],
)
def test_over_paths_the_mean_is_held_against_its_error(mean: float, start: str, end: str) -> None:
    run = summary(spread_capture=400, vega=mean - 400)
    sentence = words.verdict(run | {"paths": 100, "monte_carlo": {"total": {"mean": mean, "sd": 1e3, "se": 100.0}}})
    assert sentence.startswith(start) and sentence.endswith(end)


def test_what_a_sentence_leaves_out_is_small() -> None:
    draws = np.random.default_rng(11)
    buckets = [bucket for bucket in words.BUCKETS if bucket != "total"]
    for _ in range(200):
        run = summary(**dict(zip(buckets, draws.standard_cauchy(len(buckets)).tolist(), strict=True)))
        attribution = run["attribution"]
        named = words.explanation(attribution)
        sizes = [abs(amount) for amount in named.values()]
        assert sizes == sorted(sizes, reverse=True)
        assert abs(attribution["total"] - sum(named.values())) < 0.2 * sizes[0] + 1e-9


@pytest.mark.parametrize(
    ("total", "at_liquidation", "said"),
    [
        (100.0, 100.0, ""),
        (100.0, 51.0, ""),
        (100.0, 49.0, "a profit of 49.00 USD."),
        (100.0, -40.0, ""),  # the sentence itself says so
        (-100.0, -149.0, ""),
        (-100.0, -340.0, "a loss of 340.00 USD."),
        (0.0, -340.0, "a loss of 340.00 USD."),
    ],
)
def test_a_result_that_hangs_on_the_mark_is_said(total: float, at_liquidation: float, said: str) -> None:
    run = summary(spread_capture=500, vega=total - 500)
    run["equity"]["at_liquidation"] = at_liquidation
    thought = words.second_thought(run)
    assert thought.endswith(said) and bool(thought) == bool(said)


def test_a_profit_that_is_a_loss_at_another_mark_is_not_called_good() -> None:
    run = summary(spread_capture=500, vega=-400)
    run["equity"] |= {"at_mid": 90.0, "at_liquidation": -40.0}
    paper = "Good on paper only: the desk made 100.00 USD at theo, and"
    why = "spread capture brought 500.00; vega took 400.00."
    assert words.verdict(run) == f"{paper} closing its options at bid and ask would leave a loss of 40.00: {why}"
    assert words.worst_mark(run) == ("at_liquidation", -40.0)
    run["equity"] |= {"at_mid": -15.0, "at_liquidation": -15.0, "unquoted": 3}  # what liquidation gives is not known
    assert words.verdict(run) == f"{paper} marking its options at market mids would leave a loss of 15.00: {why}"
    monte_carlo = {"total": {"mean": 100.0, "sd": 100.0, "se": 10.0}}
    over_paths = words.verdict(run | {"paths": 100, "monte_carlo": monte_carlo})
    assert over_paths.startswith("Good on paper only: the desk makes 100.00 USD a path on average")
    assert over_paths.endswith("vega took 400.00; marking its options at market mids would leave a loss of 15.00.")


def test_a_broken_identity_is_said_before_all_else() -> None:
    run = summary(spread_capture=100)
    run["equity"]["at_liquidation"] = -40.0
    run["identities"]["trial_balance"] = 1
    assert "an identity does not hold (trial balance)" in words.second_thought(run)


def test_delta_is_a_headline_where_it_is_large() -> None:
    small = summary(spread_capture=90, delta=-9)["attribution"]
    large = summary(spread_capture=90, delta=-11)["attribution"]
    assert "Delta kept at hedges" not in words.headline(small)
    assert words.rest(small) == "The total also holds delta −9.0000."
    assert words.headline(large)["Delta kept at hedges"] == -11
    assert words.rest(large) == ""


def test_drivers_and_spread_capture_are_the_whole_total() -> None:
    attribution = {bucket: float(n + 1) for n, bucket in enumerate(words.BUCKETS) if bucket != "total"}
    assert sum(words.drivers(attribution).values()) + attribution["spread_capture"] == sum(attribution.values())


def test_numbers_are_readable_and_keep_their_value() -> None:
    assert money(-1234.567) == ("−1,234.57", -1234.567, "loss")
    assert money(0.004) == ("0.00", 0.004, "") and money(-0.004).text == "0.00"
    assert money(0.004, 4) == ("0.0040", 0.004, "gain") and money(-3e-7, 4) == ("0.0000", -3e-7, "")
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


def test_what_the_total_is_at_other_marks() -> None:
    run = summary(spread_capture=100)
    assert words.at_other_marks(run) == ""
    run["equity"] |= {"at_mid": 80.0, "at_liquidation": -20.0}
    assert words.at_other_marks(run) == "The total is at theo; at the market's mid 80.00, at liquidation \u221220.00."
    run["equity"] |= {"at_liquidation": 80.0, "unquoted": 3}
    assert words.at_other_marks(run) == "The total is at theo; at the market's mid 80.00."


def test_notes_are_counted_at_the_top() -> None:
    assert words.to_know({"notes": []}) == ""
    assert words.to_know({"notes": ["a"]}).startswith("A note ")
    assert words.to_know({"notes": ["a", "b"]}).startswith("2 notes ")

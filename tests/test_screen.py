"""What `mmsim run` prints, from a summary made by hand."""

import copy
from pathlib import Path

import pytest
from rich.console import Console

from mmsim import screen
from mmsim.report import words

BUCKETS = {
    "spread_capture": 120.5,
    "gamma": 80.0,
    "delta": 0.0,
    "theta": -95.25,
    "vega": 0.0,
    "rates": 0.0,
    "dividends": 0.0,
    "carry": 1.0,
    "basis": 0.0,
    "hedge_cost": -30.0,
    "fees": -12.0,
    "unexplained": 0.0,
    "total": 64.25,
}
SUMMARY = {
    "scenario": {"name": "a-day", "currency": "USD"},
    "seed": 7,
    "paths": 1,
    "events": 12345,
    "seconds": 0.5,
    "attribution": BUCKETS,
    "cash": {"premium": -200.0, "rebalancing": 260.5, "inventory": 3.75, "total": 64.25},
    "counts": {"client_fills": 1234, "hedge_fills": 7, "limit_breaches": 0},
    "identities": {"trial_balance": 0, "mark_view": 0, "cash_view": 0, "cash": 0, "components": 0},
    "equity": {"opening": 0.0, "closing": 64.25, "at_mid": 60.0, "at_liquidation": 50.0, "unquoted": 0},
    "data": {
        "option_quote: rows": 254590,
        "option_quote: crossed": 3,
        "option_quote: duplicate": 0,
        "option_trade: rows": 650,
    },
    "policies": {
        "quoting": {"name": "vega_width", "parameters": {"half_spread_vol": 0.005, "size": 10.0}},
        "hedging": {"name": "delta_band", "parameters": {"band": 50.0}},
    },
    "notes": ["latency below the resolution"],
    "reproduce": "mmsim run a.yaml",
}


@pytest.fixture
def shown(capsys):
    """The text printed for a summary with some of its parts changed, in a window of a given width."""

    def show(width=120, **changes):
        summary = copy.deepcopy(SUMMARY) | changes
        parts = screen.run(summary, Path("reports/a-day/r1"))
        screen.show(parts, Console(width=width, highlight=False))
        return capsys.readouterr().out

    return show


def test_every_bucket_stands_with_its_amount_and_its_meaning(shown):
    lines = shown().splitlines()
    for bucket, text in {"Spread capture": "120.50", "Theta": "−95.25", "Total": "64.25"}.items():
        (line,) = [line for line in lines if line.startswith(bucket + "  ")]
        assert text in line
    assert "Cash: premium −200.00, rebalancing 260.50, inventory 3.75, total 64.25" in lines
    assert len([line for line in lines if any(meaning in line for meaning in words.BUCKETS.values())]) == len(BUCKETS)


def test_it_says_whether_the_day_was_good_where_the_report_is_and_what_to_try(shown):
    text = shown()
    assert words.verdict(SUMMARY) in text
    assert "Report: reports/a-day/r1/report.html\n" in text
    assert text.endswith("Next:   mmsim run a.yaml --set hedging.band=25\n")


def test_counts_identities_rejected_rows_and_notes(shown):
    text = shown()
    assert "Counts: client fills 1,234, hedge fills 7\n" in text
    assert "Identities: all 5 hold to the micro-unit\n" in text
    assert "Data: option_quote, 254,590 rows: crossed 3\n" in text
    assert "Data: option_trade, 650 rows: nothing amiss\n" in text
    assert "Note: latency below the resolution\n" in text


def test_an_identity_that_does_not_hold_is_not_passed_over(shown):
    text = shown(identities=SUMMARY["identities"] | {"cash_view": -2})
    assert "do NOT hold: the cash view sums to the change in equity: off by -2 micro-units" in text
    assert "hold to the micro-unit" not in text


def test_paths_show_mean_standard_deviation_and_standard_error(shown):
    spread = {bucket: {"mean": amount, "sd": 10.0, "se": 0.32} for bucket, amount in BUCKETS.items()}
    text = shown(paths=1000, monte_carlo=spread)
    assert "1,000 paths" in text
    (line,) = [line for line in text.splitlines() if line.startswith("Gamma ")]
    assert line.split()[1:4] == ["80.00", "10.00", "0.32"]


@pytest.mark.parametrize(
    ("quoting", "hedging", "setting"),
    [
        ({"half_spread": 0.05, "size": 10.0}, {"name": "delta_band", "parameters": {"band": 50.0}}, "hedging.band=25"),
        ({"size": 10.0, "half_spread": 0.05}, {"name": "every_tick", "parameters": {}}, "quoting.half_spread=0.025"),
        ({"bid": 2.13}, {"name": "scripted_deltas", "parameters": {"deltas": [0.5]}}, "'hedging={policy: none}'"),
        ({"size": 0.0}, {"name": "none", "parameters": {}}, "'hedging={policy: every_tick}'"),
    ],
)
def test_the_next_command_varies_what_there_is_to_vary(quoting, hedging, setting):
    policies = {"quoting": {"name": "any", "parameters": quoting}, "hedging": hedging}
    summary = {"policies": policies, "reproduce": "mmsim run a.yaml"}
    assert screen.next_command(summary) == f"mmsim run a.yaml --set {setting}"


def test_the_next_command_is_the_runs_own_with_one_thing_changed():
    typed = "mmsim run a.yaml --data 'my data' --set hedging.band=50 --seed 3 --set about=x"
    shown = screen.next_command(SUMMARY | {"reproduce": typed})
    assert shown == "mmsim run a.yaml --data 'my data' --seed 3 --set about=x --set hedging.band=25"


def test_paths_are_never_folded_in_a_narrow_window(shown):
    assert "Report: reports/a-day/r1/report.html\n" in shown(width=20)

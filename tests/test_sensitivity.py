"""A scenario under other assumptions: break-evens that are known, and what is left out."""

import copy
import json

import pandas as pd
import pytest
from typer.testing import CliRunner

import mmsim
from mmsim import UserError, cli
from mmsim.scenario import Scenario
from mmsim.what_if.factors import factors, written
from mmsim.what_if.play import _points

# A client buys a call that is worth nothing for 0.06 and the desk hedges ten shares, paying half a spread of 0.10 and
# a fee of 0.02 for each: six earned, and 1.2 times the multiple lost. Nothing moves, nothing bears interest.
KNOWN = {
    "name": "known",
    "clock": {"start": "2026-01-05T00:00:00Z", "end": "2026-01-05T10:00:00Z"},
    "underlyings": [{"symbol": "ABC"}],
    "options": [{"underlying": "ABC", "strikes": [110], "rights": ["call"], "expiry": "2026-01-16T10:00:00Z",
                 "ticks": 0.01}],
    "market": {
        "spot": {"model": "path", "step": "1h", "prices": [100] * 10, "half_spread": 0.1},
        "volatility": {"model": "constant", "level": 1e-6},
    },
    "clients": [
        {"name": "buyer", "model": "scripted", "orders": [
            {"at": "2026-01-05T02:00:00Z", "option": "ABC 2026-01-16 C110", "side": "buy", "size": 1, "price": 9}]},
    ],
    "quoting": {"policy": "fixed_width", "half_spread": 0.06, "size": 1},
    "hedging": {"policy": "every_tick"},
    "execution": {"hedge_at": "touch", "fee_per_hedge": 0.02},
    "opening": {"hedges": [{"underlying": "ABC", "units": 10, "price": 100}]},
    "sensitivity": {"latency": ["0s"], "latency_up_to": "1ms"},
}  # fmt: skip
FLOW = {
    "name": "flow",
    "seed": 3,
    "clock": {"start": "2026-01-05T14:30:00Z", "end": "2026-01-05T16:30:00Z"},
    "underlyings": [{"symbol": "ABC", "tick": 0.01}],
    "options": [{"underlying": "ABC", "expiry": "2026-01-16T21:00:00Z", "strikes": [95, 100, 105]}],
    "market": {
        "spot": {"model": "gbm", "start": 100, "volatility": 0.2, "step": "1m", "half_spread": 0.01},
        "volatility": {"model": "constant", "level": 0.2},
    },
    "clients": [{"name": "retail", "model": "poisson", "per_hour": 120, "reservation_ticks": 6}],
    "quoting": {"policy": "vega_width", "half_spread_vol": 0.005},
    "hedging": {"policy": "delta_band", "band": 10},
    "execution": {"hedge_at": "touch"},
    "sensitivity": {
        "latency": ["0s", "2m"],
        "latency_up_to": "2m",
        "hedge_cost": [0, 1, 4],
        "informed_horizon": "1h",
        "tolerance": 0.01,
    },
}


def scenario(base: dict, **keys) -> Scenario:
    return Scenario.model_validate(copy.deepcopy(base) | keys)


def row(table: pd.DataFrame, **levels) -> pd.Series:
    for name, level in levels.items():
        table = table[table[name] == level]
    return table.iloc[0]


@pytest.fixture(scope="module")
def known():
    return mmsim.sensitivity(scenario(KNOWN), workers=1)


@pytest.fixture(scope="module")
def flow():
    return mmsim.sensitivity(scenario(FLOW), workers=1)


def test_the_break_even_of_a_linear_cost_is_its_ratio(known):
    """6 − 1.2 · m is zero at m = 5, beyond the ladder's 4; the totals on the ladder are on that line."""
    own = known.table.iloc[0]
    assert (own["total_worst"], own["spread_capture"], own["costs"]) == pytest.approx((4.8, 6.0, -1.2), abs=1e-6)
    for multiple in (0.0, 2.0, 4.0):
        assert row(known.table, hedge_cost=multiple)["total_worst"] == pytest.approx(6.0 - 1.2 * multiple, abs=1e-6)
    found = known.break_even.set_index("factor").loc["hedge_cost"]
    assert found["break_even"] == pytest.approx(5.0, rel=0.001)
    assert abs(found["total"]) < 0.02


def test_a_search_that_ends_before_says_so():
    found = mmsim.sensitivity(
        scenario(KNOWN, sensitivity={"latency": ["0s"], "latency_up_to": "1ms", "hedge_cost_up_to": 4.5}), workers=1
    )
    says = found.break_even.set_index("factor")["says"]
    assert says["hedge_cost"] == "none within 0 to 4.5: always a profit"
    assert found.break_even.set_index("factor")["break_even"].isna()["hedge_cost"]


def test_what_cannot_be_varied_is_left_out_with_a_reason(known):
    assert list(known.left_out) == ["fills", "informed"]
    assert "no other maker" in known.left_out["fills"]
    cheap = scenario(KNOWN, execution={})
    assert factors(cheap)[1]["hedge_cost"] == "hedges cost nothing to multiply: at the mid, without impact or fees"
    assert factors(scenario(KNOWN, hedging={}))[1]["hedge_cost"] == "nothing is hedged"


def test_each_row_is_what_run_says_of_those_settings(flow):
    given = scenario(FLOW)
    picked = row(flow.table, latency=120_000.0, informed=0.3, hedge_cost=4.0)
    changes = dict(text.split("=", 1) for text in picked["settings"].split() if text != "--set")
    run = mmsim.run(given, changes=changes)
    assert run.attribution["total"] == picked["total_theo"]
    assert run.attribution["spread_capture"] == picked["spread_capture"]
    assert run.counts["client_fills"] == picked["client_fills"]
    assert run.risk.loc["total_worst", "value"] == picked["total_worst"]


def test_draws_are_common_and_the_worse_assumption_earns_less(flow):
    """Dearer hedges leave the fills as they are."""
    assert len(flow.table) == 2 * 3 * 3
    own = flow.table.iloc[0]
    assert own["is_own"] and not flow.table["is_own"][1:].any()
    assert own["total_worst"] == mmsim.run(scenario(FLOW)).risk.loc["total_worst", "value"]
    costs = [row(flow.table, latency=0.0, informed=0.0, hedge_cost=multiple) for multiple in (0.0, 1.0, 4.0)]
    assert len({one["client_fills"] for one in costs}) == len({one["hedge_fills"] for one in costs}) == 1
    assert costs[0]["total_worst"] > costs[1]["total_worst"] > costs[2]["total_worst"]
    assert costs[2]["costs"] == pytest.approx(4.0 * costs[1]["costs"], abs=1e-6)


def test_at_its_break_even_the_informed_share_leaves_nothing():
    """Who knows the spot takes from a desk that does not hedge."""
    ladders = FLOW["sensitivity"] | {"latency": ["0s"], "latency_up_to": "1s"}
    bare = scenario(FLOW, hedging={}, sensitivity=ladders)
    flow = mmsim.sensitivity(bare, workers=1)
    found = flow.break_even.set_index("factor").loc["informed"]
    run = mmsim.run(
        bare,
        changes={
            "clients.0.model": "informed",
            "clients.0.horizon": "1h",
            "clients.0.probability": repr(float(found["break_even"])),
        },
    )
    assert run.risk.loc["total_worst", "value"] == found["total"]
    assert 0.0 < found["break_even"] < 1.0
    assert abs(found["total"]) < 0.1 * flow.table.iloc[0]["total_worst"]


def test_the_number_of_workers_changes_nothing(flow):
    again = mmsim.sensitivity(scenario(FLOW), workers=2)
    pd.testing.assert_frame_equal(again.table, flow.table)
    pd.testing.assert_frame_equal(again.break_even, flow.break_even)


def test_too_many_combinations_are_cut_to_the_ends_of_the_ladders():
    varied, _ = factors(scenario(FLOW))
    own = tuple(factor.own for factor in varied)
    alone = 1 + 1 + 2 + 2
    assert len(_points(varied, 18)) == 18
    ends = _points(varied, 17)  # of 8 corners 5 have more than one factor at another level than the scenario's
    assert ends[0] == own
    assert len(ends) == len(set(ends)) < 18
    assert (varied[0].levels[-1], varied[1].levels[-1], varied[2].levels[-1]) in ends
    assert len(_points(varied, 7)) == alone


def test_recorded_trades_and_rivals_have_a_fill_assumption():
    tape = {"name": "tape", "model": "recorded_trades", "fills": "touch", "allocation": "pro_rata"}
    recorded = scenario(
        FLOW,
        clients=[tape],
        market={"recorded": {"folder": "any"}},
        options=[{"underlying": "ABC", "multiplier": 100, "expiry_time": "16:00 America/New_York"}],
    )
    fills = {factor.name: factor for factor in factors(recorded)[0]}["fills"]
    assert fills.levels == ("trade_through", "back_of_queue", "touch")
    assert fills.changes("touch") == {}
    assert written(fills.changes("trade_through")) == (
        "--set clients.0.fills=trade_through --set clients.0.allocation=none"
    )
    rival = scenario(FLOW, market=FLOW["market"] | {"maker": {"half_spread_ticks": 2}})
    fills = {factor.name: factor for factor in factors(rival)[0]}["fills"]
    assert (fills.own, fills.levels) == ("pro_rata", ("price_time", "pro_rata", "none"))


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"hedge_cost": [2, 1]}, "greater than the one before it"),
        ({"informed": [0.2, 1.2]}, "must be at most 1"),
        ({"latency": []}, "must not be empty"),
        ({"tolerance": 0}, "greater than 0"),
    ],
)
def test_ladders_that_make_no_sense_are_refused(tmp_path, keys, said):
    file = tmp_path / "flow.yaml"
    file.write_text(json.dumps(FLOW | {"sensitivity": keys}))
    with pytest.raises(UserError) as error:
        mmsim.load_scenario(file)
    assert said in str(error.value)


def test_the_command_writes_a_folder_and_says_the_break_evens(tmp_path):
    file = tmp_path / "known.yaml"
    file.write_text(json.dumps(KNOWN))
    done = CliRunner().invoke(cli.app, ["sensitivity", str(file), "--workers", "1", "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert "Break-even of hedge cost: at 5 times" in done.output
    assert "Left out: informed: no group" in done.output
    summary = json.loads((tmp_path / "out" / "sensitivity.json").read_text())
    assert "hedge_cost" in (tmp_path / "out" / "report.html").read_text()
    table = pd.read_parquet(tmp_path / "out" / "table.parquet")
    assert table["total_worst"].tolist() == [row["total_worst"] for row in summary["table"]]
    assert len(pd.read_parquet(tmp_path / "out" / "break_even.parquet")) == 2
    again = CliRunner().invoke(cli.app, ["sensitivity", str(file), "--json", "--out", str(tmp_path / "out")])
    assert {**json.loads(again.stdout), "seconds": 0} == {**summary, "seconds": 0}


def test_a_folder_is_read_and_its_page_written_again(known, tmp_path):
    folder = known.save(tmp_path / "out")
    found = mmsim.load_sensitivity(folder)
    pd.testing.assert_frame_equal(found.table, known.table)
    pd.testing.assert_frame_equal(found.break_even, known.break_even)
    page = (folder / "report.html").read_bytes()
    (folder / "report.html").unlink()
    assert CliRunner().invoke(cli.app, ["report", str(folder)]).exit_code == 0
    assert (folder / "report.html").read_bytes() == page
    text = (folder / "sensitivity.json").read_text()
    (folder / "sensitivity.json").write_text(text.replace('"known"', '"other"'))
    with pytest.raises(UserError, match=r"sensitivity\.json: is missing or is not what manifest\.json says"):
        mmsim.load_sensitivity(folder)
    with pytest.raises(UserError, match="is not a sensitivity's"):
        mmsim.load_sensitivity(tmp_path)

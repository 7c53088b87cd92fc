"""The figures of risk against the run's own tables, worked out another way."""

import json

import numpy as np
import pandas as pd
import pytest

import mmsim
from mmsim.risk.figures import FIGURES
from mmsim.scenario import Scenario
from tests.engine.builder import play, trades

DAY = {
    "name": "risk",
    "seed": 5,
    "clock": {"start": "2026-01-05T14:30:00Z", "end": "2026-01-05T18:30:00Z"},
    "underlyings": [{"symbol": "ABC", "tick": 0.01}, {"symbol": "XYZ", "tick": 0.01}],
    "options": [
        {"underlying": symbol, "expiry": "2026-01-16T21:00:00Z", "strikes": [95, 100, 105]} for symbol in ("ABC", "XYZ")
    ],
    "market": {
        "spot": {"model": "gbm", "start": 100, "volatility": 0.2, "step": "1m", "half_spread": 0.01},
        "volatility": {"model": "constant", "level": 0.2},
        "theo": {"volatility": 0.21},
    },
    "clients": [{"name": "retail", "model": "poisson", "per_hour": 60, "reservation_ticks": 6, "sizes": [1, 5]}],
    "quoting": {"policy": "vega_width", "half_spread_vol": 0.005},
    "hedging": {"policy": "delta_band", "band": 50},
    "execution": {"hedge_at": "touch", "fee_per_hedge": 0.01, "fee_per_option": 0.1},
    "pricing": {"exact": True},
}


@pytest.fixture(scope="module")
def run():
    return mmsim.run(Scenario.model_validate(DAY))


def value(run, name: str) -> float:
    return run.risk.loc[name, "value"]


def test_the_headline_is_the_worst_of_the_marks(run):
    """The desk's volatility is above the market's; a market of models has no quotes to liquidate at."""
    equity = run.equity
    totals = {"theo": equity["closing"] - equity["opening"], "mid": equity["at_mid"] - equity["opening"]}
    assert totals["theo"] != totals["mid"]
    for mark, total in totals.items():
        assert value(run, f"total_{mark}") == pytest.approx(total, abs=1e-9)
    assert value(run, "total_worst") == pytest.approx(min(totals.values()), abs=1e-9)
    assert totals[run.summary["risk"]["worst_mark"]] == min(totals.values())
    assert run.risk.loc["total_liquidation", "undefined"] == "no position has a quote to be liquidated at"


def test_edge_kept_and_what_a_contract_and_a_hedge_came_to(run):
    total, buckets = value(run, "total_worst"), run.attribution
    spread = (run.fills["edge"].where(run.fills["kind"] == "client", 0.0)).sum()
    deals, hedges = (run.fills[run.fills["kind"] == kind] for kind in ("client", "hedge"))
    cost = (hedges["edge"] - hedges["fee"]).sum()
    assert len(deals) > 50 and len(hedges) > 10
    assert value(run, "edge_retained") == pytest.approx(total / spread, rel=1e-7)
    before = total - buckets["hedge_cost"] - buckets["fees"]
    assert value(run, "edge_retained_before_costs") == pytest.approx(before / spread, rel=1e-7)
    assert value(run, "contracts") == deals["size"].sum()
    assert value(run, "total_per_contract") == pytest.approx(total / deals["size"].sum(), rel=1e-12)
    assert value(run, "hedge_units") == hedges["size"].sum()
    notional = (hedges["size"] * hedges["price"]).sum()
    assert value(run, "hedge_notional") == pytest.approx(notional, rel=1e-12)
    assert value(run, "hedging_cost") == pytest.approx(cost, rel=1e-7)
    assert value(run, "hedging_cost_per_contract") == pytest.approx(cost / deals["size"].sum(), rel=1e-7)
    assert value(run, "hedging_cost_per_unit") == pytest.approx(cost / hedges["size"].sum(), rel=1e-7)
    assert value(run, "hedging_cost_of_notional") == pytest.approx(1e4 * cost / notional, rel=1e-7)
    assert value(run, "hedge_units_per_contract") == hedges["size"].sum() / deals["size"].sum()


def test_turnover_by_the_delta_dealt_is_by_black_and_scholes_deltas(run):
    """The deltas at the fills by mmsim.greeks, at theo's volatility: 100 units a contract."""
    deals = run.fills[run.fills["kind"] == "client"]
    terms = deals["instrument"].astype(str).str.extract(r" ([CP])([0-9]+)$")
    greeks = mmsim.greeks(
        spot=deals["spot"],
        strike=terms[1].astype(float),
        years=(pd.Timestamp("2026-01-16T21:00:00Z") - deals["ts"]) / pd.Timedelta(days=365),
        volatility=deals["implied_volatility"],
        right=terms[0].map({"C": "call", "P": "put"}),
    )
    deltas = 100.0 * (deals["size"].to_numpy() * greeks["delta"].abs().to_numpy()).sum()
    assert value(run, "hedge_units_per_delta") == pytest.approx(value(run, "hedge_units") / deltas, rel=1e-9)


def test_what_was_warehoused_is_the_integral_over_the_marks(run):
    """Minutes of |vega| of both underlyings, which do not net each other."""
    days = gamma_days = 0.0
    for symbol in ("ABC", "XYZ"):
        book = run.marks[run.marks["underlying"] == symbol].reset_index(drop=True)
        waits = book["ts"].diff().shift(-1).dt.total_seconds().to_numpy()[:-1] / 86_400
        days += float(waits @ (book["vega"].abs().to_numpy()[:-1] / 100))
        gamma_days += float(waits @ ((book["gamma"].abs() * book["spot"] ** 2).to_numpy()[:-1] / 100))
    span = (run.marks["ts"].max() - run.marks["ts"].min()) / pd.Timedelta(days=1)
    total = value(run, "total_worst")
    assert value(run, "vega_days") == pytest.approx(days, rel=1e-9)
    assert value(run, "vega_warehoused") == pytest.approx(days / span, rel=1e-9)
    assert value(run, "total_per_vega") == pytest.approx(total * span / days, rel=1e-9)
    assert value(run, "total_per_vega_day") == pytest.approx(total / days, rel=1e-9)
    assert value(run, "gamma_warehoused") == pytest.approx(gamma_days / span, rel=1e-9)
    assert value(run, "total_per_gamma") == pytest.approx(total * span / gamma_days, rel=1e-9)


@pytest.mark.parametrize("mark", ["theo", "mid"])
def test_drawdowns_are_those_of_pandas(run, mark):
    desk = run.marks[run.marks["underlying"] == ""]
    line = pd.Series(desk["equity" if mark == "theo" else f"equity_at_{mark}"].to_numpy(), index=desk["ts"])
    start = pd.Timestamp(DAY["clock"]["start"])
    line = pd.concat([pd.Series([run.equity["opening"]], index=[start]), line])
    below = line - line.cummax()
    found = run.drawdowns.loc[mark]
    assert found["depth"] == value(run, f"drawdown_{mark}") == pytest.approx(below.min(), abs=1e-9)
    assert found["trough"] == below.idxmin()
    assert line[found["start"]].max() == pytest.approx(line[: found["trough"]].max())


def test_sharpe_ratios_are_of_the_changes_of_equity(run):
    desk = run.marks[run.marks["underlying"] == ""]
    column = {"theo": "equity", "mid": "equity_at_mid", "liquidation": "equity_at_liquidation"}
    steps = np.diff(desk[column[run.summary["risk"]["worst_mark"]]])
    assert value(run, "increments") == len(steps) == 239
    assert value(run, "increment_seconds") == 60.0
    assert value(run, "sharpe_worst") == pytest.approx(steps.mean() / steps.std(), rel=1e-9)
    assert 0.5 / len(steps) ** 0.5 < value(run, "sharpe_worst_se") < 2.0 / len(steps) ** 0.5
    assert "at least 0.25 are needed" in run.risk.loc["sharpe_annual", "undefined"]


def test_a_loaded_run_has_the_same_and_json_holds_numbers_or_null(run, tmp_path):
    loaded = mmsim.load_run(run.save(tmp_path / "run"))
    pd.testing.assert_frame_equal(loaded.risk, run.risk)
    pd.testing.assert_frame_equal(loaded.drawdowns, run.drawdowns)
    text = (tmp_path / "run" / "run.json").read_text()
    figures = json.loads(text)["risk"]["figures"]
    assert list(figures) == list(FIGURES)
    undefined = {name for name, figure in figures.items() if figure is None}
    assert undefined == set(json.loads(text)["risk"]["undefined"])


def test_a_run_in_which_nothing_happens_says_why_it_has_no_figures():
    run = play()
    said = run.risk["undefined"]
    assert said["edge_retained"] == "the desk captured no spread"
    assert said["total_per_contract"] == said["hedge_units_per_contract"] == "no contract was dealt with clients"
    assert said["hedging_cost_per_unit"] == "nothing was hedged"
    assert said["total_per_vega"] == "no vega was held at a mark"
    assert said["sharpe_worst"] == "the increments do not differ"
    assert (run.risk["value"].isna() == (said != "")).all()
    assert value(run, "drawdown_theo") == value(run, "total_worst") == 0.0


def test_where_no_rows_are_kept_only_totals_are_known():
    run = mmsim.run(Scenario.model_validate(DAY | {"keep_paths": 0, "paths": 5}))
    said = run.risk["undefined"]
    assert said["contracts"] == said["drawdown_theo"] == "no path's fills and marks were kept (keep_paths)"
    totals = run.paths["total"] + (run.equity["at_liquidation"] - run.equity["closing"]) * 0.0
    assert value(run, "total_theo") == pytest.approx(totals.mean(), abs=1e-9)
    assert run.drawdowns.empty
    assert value(run, "sharpe_paths") * value(run, "total_sd") == pytest.approx(
        value(run, "total_worst") * (5 / 4) ** 0.5, rel=1e-9
    )  # the one by n, the other by n − 1
    assert value(run, "total_se") == pytest.approx(value(run, "total_sd") / 5**0.5)


def test_one_mark_and_no_client_make_a_sensible_table():
    """Shares at 100, marked once, at the end."""
    run = play(hedging=trades(10), report__mark_every="10h")
    units = run.fills["size"].sum()
    assert units > 0
    assert (value(run, "hedge_units"), value(run, "hedge_notional")) == (units, 100.0 * units)
    assert (value(run, "hedging_cost"), value(run, "hedging_cost_of_notional")) == (0.0, 0.0)
    assert run.risk.loc["hedge_units_per_contract", "undefined"] == "no contract was dealt with clients"
    assert (run.risk["value"].isna() == (run.risk["undefined"] != "")).all()

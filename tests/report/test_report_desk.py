"""The daily sheet, the edge chain and the maps by strike: by hand, by closed form, and against run.json."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from mmsim import backtest
from mmsim.ledger import MICROS
from mmsim.report import by_strike, edges, exhibits, held, palette, sheet, tables
from mmsim.report.tables import Table
from mmsim.report.timelines import Line, Panel

MakeRun = Callable[..., Any]


def row(table: Table, name: str) -> list[float]:
    """The numbers of the row that starts so."""
    [found] = [line[1:] for line in table.rows if line[0] == name]
    return [np.nan if number.value is None else number.value for number in found]  # type: ignore[union-attr]


def luminance(color: str) -> float:
    """Of a colour on a screen, from 0 to 1 (WCAG)."""
    parts = np.array([int(color[n : n + 2], 16) for n in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.03928, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("theme", [palette.LIGHT, palette.DARK])
def test_text_is_readable_on_every_step(theme: dict[str, str]) -> None:
    for name in ("gain", "loss"):
        steps = [luminance(theme[f"{name}{n}"]) for n in range(1, palette.STEPS + 1)]
        assert steps == sorted(steps, reverse=theme is palette.LIGHT), "each is further from the paper"
        for step in steps:
            bright, dark = sorted([step, luminance(theme["ink"])], reverse=True)
            assert (bright + 0.05) / (dark + 0.05) >= 4.5


@pytest.fixture(scope="module")
def opened(root: Path) -> Any:
    """A run that began with 100 calls."""
    return backtest.run(root / "scenarios" / "synthetic" / "oscillation.yaml")


@pytest.fixture(scope="module")
def put(root: Path) -> Any:
    """One long put, hedged along five prices."""
    return backtest.run(root / "scenarios" / "textbook" / "put_scalping.yaml")


def test_the_parts_of_the_book_sum_to_run_json(opened: Any, put: Any) -> None:
    for run, part in ((opened, "Opening position"), (put, "New trades")):
        table = sheet.earned(run)
        buckets = [name.lower().replace(" ", "_") for name in table.head[1:]]
        whole = [run.summary["attribution"][bucket] for bucket in buckets]
        assert row(table, "All") == pytest.approx(whole, abs=1e-9)
        sums = np.sum([np.round(np.array(row(table, line[0])) * MICROS) for line in table.rows[:-1]], axis=0)
        assert sums.tolist() == [round(amount * MICROS) for amount in whole]
        assert row(table, part)[0] == pytest.approx(run.options["total"].sum(), abs=1e-6), "it holds nothing else"


def test_greeks_at_the_end_are_those_of_black_and_scholes(put: Any) -> None:
    [position] = put.positions.itertuples()
    spot, strike, sigma = position.spot, position.strike, position.implied_volatility
    years = (position.expiry - position.ts).total_seconds() / (365.0 * 86_400.0)
    units = position.position * position.multiplier
    d1 = np.log(spot / strike) / (sigma * np.sqrt(years)) + 0.5 * sigma * np.sqrt(years)  # no interest in this scenario
    gamma = norm.pdf(d1) / (spot * sigma * np.sqrt(years))
    table = sheet.greeks(put, held.options(put))
    delta, cash_delta, dollar_gamma, vega, weighted, theta, break_even = row(table, "ABC: options")
    assert (delta, cash_delta) == (-50.0, -50.0 * spot), "as the script gives it"
    assert dollar_gamma == pytest.approx(units * gamma * spot**2 / 100.0, rel=1e-9)
    assert vega == pytest.approx(units * spot * norm.pdf(d1) * np.sqrt(years) / 100.0, rel=1e-3)
    assert weighted == pytest.approx(vega * np.sqrt(0.25 / years), rel=1e-3)
    assert theta == pytest.approx(-0.5 * units * gamma * spot**2 * sigma**2 / 365.0, rel=1e-3)
    assert break_even == pytest.approx(sigma / np.sqrt(365.0), rel=1e-6), "a day's deviation"
    assert row(table, "ABC: net")[:2] == [0.0, 0.0]


def test_what_is_left_of_the_opening_position_stands_apart(opened: Any) -> None:
    options = held.options(opened)
    table = sheet.greeks(opened, options)
    names = [line[0] for line in table.rows]
    assert names == ["ABC: opening", "ABC: new trades", "ABC: hedge", "ABC: net", "Desk"]
    assert row(table, "ABC: new trades")[0] == 0.0
    book = opened.marks[opened.marks["underlying"] == "ABC"].iloc[-1]
    assert row(table, "ABC: net")[0] == pytest.approx(book["net_delta"], abs=1e-6)
    assert row(table, "ABC: opening")[3] == pytest.approx(book["vega"] / 100.0, rel=1e-4)


def two_positions() -> pd.DataFrame:
    """Ten long calls at the strike and five short puts below it, three days before they expire."""
    ts = pd.Timestamp("2026-01-13T21:00:00Z")
    return pd.DataFrame(
        {
            "path": 0, "ts": ts, "underlying": "ABC", "option": ["C100", "P90"], "strike": [100.0, 90.0],
            "expiry": ts + pd.Timedelta(days=3), "right": ["call", "put"], "multiplier": 100.0, "position": [10, -5.0],
            "spot": 100.5, "theo": [1.5, 0.3], "bid": [1.4, np.nan], "ask": [1.7, 0.45], "mid": [1.55, np.nan],
            "implied_volatility": 0.2, "delta": [0.55, -0.05], "gamma": [0.2, 0.02], "vega": [3.6, 1.0],
            "theta": [-40.0, -9.0], "years": 3.0 / 365.0,
        }
    )  # fmt: skip


@pytest.fixture
def made(make_run: MakeRun) -> Any:
    run = make_run()
    run.positions = two_positions()
    return run


def test_liquidation_sells_longs_at_the_bid_and_buys_shorts_at_the_ask(made: Any) -> None:
    # long 1,000 units: mid 0.05 above theo, bid 0.15 below mid; short 500: no mid, ask 0.15 above theo
    assert row(sheet.liquidation(made, held.options(made)), "All") == pytest.approx([10, 5, 0, 50.0, -225.0, -175.0])
    made.positions.loc[1, "ask"] = np.nan
    assert row(sheet.liquidation(made, held.options(made)), "All") == pytest.approx([10, 5, 1, 50.0, -150.0, -100.0])


def test_a_strike_pins_within_a_deviation_of_the_move_left(made: Any) -> None:
    table = sheet.pins(made, held.options(made))
    [(name, *numbers)] = table.rows
    assert name == "ABC 2026-01-16 100"
    deviation = 100.5 * 0.2 * np.sqrt(3.0 / 365.0)
    assert [n.value for n in numbers] == pytest.approx([-0.5, deviation, 10, 1_000, 1_000 * 0.2 * 100.5**2 / 100.0])  # type: ignore[union-attr]
    made.positions["expiry"] += pd.Timedelta(days=30)
    assert not sheet.any_expires_soon(held.options(made))


def test_vega_stands_at_its_expiry_and_delta(made: Any) -> None:
    table = sheet.vega(made, held.options(made)).table
    cells = dict(zip(table.head[1:], row(table, "2026-01-16"), strict=True))
    weight = np.sqrt(0.25 / (3.0 / 365.0))
    assert cells["At the money"] == 36.0 and cells["Put to 10"] == -5.0, "a call of delta 0.55, a put of -0.05"
    assert cells["All"] == 31.0 and cells["All, weighted"] == pytest.approx(31.0 * weight)
    assert np.isnan(cells["Call 10–25"])
    assert row(table, "All")[-2:] == pytest.approx([31.0, 31.0 * weight])


def test_the_edge_chain_by_hand(make_run: MakeRun) -> None:
    run = make_run(fills=0)
    run.options = pd.DataFrame({"option": ["X"], "multiplier": [100.0]})
    columns = ["client", "side", "size", "policy_fair", "quoted", "price", "edge"]
    dealt = [
        # bought 3 at 1.95: fair 0.01 below theo, quoted 0.03 below fair, dealt a cent better
        ("a", "buy", 3.0, 1.99, 1.96, 1.95, 15.0),
        # sold 2 at 2.05: fair 0.02 above theo, quoted 0.02 above it, dealt a cent better
        ("b", "sell", 2.0, 2.02, 2.04, 2.05, 10.0),
        # one side alone has no fair value: what is quoted beyond theo is half spread
        ("b", "sell", 1.0, np.nan, 2.04, 2.05, 5.0),
    ]
    fills = pd.DataFrame(dealt, columns=columns).assign(path=0, kind="client", instrument="X", theo=2.0)
    run.pieces = lambda _table, wanted: iter([fills[wanted][:2], fills[wanted][2:]])
    found = edges.steps(run) / MICROS
    assert found.loc["a", ["lean", "half_spread", "rounding", "edge"]].tolist() == [3.0, 9.0, 3.0, 15.0]
    assert found.loc["b", ["lean", "half_spread", "rounding", "edge"]].tolist() == [4.0, 8.0, 3.0, 15.0]


def test_the_edge_chain_sums_to_the_spread_capture(put: Any, root: Path) -> None:
    neftci = backtest.run(root / "scenarios" / "textbook" / "neftci_9_4_6.yaml")
    for run in (put, neftci):
        steps = edges.steps(run).sum()
        assert steps["edge"] == round(run.attribution["spread_capture"] * MICROS)
        assert steps[["half_spread", "lean", "rounding"]].sum() == steps["edge"]
        last = edges.chain(run).table.rows[-1]
        assert last[5].value == pytest.approx(run.attribution["spread_capture"], abs=1e-9)  # type: ignore[union-attr]


def test_options_and_hedge_sum_to_the_total_over_time(opened: Any) -> None:
    table = exhibits.components(opened).table
    assert table.head[1:] == ("Total", "Options", "Hedge"), "it deals with no client"
    first, last = ([number.value for number in table.rows[n][1:]] for n in (0, -1))  # type: ignore[union-attr]
    assert first == [0.0, 0.0, 0.0]
    components = opened.summary["components"]
    assert last == pytest.approx([opened.attribution["total"], components["options"], components["hedge"]], abs=1e-6)


def test_maps_by_strike_hold_every_option(make_run: MakeRun) -> None:
    run = make_run(symbols=("ABC", "XYZ"))
    maps = by_strike.maps(run)
    assert [exhibit.key for exhibit in maps] == ["by-strike-0", "by-strike-1"]
    of_abc = run.options[run.options["underlying"] == "ABC"]
    whole = row(maps[0].table, "All")
    assert whole == pytest.approx(of_abc[["position", "spread_capture", "total"]].sum().tolist())
    at_80 = of_abc[of_abc["strike"] == 80.0]
    assert row(maps[0].table, "2026-01-16 80") == pytest.approx(
        at_80[["position", "spread_capture", "total"]].sum().tolist()
    )


def test_quantiles_are_those_of_the_paths(make_run: MakeRun) -> None:
    run = make_run(paths=333)
    table = tables.quantiles(run.summary, run.paths)
    wanted = np.quantile(run.paths["total"], [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99])
    assert row(table, "Total") == pytest.approx(wanted.tolist())
    assert table.head[1:] == ("1 %", "5 %", "25 %", "50 %", "75 %", "95 %", "99 %")


def test_a_limit_is_drawn_where_it_leaves_the_lines_their_shape() -> None:
    times = np.array(["2026-01-05", "2026-01-06"], "datetime64[ns]")
    line = Line("x", times, np.array([-3.0, np.nan]), "line1")
    assert [Panel("", [line], limit=limit).shown_limit for limit in (None, 2.0, 12.0, 13.0)] == [None, 2.0, 12.0, None]

"""The auditor agrees with sound runs, and with no run of a broken engine.

Faults are planted in two ways. Either the engine runs a scenario that differs in what the fault would get wrong (fees
forgotten, a wrong multiplier, other lots) and its books, which are sound in themselves, are audited against the true
scenario. Or the tables of a sound run are altered so that every transaction still balances and every sum still agrees
with the ledger. Nothing but the auditor's own calculation can tell.
"""

from __future__ import annotations

import ast
import copy
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
import pandas as pd
import pytest

from mmsim import backtest, market
from mmsim.events import Kind, merge, rows
from mmsim.market import Market
from mmsim.scenario import Scenario, load
from tests import audit_of_run
from tests.auditor import BUCKETS, Discrepancy, audit

START = "2026-03-02T00:00:00Z"
SCENARIO: dict[str, Any] = {
    "name": "audited",
    "seed": 11,
    "clock": {"start": START, "end": "2026-03-06T00:00:00Z", "interest_days": 360},
    "rates": {
        "options_cash": 0.05,
        "hedge_cash": 0.03,
        "pricing": 0.04,
        "borrow": 0.02,
        "borrowing_spread": 0.015,
        "funding": "net",
    },
    "underlyings": [
        {"symbol": "ABC", "kind": "stock", "dividend_yield": 0.01},
        {"symbol": "FUT", "kind": "future", "tick": 0.25, "multiplier": 50},
    ],
    "options": [
        {"underlying": "ABC", "strikes": [95, 100, 105], "expiry": "2026-03-04T21:00:00Z", "settlement": "physical"},
        {"underlying": "ABC", "strikes": [98, 102], "expiry": "2026-04-17T20:00:00Z", "ticks": {0: 0.01, 3: 0.05}},
        {
            "underlying": "FUT",
            "strikes": [3000, 3050],
            "expiry": "2026-03-05T21:00:00Z",
            "multiplier": 50,
            "ticks": 0.05,
            "premium": "futures_style",
            "settlement": "physical",
            "settlement_price": 3021.75,
        },
        {"underlying": "FUT", "strikes": [2950], "expiry": "2026-06-19T13:30:00Z", "multiplier": 50, "ticks": 0.05},
    ],
    "market": {
        "spot": {
            "ABC": {"model": "gbm", "start": 100, "volatility": 0.35, "step": "20m", "half_spread": 0.02},
            "FUT": {"model": "gbm", "start": 3020, "volatility": 0.25, "step": "30m", "half_spread": 0.125},
        },
        "volatility": {"model": "constant", "level": 0.3},
        "theo": {"volatility": 0.31},
    },
    "clients": [
        {"name": "retail", "model": "poisson", "per_hour": 2, "reservation_ticks": 30, "sizes": [1, 2, 5]},
        {"name": "funds", "model": "poisson", "per_hour": 1, "reservation_ticks": 60, "sizes": [10], "buy_share": 0.7},
    ],
    "quoting": {"policy": "fixed_width", "half_spread": 0.08, "size": 20},
    "hedging": {"policy": "delta_band", "band": 40},
    "execution": {"hedge_at": "touch", "fee_per_hedge": 0.8, "fee_per_option": 0.65, "fee_per_exercise": 1.5},
    "opening": {
        "options": [
            {"option": "ABC 2026-04-17 C98", "size": -4, "mark": 5.5},
            {"option": "FUT 2026-06-19 P2950", "size": 2},
        ],
        "hedges": [{"underlying": "ABC", "units": 120, "price": 99.5}, {"underlying": "FUT", "units": -50}],
    },
    "dividends": [{"underlying": "ABC", "ex": "2026-03-03T14:30:00Z", "amount": 0.75}],
    "pricing": {"exact": True},
    "report": {"mark_every": "2h"},
}


class Books(NamedTuple):
    """The plain inputs of an audit, and what the run reports."""

    terms: dict[str, pd.DataFrame]
    events: pd.DataFrame
    fills: pd.DataFrame
    settings: dict[str, Any]
    results: dict[str, Any]


def changed(value: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A scenario with dotted keys (``__`` for the dot) changed."""
    made = copy.deepcopy(value)
    for key, new in changes.items():
        *way, last = key.split("__")
        part: Any = made
        for name in way:
            part = part[int(name) if name.isdigit() else name]
        part[int(last) if last.isdigit() else last] = new
    return made


def built_for(scenario: Scenario, data: Path | None = None) -> Market:
    """The market that a run of the scenario builds."""
    parameters = scenario.hedging.parameters
    return market.build(
        scenario, data, timer_ns=parameters["interval_ns"] if scenario.hedging.policy == "interval" else 0
    )


def books(
    scenario: Scenario | dict[str, Any],
    data: Path | None = None,
    alter: Callable[[Market], Market] = lambda built: built,
) -> Books:
    """Run a scenario, in its market or that market altered, and take the run apart for the auditor."""
    if isinstance(scenario, dict):
        scenario = Scenario.model_validate(scenario)
    built = alter(built_for(scenario, data))
    with mock.patch.object(market, "build", return_value=built):
        run = backtest.run(scenario, data)
    return Books(
        audit_of_run.terms(built.universe),
        audit_of_run.events(built, 0),
        audit_of_run.fills(run.fills, built),
        audit_of_run.settings(scenario, built.universe),
        audit_of_run.results(run, built, 0),
    )


def verdict(truth: Books, reported: Books) -> list[Discrepancy]:
    """What the auditor has to say of the books ``reported``, the market and the rules being the truth's."""
    return audit(truth.terms, truth.events, reported.fills, truth.settings).compare(reported.results)


def say(found: list[Discrepancy]) -> str:
    return "\n".join(str(one) for one in found)


@pytest.fixture(scope="module")
def sound() -> Books:
    return books(SCENARIO)


def test_the_auditor_agrees_with_a_sound_run(sound: Books) -> None:
    found = verdict(sound, sound)
    assert not found, say(found)


def test_the_sound_run_has_something_of_everything(sound: Books) -> None:
    """Otherwise a fault could hide where nothing happens."""
    kinds = sound.fills["kind"].value_counts()
    assert kinds["client"] >= 50 and kinds["hedge"] >= 50 and kinds["expiry"] >= 4
    idle = [name for name, amount in sound.results["detail"].items() if amount == 0]
    assert set(idle) <= {"Income:Rates", "Income:Basis", "Income:Unexplained", "Equity:Opening"}


MUTANTS: dict[str, dict[str, Any]] = {
    "option fees forgotten": {"execution__fee_per_option": 0.0},
    "hedge fees forgotten": {"execution__fee_per_hedge": 0.0},
    "exercise fees forgotten": {"execution__fee_per_exercise": 0.0},
    "hedges at mid instead of touch": {"execution__hedge_at": "mid"},
    "hedges without their latency": {"latency": {"hedge": "0s"}},
    "lots matched first in, first out": {"execution__matching": "fifo"},
    "lots at average cost": {"execution__matching": "average"},
    "interest on the options' cash twice": {"rates__options_cash": 0.10},
    "interest of a year of 365 days": {"clock__interest_days": 365},
    "simple interest": {"rates__compounding": "simple_daily"},
    "borrowing at the lending rate": {"rates__borrowing_spread": 0.0},
    "balances not netted": {"rates__funding": "gross"},
    "borrowed stock for nothing": {"rates__borrow": 0.0},
    "prices discounted at another rate": {"rates__pricing": 0.05},
    "a year of 252 days": {"clock__volatility_days": 252},
    "wrong multiplier of an option": {"options__1__multiplier": 10},
    "wrong multiplier of a future": {"underlyings__1__multiplier": 5},
    "physical settled in cash": {"options__0__settlement": "cash"},
    "settlement price ignored": {"options__2__settlement_price": None},
    "margined premium paid up front": {"options__2__premium": "upfront"},
    "dividend dropped": {"dividends": []},
    "dividend a day late": {"dividends__0__ex": "2026-03-04T14:30:00Z"},
    "opening mark ignored": {"opening__options__0__mark": None},
    "opening hedge at mid": {"opening__hedges__0__price": None},
    "the grid every three hours": {"report__mark_every": "3h"},
    "a grid that misses moves of the spot": {"report__mark_spot": 0.01},
}


@pytest.mark.parametrize("fault", MUTANTS)
def test_a_broken_engine_is_found_out(fault: str, sound: Books) -> None:
    truth = SCENARIO
    if fault == "hedges without their latency":
        truth = changed(SCENARIO, latency={"hedge": "50ms"})
        sound = books(truth)
    assert verdict(sound, books(changed(truth, **MUTANTS[fault])))


VARIANTS: dict[str, dict[str, Any]] = {
    "all hedged with the future": {
        "hedging": {"policy": "delta_band", "band": 40, "instrument": "FUT"},
        "options__0__settlement": "cash",
        "opening__hedges": [],
    },
    "a future hedged with the stock": {
        "hedging": {"policy": "delta_band", "band": 40, "instrument": {"FUT": "ABC"}},
        "options__2__settlement": "cash",
        "opening__hedges": [],
    },
    "sessions, and slow hedges": {
        "clock__start": "2026-03-02T13:00:00Z",
        "sessions": {"open": "09:30", "close": "16:00", "zone": "America/New_York", "settlement": "15:15"},
        "latency": {"hedge": "25m", "quote": "3m"},
    },
    "an index": {"underlyings__0__kind": "index", "options__0__settlement": "cash", "dividends": []},
    "deltas of a script": {"hedging": {"policy": "scripted_deltas", "deltas": [0.1, 0.5, 0.6, 0.4, 0.55]}},
    "limits": {"limits": {"loss": 3000.0, "position": 15, "net_vega": 40000.0}},
    "all expires at the end": {
        "options__1__expiry": "2026-03-06T00:00:00Z",
        "options__3__expiry": "2026-03-06T00:00:00Z",
        "opening": {},
    },
    "moves of exactly a mark's size": {
        "market__spot__ABC": {
            "model": "path",
            "step": "20m",
            "prices": [100, 100.5, 101, 100.5, 100, 99.5, 101, 100, 98, 100] * 20,
        },
    },
    "lazy Greeks": {"pricing__exact": False},
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_auditor_agrees_with_variants(variant: str) -> None:
    run = books(changed(SCENARIO, **VARIANTS[variant]))
    found = verdict(run, run)
    assert not found, say(found)


def restless(built: Market, seed: int) -> Market:
    """A market in which volatilities move with every third tick, sides and fair values go missing, and half of the
    orders come at the very time of a tick."""
    draw = np.random.default_rng(seed)
    events = built.events(0).copy()
    events = events[(events["kind"] != Kind.FAIR_VOLATILITY) | (events["instrument"] % 3 != 0)]
    ticks = np.flatnonzero(events["kind"] == Kind.SPOT)[len(built.universe.underlyings) :]
    for side in ("bid", "ask"):
        events[side][draw.choice(ticks, len(ticks) // 8, replace=False)] = np.nan
    orders = np.flatnonzero(events["kind"] == Kind.ORDER)
    orders = orders[(draw.random(len(orders)) < 0.5) & (events["ts"][orders] < events["ts"][ticks[-1]])]
    events["ts"][orders] = events["ts"][ticks][np.searchsorted(events["ts"][ticks], events["ts"][orders])]
    moved = []
    for tick in ticks[::3]:
        owned = [n for n in range(len(built.universe.options)) if draw.random() < 0.5]
        levels = 0.3 * np.exp(0.05 * draw.standard_normal(len(owned)))
        moved.append(rows(Kind.VOLATILITY, np.full(len(owned), events["ts"][tick]), owned, value=levels))
    return dataclasses.replace(built, fixed=merge([events, *moved]), spots=(), flows=())


@pytest.mark.parametrize("exact", [True, False], ids=["exact", "lazy"])
# 37: a lazy hedge at the time at which an option's volatility moves and its position begins anew;
# 43: a slow hedge after an expiry, and nothing else for a while
@pytest.mark.parametrize("seed", [0, 1, 37, 43])
def test_the_auditor_agrees_in_a_restless_market(seed: int, exact: bool) -> None:
    run = books(changed(random_scenario(seed), pricing__exact=exact), alter=lambda built: restless(built, seed))
    assert run.results["detail"]["Income:Vega"] != 0
    found = verdict(run, run)
    assert not found, f"seed {seed}:\n{say(found)}"


# ---- tables of a sound run, altered


def resum(ledger: pd.DataFrame) -> dict[str, Any]:
    """Results that agree with a ledger, whatever it says."""
    accounts = ledger.groupby("account")["amount_micros"].sum() / -1e6
    detail = {name: amount for name, amount in accounts.items() if not str(name).startswith("Assets")}
    attribution = {bucket: sum(detail.get(part, 0.0) for part in parts) for bucket, parts in BUCKETS.items()}
    return {"ledger": ledger, "detail": detail, "attribution": attribution | {"total": sum(attribution.values())}}


def nth(fills: pd.DataFrame, kind: str, n: int) -> pd.Series:
    return fills[fills["kind"] == kind].iloc[n]


def lose_a_client_fill(books: Books) -> Books:
    row = nth(books.results["fills"], "client", 20)
    ledger = books.results["ledger"]
    kept = books.fills.drop(index=row.name).reset_index(drop=True)
    return books._replace(fills=kept, results=resum(ledger[ledger["transaction"] != row["transaction"]]))


def turn_a_hedge_around(books: Books) -> Books:
    row = nth(books.results["fills"], "hedge", 10)
    fills, ledger = books.fills.copy(), books.results["ledger"].copy()
    fills.loc[row.name, "size"] *= -1
    ledger.loc[ledger["transaction"] == row["transaction"], "amount_micros"] *= -1
    return books._replace(fills=fills, results=resum(ledger))


def turn_an_edge_around(books: Books) -> Books:
    """The desk's gain entered as its loss, against the inventory."""
    row = nth(books.results["fills"], "client", 5)
    ledger = books.results["ledger"].copy()
    mine = ledger["transaction"] == row["transaction"]
    edge = mine & ledger["account"].str.startswith("Income:SpreadCapture")
    ledger.loc[mine & (ledger["account"] == "Assets:Options"), "amount_micros"] += (
        2 * ledger.loc[edge, "amount_micros"].sum()
    )
    ledger.loc[edge, "amount_micros"] *= -1
    return books._replace(results=resum(ledger))


def move(books: Books, source: str, target: str, where: Callable[[pd.DataFrame], pd.Series]) -> Books:
    """Enter the postings of one account in another."""
    ledger = books.results["ledger"].copy()
    chosen = (ledger["account"] == source) & where(ledger)
    assert chosen.any()
    ledger.loc[chosen, "account"] = target
    return books._replace(results=resum(ledger))


def put_a_spread_in_gamma(books: Books) -> Books:
    transaction = nth(books.results["fills"], "client", 7)["transaction"]
    return move(
        books, "Income:SpreadCapture:Mark", "Income:Gamma:Convexity", lambda rows: rows["transaction"] == transaction
    )


def put_hedge_cost_in_delta(books: Books) -> Books:
    return move(books, "Expenses:HedgeCost", "Income:Delta", lambda rows: rows["ts"] > rows["ts"].median())


def put_a_theta_in_vega(books: Books) -> Books:
    return move(
        books, "Income:Theta", "Income:Vega", lambda rows: rows["ts"] == rows.loc[rows["kind"] == "mark", "ts"].max()
    )


def put_drift_in_delta(books: Books) -> Books:
    return move(books, "Income:Gamma:Drift", "Income:Delta", lambda rows: rows["ts"] > rows["ts"].median())


def shift_a_mark(books: Books) -> Books:
    """One mark's transaction a minute late: every total is right, not when it was earned."""
    ledger = books.results["ledger"].copy()
    marks = ledger[(ledger["kind"] == "mark") & (ledger["account"] == "Income:Theta")]
    late = ledger["transaction"] == marks["transaction"].iloc[len(marks) // 2]
    ledger.loc[late, "ts"] += 60 * 10**9
    return books._replace(results=resum(ledger))


def forget_a_days_interest(books: Books) -> Books:
    ledger = books.results["ledger"]
    day = pd.to_datetime(ledger["ts"]).dt.floor("D")
    lost = (ledger["kind"] == "carry") & (day == day.iloc[len(day) // 2])
    assert lost.any()
    return books._replace(results=resum(ledger[~lost]))


def unbalance_by_a_micro(books: Books) -> Books:
    ledger = books.results["ledger"].copy()
    ledger.iloc[len(ledger) // 2, ledger.columns.get_loc("amount_micros")] += 1
    return books._replace(results=resum(ledger))


def price_a_fill_beyond_its_order(books: Books) -> Books:
    row = nth(books.fills, "client", 12)
    fills = books.fills.copy()
    fills.loc[row.name, "price"] += -5.0 * np.sign(row["size"])
    return books._replace(fills=fills)


def hedge_half_a_lot(books: Books) -> Books:
    fills = books.fills.copy()
    fills.loc[nth(fills, "hedge", 3).name, "size"] += 0.5
    return books._replace(fills=fills)


def fill_after_expiry(books: Books) -> Books:
    fills = books.fills.copy()
    expired = nth(fills, "expiry", 0)
    late = pd.DataFrame([expired.to_dict() | {"kind": "client", "client": 0, "ts": expired["ts"] + 1}])
    return books._replace(fills=pd.concat([fills, late]).sort_values("ts", kind="stable", ignore_index=True))


def leave_an_option_unsettled(books: Books) -> Books:
    row = nth(books.results["fills"], "expiry", 0)
    return books._replace(fills=books.fills.drop(index=row.name).reset_index(drop=True))


ALTERATIONS = [
    lose_a_client_fill,
    turn_a_hedge_around,
    turn_an_edge_around,
    put_a_spread_in_gamma,
    put_hedge_cost_in_delta,
    put_a_theta_in_vega,
    put_drift_in_delta,
    shift_a_mark,
    forget_a_days_interest,
    unbalance_by_a_micro,
    price_a_fill_beyond_its_order,
    hedge_half_a_lot,
    fill_after_expiry,
    leave_an_option_unsettled,
]


@pytest.mark.parametrize("alter", ALTERATIONS, ids=lambda f: f.__name__)
def test_altered_books_are_found_out(alter: Callable[[Books], Books], sound: Books) -> None:
    assert verdict(sound, alter(sound))


def test_altering_nothing_is_no_fault(sound: Books) -> None:
    """The alterations above are found for what they alter, not for how: the same treatment without one passes."""
    found = verdict(sound, sound._replace(results=resum(sound.results["ledger"].copy())))
    assert not found, say(found)


# ---- scenarios at random


def random_scenario(seed: int) -> dict[str, Any]:
    """The scenario above with everything that can vary drawn."""
    draw = np.random.default_rng(seed)

    def one_of(*choices: Any) -> Any:
        return choices[draw.integers(len(choices))]

    hedging = one_of(
        {"policy": "delta_band", "band": float(draw.uniform(5, 100))},
        {"policy": "every_tick"},
        {"policy": "interval", "interval_ns": int(draw.integers(1, 9)) * 600_000_000_000},
    )
    return changed(
        SCENARIO,
        seed=seed,
        clock__volatility_days=one_of(252.0, 365.0),
        rates__funding=one_of("net", "gross"),
        rates__compounding=one_of("continuous", "simple_daily"),
        rates__options_cash=float(draw.uniform(-0.02, 0.08)),
        underlyings__0__kind="stock",
        underlyings__1__lot=one_of(1.0, 0.0),
        options__0__settlement=one_of("cash", "physical"),
        options__2__premium=one_of("upfront", "futures_style"),
        options__2__settlement=one_of("cash", "physical"),
        market__theo={"volatility": one_of("market", 0.25)},
        quoting__half_spread=float(draw.uniform(0.02, 0.2)),
        hedging=hedging,
        execution__hedge_at=one_of("mid", "touch"),
        execution__matching=one_of("lifo", "fifo", "average"),
        execution__lot=one_of(1.0, 10.0, 0.0),
        latency=one_of({}, {"quote": "1ms", "hedge": "5ms"}, {"hedge": "20m"}, {"quote": "10m"}),
        report={
            "mark_every": one_of("1h", "7m", "1d"),
            "mark_spot": one_of(0.002, 0.005, 0.02),
            "mark_vol": 0.02,
        },
    )


@pytest.mark.parametrize("seed", range(6))
def test_random_scenarios_pass_the_audit(seed: int) -> None:
    run = books(random_scenario(seed))
    found = verdict(run, run)
    assert not found, f"random_scenario({seed}):\n{say(found)}"


# ---- real days


@pytest.mark.parametrize("name", ["es_fop", "goog"])
def test_a_recorded_day_passes_the_audit(name: str, root: Path, recorded_data: Path) -> None:
    run = books(load(root / "scenarios" / "recorded" / f"{name}.yaml", {"pricing.exact": "true"}), recorded_data)
    found = verdict(run, run)
    assert not found, say(found)


@pytest.mark.parametrize(
    "name",
    [
        "synthetic/market_maker_day",
        "textbook/neftci_9_4_6",
        "textbook/put_scalping",
        "textbook/short_call_hedge",
        "textbook/hull_itm",
    ],
)
def test_a_shipped_scenario_passes_the_audit(name: str, root: Path) -> None:
    run = books(load(root / "scenarios" / f"{name}.yaml"))
    found = verdict(run, run)
    assert not found, say(found)


def test_the_auditor_imports_nothing_of_what_it_audits(root: Path) -> None:
    """Nor the adapter, nor the tests."""
    for file in (root / "tests" / "auditor").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level <= 1, f"{file.name} reaches beyond its own folder"
                modules = [node.module or ""] if node.level == 0 else []
            else:
                continue
            assert not [m for m in modules if m.split(".")[0] in ("mmsim", "tests", "strategies")], file.name

"""The auditor agrees with sound runs, and with no run of a broken engine.

Faults are planted in two ways. Either the engine runs a scenario that differs in what the fault would get wrong
(`planted_faults`) and its books, which are sound in themselves, are audited against the true scenario. Or the tables of
a sound run are altered so that every transaction still balances and every sum still agrees with the ledger.
Nothing but the auditor's own calculation can tell.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmsim.scenario import Scenario, load
from tests.audit_of_run import Books, play, say, verdict
from tests.auditor import BUCKETS
from tests.planted_faults import FAULTS, broken

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


def books(scenario: Scenario | dict[str, Any], data: Path | None = None) -> Books:
    """Run a scenario, and take the run apart for the auditor."""
    return play(scenario if isinstance(scenario, Scenario) else Scenario.model_validate(scenario), data).books


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


ONLY_WITH: dict[str, dict[str, Any]] = {
    "hedges without their latency": {"latency": {"hedge": "50ms"}},
    "fees by venue forgotten": {
        "execution": {"fees": {"option": {"maker": 0.65, "cap": 0.1}, "hedge": {"taker": 0.8}}}
    },
    "impact forgotten": {"execution": {"impact": {"permanent": 0.0005}}},
    "hedges at another multiple of their cost": {"execution": {"hedge_at": "touch", "hedge_cost": 3.0}},
    "the venue's freeze forgotten": {"protection": {"window": "1h", "quantity": 5, "freeze": "3h"}},
    "jumps unseen": {"protection": {"jump": {"spot": 0.002, "within": "20m", "for": "1h"}}},
}  # of a fault: what the scenario has to have for it to show
PLANTED = [fault for fault in FAULTS if fault in ONLY_WITH or broken(SCENARIO, fault) is not None]  # others are hunted


@pytest.mark.parametrize("fault", PLANTED)
def test_a_broken_engine_is_found_out(fault: str, sound: Books) -> None:
    truth = SCENARIO
    if fault in ONLY_WITH:
        truth = changed(SCENARIO, **ONLY_WITH[fault])
        sound = books(truth)
    wrong = broken(truth, fault)
    assert wrong is not None
    assert verdict(sound, books(wrong))


WEIGHTED: dict[str, Any] = {
    "clock__start": "2026-03-02T13:00:00Z",
    "clock__weights": {
        "overnight": 0.3,
        "weekend": 0.1,
        "trading_days": 250.0,
        "holidays": ["2026-03-04", "2026-04-03"],
        "events": [{"at": "2026-03-03T19:00:00Z", "days": 0.8}, {"at": "2026-03-18T18:00:00Z", "days": 0.5}],
    },
    "sessions": {"open": "09:30", "close": "16:00", "zone": "America/New_York"},
    "latency": {"hedge": "25m", "quote": "3m"},
}
VARIANTS: dict[str, dict[str, Any]] = {
    "a clock of variance": WEIGHTED,
    "a clock of variance, lazy": WEIGHTED | {"pricing__exact": False},
    "a clock of variance, sessions of the evening before": WEIGHTED
    | {"sessions": {"open": "17:00", "close": "16:00", "zone": "America/Chicago"}},
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
        "synthetic/heston_day",
        "synthetic/jumps_day",
        "synthetic/oscillation",
        "synthetic/protected_day",
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

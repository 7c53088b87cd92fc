"""The table `positions`: what is held at the end of a run, and what one unit of it is worth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mmsim.events import Kind, rows
from tests.economics import oracle
from tests.engine.builder import at, clients, fixed, ns, order, play, policy

EXPIRY = "2026-01-15"
NAMES = [f"ABC {EXPIRY} {name}" for name in ("P100", "C100", "P110", "C110")]
YEARS = 9 * 24 * 3600 / (365 * 86400) + 14 * 3600 / (365 * 86400)  # from 10:00 on the 5th to 00:00 on the 15th
OPEN = {
    "options": [{"underlying": "ABC", "strikes": [100, 110], "expiry": at(240), "multiplier": 10}],
    "market__volatility": {"model": "constant", "level": 0.3},
    "market__spot__prices": [100, 104],
    "rates": {"options_cash": 0.05, "hedge_cash": 0.05},
    "quoting": fixed(3.0, 3.0),
}


def test_each_option_ever_held_has_a_row_with_the_values_of_one_unit() -> None:
    """Bought 2 of one call and sold 3 of the other; a put was bought and sold again; the other was never dealt."""
    call, other, put = NAMES[1], NAMES[3], NAMES[0]
    script = clients(
        order(1, "sell", 2, option=call),
        order(1.1, "buy", 3, 9.0, option=other),
        order(2, "sell", 1, option=put),
        order(3, "buy", 1, 9.0, option=put),
    )
    run = play(**OPEN, clients=script, hedging=policy("trade_at_ticks", first=7.0))
    table = run.positions.set_index("option")
    assert table["position"].to_dict() == {call: 2.0, other: -3.0, put: 0.0}
    assert set(table["ts"]) == {pd.Timestamp(at(10))}
    assert (table["multiplier"] == 10).all() and (table["spot"] == 104).all()
    assert table["years"].to_list() == pytest.approx([YEARS] * 3, rel=1e-12)
    worth = {
        call: oracle.call(104, 100, YEARS, 0.3, 0.05),
        other: oracle.call(104, 110, YEARS, 0.3, 0.05),
        put: oracle.put(104, 100, YEARS, 0.3, 0.05),
    }
    assert table["theo"].to_dict() == pytest.approx({name: float(value) for name, value in worth.items()}, rel=1e-12)
    assert (table["mid"] == table["theo"]).all()  # a model's market is fair at its own volatility
    assert table["bid"].isna().all() and table["ask"].isna().all()
    assert table.loc[call, "delta"] == pytest.approx(float(oracle.delta(104, 100, YEARS, 0.3, 0.05)), rel=1e-12)
    assert table.loc[put, "delta"] == pytest.approx(table.loc[call, "delta"] - 1.0, abs=1e-12)
    assert table.loc[put, "gamma"] == pytest.approx(float(oracle.gamma(104, 100, YEARS, 0.3, 0.05)), rel=1e-12)
    step = 1e-4
    up, down = (oracle.call(104, 100, YEARS, 0.3 + move, 0.05) for move in (step, -step))
    assert table.loc[call, "vega"] == pytest.approx(float(up - down) / (2 * step), rel=1e-6)
    later, sooner = (oracle.call(104, 100, YEARS - move, 0.3, 0.05) for move in (step, -step))
    assert table.loc[call, "theta"] == pytest.approx(float(later - sooner) / (2 * step), rel=1e-4)


def test_positions_are_the_book_that_the_last_mark_shows() -> None:
    script = clients(order(1, "sell", 2, option=NAMES[1]), order(1.1, "buy", 3, 9.0, option=NAMES[2]))
    run = play(**OPEN, clients=script, hedging=policy("trade_at_ticks", first=7.0))
    held, book = run.positions, run.marks[run.marks["underlying"] == "ABC"].iloc[-1]
    units = held["position"] * held["multiplier"]
    assert book["net_delta"] == pytest.approx((units * held["delta"]).sum() + book["hedge"], rel=1e-12)
    for greek in ("gamma", "vega", "theta"):
        assert book[greek] == pytest.approx((units * held[greek]).sum(), rel=1e-12)
    desk = run.ledger[run.ledger["account"] == "Assets:Options"]
    worth = np.rint(units * held["theo"] * 1e6).to_numpy(np.int64)
    assert desk.groupby("instrument", observed=True)["amount_micros"].sum().to_dict() == dict(
        zip(held["option"], worth.tolist(), strict=True)
    )


def test_what_has_expired_has_no_row() -> None:
    run = play(clients=clients(order(1, "sell", 2)), quoting=fixed(1.0, 1.0))
    assert run.counts["expiries"] == 1 and run.positions.empty


def test_a_run_without_fills_or_kept_paths_has_no_rows() -> None:
    assert play().positions.empty
    kept = play(**OPEN, clients=clients(order(1, "sell", 2, option=NAMES[1])), paths=2, keep_paths=0)
    assert kept.positions.empty and list(kept.positions.columns) == list(play().positions.columns)


def test_each_kept_path_has_its_rows() -> None:
    run = play(**OPEN, clients=clients(order(1, "sell", 2, option=NAMES[1])), paths=3, keep_paths=2)
    assert run.positions[["path", "position"]].to_numpy().tolist() == [[0, 2], [1, 2]]


def test_the_market_of_a_one_sided_quote() -> None:
    quotes = [
        rows(Kind.QUOTE, ns(5), option, bid=2.5, ask=ask, bid_size=1, ask_size=1)
        for option, ask in enumerate([np.nan, 3.5, 3.5, 3.5])
    ]
    script = clients(*(order(1, "sell", 2, option=option) for option in NAMES))
    run = play(**OPEN, events=quotes, without=[Kind.FAIR_VOLATILITY], clients=script)
    assert (run.positions["bid"] == 2.5).all() and run.positions["theo"].notna().all()
    one_sided = run.positions.iloc[0]
    assert np.isnan(one_sided["ask"]) and np.isnan(one_sided["mid"])
    assert (run.positions["mid"][1:] == 3.0).all()


def test_deltas_given_by_a_script_are_the_positions() -> None:
    run = play(
        **OPEN | {"options": [{"underlying": "ABC", "strikes": [100], "expiry": at(240)}]},
        clients=clients(order(1, "sell", 2, option=NAMES[1])),
        hedging={"policy": "scripted_deltas", "deltas": [0.4, 0.45]},
    )
    assert run.positions["delta"].to_list() == [0.45]

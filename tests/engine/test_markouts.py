"""Mark-outs by hand: what a client fill was worth after each horizon, and what stops a horizon."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmsim.engine import setup
from mmsim.engine.state import AWAITING, MARKOUT
from mmsim.events import Events, Kind, rows
from mmsim.results import Run
from tests.economics import oracle
from tests.engine.builder import CALL, DAY, HOUR, POLICIES, at, clients, fixed, ns, order, play

SECOND = 1_000_000_000
SPOT = {"model": "path", "step": "1h", "prices": [104]}
SHED = {"policy": f"{POLICIES / 'shed.py'}:Shed", "contracts": -1.0}
AMOUNTS = ["edge_micros", "markout_micros", "impact_micros", "hedged_markout_micros"]


def tick(ts: int, price: float) -> Events:
    """A tick of the stock at a nanosecond of the day."""
    return rows(Kind.SPOT, ns(0) + ts, 0, bid=price, ask=price, bid_size=1, ask_size=1)


def sold(seconds: float, size: float = 2, option: str = CALL) -> dict[str, Any]:
    """A client's sale so many seconds after midnight: the desk buys at its bid."""
    exact = (pd.Timestamp(DAY, tz="UTC") + pd.Timedelta(seconds=seconds)).isoformat()
    return {**order(0, "sell", size, option=option), "at": exact}


def by_horizon(run: Run) -> pd.DataFrame:
    """The rows of a run's only client fill."""
    assert run.counts["client_fills"] == 1
    table = run.markouts.set_index("horizon")
    assert (table["edge_micros"] == table["markout_micros"] + table["impact_micros"]).all()
    return table


def test_the_market_up_to_and_at_the_horizon_counts() -> None:
    """200 units bought at 3 and worth 4 when the stock is at 104; its delta is 1, or nothing below 100."""
    ticks = [tick(11 * SECOND, 105), tick(11 * SECOND + 1, 106), tick(20 * SECOND, 107), tick(70 * SECOND, 98)]
    ticks += [tick(3610 * SECOND - 1, 110), tick(3610 * SECOND + 1, 111)]
    run = play(events=ticks, market__spot=SPOT, clients=clients(sold(10)), quoting=fixed(3.0, 9.0))
    found = by_horizon(run)
    assert found["theo"].round(6).to_dict() == {"1s": 5, "10s": 7, "1m": 0, "5m": 0, "1h": 10, "end": 11}
    assert found["spot"].to_dict() == {"1s": 105, "10s": 107, "1m": 98, "5m": 98, "1h": 110, "end": 111}
    assert found["delta"].round(9).eq(1).all() and (found["side"] == "buy").all() and (found["size"] == 2).all()
    assert found[AMOUNTS].loc[["1s", "10s", "1m", "1h", "end"]].to_numpy().tolist() == [
        [200_000_000, 400_000_000, -200_000_000, 200_000_000],
        [200_000_000, 800_000_000, -600_000_000, 200_000_000],
        [200_000_000, -600_000_000, 800_000_000, 600_000_000],
        [200_000_000, 1_400_000_000, -1_200_000_000, 200_000_000],
        [200_000_000, 1_600_000_000, -1_400_000_000, 200_000_000],
    ]


def test_a_sale_has_the_opposite_sign() -> None:
    """200 units sold at 5 and worth 4: a rise of the stock is a loss, which the hedge earns back."""
    script = clients(order(10 / 3600, "buy", 2, 5.0))
    run = play(events=[tick(11 * SECOND, 105)], market__spot=SPOT, clients=script, quoting=fixed(1.0, 5.0))
    first = by_horizon(run).loc["1s"]
    assert (first["side"], first[AMOUNTS].tolist()) == ("sell", [200_000_000, 0, 200_000_000, 200_000_000])


def test_theo_is_that_of_the_horizons_own_time() -> None:
    """Nothing happens but a far quote of the market: time value decays to the horizon, not to the next event."""
    quote = rows(Kind.QUOTE, ns(8), 0, bid=1, ask=2, bid_size=1, ask_size=1)
    run = play(
        events=[quote],
        market__volatility={"model": "constant", "level": 0.3},
        options=[{"underlying": "ABC", "strikes": [100], "expiry": at(240)}],
        clients=clients(sold(10, option="ABC 2026-01-15 C100")),
        quoting=fixed(1.0, 9.0),
        report__mark_every="10h",
    )
    years = {name: (240 * 3600 - 10 - wait) / (365 * 86400) for name, wait in (("1s", 1), ("5m", 300), ("1h", 3600))}
    found = by_horizon(run)["theo"]
    for name, left in years.items():
        assert found[name] == pytest.approx(float(oracle.call(100, 100, left, 0.3)), rel=1e-12)


def test_the_edge_is_the_ledgers_spread_capture() -> None:
    run = play(market__spot=SPOT, clients=clients(sold(10), sold(20, 7)), quoting=fixed(2.987654, 9.0))
    ledger = run.ledger[run.ledger["account"].str.startswith("Income:SpreadCapture")]
    booked = -ledger.groupby("transaction")["amount_micros"].sum()
    for _, fill in run.markouts.groupby("horizon", observed=True):
        assert fill.set_index("transaction")["edge_micros"].to_dict() == booked.to_dict()


@pytest.mark.parametrize(("terms", "price"), [({}, 106.0), ({"settlement_price": 103.5}, 103.5)])
def test_what_has_expired_is_worth_its_payoff(terms: dict[str, float], price: float) -> None:
    """Bought half a minute before expiry; the stock goes on to 150 afterwards."""
    events = [tick(10 * HOUR - 5 * SECOND, 106), tick(10 * HOUR + SECOND, 150)]
    options = [{"underlying": "ABC", "strikes": [100], "expiry": at(10)} | terms]
    run = play(
        events=events,
        clock__end=at(12),
        options=options,
        market__spot=SPOT,
        clients=clients(sold(36_000 - 30)),
        quoting=fixed(3.0, 9.0),
    )
    found = by_horizon(run)
    assert found["spot"].to_dict() == {"1s": 104, "10s": 104} | dict.fromkeys(("1m", "5m", "1h", "end"), price)
    assert found["theo"][["1m", "5m", "1h", "end"]].to_list() == [price - 100] * 4


def test_what_was_closed_before_its_expiry_is_marked_at_its_payoff() -> None:
    script = clients(sold(35_000), order(35_100 / 3600, "buy", 2, 9.0))
    run = play(clock__end=at(12), market__spot=SPOT, clients=script, quoting=fixed(3.0, 3.5))
    last = run.markouts[run.markouts["horizon"] == "end"]
    assert run.counts["expiries"] == 0 and last["theo"].to_list() == [4.0, 4.0]
    assert last["markout_micros"].to_list() == [200_000_000, -100_000_000]


def test_what_was_exercised_is_worth_its_payoff() -> None:
    """A deep American put is exercised at the first daily decision; the next one bought lives until the next."""
    put, fall = "ABC 2026-01-15 P150", tick(30 * HOUR, 90)
    run = play(
        events=[fall],
        clock__end=at(72),
        rates={"options_cash": 0.5, "hedge_cash": 0.0},
        options=[{"underlying": "ABC", "strikes": [150], "expiry": at(240), "exercise": "american"}],
        market__volatility={"model": "constant", "level": 0.2},
        clients=clients(sold(24 * 3600 - 30, option=put), sold(25 * 3600, option=put)),
        quoting=fixed(49.0, 99.0),
    )
    assert run.counts["exercises"] == 2
    first, second = (fill.set_index("horizon") for _, fill in run.markouts.groupby("transaction"))
    assert first["theo"].to_list() == pytest.approx([50.0] * 6) and (first["spot"] == 100).all()
    assert second["theo"].to_list() == pytest.approx([50.0] * 5 + [60.0])
    assert second["spot"].to_list() == [100] * 5 + [90]


def test_horizons_that_the_run_has_not_come_to_have_no_row() -> None:
    run = play(market__spot=SPOT, clients=clients(sold(36_000 - 60)), quoting=fixed(3.0, 9.0))
    assert run.markouts["horizon"].to_list() == ["1s", "10s", "1m", "end"]


def test_a_dividend_belongs_to_the_hedge() -> None:
    """The stock falls by what it pays: a hedged call has neither won nor lost by it."""
    run = play(
        dividends=[{"underlying": "ABC", "ex": at(1), "amount": 2.0}],
        options=[{"underlying": "ABC", "strikes": [50], "expiry": at(10)}],
        clients=clients(sold(3570, option=f"ABC {DAY} C50")),
        quoting=fixed(47.0, 99.0),
    )
    found = by_horizon(run).loc[["10s", "1m", "end"]]
    assert found["spot"].to_list() == [100, 98, 98] and found["dividends"].to_list() == [0, 2, 2]
    assert found["theo"].round(9).to_list() == [48, 48, 48]
    assert (found["hedged_markout_micros"] == 200_000_000).all()


def test_only_what_clients_dealt_is_marked_out() -> None:
    run = play(market__spot=SPOT, clients=clients(sold(10)), quoting=fixed(3.0, 9.0), hedging=SHED)
    assert run.counts["offloads"] > 0
    assert set(run.markouts["transaction"]) == set(run.fills.loc[run.fills["kind"] == "client", "transaction"])


@pytest.mark.parametrize("room", [None, 256])
def test_many_fills_wait_at_once_and_one_behind_the_other(monkeypatch: pytest.MonkeyPatch, room: int | None) -> None:
    """Every nine seconds for four hours, and a tick every ten: each row is what a look at the path gives.

    With little room the queue is moved up and enlarged, and the rows are taken from the loop again and again.
    """
    if room is not None:
        made, small = setup.new_state, {"awaiting": np.zeros(room, AWAITING), "markouts": np.zeros(room // 4, MARKOUT)}
        monkeypatch.setattr(setup, "new_state", lambda *given: made(*given)._replace(**small))
    prices, every = 110 + 0.01 * np.arange(1440), 9
    times = np.arange(5, 4 * 3600, every)
    run = play(
        clock__end=at(4),
        options=[{"underlying": "ABC", "strikes": [100], "expiry": at(10)}],
        market__spot={"model": "path", "step": "10s", "prices": prices.tolist()},
        clients=clients(*(sold(int(second), 1) for second in times)),
        quoting=fixed(9.0, 99.0, size=5000.0),
    )
    assert run.counts["client_fills"] == len(times) == 1600
    table, end = run.markouts, 4 * 3600
    for name, wait in (("1s", 1), ("10s", 10), ("1m", 60), ("5m", 300), ("1h", 3600)):
        mine = table[table["horizon"] == name]
        seen = times[times + wait <= end]
        assert (
            (mine["ts"].astype("datetime64[ns, UTC]").astype(np.int64) - ns(0)) // SECOND
        ).to_list() == seen.tolist()
        expected = prices[np.minimum((seen + wait) // 10, len(prices) - 1)]
        assert mine["spot"].to_numpy() == pytest.approx(expected, abs=1e-12)
        assert mine["theo"].to_numpy() == pytest.approx(expected - 100, abs=1e-9)
    assert (table[table["horizon"] == "end"]["spot"] == prices[-1]).all()
    assert table["transaction"].is_monotonic_increasing


def test_kept_paths_alone_have_rows() -> None:
    changes: dict[str, Any] = {"market__spot": SPOT, "clients": clients(sold(10)), "quoting": fixed(3.0, 9.0)}
    run = play(**changes, paths=3, keep_paths=2)
    assert run.markouts.groupby("path")["horizon"].count().to_dict() == {0: 6, 1: 6}
    none = play(**changes, paths=2, keep_paths=0)
    assert none.markouts.empty and list(none.markouts) == list(run.markouts) and none.markouts_by("client").empty
    assert play().markouts.empty

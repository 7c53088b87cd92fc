"""The quotes of chosen options at marks: what an order would have met there, and nothing else changed by looking."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import mmsim
from mmsim.errors import UserError
from mmsim.results import Run
from mmsim.scenario import Scenario
from tests.engine.builder import CALL, PUT, at, clients, fixed, order, play, scenario
from tests.mixed import MIXED

ALARMED = {"jump": {"spot": 0.0005, "within": "1m", "for": "5m", "action": "pull"}}
STANDING = {"quotes": {"requote_ticks": 2, "messages_per_second": 0.05}}
TABLES = ("ledger", "fills", "options", "marks", "breaches")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"latency": {"quote": "0s", "hedge": "0s"}},
        {"latency": {"quote": "0s", "hedge": "0s"}, "pricing": {"exact": True}},
        {"protection": ALARMED},
        {"protection": ALARMED, "latency": {"quote": "0s"}},
        {"protection": STANDING},
        {"protection": STANDING, "latency": {"quote": "0s"}},
        {"quoting": {"policy": "toxicity"}},
        {"execution": {"requote": "every_tick"}},
        {"limits": {"net_delta": 20, "position": 5}},
    ],
    ids=str,
)
def test_looking_changes_nothing(changes: dict[str, Any]) -> None:
    """All options at each minute, against none: the same bits, the same counts."""
    made = MIXED | changes
    names = [option.name for option in Scenario.model_validate(made).build_universe().options]
    none, every = (
        mmsim.run(Scenario.model_validate(made | {"report": {"mark_every": "1m", "quotes_of": chosen}}))
        for chosen in ([], names)
    )
    assert none.quotes.empty
    assert every.quotes["bid"].notna().any()
    assert len(every.quotes) == 180 * every.quotes["instrument"].nunique()
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(none, name), getattr(every, name), check_exact=True)
    assert none.counts == every.counts
    assert none.summary["attribution"] == every.summary["attribution"]


def quotes(run: Run, hours: float, option: str = CALL) -> dict[str, Any]:
    found = run.quotes[(run.quotes["ts"] == at(hours)) & (run.quotes["instrument"] == option)]
    return dict(found.iloc[-1])


def test_what_an_order_would_meet() -> None:
    """The desk quotes 4 at 6 on what is worth 5, ten a side; it has bought 3 of them at half past one."""
    run = play(
        market__spot={"model": "path", "step": "1h", "prices": [105]},
        quoting=fixed(4.0, 6.0, size=10),
        clients=clients(order(1.5, "sell", 3)),
        latency={"quote": "1h"},
    )
    assert run.quotes["instrument"].unique().tolist() == [CALL]
    before, after, later = (quotes(run, hours) for hours in (1, 2, 3))
    for shown in (before, after, later):
        assert (shown["bid"], shown["ask"], shown["theo"], shown["spot"]) == pytest.approx((4.0, 6.0, 5.0, 105.0))
        assert shown["policy_fair"] == 5.0
        assert np.isnan(shown["market_bid"]) and np.isnan(shown["market_ask"])
    assert (before["bid_size"], before["ask_size"]) == (10.0, 10.0)
    assert (after["bid_size"], after["ask_size"]) == (7.0, 10.0)  # it was decided when the fill was yet to come
    assert (later["bid_size"], later["ask_size"]) == (10.0, 10.0)


def test_a_side_without_a_quote_is_empty() -> None:
    run = play(
        market__spot={"model": "path", "step": "1h", "prices": [105]},
        quoting=fixed(4.0, 6.0, ask_size=10, bid_size=0),
        report__quotes_of=[PUT, CALL],
        options=[{"underlying": "ABC", "strikes": [100], "expiry": at(5)}],
        clock__end=at(10),
    )
    shown = quotes(run, 2)
    assert np.isnan(shown["bid"]) and np.isnan(shown["bid_size"]) and shown["ask"] == 6.0
    after_expiry = quotes(run, 6)
    assert all(np.isnan(after_expiry[name]) for name in ("bid", "ask", "theo", "policy_fair"))
    assert run.quotes["instrument"].unique().tolist() == [PUT, CALL]


def test_those_most_asked_for_are_chosen_and_ties_go_by_name() -> None:
    strikes = [95, 100, 105, 110]
    orders = [order(1, "buy", 1, 0.01, f"ABC 2026-01-05 C{strike}") for strike in (110, 110, 105, 100, 95)]
    run = play(options=[{"underlying": "ABC", "strikes": strikes, "expiry": at(10)}], clients=clients(*orders))
    assert run.quotes["instrument"].unique().tolist() == [f"ABC 2026-01-05 C{strike}" for strike in (110, 100, 105)]
    assert play().quotes.empty


def test_an_option_that_is_not_there_is_said() -> None:
    with pytest.raises(UserError, match=f"unknown option 'ABC 2026-01-05 C101'.*did you mean '{CALL}'"):
        mmsim.run(scenario(report__quotes_of=["ABC 2026-01-05 C101"]))


def test_a_policy_that_fails_where_no_order_is_does_not_stop_the_run(tmp_path: Path) -> None:
    """It raises before two o'clock, when nobody asks: looked at it quotes nothing, and the order at three is dealt."""
    file = tmp_path / "late.py"
    file.write_text(
        "from typing import NamedTuple\nfrom mmsim import Quote\n\n\nclass Late(NamedTuple):\n    '''Late.'''\n"
        "    size: float = 1.0\n\n    def quote(self, view):\n"
        "        told = {1: f'{view.spot}'}\n        if view.years > 7.5 / 24 / 365:\n"
        "            raise ValueError(told[1])\n        return Quote(4.0, 6.0, 1.0, 1.0)\n"
    )
    run = play(
        market__spot={"model": "path", "step": "1h", "prices": [105]},
        quoting={"policy": f"{file}:Late"},
        clients=clients(order(3.5, "buy", 1, 9.0)),
    )
    assert run.counts["client_fills"] == 1
    assert np.isnan(quotes(run, 1)["bid"]) and quotes(run, 4)["bid"] == 4.0


def test_what_was_only_looked_at_is_not_blamed_for_what_fails_later(tmp_path: Path) -> None:
    """Quotes raise while they are looked at; then the hedge answers nonsense, and is named."""
    file = tmp_path / "both.py"
    file.write_text(
        "from typing import NamedTuple\nfrom mmsim import Quote\n\n\nclass Early(NamedTuple):\n    '''Early.'''\n"
        "    size: float = 1.0\n\n    def quote(self, view):\n"
        "        told = {1: f'{view.spot}'}\n        if view.years > 7.5 / 24 / 365:\n"
        "            raise ValueError(told[1])\n        return Quote(4.0, 6.0, 1.0, 1.0)\n\n\n"
        "class Lost(NamedTuple):\n    '''Lost.'''\n\n    def hedge(self, view):\n"
        "        return float('nan') if view.net_delta else 0.0\n"
    )
    with pytest.raises(UserError, match=r"policy '.*both\.py:Lost': hedge answered nan"):
        play(
            market__spot={"model": "path", "step": "1h", "prices": [105]},
            quoting={"policy": f"{file}:Early"},
            hedging={"policy": f"{file}:Lost"},
            clients=clients(order(3.5, "buy", 1, 9.0)),
        )

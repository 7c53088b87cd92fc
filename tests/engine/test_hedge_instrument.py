"""Hedging with another instrument than the options' own: the future for an index, the stock for a future, by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.builder import MICRO, at, clients, fixed, only, order, play, posted, signed

EXPIRY = "2026-01-05T10:00:00Z"
CALL = "SPX 2026-01-05 C100"


def both(kind: str, other: str, **of_other: Any) -> dict[str, Any]:
    """An underlying SPX with a call that is worth what it is in the money, and another to hedge it with."""
    return {
        "underlyings": [{"symbol": "SPX", "kind": kind}, {"symbol": "HDG", "kind": other, **of_other}],
        "options": [{"underlying": "SPX", "strikes": [100], "expiry": EXPIRY, "settlement": "cash"}],
        "market__spot": {
            "SPX": {"model": "path", "step": "1h", "prices": [110, 110, 112, 115]},
            "HDG": {"model": "path", "step": "1h", "prices": [111, 111, 112.5, 116], "half_spread": 0.25},
        },
        "quoting": fixed(5.0, 30.0),
        "execution": {"hedge_at": "touch", "lot": 1, "fee_per_hedge": 2.0},
        "hedging": {"policy": "delta_band", "band": 40, "instrument": {"SPX": "HDG"}},
        "clients": clients(order(1.5, "sell", 1, option=CALL)),
    }


def test_an_index_option_is_hedged_with_whole_futures() -> None:
    """A delta of 100 is two futures of 50, sold at the bid; their margin is the future's move, not the index's."""
    run = play(**both("index", "future", multiplier=50))
    hedges = only(run, "hedge")
    assert hedges["instrument"].tolist()[0] == "SPX"
    assert signed(hedges).tolist()[0] == -100
    assert (hedges["price"][0], hedges["theo"][0], hedges["fee"][0]) == (110.75, 111.0, 4.0)
    assert posted(run, "Expenses:HedgeCost")[0] == 25_000_000
    assert posted(run, "Assets:Cash:Hedge")[:1] == [-4_000_000], "a future costs nothing but its fee"
    moved, followed = -100 * (112.5 - 111.0), -100 * (112.0 - 110.0)
    to_two = run.marks[(run.marks["ts"] == at(2)) & (run.marks["underlying"] == "SPX")]
    assert to_two["basis"].iloc[0] == pytest.approx(moved - followed, abs=MICRO)
    assert run.detail["Income:Basis"] == pytest.approx(0.0, abs=MICRO), "both have moved by 5 in the end"


def test_an_option_on_a_future_is_hedged_with_the_stock() -> None:
    """Shares are paid for: 100 sold at the bid bring 11,075 at once, less the fee of 2 a share."""
    run = play(**both("future", "stock"))
    assert signed(only(run, "hedge")).tolist()[0] == -100
    assert posted(run, "Assets:Cash:Hedge")[0] == 11_075_000_000 - 200_000_000


def test_a_lot_of_the_instrument_is_what_is_traded() -> None:
    """A delta of 100 against futures of 60: two are nearer than one."""
    run = play(**both("index", "future", multiplier=60))
    assert signed(only(run, "hedge")).tolist()[0] == -120

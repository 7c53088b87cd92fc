"""Every way in which an option ends: the result is payoff − premium − fees."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from mmsim import backtest
from mmsim.results import Run
from mmsim.scenario import Scenario

START, END = "2026-03-02T15:00:00Z", "2026-03-06T21:00:00Z"
PREMIUM, FEE, EXERCISE_FEE = 2.50, 0.65, 1.50
LAST = {"up": 110.0, "unchanged": 100.0, "down": 90.0}
CELLS = list(product(("call", "put"), ("long", "short"), LAST, ("cash", "physical")))


def expired(right: str, side: str, end: str, settlement: str, **changes: Any) -> Run:
    """Three contracts of 100, struck at 100, dealt at 2.50 with the stock at 100 and held to expiry, not hedged."""
    given: dict[str, Any] = {
        "name": "expiry",
        "clock": {"start": START, "end": END},
        "underlyings": [{"symbol": "ABC"}],
        "options": [
            {"underlying": "ABC", "strikes": [100], "rights": [right], "expiry": END, "settlement": settlement}
        ],
        "market": {
            "spot": {"model": "path", "step": "34h", "prices": [100, 104, 97, LAST[end]]},
            "volatility": {"model": "constant", "level": 0.3},
        },
        "clients": [{"name": "client", "model": "scripted", "orders": [order(right, side)]}],
        "quoting": {"policy": "fixed_price", "bid": PREMIUM, "ask": PREMIUM},
        "hedging": {"policy": "none"},
        "execution": {"fee_per_option": FEE, "fee_per_exercise": EXERCISE_FEE},
        "pricing": {"exact": True},
    }
    return backtest.run(Scenario.model_validate(given | changes))


def order(right: str, side: str) -> dict[str, Any]:
    """The client's order that makes the desk long or short."""
    client = "sell" if side == "long" else "buy"
    return {"at": START, "option": f"ABC 2026-03-06 {right[0].upper()}100", "side": client, "size": 3, "price": PREMIUM}


def payoff(right: str, last: float) -> float:
    return max(last - 100, 0) if right == "call" else max(100 - last, 0)


@pytest.mark.parametrize(("right", "side", "end", "settlement"), CELLS, ids=[" ".join(cell) for cell in CELLS])
def test_payoff_less_premium_less_fees(right: str, side: str, end: str, settlement: str) -> None:
    run = expired(right, side, end, settlement)
    worth = payoff(right, LAST[end])
    fees = 3 * FEE + 3 * EXERCISE_FEE * (worth > 0)
    sign = 1 if side == "long" else -1
    assert run.attribution["total"] == pytest.approx(sign * 300 * (worth - PREMIUM) - fees, abs=1e-6)
    assert run.cash["premium"] == -sign * 300 * PREMIUM
    assert run.cash["settlement"] == pytest.approx(sign * 300 * worth, abs=1e-6)
    assert run.attribution["fees"] == pytest.approx(-fees, abs=1e-9)
    assert set(run.identities.values()) == {0}
    assert delivered(run) == (sign * 300 * (1 if right == "call" else -1) if settlement == "physical" and worth else 0)


def delivered(run: Run) -> float:
    """Shares in the hedge at the end."""
    return float(run.marks.loc[run.marks["underlying"] == "ABC", "hedge"].iloc[-1])


@pytest.mark.parametrize(("right", "side", "end"), list(product(("call", "put"), ("long", "short"), LAST)), ids=str)
def test_cash_and_physical_settlement_give_equal_buckets(right: str, side: str, end: str) -> None:
    cash, physical = (expired(right, side, end, settlement).attribution for settlement in ("cash", "physical"))
    assert cash.to_dict() == physical.to_dict()


@pytest.mark.parametrize(("right", "side"), list(product(("call", "put"), ("long", "short"))), ids=str)
def test_hedged_to_the_end_nothing_is_left(right: str, side: str) -> None:
    """The hedge of an option that has expired is unwound; what it delivers is what had hedged it."""
    for end, settlement in product(LAST, ("cash", "physical")):
        run = expired(right, side, end, settlement, hedging={"policy": "every_tick"})
        assert delivered(run) == 0.0
        assert run.cash["inventory"] == 0.0


def test_an_official_settlement_price() -> None:
    """A call settles at 103 while the stock is at 110: 3 a share in cash; delivered, 10 all the same."""
    terms = {"underlying": "ABC", "strikes": [100], "rights": ["call"], "expiry": END, "settlement_price": 103}
    cash, physical = (
        expired("call", "long", "up", settlement, options=[{**terms, "settlement": settlement}])
        for settlement in ("cash", "physical")
    )
    fees = 3 * (FEE + EXERCISE_FEE)
    assert cash.attribution["total"] == pytest.approx(300 * (3 - PREMIUM) - fees, abs=1e-6)
    assert physical.attribution["total"] == pytest.approx(300 * (10 - PREMIUM) - fees, abs=1e-6)
    assert physical.attribution["delta"] - cash.attribution["delta"] == pytest.approx(300 * 7, abs=1e-6)

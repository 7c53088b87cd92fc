"""American options before their expiry: the desk exercises its own, is assigned on what it has sold, or neither.

The stock stands at 100 and interest is 50 % a year. A put struck at 150 is worth no more than its 50 then: its holder
exercises it at the first of the daily decisions, 24 hours after the clock's start.
"""

from __future__ import annotations

from typing import Any

import pytest

from mmsim.results import Run
from mmsim.scenario import Scenario
from tests.engine.builder import DAY, MICRO, at, clients, fixed, only, order, play, signed

EXPIRY = 24 * 10
DEEP, NEAR, CALL = (f"ABC 2026-01-15 {name}" for name in ("P150", "P100", "C100"))
FEE = 1.5


def held(side: int, *, option: str = DEEP, more: tuple[dict[str, Any], ...] = (), **changes: Any) -> Run:
    """A run of three days in which the desk buys (+1) or sells (-1) two contracts at 51 in the first hour."""
    keys: dict[str, Any] = {
        "clock__end": at(72),
        "rates": {"options_cash": 0.5, "hedge_cash": 0.0},
        "options": [
            {"underlying": "ABC", "strikes": [100, 150], "expiry": at(EXPIRY), "exercise": "american"}
            | changes.pop("terms", {})
        ],
        "market__volatility": {"model": "constant", "level": 0.2},
        "clients": clients(order(1, "sell" if side > 0 else "buy", 2, 51.0, option), *more),
        "quoting": fixed(51.0, 51.0),
        "execution": {"fee_per_exercise": FEE},
    }
    return play(**(keys | changes))


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("settlement", ["cash", "physical"])
def test_a_deep_put_is_exercised_at_the_first_decision(side: int, settlement: str) -> None:
    run = held(side, terms={"settlement": settlement})
    exercise = only(run, "exercise")
    assert len(exercise) == run.counts["exercises"] == 1 and run.counts["expiries"] == 0
    assert exercise["ts"][0].isoformat() == at(24)
    assert (signed(exercise)[0], exercise["price"][0], exercise["position_after"][0]) == (-side * 2, 50.0, 0.0)
    assert run.cash["settlement"] == pytest.approx(side * 200 * 50, abs=MICRO)
    assert run.cash["fees"] == pytest.approx(-2 * FEE, abs=MICRO)
    shares = run.marks.loc[run.marks["underlying"] == "ABC", "hedge"].iloc[-1]
    assert shares == (-side * 200 if settlement == "physical" else 0)
    without_interest = run.attribution["total"] - run.attribution["carry"]
    assert without_interest == pytest.approx(side * 200 * (50 - 51) - 2 * FEE, abs=10 * MICRO)


def test_cash_and_delivery_earn_the_same() -> None:
    cash, physical = (
        held(1, terms={"settlement": settlement}).attribution.drop("carry").to_dict()
        for settlement in ("cash", "physical")
    )
    assert cash == pytest.approx(physical, abs=MICRO)


@pytest.mark.parametrize(("side", "key"), [(1, "early_exercise"), (-1, "early_assignment")])
def test_each_side_can_be_told_to_wait(side: int, key: str) -> None:
    other = {"early_exercise": "early_assignment", "early_assignment": "early_exercise"}[key]
    assert held(side, execution={key: "never"}).counts["exercises"] == 0
    assert held(side, execution={other: "never"}).counts["exercises"] == 1


@pytest.mark.parametrize("option", [CALL, NEAR])
def test_what_is_worth_more_alive_is_kept(option: str) -> None:
    """A call on a stock without dividends never pays to exercise; a put at the money does not yet."""
    spot = {"model": "path", "step": "1h", "prices": [180.0 if option == CALL else 100.0]}
    run = held(1, option=option, market__spot=spot, quoting=fixed(60.0, 60.0))
    assert run.counts["client_fills"] == 1 and run.counts["exercises"] == 0


def test_a_european_option_is_not_exercised() -> None:
    assert held(1, terms={"exercise": "european"}).counts["exercises"] == 0


def test_without_interest_nobody_exercises() -> None:
    """Intrinsic value and value are the same number then, but waiting costs nothing."""
    assert (
        held(1, rates={"options_cash": 0.0}, market__volatility={"model": "constant", "level": 0.01}).counts[
            "exercises"
        ]
        == 0
    )


def test_exercise_comes_at_each_close_of_the_session() -> None:
    run = held(1, sessions={"open": "00:00", "close": "16:00", "zone": "UTC"})
    assert only(run, "exercise")["ts"][0].isoformat() == at(16)


@pytest.mark.parametrize("latency", ["0s", "1h"])
def test_an_exercised_option_is_dealt_again_and_its_buckets_add_up(latency: str) -> None:
    """Six are held at most: six more can be bought the day after, because the first are gone, and the desk knows."""
    again = tuple(order(hours, "sell", size, 51.0, DEEP) for hours, size in ((2, 4), (4, 1), (30, 6)))
    run = held(1, more=again, limits={"position": 6}, latency={"quote": latency})
    bought = only(run, "client")["size"].tolist()
    assert bought == [2, 4, 6]
    assert only(run, "exercise")["size"].tolist() == [6, 6]
    by_option = run.options[run.options["option"] == DEEP]
    assert by_option["position"].sum() == 0
    for bucket in ("spread_capture", "theta", "vega", "fees"):
        assert by_option[bucket].sum() == pytest.approx(run.attribution[bucket], abs=MICRO)


def test_negative_rates_with_two_boundaries_are_refused() -> None:
    with pytest.raises(ValueError, match="between two boundaries"):
        Scenario.model_validate(
            {
                "name": "negative",
                "clock": {"start": f"{DAY}T00:00:00Z", "end": at(1)},
                "rates": {"options_cash": -0.02},
                "underlyings": [{"symbol": "ABC", "dividend_yield": -0.05}],
                "options": [{"underlying": "ABC", "strikes": [100], "expiry": at(2), "exercise": "american"}],
                "market": {
                    "spot": {"model": "path", "step": "1h", "prices": [100]},
                    "volatility": {"model": "constant", "level": 0.2},
                },
            }
        )

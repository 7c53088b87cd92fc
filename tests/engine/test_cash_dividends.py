"""Theo of options with cash dividends ahead, in the loop, against finite differences, and exercise before ex-dates.

The stock stands at 100, interest is 4 % a year, volatility 25 %, and the options have half a year to go.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd
import pytest
import QuantLib as ql  # noqa: N813

from mmsim.results import Run
from tests.engine.builder import DAY, at, fixed, only, play, signed

RATE, VOLATILITY, DAYS = 0.04, 0.25, 182
STRIKES = (70, 80, 90, 100, 110, 120, 130)
PAID = {"none": [], "one": [(60, 2.0)], "two": [(20, 1.0), (111, 1.0)], "late": [(170, 3.0)]}
EXPIRY = 24 * DAYS


def listed(exercise: str, paid: str, **changes: Any) -> Run:
    """A run in which the desk buys one of each option in the first second."""
    expiry = pd.Timestamp(DAY) + pd.Timedelta(days=DAYS)
    names = [f"ABC {expiry:%Y-%m-%d} {right}{strike}" for strike in STRIKES for right in "CP"]
    keys: dict[str, Any] = {
        "rates": {"options_cash": RATE},
        "options": [{"underlying": "ABC", "strikes": list(STRIKES), "expiry": at(EXPIRY), "exercise": exercise}],
        "market__volatility": {"model": "constant", "level": VOLATILITY},
        "clients": [
            {
                "name": "client",
                "model": "scripted",
                "orders": [{"at": at(0), "side": "sell", "size": 1, "price": 0.0, "option": name} for name in names],
            }
        ],
        "quoting": fixed(1.0, 1.0),
        "dividends": [{"underlying": "ABC", "ex": at(24 * days), "amount": amount} for days, amount in PAID[paid]],
    }
    return play(**(keys | changes))


@cache
def oracle(exercise: str, paid: str, model: str, right: str, strike: float) -> float:
    """By finite differences."""
    today = ql.Date(5, 1, 2026)
    ql.Settings.instance().evaluationDate = today
    count = ql.Actual365Fixed()
    flat = [ql.YieldTermStructureHandle(ql.FlatForward(today, rate, count)) for rate in (0.0, RATE)]
    noise = ql.BlackVolTermStructureHandle(ql.BlackConstantVol(today, ql.NullCalendar(), VOLATILITY, count))
    process = ql.BlackScholesMertonProcess(ql.QuoteHandle(ql.SimpleQuote(100.0)), *flat, noise)
    dates, amounts = [today + days for days, _ in PAID[paid]], [amount for _, amount in PAID[paid]]
    engines = {"escrowed": ql.FdBlackScholesVanillaEngine.Escrowed, "spot": ql.FdBlackScholesVanillaEngine.Spot}
    engine = ql.FdBlackScholesVanillaEngine(
        process,
        ql.DividendVector(dates, amounts),
        400,
        400,
        0,
        ql.FdmSchemeDesc.CrankNicolson(),
        False,
        -1.0,
        engines[model],
    )
    payoff = ql.PlainVanillaPayoff(ql.Option.Call if right == "C" else ql.Option.Put, strike)
    last = today + DAYS
    option = ql.VanillaOption(
        payoff, ql.AmericanExercise(today, last) if exercise == "american" else ql.EuropeanExercise(last)
    )
    option.setPricingEngine(engine)
    return option.NPV()


@pytest.mark.parametrize("model", ["escrowed", "spot"])
@pytest.mark.parametrize(("exercise", "bound"), [("european", 0.003), ("american", 0.005)])
@pytest.mark.parametrize("paid", PAID)
def test_theo_is_that_of_finite_differences(exercise: str, bound: float, paid: str, model: str) -> None:
    """A put is not exercised between two ex-dates in the loop: that right is up to 0.09 of a put worth 31."""
    fills = only(listed(exercise, paid, pricing={"exact": True, "dividends": model}), "client")
    for name, theo in zip(fills["instrument"].astype(str), fills["theo"], strict=True):
        right, strike = name.split()[-1][0], float(name.split()[-1][1:])
        allowed = 0.1 if (paid, right, strike) == ("two", "P", 130) else bound + 0.02 * (paid == "two")
        assert theo == pytest.approx(oracle(exercise, paid, model, right, strike), abs=allowed), (right, strike)


def test_a_call_is_exercised_just_before_a_dividend_that_is_worth_more_than_waiting() -> None:
    """The desk is assigned on what it has sold too; a call at the money is kept."""
    run = listed("american", "late", clock__end=at(24 * 175), report={"mark_every": "1d"})
    exercises = only(run, "exercise")
    calls = exercises[exercises["instrument"].astype(str).str.contains(" C")]
    assert set(calls["instrument"].astype(str).str.split().str[-1]) == {"C70", "C80", "C90"}
    assert (calls["ts"] == pd.Timestamp(at(24 * 170))).all()
    assert (calls["price"] == calls["spot"] - calls["instrument"].astype(str).str[-2:].astype(float)).all()
    assert (signed(calls) == -1).all()
    assert run.counts["exercises"] == len(exercises)

"""Expiry: what an option has earned at its end is pay-off less premium less fees, however it is settled and hedged.

The spot is 100 when a client trades with the desk and S when the options expire, two hours later; the clock goes on
for an hour, in which the policy can unwind its hedge. The volatility is 20 %, so that deltas are no whole numbers.
"""

from __future__ import annotations

import pytest

from tests.engine.builder import CALL, DAY, MICRO, PUT, at, clients, fixed, only, order, play, posted, signed

PREMIUM, CONTRACTS, MULTIPLIER = 4.0, 2, 100
FEE, EXERCISE_FEE = 0.5, 1.5
UNITS = CONTRACTS * MULTIPLIER


def expiring(right: str, side: int, end_spot: float, settlement: str, **changes):
    """A run in which the desk buys (+1) or sells (-1) two contracts at 4.00, to be settled when the spot is given."""
    option = CALL if right == "call" else PUT
    terms = {"underlying": "ABC", "strikes": [100], "expiry": at(2), "settlement": settlement}
    request = order(0, "sell" if side > 0 else "buy", CONTRACTS, PREMIUM, option)
    keys = {
        "clock__end": at(3),
        "options": [terms | changes.pop("terms", {})],
        "market__spot__prices": [100, 0.5 * (100 + end_spot), end_spot],
        "market__volatility": {"model": "constant", "level": 0.2},
        "clients": clients(request),
        "quoting": fixed(PREMIUM, PREMIUM),
        "execution": {"fee_per_option": FEE, "fee_per_exercise": EXERCISE_FEE},
    }
    return play(**(keys | changes))


def payoff(right: str, spot: float) -> float:
    return max(spot - 100.0, 0.0) if right == "call" else max(100.0 - spot, 0.0)


def fees(right: str, spot: float) -> float:
    return CONTRACTS * (FEE + (EXERCISE_FEE if payoff(right, spot) > 0.0 else 0.0))


CELLS = [(right, side, spot) for right in ("call", "put") for side in (1, -1) for spot in (93.0, 100.0, 107.0)]


@pytest.mark.parametrize(("right", "side", "spot"), CELLS)
@pytest.mark.parametrize("settlement", ["cash", "physical"])
class TestPnl:
    def test_unhedged_is_payoff_less_premium_less_fees(self, right, side, spot, settlement):
        run = expiring(right, side, spot, settlement)
        expected = side * UNITS * (payoff(right, spot) - PREMIUM) - fees(right, spot)
        assert run.attribution["total"] == pytest.approx(expected, abs=MICRO)
        assert run.attribution["fees"] == pytest.approx(-fees(right, spot), abs=MICRO)
        assert run.counts["expiries"] == 1

    def test_hedge_is_unwound_by_the_policy_after_expiry(self, right, side, spot, settlement):
        run = expiring(right, side, spot, settlement, hedging={"policy": "every_tick"})
        hedges = only(run, "hedge")
        is_delivered = settlement == "physical" and payoff(right, spot) > 0.0
        delivered = (1 if right == "call" else -1) * side * UNITS if is_delivered else 0
        assert signed(hedges).sum() + delivered == 0
        assert run.marks.query("underlying == 'ABC'")["hedge"].iloc[-1] == 0
        hedging = -(signed(hedges) * hedges["price"]).sum()
        exercise = -delivered * 100.0 if is_delivered else side * UNITS * payoff(right, spot)
        expected = exercise + hedging - side * UNITS * PREMIUM - fees(right, spot)
        assert run.attribution["total"] == pytest.approx(expected, abs=10 * MICRO)


@pytest.mark.parametrize(("right", "side", "spot"), CELLS)
@pytest.mark.parametrize("hedging", ["none", "every_tick"])
def test_cash_and_physical_settlement_give_equal_buckets(right, side, spot, hedging):
    cash, physical = (
        expiring(right, side, spot, settlement, hedging={"policy": hedging}) for settlement in ("cash", "physical")
    )
    assert cash.attribution.to_dict() == pytest.approx(physical.attribution.to_dict(), abs=10 * MICRO)


@pytest.mark.parametrize(("settlement", "per_unit"), [("cash", 4.0), ("physical", 7.0)])
def test_a_given_settlement_price_decides_exercise(settlement, per_unit):
    """The call is settled at 104 while the stock trades at 107: delivered shares are worth 3.00 more than they cost."""
    run = expiring("call", 1, 107.0, settlement, terms={"settlement_price": 104.0})
    assert run.attribution["total"] == pytest.approx(UNITS * (per_unit - PREMIUM) - fees("call", 104.0), abs=MICRO)
    assert only(run, "expiry")["price"].tolist() == [4.0]
    assert only(run, "expiry")["spot"].tolist() == [104.0]
    if settlement == "physical":
        assert posted(run, "Income:Delta", "expiry") == [-UNITS * 3_000_000]


def test_a_settlement_price_at_the_strike_exercises_nothing():
    run = expiring("call", 1, 107.0, "physical", terms={"settlement_price": 100.0})
    assert run.attribution["total"] == pytest.approx(-UNITS * PREMIUM - CONTRACTS * FEE, abs=MICRO)
    assert run.marks.query("underlying == 'ABC'")["hedge"].iloc[-1] == 0


def test_no_trade_after_the_last_trade():
    """Trading ends at 01:00, settlement is at 02:00: of three orders the first is dealt, the others come too late."""
    requests = clients(*(order(hour, "sell", CONTRACTS, PREMIUM) for hour in (0, 1, 1.5)))
    run = expiring("call", 1, 107.0, "cash", terms={"last_trade": at(1)}, clients=requests)
    assert run.counts["client_fills"] == 1
    assert run.summary["data"]["client: option no longer trades"] == 2
    assert run.attribution["total"] == pytest.approx(UNITS * (7.0 - PREMIUM) - fees("call", 107.0), abs=MICRO)


def test_an_option_that_was_never_held_expires_without_a_trace():
    run = expiring("call", 1, 107.0, "cash", clients=[])
    assert run.counts["expiries"] == 0
    assert run.ledger.empty


@pytest.mark.parametrize(("right", "side"), [("call", 1), ("call", -1), ("put", 1), ("put", -1)])
def test_an_option_on_a_future_is_exercised_into_the_future(right, side):
    """Settled in the money at 3020 (call, struck at 3000) or 2980 (put); the future it becomes earns the last hour."""
    settled, last = (3020.0, 3035.0) if right == "call" else (2980.0, 2960.0)
    name = f"FUT {DAY} {right[0].upper()}3000"
    run = play(
        clock__end=at(3),
        underlyings=[{"symbol": "FUT", "kind": "future", "tick": 0.25, "multiplier": 50}],
        options=[{"underlying": "FUT", "strikes": [3000], "expiry": at(2), "multiplier": 50, "settlement": "physical"}],
        market__spot__prices=[3000, 3000, settled, last],
        clients=clients(order(0, "sell" if side > 0 else "buy", 1, 12.0, name)),
        quoting=fixed(12.0, 12.0),
    )
    direction = side * (1 if right == "call" else -1)
    expected = side * 50 * (20.0 - 12.0) + direction * 50 * (last - settled)
    assert run.attribution["total"] == pytest.approx(expected, abs=MICRO)
    assert run.marks.query("underlying == 'FUT'")["hedge"].iloc[-1] == direction * 50
    assert posted(run, "Assets:Cash:Hedge") == []  # a future costs nothing until it is margined
    assert sum(posted(run, "Assets:Cash:Options", "expiry")) == side * 1_000 * 1_000_000

"""Orders with two legs: both are dealt, by the sum of their prices, or none."""

from __future__ import annotations

import numpy as np
import pytest

from mmsim.events import FillRule, Kind, Leg, rows
from tests.engine.builder import at, fixed, ns, only, play, policy, signed
from tests.engine.test_quotes import refusals

PRICES = [100.0, 104.0]  # at 00:00 and 01:00: a call is worth 4 then, a put nothing
CALL, PUT = 0, 1


def package(sides: tuple[int, int], net: float, size: float = 2.0, hours: float = 2.0):
    """A call and a put, worth 4 and 0, for `net` more than they are worth."""
    legs = {"size": size, "side": np.array(sides), "value": [net, 0.0], "ask_size": [Leg.FIRST, Leg.SECOND]}
    return rows(Kind.ORDER, np.full(2, ns(hours)), [CALL, PUT], client=0, **legs)


def played(*orders, size: float = 5.0, **changes):
    """The desk quotes 3 at 5 for either option."""
    given = {"market__spot__prices": PRICES, "quoting": fixed(3.0, 5.0, size=size)} | changes
    return play(events=orders, rules=[(0, FillRule.RESERVATION)], **given)


@pytest.mark.parametrize(
    ("sides", "net", "dealt"),
    [
        ((1, 1), 6.0, [-2.0, -2.0]),  # 5 + 5 for what is worth 4
        ((1, 1), 5.99, []),
        ((-1, -1), -2.0, [2.0, 2.0]),  # 3 + 3: it takes 6 where it would have taken 4, better by 2
        ((-1, -1), -2.01, []),
        ((1, -1), -2.0, [-2.0, 2.0]),  # pays 5, takes 3: 2 for what is worth 4
        ((1, -1), -2.01, []),
        ((-1, 1), 6.0, [2.0, -2.0]),  # takes 3, pays 5
        ((-1, 1), 5.99, []),
    ],
)
def test_the_sum_of_the_prices_decides(sides: tuple[int, int], net: float, dealt: list[float]) -> None:
    run = played(package(sides, net))
    fills = only(run, "client")
    assert signed(fills).tolist() == dealt
    assert run.counts["orders"] == 2
    assert refusals(run) == ({} if dealt else {"orders_worse_price": 2})
    if dealt:
        assert fills["instrument"].str[-4:].tolist() == ["C100", "P100"]
        assert fills["ts"].nunique() == 1


def test_a_leg_without_the_size_keeps_the_other_from_being_dealt() -> None:
    assert refusals(run := played(package((1, 1), 10.0, size=6.0))) == {"orders_no_quote": 2}
    assert only(run, "client").empty
    assert len(only(played(package((1, 1), 10.0, size=5.0)), "client")) == 2


def test_a_leg_that_is_closed_keeps_the_other_from_being_dealt() -> None:
    options = [
        {"underlying": "ABC", "strikes": [100], "rights": [right], "expiry": at(10)} | last
        for right, last in (("call", {}), ("put", {"last_trade": at(1.5)}))
    ]
    assert refusals(played(package((1, 1), 10.0), options=options)) == {"orders_closed": 2}


def test_a_size_that_the_first_package_took_is_not_there_for_the_next() -> None:
    """With latency, until the desk has heard of it."""
    orders = [package((1, 1), 10.0, size=3.0, hours=hours) for hours in (2.0, 2.1, 3.5)]
    run = played(*orders, latency={"quote": "1h"})
    assert refusals(run) == {"orders_no_quote": 2}
    assert signed(only(run, "client")).tolist() == [-3.0] * 4


def test_both_quotes_are_looked_at_before_either_is_dealt() -> None:
    """A desk that quotes by what it holds of the underlying's delta answers both legs as it stood before."""
    run = played(package((1, -1), 100.0), quoting=policy("show_delta"))
    assert only(run, "client")["price"].tolist() == [200.0, 200.0]
    in_turn = [
        rows(Kind.ORDER, ns(2), n, client=0, side=side, size=2.0, value=300.0) for n, side in ((CALL, 1), (PUT, -1))
    ]
    apart = played(*in_turn, quoting=policy("show_delta"))
    assert only(apart, "client")["price"].tolist() == [200.0]  # two hundred shares short, it bids nothing for the put


def test_the_hedge_comes_once_for_both_legs() -> None:
    """Long a call and short a put is the stock: a desk that hedges at every fill trades once, against the sum."""
    some = {"model": "constant", "level": 0.8}
    run = played(package((1, -1), 10.0), hedging={"policy": "every_tick"}, market__volatility=some)
    hedges = only(run, "hedge")
    assert signed(hedges[hedges["ts"] < at(10)]).tolist() == [200.0]

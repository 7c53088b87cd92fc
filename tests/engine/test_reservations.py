"""Orders that know what an option is worth to them: at a volatility, at a spot, on whichever side is worth it."""

from __future__ import annotations

import pytest

from mmsim.events import FillRule, Kind, rows
from mmsim.pricing import price
from tests.engine.builder import fixed, ns, only, play, signed
from tests.engine.test_quotes import CALL_NUMBER, refusals

SOME = {"model": "constant", "level": 0.5}
YEARS = 9 / 24 / 365  # from an order at one o'clock to the expiry
SPOT = 100.0


def worth(volatility: float, spot: float = SPOT) -> float:
    return float(price(spot=spot, strike=100.0, years=YEARS, volatility=volatility))


def asked(side: int, **terms: float):
    """An order for one contract at one o'clock."""
    return rows(Kind.ORDER, ns(1), CALL_NUMBER, client=0, side=side, size=1.0, **terms)


def played(bid: float, ask: float, order, rule: FillRule = FillRule.RESERVATION, **changes):
    ticks = [{"underlying": "ABC", "strikes": [100], "expiry": "2026-01-05T10:00:00Z", "ticks": 1e-6}]
    market = {"market__volatility": SOME, "options": ticks} | changes
    return play(events=[order], rules=[(0, rule)], quoting=fixed(bid, ask, size=5.0), **market)


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize(("off", "fills"), [(-1e-4, 1), (1e-4, 0)])
def test_a_volatility_with_a_margin_is_a_price(side: int, off: float, fills: int) -> None:
    """A client of forecast 40 % who wants two points buys up to 38 % and sells down to 42 %."""
    limit = worth(0.40 - side * 0.02)
    bid, ask = (0.1, limit + off) if side > 0 else (limit - off, limit + 1.0)
    run = played(bid, ask, asked(side, bid=0.40, bid_size=0.02, value=0.0))
    assert len(only(run, "client")) == fills
    assert refusals(run) == ({} if fills else {"orders_worse_price": 1})


@pytest.mark.parametrize(("bid", "ask", "sizes"), [(0.39, 0.41, []), (0.30, 0.37, [-1.0]), (0.43, 0.50, [1.0])])
def test_without_a_side_it_takes_the_one_that_is_worth_it(bid: float, ask: float, sizes: list[float]) -> None:
    run = played(worth(bid), worth(ask), asked(0, bid=0.40, bid_size=0.02, value=0.0))
    assert signed(only(run, "client")).tolist() == sizes  # of the desk
    assert run.counts["orders"] == 1


@pytest.mark.parametrize(("off", "fills"), [(-1e-4, 1), (1e-4, 0)])
def test_a_known_spot_is_a_price(off: float, fills: int) -> None:
    """At the market's volatility, by the time that is left now."""
    limit = worth(0.5, spot=103.0)
    run = played(1.0, limit + off, asked(1, ask=103.0, value=0.0))
    assert len(only(run, "client")) == fills


@pytest.mark.parametrize("theo", ["market", 0.3])
def test_distance_on_either_side_of_the_markets_value(theo: object) -> None:
    """A sniper who wants ten cents: the market's fair value counts, and not the desk's mark."""
    fair = worth(0.5)
    for bid, ask, sizes in (
        (0.1, fair - 0.11, [-1.0]),
        (0.1, fair - 0.09, []),
        (fair + 0.11, fair + 1, [1.0]),
    ):
        run = played(bid, ask, asked(0, value=-0.1), FillRule.SNIPED, market__theo={"volatility": theo})
        assert signed(only(run, "client")).tolist() == sizes

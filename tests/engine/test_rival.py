"""A maker beside the desk: orders go to the better price, and are shared at the same one by a rule."""

from __future__ import annotations

import pytest

from mmsim.events import FillRule, Kind, rows
from mmsim.pricing import price
from tests.engine.builder import at, fixed, ns, only, play, signed
from tests.engine.test_quotes import CALL_NUMBER, market_quote, refusals

LISTED = [{"underlying": "ABC", "strikes": [100], "expiry": at(10), "ticks": 0.05}]


def played(maker: dict, bid: float, ask: float, *orders, rule: FillRule = FillRule.RESERVATION, **changes):
    """The spot is 104, so that the call is worth 4."""
    given = {
        "options": LISTED,
        "market__spot__prices": [104.0],
        "market__maker": maker,
        "quoting": fixed(bid, ask, size=5.0),
    }
    return play(events=orders, rules=[(0, rule)], **(given | changes))


def asked(side: int, size: float = 4.0, hours: float = 2.0):
    return rows(Kind.ORDER, ns(hours), CALL_NUMBER, client=0, side=side, size=size, value=3.0)


MAKER = {"half_spread_ticks": 2, "allocation": "none"}


class TestByTicks:
    """Two ticks to each side of 4: 3.90 at 4.10."""

    @pytest.mark.parametrize(
        ("side", "bid", "ask", "dealt"),
        [
            (1, 3.0, 4.10, [-4.0]),
            (1, 3.0, 4.15, []),
            (-1, 3.90, 5.0, [4.0]),
            (-1, 3.85, 5.0, []),
            (1, 3.0, 4.05, [-4.0]),
        ],
    )
    def test_the_better_price_is_taken(self, side: int, bid: float, ask: float, dealt: list[float]) -> None:
        run = played(MAKER, bid, ask, asked(side))
        assert signed(only(run, "client")).tolist() == dealt
        assert refusals(run) == ({} if dealt else {"orders_better_elsewhere": 1})

    def test_an_order_that_would_not_have_traded_went_nowhere(self) -> None:
        assert refusals(played(MAKER, 3.0, 7.5, asked(1))) == {"orders_worse_price": 1}

    @pytest.mark.parametrize(
        ("allocation", "size", "dealt"),
        [("none", 4, 4), ("pro_rata", 4, 2), ("pro_rata", 1, 0), ("price_time", 4, 0), ("price_time", 7, 2)],
    )
    def test_the_same_price_is_shared_by_the_rule(self, allocation: str, size: int, dealt: int) -> None:
        """The maker shows 5, as the desk does: pro rata half, in whole contracts; by time what is left behind it."""
        run = played(MAKER | {"allocation": allocation, "size": 5}, 3.0, 4.10, asked(1, size))
        assert signed(only(run, "client")).tolist() == ([-float(dealt)] if dealt else [])
        assert refusals(run) == ({} if dealt else {"orders_no_share": 1})

    def test_without_a_maker_nothing_goes_elsewhere(self) -> None:
        assert refusals(played({}, 3.0, 4.15, asked(1), market__maker=None)) == {}

    def test_a_sniper_meets_the_desk_alone(self) -> None:
        assert len(only(played(MAKER, 3.0, 4.15, asked(1), rule=FillRule.SNIPED), "client")) == 1

    def test_half_spreads_are_rounded_away_from_the_value(self) -> None:
        """4.03 less and plus two ticks is 3.93 and 4.13: 3.90 at 4.15."""
        run = played(MAKER, 3.0, 4.15, asked(1), market__spot__prices=[104.03])
        assert len(only(run, "client")) == 1
        assert refusals(played(MAKER, 3.85, 5.0, asked(-1), market__spot__prices=[104.03])) == {
            "orders_better_elsewhere": 1
        }

    def test_a_package_goes_where_the_sum_is_better(self) -> None:
        """Two calls at neighbouring strikes, worth 4 and 3: the maker takes 4.10 − 2.90 = 1.20 for the spread."""
        options = [{"underlying": "ABC", "strikes": [100, 101], "rights": ["call"], "expiry": at(10), "ticks": 0.05}]
        legs = {"size": 1.0, "side": [1, -1], "value": [5.0, 0.0], "ask_size": [1, 2]}
        order = rows(Kind.ORDER, [ns(2)] * 2, [0, 1], client=0, **legs)
        for bid, ask, fills in ((2.85, 4.05, 2), (2.9, 4.1, 2), (2.85, 4.10, 0), (2.90, 4.15, 0)):
            run = played(MAKER, bid, ask, order, options=options)
            assert len(only(run, "client")) == fills
            assert refusals(run) == ({} if fills else {"orders_better_elsewhere": 2})


def test_a_half_spread_in_volatility() -> None:
    """Around a volatility of 50 %, two points: its ask is the value at 52 %, rounded up."""
    worth = float(price(spot=104.0, strike=100.0, years=8 / 24 / 365, volatility=0.52))
    ask = -(-worth // 0.05) * 0.05
    maker = {"half_spread_vol": 0.02, "allocation": "none"}
    some = {"market__volatility": {"model": "constant", "level": 0.5}}
    assert len(only(played(maker, 3.0, round(ask, 2), asked(1), **some), "client")) == 1
    assert refusals(played(maker, 3.0, round(ask + 0.05, 2), asked(1), **some)) == {"orders_better_elsewhere": 1}


class TestRecorded:
    """The market's own quotes, 3.9 at 4.1 with 30 a side: `maker: {}` there."""

    @pytest.mark.parametrize(("ask", "fills"), [(4.05, 1), (4.10, 0), (4.15, 0)])
    def test_its_quotes_stand_beside_the_desk(self, ask: float, fills: int, monkeypatch) -> None:
        from mmsim.engine import setup
        from mmsim.engine.state import Rival

        recorded = {"rival": Rival.RECORDED, "rival_allocation": 2}
        monkeypatch.setattr(setup, "_rival", lambda _scenario: recorded)
        run = played({}, 3.0, ask, market_quote(1, 3.9, 4.1), asked(1), market__maker=None)
        assert len(only(run, "client")) == fills
        assert refusals(run) == ({} if fills else {"orders_better_elsewhere" if ask > 4.1 else "orders_no_share": 1})

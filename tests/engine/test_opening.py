"""Opening positions: what they are booked at, and what they earn from there."""

from __future__ import annotations

import pytest

from mmsim import UserError
from mmsim.events import Kind, rows
from tests.engine.builder import DAY, MICRO, at, ns, play, posted

CALL = f"ABC {DAY[:-1]}6 C100"
RISING = {
    "market__spot": {"model": "path", "step": "5h", "prices": [110, 113]},
    "options": [{"underlying": "ABC", "strikes": [100], "expiry": at(30)}],
}


class TestOptions:
    @pytest.mark.parametrize(("mark", "booked"), [(None, 10.0), (9.0, 9.0)])
    @pytest.mark.parametrize("size", [3, -3])
    def test_are_booked_at_the_given_mark_or_at_theo(self, mark, booked, size):
        """Three calls worth 10.00; what the first mark makes of another price is volatility. The spot rises by 3."""
        run = play(**RISING, opening={"options": [{"option": CALL, "size": size, "mark": mark}]})
        assert run.equity["opening"] == pytest.approx(size * 100 * booked)
        assert run.equity["closing"] == pytest.approx(size * 100 * 13.0)
        assert run.attribution["vega"] == pytest.approx(size * 100 * (10.0 - booked), abs=MICRO)
        assert run.attribution["total"] == pytest.approx(size * 100 * (13.0 - booked), abs=MICRO)
        assert posted(run, "Equity:Opening") == [-round(size * 100 * booked * 1e6)]
        assert run.cash["premium"] == 0.0
        assert run.cash["inventory"] == pytest.approx(size * 100 * (13.0 - booked), abs=MICRO)

    def test_a_delta_that_is_kept_is_delta(self):
        """Delta 1 from the opening on and no hedge: the whole move of the spot was chosen."""
        run = play(**RISING, opening={"options": [{"option": CALL, "size": 1}]})
        assert run.attribution["delta"] == pytest.approx(300.0, abs=MICRO)
        assert run.attribution["gamma"] == pytest.approx(0.0, abs=MICRO)

    def test_belong_to_the_opening_in_the_table_of_options(self):
        run = play(**RISING, opening={"options": [{"option": CALL, "size": 2}]})
        assert run.options["client"].tolist() == ["opening"]
        assert run.options["position"].tolist() == [2.0]

    def test_with_a_futures_premium_are_worth_nothing_at_their_own_price(self):
        run = play(
            **(RISING | {"options": [RISING["options"][0] | {"premium": "futures_style"}]}),
            underlyings=[{"symbol": "ABC", "kind": "future"}],
            opening={"options": [{"option": CALL, "size": 1, "mark": 9.0}]},
        )
        assert run.equity["opening"] == 0.0
        assert run.equity["closing"] == pytest.approx(400.0, abs=MICRO)


class TestHedges:
    @pytest.mark.parametrize(("price", "booked"), [(None, 110.0), (108.0, 108.0)])
    @pytest.mark.parametrize("units", [50, -50])
    def test_of_stock_are_booked_at_the_given_price_or_at_mid(self, price, booked, units):
        run = play(**RISING, opening={"hedges": [{"underlying": "ABC", "units": units, "price": price}]})
        assert run.equity["opening"] == pytest.approx(units * booked)
        assert run.attribution["delta"] == pytest.approx(units * (113.0 - booked), abs=MICRO)
        assert run.attribution["total"] == pytest.approx(units * (113.0 - booked), abs=MICRO)
        assert posted(run, "Assets:Cash:Hedge") == []

    def test_of_a_future_are_worth_nothing_at_their_own_price(self):
        run = play(
            **RISING,
            underlyings=[{"symbol": "ABC", "kind": "future"}],
            opening={"hedges": [{"underlying": "ABC", "units": 50, "price": 108.0}]},
        )
        assert run.equity["opening"] == 0.0
        assert run.equity["closing"] == pytest.approx(250.0, abs=MICRO)

    def test_are_a_lot_that_a_later_trade_closes(self):
        """Fifty shares taken over at 108 and hedged away at 110 by a policy that wants no delta."""
        run = play(
            **RISING,
            opening={"hedges": [{"underlying": "ABC", "units": 50, "price": 108.0}]},
            hedging={"policy": "interval", "interval_ns": "1h"},
        )
        assert run.cash["rebalancing"] == pytest.approx(100.0, abs=MICRO)
        assert run.attribution["total"] == pytest.approx(100.0, abs=MICRO)


LATE = {"without": [Kind.SPOT], "events": [rows(Kind.SPOT, ns(1), 0, bid=110.0, ask=110.0)], **RISING}


class TestWithoutAMarket:
    """The first tick comes an hour after the start."""

    @pytest.mark.parametrize(
        ("opening", "name"),
        [
            ({"options": [{"option": CALL, "size": 1}]}, CALL),
            ({"hedges": [{"underlying": "ABC", "units": 1}]}, "ABC"),
        ],
    )
    def test_a_position_needs_a_price(self, opening, name):
        with pytest.raises(UserError, match=f"opening: {name} has no market at the clock's start"):
            play(**LATE, opening=opening)

    def test_a_given_price_is_enough(self):
        run = play(
            **LATE,
            opening={
                "options": [{"option": CALL, "size": 1, "mark": 9.0}],
                "hedges": [{"underlying": "ABC", "units": -100, "price": 109.0}],
            },
        )
        assert run.equity["opening"] == pytest.approx(900.0 - 10_900.0)
        assert run.attribution["total"] == pytest.approx(100.0 - 100.0, abs=MICRO)

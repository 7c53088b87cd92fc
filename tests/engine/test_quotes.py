"""Quotes and orders: from a policy's answer to the price in force, and who trades at it, how much and when."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mmsim import market
from mmsim.engine import setup
from mmsim.engine.delayed import seen_has_room
from mmsim.events import Allocation, FillRule, Kind, rows
from mmsim.pricing import greeks
from tests.engine.builder import (
    CALL,
    DAY,
    MICRO,
    PUT,
    at,
    clients,
    fixed,
    ns,
    only,
    order,
    play,
    policy,
    scenario,
    signed,
)

CALL_NUMBER = 0  # calls come first
SESSION = {"open": "09:30", "close": "16:00", "zone": "UTC"}


def market_quote(hours: float, bid: float, ask: float, size: float = 30.0):
    return rows(Kind.QUOTE, ns(hours), CALL_NUMBER, bid=bid, ask=ask, bid_size=size, ask_size=size)


def listed(ticks):
    return [{"underlying": "ABC", "strikes": [100], "expiry": at(10), "ticks": ticks}]


def refusals(run) -> dict[str, int]:
    """The counters of orders that did not trade, those that are not 0."""
    return {k: n for k, n in run.counts.items() if k.startswith("orders_") and n}


class TestTicks:
    @pytest.mark.parametrize(
        ("ticks", "answer", "bid", "ask"),
        [
            (0.05, 4.03, 4.00, 4.05),
            (0.05, 4.05, 4.05, 4.05),
            (0.05, 4.0500001, 4.05, 4.10),
            (0.25, 4.2, 4.00, 4.25),
            (0.3, 4.0, 3.9, 4.2),
            ({0: 0.05, 3: 0.10}, 2.97, 2.95, 3.00),
            ({0: 0.05, 3: 0.10}, 3.07, 3.00, 3.10),
            ({0: 0.05, 3: 0.10}, 3.00, 3.00, 3.00),
            ({0: 0.05, 3: 0.10}, 2.9999, 2.95, 3.00),
            ({0: 0.01, 3: 0.05, 10: 0.25}, 10.1, 10.00, 10.25),
        ],
    )
    def test_bids_are_rounded_down_and_asks_up(self, ticks, answer, bid, ask):
        both = clients(order(0, "sell", 1), order(0, "buy", 1, 99))
        fills = only(play(options=listed(ticks), clients=both, quoting=fixed(answer, answer)), "client")
        assert fills["price"].tolist() == [bid, ask]
        assert fills["quoted"].tolist() == [answer, answer]

    def test_an_ask_of_zero_is_none(self):
        run = play(options=listed(0.05), clients=clients(order(0, "buy", 1, 99)), quoting=fixed(0.0, 0.0))
        assert refusals(run) == {"orders_no_quote": 1}

    def test_a_bid_below_the_first_tick_is_none(self):
        run = play(options=listed(0.05), clients=clients(order(0, "sell", 1)), quoting=fixed(0.04, 1.0))
        assert refusals(run) == {"orders_no_quote": 1}


class TestPostOnly:
    """The market stands at 4.00 – 4.20 and the desk would cross it."""

    @pytest.mark.parametrize(
        ("post_only", "bid", "ask", "expected", "clamped"),
        [
            (True, 4.50, 4.60, (4.15, 4.60), 1),
            (True, 4.20, 4.60, (4.15, 4.60), 1),
            (True, 3.50, 3.90, (3.50, 4.05), 1),
            (True, 4.00, 4.20, (4.00, 4.20), 0),
            (False, 4.50, 4.60, (4.50, 4.60), 0),
        ],
    )
    def test_quotes_stay_a_tick_from_the_other_side(self, post_only, bid, ask, expected, clamped):
        run = play(
            options=listed(0.05),
            clients=clients(order(1, "sell", 1), order(1, "buy", 1, 99)),
            quoting=fixed(bid, ask),
            execution__post_only=post_only,
            events=[market_quote(0, 4.00, 4.20)],
        )
        assert only(run, "client")["price"].tolist() == list(expected)
        assert run.counts["quotes_clamped"] == 2 * clamped  # two orders looked at the quote

    def test_a_missing_side_clamps_nothing(self):
        run = play(
            clients=clients(order(1, "sell", 1)), quoting=fixed(4.5, 4.6), events=[market_quote(0, math.nan, math.nan)]
        )
        assert only(run, "client")["price"].tolist() == [4.5]

    def test_a_market_through_the_desks_quote_is_counted_and_fills_nothing(self):
        run = play(
            clients=clients(order(1, "buy", 1, 4.0)),
            quoting=fixed(4.5, 4.6),
            execution__post_only=False,
            events=[market_quote(0, 4.0, 4.2)],
        )
        assert run.counts["quotes_crossed_by_market"] == 1
        assert run.counts["client_fills"] == 0

    @pytest.mark.parametrize("latency", ["0s", "90m"])
    def test_eager_quotes_see_the_market_cross_them_where_nobody_trades(self, latency):
        """A quote an hour, from 0:00; the market stands through it from 3:30 to 6:30, so at 4:00, 5:00 and 6:00."""
        keys = {
            "market__spot": {"model": "path", "step": "1h", "prices": [100.0] * 11},
            "quoting": fixed(4.5, 4.6),
            "execution__post_only": False,
            "latency__quote": latency,
            "events": [market_quote(0, 4.4, 4.7), market_quote(3.5, 4.0, 4.2), market_quote(6.5, 4.4, 4.7)],
        }
        lazy, eager = play(**keys), play(**keys, execution__requote="every_tick")
        assert (lazy.counts["quotes"], lazy.counts["quotes_crossed_by_market"]) == (0, 0)
        assert eager.counts["quotes_crossed_by_market"] == 3
        unseen = 2 if latency == "90m" else 1  # the volatility mark of 0:00 comes after its tick
        assert eager.counts["quotes"] == 2 * (10 - unseen)  # a call and a put, which have expired at 10:00

    @pytest.mark.parametrize("latency", ["0s", "20m"])
    def test_eager_quotes_deal_the_same(self, latency):
        keys = {
            "market__spot": {"model": "path", "step": "1h", "prices": [100.0, 101.0, 102.0, 103.0]},
            "quoting": fixed(4.5, 4.6),
            "latency__quote": latency,
            "clients": clients(order(0.5, "sell", 3), order(1.5, "buy", 2, 9.0)),
        }
        lazy, eager = play(**keys), play(**keys, execution__requote="every_tick")
        assert eager.counts["quotes"] > lazy.counts["quotes"]
        assert eager.ledger.equals(lazy.ledger)
        assert eager.fills.equals(lazy.fills)


class TestReservationPrices:
    @pytest.mark.parametrize(
        ("side", "limit", "fills"), [("buy", 4.10, 1), ("buy", 4.09, 0), ("sell", 3.90, 1), ("sell", 3.91, 0)]
    )
    def test_a_limit_is_met_or_not(self, side, limit, fills):
        run = play(clients=clients(order(0, side, 1, limit)), quoting=fixed(3.90, 4.10))
        assert run.counts["client_fills"] == fills
        assert refusals(run) == ({} if fills else {"orders_worse_price": 1})

    @pytest.mark.parametrize(
        ("side", "distance", "fills"), [(1, 0.5, 1), (1, 0.49, 0), (-1, 0.25, 1), (-1, 0.24, 0), (-1, -0.25, 0)]
    )
    def test_a_distance_is_from_the_markets_fair_value(self, side, distance, fills):
        """The spot is 110, the call worth 10 to the market; the desk quotes 9.75 – 10.50."""
        request = rows(Kind.ORDER, ns(1), CALL_NUMBER, client=0, side=side, size=1.0, value=distance)
        run = play(
            market__spot__prices=[110], quoting=fixed(9.75, 10.50), events=[request], rules=[(0, FillRule.RESERVATION)]
        )
        assert run.counts["client_fills"] == fills


class TestSizes:
    @pytest.mark.parametrize(("asked", "dealt"), [(3, 3), (5, 5), (7, 5), (2.5, 2.5)])
    def test_up_to_the_size_in_force(self, asked, dealt):
        run = play(clients=clients(order(0, "sell", asked)), quoting=fixed(1.0, 2.0, bid_size=5.0))
        assert only(run, "client")["size"].tolist() == [dealt]

    @pytest.mark.parametrize(
        ("side", "bid_size", "ask_size", "fills"), [("sell", 0, 5, 0), ("buy", 0, 5, 1), ("buy", 5, 0, 0)]
    )
    def test_a_side_without_size_is_absent(self, side, bid_size, ask_size, fills):
        quoting = fixed(1.0, 2.0, bid_size=bid_size, ask_size=ask_size)
        run = play(clients=clients(order(0, side, 1, 2.0 if side == "buy" else 1.0)), quoting=quoting)
        assert run.counts["client_fills"] == fills
        assert refusals(run) == ({} if fills else {"orders_no_quote": 1})

    def test_without_latency_a_quote_is_renewed_at_once(self):
        sweep = clients(*(order(0, "sell", 4) for _ in range(3)))
        run = play(clients=sweep, quoting=fixed(1.0, 2.0, size=5.0))
        assert only(run, "client")["size"].tolist() == [4, 4, 4]

    def test_a_sweep_meets_one_size_where_there_is_latency(self):
        sweep = clients(*(order(1, "sell", 4) for _ in range(3)), order(1, "sell", 4, option=PUT))
        run = play(clients=sweep, quoting=fixed(1.0, 2.0, size=10.0), latency__quote="1ms")
        assert only(run, "client")["size"].tolist() == [4, 4, 2, 4]

    def test_what_is_filled_stays_consumed_until_a_quote_knows_of_it(self):
        """Ten contracts, an hour late, and orders for six.

        2:00 six; 2:30 four, which is all; 2:45 none; 3:10, decided at 2:10, knows of the first: six; 3:35, decided at
        2:35, knows of the second too, not of the third: 10 − 6 = 4.
        """
        hours = (2, 2.5, 2.75, 3 + 10 / 60, 3 + 35 / 60)
        run = play(
            clients=clients(*(order(hour, "buy", 6, 2.0) for hour in hours)),
            quoting=fixed(1.0, 2.0, size=10.0),
            latency__quote="1h",
        )
        assert only(run, "client")["size"].tolist() == [6, 4, 6, 4]
        assert refusals(run) == {"orders_no_quote": 1}

    def test_sides_are_consumed_apart(self):
        run = play(
            clients=clients(order(2, "buy", 10, 2.0), order(2, "sell", 10)),
            quoting=fixed(1.0, 2.0, size=10.0),
            latency__quote="1h",
        )
        assert signed(only(run, "client")).tolist() == [-10, 10]


class TestQuoteLatency:
    """The call is worth 10, and 20 from 5:00 on; the desk quotes half a point around it, an hour late."""

    def picked_off(self, hours, **changes):
        return play(
            market__spot={"model": "path", "step": "5h", "prices": [110, 120]},
            clients=clients(order(hours, "buy", 1, 99)),
            quoting={"policy": "fixed_width", "half_spread": 0.5},
            latency__quote="1h",
            **changes,
        )

    def test_a_stale_quote_is_picked_off_and_shows_a_negative_edge(self):
        fill = only(self.picked_off(5.5), "client").iloc[0]
        assert fill["price"] == 10.5
        assert fill["theo"] == pytest.approx(20.0)
        assert fill["edge"] == pytest.approx(-950.0)

    @pytest.mark.parametrize(("hours", "price"), [(5.0, 10.5), (5.999, 10.5), (6.0, 20.5)])
    def test_the_state_is_that_of_an_hour_ago(self, hours, price):
        assert only(self.picked_off(hours), "client")["price"].tolist() == [price]

    def test_before_the_desk_has_seen_a_market_it_has_no_quote(self):
        assert refusals(self.picked_off(0.5)) == {"orders_no_mark": 1}

    def test_the_desks_own_position_is_seen_late_too(self):
        """A limit of five contracts: a second client gets four more before the desk knows, a third nothing after."""
        run = play(
            clients=clients(order(2, "sell", 4), order(2.5, "sell", 4), order(4, "sell", 4)),
            quoting=fixed(1.0, 2.0, size=100.0),
            limits__position=5,
            latency__quote="1h",
        )
        assert only(run, "client")["size"].tolist() == [4, 1]

    def test_the_books_delta_moves_with_the_spot_that_the_desk_has_seen(self):
        """Long a call at the money: with no hedge and no refresh the delta seen is expanded to the present."""
        shown = {}
        for latency in ("0s", "1ms"):
            run = play(
                options=[{"underlying": "ABC", "strikes": [100, 900], "expiry": "2026-02-05T00:00:00Z"}],
                market__spot={"model": "path", "step": "1h", "prices": [100, 100.04]},
                market__volatility={"model": "constant", "level": 0.2},
                clients=clients(
                    order(0.5, "sell", 1, option="ABC 2026-02-05 C100"),
                    order(1.5, "sell", 1, option="ABC 2026-02-05 P900"),
                ),
                quoting=policy("show_delta"),
                pricing={"exact": False, "refresh_every": "1d"},
                report__mark_every="10h",
                latency__quote=latency,
            )
            shown[latency] = only(run, "client")["quoted"].tolist()[1]
        years = (31 * 24 - 1.5) / (365 * 24)
        delta = 100 * greeks(spot=100.04, strike=100, years=years, volatility=0.2)["delta"][0]
        assert shown["0s"] == pytest.approx(200.0 + delta, abs=1e-3)
        assert shown["1ms"] == pytest.approx(shown["0s"], rel=1e-9)


class TestHedgeLatency:
    def late(self, **changes):
        """A deep call of delta 1 is bought at 0:00; the spot goes 110, 111, 112 every quarter of an hour."""
        keys = {
            "market__spot": {"model": "path", "step": "15m", "prices": [110, 111, 112, 113, 114], "half_spread": 0.1},
            "options": [{"underlying": "ABC", "strikes": [100], "expiry": f"{DAY}T20:00:00Z"}],
            "clients": clients(order(0, "sell", 1)),
            "quoting": fixed(10.0, 11.0),
            "hedging": {"policy": "every_tick"},
            "latency__hedge": "30m",
        }
        return play(**(keys | changes))

    def test_thousands_may_be_under_way(self):
        """A hedge at each of 5,000 ticks, each on its way for three quarters of them."""
        run = play(
            clock={"start": f"{DAY}T00:00:00Z", "end": f"{DAY}T00:00:05Z"},
            market__spot={"model": "path", "step": "1ms", "prices": [100.0, 101.0] * 2500},
            hedging=policy("trade_always"),
            latency__hedge="3750ms",
            report__mark_every="1s",
        )
        assert run.counts["hedge_fills"] == 5000 - 3750 + 1

    def test_what_is_under_way_has_room_in_the_delayed_view(self):
        """All of it may be filled before one event, and told of."""
        chosen = scenario(latency__quote="1ms", latency__hedge="1m")
        state = setup.new_state(market.build(chosen).universe, chosen, np.zeros((0, 2), np.int64), None)
        has_room = getattr(seen_has_room, "py_func", seen_has_room)
        assert has_room(state)
        state.desk["hedge_tail"] = len(state.seen)
        assert not has_room(state)

    def test_fills_at_the_price_of_its_own_time_and_is_counted_as_pending_till_then(self):
        hedges = only(self.late(), "hedge")
        assert signed(hedges).tolist() == [-100]
        assert hedges["price"].tolist() == [112.0]
        assert hedges["decision_mid"].tolist() == [110.0]
        assert hedges["ts"].tolist()[0].isoformat() == at(0.5)

    def test_takes_the_touch_of_its_own_time(self):
        assert only(self.late(execution__hedge_at="touch"), "hedge")["price"].tolist() == [111.9]

    def test_between_ticks_the_last_price_holds(self):
        assert only(self.late(latency__hedge="20m"), "hedge")["price"].tolist() == [111.0]

    def test_what_falls_due_after_the_end_is_never_filled(self):
        run = self.late(latency__hedge="11h")
        assert run.counts["hedge_fills"] == 0
        assert run.marks.query("underlying == 'ABC'")["net_delta"].iloc[-1] == pytest.approx(0.0)  # pending counts


def share(fills: FillRule, allocation: Allocation, size: float, ours: str, trade: str) -> float:
    """What the desk should get of a recorded purchase, by the rules as written down, with 30 contracts displayed.

    The market asks 4.20. The desk asks the same, or 4.15, ten contracts; the trade is better, equal or worse for it.
    """
    desk = 10.0
    if trade == "better":
        return min(size, desk)
    if trade == "worse" or fills == FillRule.TRADE_THROUGH:
        return 0.0
    ahead = 30.0 if ours == "joins" else 0.0
    behind = min(max(size - ahead, 0.0), desk)
    if fills == FillRule.BACK_OF_QUEUE:
        return behind
    return {
        Allocation.NONE: min(size, desk),
        Allocation.PRO_RATA: math.floor(min(size * desk / (desk + ahead), desk)),
        Allocation.PRICE_TIME: behind,
    }[allocation]


RULES = [(FillRule.TRADE_THROUGH, Allocation.NONE), (FillRule.BACK_OF_QUEUE, Allocation.NONE)]
RULES += [(FillRule.TOUCH, allocation) for allocation in Allocation]


@pytest.mark.parametrize(("fills", "allocation"), RULES)
@pytest.mark.parametrize("ours", ["joins", "improves"])
def test_recorded_trades_are_shared_by_the_venues_rule(fills, allocation, ours):
    price = {"joins": 4.20, "improves": 4.15}[ours]
    trades = {"better": price + 0.05, "equal": price, "worse": price - 0.05}
    cases = [(trade, size) for trade in trades for size in (3.0, 20.0, 35.0, 400.0)]
    tape = [
        rows(Kind.BAR_TRADE, ns(1 + n / 60), CALL_NUMBER, client=0, side=1, size=size, price=trades[trade])
        for n, (trade, size) in enumerate(cases)
    ]
    run = play(
        options=listed(0.05),
        quoting=fixed(4.00, price),
        events=[market_quote(0, 4.00, 4.20), *tape],
        rules=[(allocation, fills)],
    )
    dealt = dict(zip(only(run, "client")["ts"].map(lambda ts: ts.value), only(run, "client")["size"], strict=True))
    expected = [share(fills, allocation, size, ours, trade) for trade, size in cases]
    assert [dealt.get(int(row["ts"][0]), 0.0) for row in tape] == expected
    assert (only(run, "client")["price"] == price).all()
    none_of_it = sum(part == 0 for (trade, _), part in zip(cases, expected, strict=True) if trade == "equal")
    assert refusals(run) == {"orders_worse_price": 4} | ({"orders_no_share": none_of_it} if none_of_it else {})


def test_a_bars_trade_comes_before_the_market_data_of_its_time():
    """At 1:00 the market moves from 4.00 – 4.20 to 5.00 – 5.20; a bar's trade at 4.20 met the old one."""
    trade = rows(Kind.BAR_TRADE, ns(1), CALL_NUMBER, client=0, side=1, size=1.0, price=4.20)
    run = play(
        options=listed(0.05),
        quoting=fixed(3.9, 4.2),
        events=[market_quote(0, 4.0, 4.2), market_quote(1, 5.0, 5.2), trade],
        rules=[(Allocation.NONE, FillRule.TOUCH)],
    )
    assert only(run, "client")["market_ask"].tolist() == [4.2]


class TestRefusals:
    def test_outside_the_session(self):
        """Open from 9:30 to 16:00: orders at 9:00 and 16:30 find nobody, one at 12:00 trades."""
        run = play(
            clock__end=at(20),
            options=[{"underlying": "ABC", "strikes": [100], "expiry": at(20)}],
            sessions=SESSION,
            clients=clients(*(order(hour, "sell", 1) for hour in (9, 12, 16.5))),
            quoting=fixed(1.0, 2.0),
        )
        assert run.counts["client_fills"] == 1
        assert refusals(run) == {"orders_closed": 2}

    def test_a_closed_session_hedges_nothing(self):
        """Delta 100 from 12:00 on, at ticks every six hours; the one at 18:00 is after the close."""
        run = play(
            clock__end=at(20),
            options=[{"underlying": "ABC", "strikes": [100], "expiry": at(30)}],
            market__spot={"model": "path", "step": "6h", "prices": [110, 110, 110, 90]},
            sessions=SESSION,
            clients=clients(order(12.5, "sell", 1, option=f"ABC {DAY[:-1]}6 C100")),
            quoting=fixed(1.0, 2.0),
            hedging={"policy": "every_tick"},
        )
        assert signed(only(run, "hedge")).tolist() == [-100]

    def test_without_a_volatility_mark(self):
        first = rows(Kind.VOLATILITY, [ns(2)] * 2, [0, 1], value=1e-6)
        run = play(
            without=[Kind.VOLATILITY],
            events=[first],
            clients=clients(order(1, "sell", 1), order(3, "sell", 1)),
            quoting=fixed(1.0, 2.0),
        )
        assert run.counts["client_fills"] == 1
        assert refusals(run) == {"orders_no_mark": 1}

    def test_without_a_spot(self):
        first = rows(Kind.SPOT, ns(2), 0, bid=100.0, ask=100.0)
        run = play(
            without=[Kind.SPOT],
            events=[first],
            clients=clients(order(1, "sell", 1), order(3, "sell", 1)),
            quoting=fixed(1.0, 2.0),
        )
        assert refusals(run) == {"orders_no_mark": 1}

    def test_every_order_is_a_fill_or_refused_for_one_reason(self):
        run = play(
            clients=clients(*(order(hour, side, 1, 2.0) for hour in range(9) for side in ("buy", "sell"))),
            quoting=fixed(1.0, 2.0, bid_size=0.0),
        )
        assert run.counts["orders"] == 18
        assert run.counts["client_fills"] + sum(refusals(run).values()) == 18


class TestSpreadCapture:
    def bought(self, **changes):
        """A call struck at 100 with the spot at 110, bought at 9.50."""
        return play(
            market__spot__prices=[110], clients=clients(order(1, "sell", 1)), quoting=fixed(9.5, 20.0), **changes
        )

    def test_at_the_markets_fair_value_it_is_all_the_markets(self):
        detail = self.bought().detail
        assert detail["Income:SpreadCapture:Market"] == pytest.approx(50.0, abs=MICRO)
        assert detail["Income:SpreadCapture:Mark"] == 0.0

    @pytest.mark.parametrize(("bid", "ask", "to_market"), [(9.8, 10.0, 40.0), (10.2, 10.6, 90.0)])
    def test_is_split_at_the_middle_of_a_two_sided_quote(self, bid, ask, to_market):
        run = self.bought(without=[Kind.FAIR_VOLATILITY], events=[market_quote(0, bid, ask)])
        assert run.detail["Income:SpreadCapture:Market"] == pytest.approx(to_market, abs=MICRO)
        assert run.detail["Income:SpreadCapture:Mark"] == pytest.approx(50.0 - to_market, abs=MICRO)

    @pytest.mark.parametrize("quotes", [[], [(9.8, np.nan)], [(9.8, 10.0), (np.nan, 10.0)]])
    def test_without_a_two_sided_market_it_is_all_the_marks_and_counted(self, quotes):
        events = [market_quote(0.1 * n, *quote) for n, quote in enumerate(quotes)]
        run = self.bought(without=[Kind.FAIR_VOLATILITY], events=events)
        assert run.detail["Income:SpreadCapture:Market"] == 0.0
        assert run.detail["Income:SpreadCapture:Mark"] == pytest.approx(50.0, abs=MICRO)
        assert run.counts["market_mid_missing"] == 1

    @pytest.mark.parametrize(
        ("bid", "ask", "at_mid", "at_liquidation", "unquoted"),
        [(9.0, 12.0, 100.0, -50.0, 0), (np.nan, 12.0, 50.0, 50.0, 1)],
    )
    def test_equity_at_the_two_other_marks(self, bid, ask, at_mid, at_liquidation, unquoted):
        """One call bought at 9.50 and held: worth 10.00 at theo, 10.50 at mid, 9.00 at the bid."""
        run = play(
            market__spot__prices=[110],
            options=[{"underlying": "ABC", "strikes": [100], "expiry": at(30)}],
            clients=clients(order(1, "sell", 1, option=f"ABC {DAY[:-1]}6 C100")),
            quoting=fixed(9.5, 20.0),
            without=[Kind.FAIR_VOLATILITY],
            events=[market_quote(0, bid, ask)],
        )
        assert run.equity["closing"] == pytest.approx(50.0, abs=MICRO)
        assert run.equity["at_mid"] == pytest.approx(at_mid, abs=MICRO)
        assert run.equity["at_liquidation"] == pytest.approx(at_liquidation, abs=MICRO)
        assert run.equity["unquoted"] == unquoted


def test_call_stands_first():
    """What CALL_NUMBER says."""
    assert play(clients=clients(order(0, "sell", 1)), quoting=fixed(1.0, 2.0)).fills["instrument"].iloc[0] == CALL

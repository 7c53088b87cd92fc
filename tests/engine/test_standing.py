"""Quotes that stand until it is worth a message to replace them: thresholds, caps, queues, and what is owed."""

from __future__ import annotations

import math

import pytest

from mmsim.events import Allocation, FillRule, Kind, rows
from tests.engine.builder import CALL, DAY, at, clients, fixed, ns, only, order, play, policy

CALL_ALONE = [{"underlying": "ABC", "strikes": [100], "rights": ["call"], "expiry": at(10)}]
LAZY = {"requote_size": 1.0}  # sizes alone are no reason to replace a quote


def standing(*prices: float, hours: tuple[float, ...] = (0.5, 1.5, 2.5, 3.5), size: float = 1, quotes=LAZY, **changes):
    """Theo ± 0.5 around a deep call, the spot on the hour; who buys takes any price."""
    keys = {
        "options": CALL_ALONE,
        "market__spot": {"model": "path", "step": "1h", "prices": list(prices)},
        "clients": clients(*(order(h, "buy", size, 99) for h in hours)) if hours else [],
        "quoting": {"policy": "fixed_width", "half_spread": 0.5},
        "protection": {"quotes": quotes},
    }
    return play(**(keys | changes))


def prices_of(run) -> list[float]:
    return only(run, "client")["price"].tolist()


class TestThreshold:
    def test_a_quote_is_replaced_where_its_price_differs_by_so_many_ticks(self):
        """Ticks of a cent: 0.30 is too little for 50 of them, 0.60 is enough."""
        run = standing(110, 110.3, 110.6, 110.6, quotes=LAZY | {"requote_ticks": 50})
        assert prices_of(run) == [10.5, 10.5, 11.1, 11.1]
        assert run.counts["quote_messages"] == 2

    def test_exactly_so_many_are_enough(self):
        run = standing(110, 110.3, 110.6, 110.6, quotes=LAZY | {"requote_ticks": 30})
        assert prices_of(run) == [10.5, 10.8, 11.1, 11.1]

    def test_each_tick_is_worth_a_message_by_default(self):
        run = standing(110, 110.01, 110.02, 110.02)
        assert prices_of(run) == [10.5, 10.51, 10.52, 10.52]

    def test_between_ticks_what_stands_is_what_is_dealt(self):
        """An hour before an expiry of a call at the money theta alone moves theo: what stood at the tick stands."""
        run = standing(
            100, hours=(1, 9.9), market__volatility={"model": "constant", "level": 0.5},
            quotes=LAZY | {"requote_ticks": 1000},
        )  # fmt: skip
        first, last = prices_of(run)
        assert first == last
        assert only(run, "client")["theo"].tolist()[1] < first - 0.6

    def test_what_is_left_of_a_size_is_filled_up_where_it_has_fallen_by_more_than_the_share(self):
        """Ten: after three 7 stand, 10 being 43 % more; after 3 more 4 do, and 10 is 150 % more."""
        run = standing(110, hours=(0.5, 1.5, 2.5), size=3, quotes={"requote_size": 0.5})
        assert run.counts["quote_messages"] == 2
        run = standing(110, hours=(0.5, 1.5, 2.5, 3.5), size=3, quotes=LAZY | {"messages_per_second": 1e-9})
        assert only(run, "client")["size"].tolist() == [3, 3, 3, 1]

    def test_without_threshold_or_cap_fills_are_those_of_quotes_made_for_each_order(self):
        """At orders at the ticks themselves, where nothing has moved since."""
        keys = {"hours": (0, 1, 2, 3), "quotes": {}}
        plain = standing(110, 111, 109, 110, protection={}, **keys)
        assert prices_of(plain) == prices_of(standing(110, 111, 109, 110, **keys)) == [10.5, 11.5, 9.5, 10.5]


class TestMessages:
    def test_beyond_the_cap_stale_quotes_stand(self):
        """One in two hours: at 0:00 and 2:00; what was wanted at 1:00 and 3:00 is held back."""
        run = standing(110, 111, 112, 113, quotes=LAZY | {"messages_per_second": 1 / 7200, "burst": 1})
        assert prices_of(run) == [10.5, 10.5, 12.5, 12.5]
        assert run.counts["quote_messages"] == 2
        assert run.counts["quotes_held_back"] == 4  # and after the fills at 1:30 and 3:30

    def test_a_burst_may_follow_a_pause(self):
        run = standing(110, 111, 112, 113, quotes=LAZY | {"messages_per_second": 1e-6, "burst": 3})
        assert prices_of(run) == [10.5, 11.5, 12.5, 12.5]

    def test_options_share_the_cap_in_their_order(self):
        """Two options, one message an hour from two at the start: from 1:00 on the call is moved and the put is not."""
        both = [{"underlying": "ABC", "strikes": [100], "expiry": at(10)}]
        quotes = LAZY | {"messages_per_second": 1 / 3600, "burst": 2}
        requests = [order(h, "buy", 1, 99, o) for h in (1.5, 2.5) for o in (CALL, f"ABC {DAY} P100")]
        run = standing(
            100, 101, 102, options=both, clients=clients(*requests), quotes=quotes,
            quoting={"policy": "fixed_width", "half_spread": 0.5},
        )  # fmt: skip
        assert prices_of(run) == [1.5, 0.51, 2.5, 0.51]

    def test_the_venues_freeze_takes_quotes_away_and_a_new_one_is_a_message(self):
        protection = {"quotes": LAZY, "window": "1h", "quantity": 2, "freeze": "1h"}
        run = standing(110, 110, 110, 110, size=2, protection=protection)
        assert only(run, "client")["ts"].dt.hour.tolist() == [0, 2]  # 1:30: frozen until then, and no tick before 2:00
        assert run.counts["quote_messages"] == 2


class TestLatency:
    def test_a_quote_comes_into_force_a_latency_after_its_tick(self):
        """Decided at 1:00, in force from 1:30 on; an order at 1:30 itself comes after it."""
        run = standing(110, 111, hours=(0.6, 1.4, 1.5), latency__quote="30m")
        assert prices_of(run) == [10.5, 10.5, 11.5]

    def test_what_is_filled_is_gone_until_a_quote_decided_after_it(self):
        """Ten: seven go at 1:00, a quote decided at 1:00 before it comes at 1:30 with ten less these seven; known at
        1:30, the sale is followed by a quote of ten."""
        run = standing(
            110, 110, 110, clients=clients(*(order(h, "buy", 7, 99) for h in (1.0, 1.2, 1.5))),
            quotes={}, latency__quote="30m",
        )  # fmt: skip
        assert only(run, "client")["size"].tolist() == [7, 3, 7]

    def test_the_policys_view_is_that_of_its_decision(self):
        """A quote of 200 + the desk's delta, as of 1:00: long a call of delta 100 since 0:30."""
        run = standing(
            110, 110, hours=(), quoting=policy("show_delta"), latency__quote="10m", quotes={},
            clients=clients(order(0.5, "sell", 1), order(2, "sell", 1)),
        )  # fmt: skip
        assert only(run, "client")["quoted"].tolist()[1] == pytest.approx(300.0, abs=1e-6)


class TestSessions:
    def test_none_stand_from_the_close_to_the_open(self):
        """Open from 1:00 to 3:00: of orders at 0:30, 1:30 and 3:30 the second is dealt."""
        session = {"open": "01:00", "close": "03:00", "zone": "UTC"}
        run = standing(*[110] * 5, hours=(0.5, 1.5, 3.5), sessions=session)
        assert only(run, "client")["ts"].dt.hour.tolist() == [1]
        assert run.counts["orders_closed"] == 2
        assert run.counts["quote_messages"] == 1

    def test_beyond_the_loss_limit_none_stands(self):
        run = standing(
            110, 112, 112, 112, hours=(0.5, 1.2, 2.5), clients=clients(*(order(h, "buy", 10, 99) for h in (0.5, 2.5))),
            limits__loss=1000.0,
        )  # fmt: skip
        assert run.counts["client_fills"] == 1
        assert run.counts["orders_no_quote"] == 1


def shown(hours: float, bid: float, ask: float, bid_size: float = 30.0, ask_size: float = 30.0):
    """The market's quote of the call."""
    return rows(Kind.QUOTE, ns(hours), 0, bid=bid, ask=ask, bid_size=bid_size, ask_size=ask_size)


def sold(hours: float, size: float, price: float):
    """A recorded trade that hits the bid."""
    return rows(Kind.ORDER, ns(hours), 0, client=0, side=-1, size=size, price=price)


class TestQueue:
    """The desk bids 4.00 for ten; the market's bid of 4.00 is 30 when it joins."""

    def dealt(self, *events, bid: float = 4.0, ask: float = 9.0, rule: int = FillRule.TOUCH, **changes):
        keys = {
            "options": CALL_ALONE, "quoting": fixed(bid, ask), "rules": [(Allocation.PRICE_TIME, rule)],
            "protection": {"quotes": LAZY}, "market__spot": {"model": "path", "step": "1h", "prices": [100] * 5},
        }  # fmt: skip
        run = play(**(keys | changes), events=[shown(0, 4.0, 10.0), *events])
        return only(run, "client")["size"].tolist()

    def test_trades_at_the_price_wear_down_what_is_before_it(self):
        """20 and 8 of the thirty are before it, of the next 6 the desk has 4."""
        assert self.dealt(sold(1, 20, 4.0), sold(2, 8, 4.0), sold(3, 6, 4.0)) == [4]

    def test_back_of_queue_has_the_whole_displayed_size_before_it_at_each_trade(self):
        assert self.dealt(sold(1, 20, 4.0), sold(2, 8, 4.0), sold(3, 6, 4.0), rule=FillRule.BACK_OF_QUEUE) == []

    def test_a_trade_larger_than_the_queue_leaves_the_rest(self):
        assert self.dealt(sold(1, 33, 4.0), sold(2, 2, 4.0)) == [3, 2]

    def test_cancels_of_displayed_size_wear_it_down(self):
        """From thirty to five: nobody is before it but those five."""
        assert self.dealt(shown(1, 4.0, 10.0, bid_size=5), sold(2, 6, 4.0)) == [1]

    def test_a_quote_after_a_trade_does_not_count_it_twice(self):
        """20 of 30 traded leave ten before it; the market then shows those ten, and 12 more trade."""
        assert self.dealt(sold(1, 20, 4.0), shown(1.5, 4.0, 10.0, bid_size=10), sold(2, 12, 4.0)) == [2]

    def test_what_joins_later_is_behind_it(self):
        assert self.dealt(sold(1, 20, 4.0), shown(1.5, 4.0, 10.0, bid_size=50), sold(2, 12, 4.0)) == [2]

    def test_the_market_leaving_its_price_leaves_nobody_before_it(self):
        assert self.dealt(shown(1, 3.9, 10.0), shown(2, 4.0, 10.0), sold(3, 3, 4.0)) == [3]

    def test_a_price_of_its_own_has_nobody_before_it(self):
        assert self.dealt(sold(1, 3, 4.1), bid=4.1) == [3]

    def test_below_the_best_bid_it_joins_when_the_market_comes_down(self):
        """At 3.90 below 4.00; at 1:00 the bid is 3.90 for 8: eight are before it."""
        assert self.dealt(shown(1, 3.9, 10.0, bid_size=8), sold(2, 10, 3.9), bid=3.9) == [2]

    def test_a_better_bid_coming_and_going_costs_no_place(self):
        better = (sold(1, 20, 4.0), shown(1.2, 4.1, 10.0), shown(1.4, 4.0, 10.0), sold(2, 12, 4.0))
        assert self.dealt(*better) == [2]

    def test_a_size_filled_up_goes_to_the_back(self):
        """Three dealt at 1:00; the quote of ten that follows joins behind the thirty."""
        keys = {"protection": {"quotes": {}}}
        assert self.dealt(sold(1, 33, 4.0), sold(2, 31, 4.0), **keys) == [3, 1]

    def test_it_joins_behind_what_is_displayed_when_it_arrives(self):
        """Decided at 0:00 behind thirty, it comes at 0:30, when five are left and at 0:45 joined by 45."""
        events = (shown(0.4, 4.0, 10.0, bid_size=5), shown(0.75, 4.0, 10.0, bid_size=50), sold(1, 7, 4.0))
        assert self.dealt(*events, latency__quote="30m") == [2]

    def test_those_who_join_while_it_is_on_its_way_are_before_it(self):
        """The earlier the quote, the better its place: five at 0:00, fifty at 0:15."""
        early = (shown(0, 4.0, 10.0, bid_size=5), shown(0.25, 4.0, 10.0, bid_size=50), sold(1, 52, 4.0))
        assert self.dealt(*early, latency__quote="10m") == [10]
        assert self.dealt(*early, latency__quote="30m") == [2]

    def test_asks_queue_as_bids_do(self):
        bought = rows(Kind.ORDER, [ns(1), ns(2)], 0, client=0, side=1, size=[20, 12], price=10.0)
        assert self.dealt(bought, bid=3.0, ask=10.0) == [2]


class TestObligation:
    OWED = {"max_width": 1.0, "min_size": 5, "share": 0.5}  # noqa: RUF012

    def duty(self, *prices, owed=OWED, hours=(), **changes):
        protection = {"obligation": owed, "quotes": LAZY}
        return standing(*prices, hours=hours, **({"protection": protection} | changes)).summary["duty"]

    def test_a_quote_wide_enough_and_narrow_enough_is_owed_all_the_time(self):
        """From 0:00 to the expiry at 10:00."""
        duty = self.duty(110, 110)
        assert duty == {"required": 0.5, "share": 1.0, "seconds": 36_000.0, "short": 0, "options": {CALL: 1.0}}

    @pytest.mark.parametrize(("half_spread", "share"), [(0.5, 1.0), (0.51, 0.0)])
    def test_wider_is_none(self, half_spread, share):
        quoting = {"policy": "fixed_width", "half_spread": half_spread}
        assert self.duty(110, quoting=quoting)["share"] == share

    def test_the_width_is_that_of_the_bid(self):
        """A bid of 9.5 until 4:00, then of 19.5: 1.00 is too wide below 10."""
        duty = self.duty(*[110] * 4, *[120] * 4, owed=self.OWED | {"max_width": {0: 0.9, 10: 1.1}})
        assert duty["share"] == pytest.approx(0.6)
        assert duty["short"] == 0

    def test_a_size_used_up_is_none_until_it_is_filled_up(self):
        """Ten, of which six go at 2:00; the desk has no message to fill them up: two of ten hours."""
        quotes = {"messages_per_second": 1e-9, "burst": 1}
        protection = {"obligation": self.OWED, "quotes": quotes}
        duty = self.duty(110, clients=clients(order(2, "buy", 6, 99)), protection=protection)
        assert duty["share"] == pytest.approx(0.2)
        assert duty["short"] == 1

    def test_with_latency_it_counts_from_the_first_quote_in_force(self):
        """In force from 1:00 on: nine hours, of which the last seven have four contracts left."""
        quotes = {"messages_per_second": 1e-9, "burst": 1}
        protection = {"obligation": self.OWED, "quotes": quotes}
        changes = {"clients": clients(order(3, "buy", 6, 99)), "protection": protection, "latency__quote": "1h"}
        duty = self.duty(110, **changes)
        assert (duty["seconds"], duty["share"]) == (9 * 3600, pytest.approx(2 / 9))

    def test_a_freeze_is_time_without_a_quote(self):
        """Frozen from 2:00 to 4:00, and back with the tick of 4:00."""
        protection = {"obligation": self.OWED, "window": "1h", "quantity": 1, "freeze": "2h"}
        duty = self.duty(*[110] * 6, clients=clients(order(2, "buy", 1, 99)), protection=protection)
        assert duty["share"] == pytest.approx(0.8)

    def test_closed_hours_do_not_count(self):
        session = {"open": "01:00", "close": "03:00", "zone": "UTC"}
        duty = self.duty(110, 110, sessions=session)
        assert (duty["seconds"], duty["share"]) == (2 * 3600, 1.0)

    def test_an_alarm_is_time_without_a_quote(self):
        """Pulled from 2:00 on, and placed again by the tick at 5:00."""
        jump = {"spot": 0.01, "within": "1h", "for": "3h"}
        duty = self.duty(110, 110, 112, 112, 112, 112, protection={"obligation": self.OWED, "jump": jump})
        assert duty["share"] == pytest.approx(0.7)

    def test_nothing_is_owed_without_an_obligation(self):
        assert standing(110, protection={}).summary["duty"] == {}

    def test_the_screen_says_it(self):
        from mmsim.report import duty

        summary = {"duty": self.duty(110)}
        said = "Duty: quoted as owed for 100.0% of 36,000 series-seconds, 50% of each series owed; no option fell short"
        assert duty.sentences(summary) == [said]
        assert duty.sentences({}) == []


def test_no_market_is_no_queue():
    events = [rows(Kind.QUOTE, ns(0), 0, bid=math.nan, ask=math.nan), sold(1, 3, 4.0)]
    run = play(
        options=CALL_ALONE, quoting=fixed(4.0, 9.0), rules=[(Allocation.PRICE_TIME, FillRule.TOUCH)], events=events,
        protection={"quotes": LAZY},
    )  # fmt: skip
    assert only(run, "client")["size"].tolist() == [3]

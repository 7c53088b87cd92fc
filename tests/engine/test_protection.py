"""What protects the desk's quotes: the venue's freeze, and alarms that pull or widen them."""

from __future__ import annotations

import numpy as np
import pytest

from mmsim import backtest
from mmsim.errors import UserError
from mmsim.events import Kind, rows
from tests.economics import oracle
from tests.engine.builder import DAY, at, clients, fixed, ns, only, order, play, replay, scenario, signed

FAR_CALL, FAR_PUT = "ABC 2026-02-05 C100", "ABC 2026-02-05 P100"
LIVELY = {
    "options": [{"underlying": "ABC", "strikes": [100], "expiry": "2026-02-05T00:00:00Z"}],
    "market__volatility": {"model": "constant", "level": 0.2},
}


def breaches(run) -> list[tuple[str, float]]:
    """(what was set off, hours after the start)."""
    assert len(run.breaches) == run.counts["limit_breaches"]
    hours = (run.breaches["ts"].astype("datetime64[ns, UTC]").astype("int64") - ns(0)) / 3.6e12
    return list(zip(run.breaches["limit"], hours.round(6), strict=True))


class TestFreeze:
    def met(self, *requests, **protection):
        """The sizes dealt of orders that would all be, and what was set off."""
        run = play(quoting=fixed(1.0, 2.0, size=100.0), clients=clients(*requests), protection=protection)
        assert run.counts["client_fills"] + run.counts["orders_no_quote"] == run.counts["orders"]
        assert run.counts["freezes"] == len({ts for _, ts in breaches(run)})
        return only(run, "client")["size"].tolist(), breaches(run)

    def test_so_much_within_the_window_pulls_all_quotes_for_a_while(self):
        """4 at 1:00 and 4 at 1:30 are the 8 of an hour; nothing until 3:00, when two hours are over."""
        hours = (1, 1.5, 1.6, 2.9, 3.5)
        sides = ("sell", "buy", "sell", "buy", "buy")
        requests = [order(h, side, 4, 2.0 * (side == "buy")) for h, side in zip(hours, sides, strict=True)]
        dealt, off = self.met(*requests, window="1h", quantity=8, freeze="2h")
        assert dealt == [4, 4, 4]
        assert off == [("protection_quantity", 1.5)]

    def test_it_is_back_at_the_end_of_the_freeze(self):
        requests = [order(h, "sell", 4) for h in (1, 2.999, 3.0)]
        assert self.met(*requests, window="1h", quantity=4, freeze="2h")[0] == [4, 4]

    def test_the_window_begins_at_a_fill_and_the_next_one_after_it_at_another(self):
        """4 at 1:00, 3 at 1:59, and at 2:00 a new window: 4 and then 3 make 7, 1 more at 2:59 makes the 8."""
        requests = [order(h, "sell", n) for h, n in ((1, 4), (1 + 59 / 60, 3), (2, 4), (2.5, 3), (2 + 59 / 60, 1))]
        dealt, off = self.met(*requests, window="1h", quantity=8, freeze="2h")
        assert sum(dealt) == 15
        assert off == [("protection_quantity", 2.983333)]

    def test_an_order_goes_through_as_a_whole(self):
        assert self.met(order(1, "sell", 50), order(1.1, "sell", 1), window="1h", quantity=8, freeze="2h")[0] == [50]

    def test_so_does_a_sweep_but_not_another_client_at_the_same_time(self):
        sweep = [order(1, "sell", 8), order(1, "sell", 2), order(1, "sell", 3, option=f"ABC {DAY} P100")]
        groups = [*clients(*sweep), {**clients(order(1, "sell", 5))[0], "name": "other"}]
        run = play(
            quoting=fixed(1.0, 2.0, size=100.0), clients=groups,
            protection={"window": "1h", "quantity": 8, "freeze": "2h"},
        )  # fmt: skip
        assert only(run, "client")["size"].tolist() == [8, 2, 3]
        assert run.counts["freezes"] == 1

    @pytest.mark.parametrize(("limit", "name"), [("net_delta", "protection_delta"), ("net_vega", "protection_vega")])
    def test_net_greeks_are_those_that_were_dealt(self, limit, name):
        """Two calls bought and sold again come to nothing; six more to more than the four and a half of the limit."""
        years = 31 / 365
        vega = 100**2 * 0.2 * years * oracle.gamma(100, 100, years, 0.2)
        unit = {"net_delta": oracle.delta(100, 100, years, 0.2), "net_vega": vega}[limit]
        trades = [("sell", 2, FAR_CALL), ("buy", 2, FAR_CALL), ("sell", 3, FAR_CALL), ("sell", 3, FAR_CALL),
                  ("sell", 1, FAR_CALL)]  # fmt: skip
        run = play(
            **LIVELY, quoting=fixed(1.0, 2.0, size=100.0),
            clients=clients(*(order(n / 100, s, q, 9.0 * (s == "buy"), o) for n, (s, q, o) in enumerate(trades))),
            protection={"window": "1h", limit: 4.5 * 100 * unit, "freeze": "1h"},
        )  # fmt: skip
        assert signed(only(run, "client")).tolist() == [2, -2, 3, 3]
        assert run.breaches["limit"].tolist() == [name]
        assert run.breaches["value"].tolist() == pytest.approx([600 * unit], rel=2e-3)

    def test_underlyings_freeze_apart(self):
        options = [{"underlying": s, "strikes": [100], "expiry": f"{DAY}T10:00:00Z"} for s in ("ABC", "XYZ")]
        run = play(
            underlyings=[{"symbol": "ABC"}, {"symbol": "XYZ"}], options=options, quoting=fixed(1.0, 2.0, size=100.0),
            clients=clients(*(order(h, "sell", 8, option=f"{s} {DAY} C100") for h, s in ((1, "ABC"), (2, "XYZ")))),
            protection={"window": "5h", "quantity": 8, "freeze": "5h"},
        )  # fmt: skip
        assert run.counts["client_fills"] == 2

    def test_the_venue_does_it_at_once_whatever_the_latency(self):
        run = play(
            quoting=fixed(1.0, 2.0, size=100.0), clients=clients(order(2, "sell", 8), order(2.1, "sell", 1)),
            protection={"window": "1h", "quantity": 8, "freeze": "1h"}, latency__quote="30m",
        )  # fmt: skip
        assert only(run, "client")["size"].tolist() == [8]


def jumping(*prices: float, protection, hours=(0.5, 1.5, 2.5, 3.5, 4.5), **changes):
    """A quote of 0.5 around a call that is worth its intrinsic value, met every hour; the spot ticks on the hour."""
    keys = {
        "market__spot": {"model": "path", "step": "1h", "prices": list(prices)},
        "clients": clients(*(order(h, "buy", 1, 99) for h in hours)),
        "quoting": {"policy": "fixed_width", "half_spread": 0.5},
        "protection": protection,
    }
    return play(**(keys | changes))


def hours_of(run) -> list[float]:
    """When clients dealt, in hours after the start."""
    stamps = only(run, "client")["ts"].astype("datetime64[ns, UTC]").astype("int64")
    return ((stamps - ns(0)) / 3.6e12).round(6).tolist()


class TestJump:
    def test_a_jump_pulls_the_quotes_for_a_while(self):
        """110 to 111 at 2:00 is 0.91 %: none from 2:00 to 4:00."""
        run = jumping(110, 110, 111, 111, 111, protection={"jump": {"spot": 0.009, "within": "1h", "for": "2h"}})
        assert hours_of(run) == [0.5, 1.5, 4.5]
        assert breaches(run) == [("jump", 2.0)]
        assert run.breaches["value"].tolist() == [pytest.approx(1 / 110)]
        assert run.counts["alarms"] == 1

    def test_a_smaller_one_does_not(self):
        run = jumping(110, 110, 111, 111, 111, protection={"jump": {"spot": 0.0092, "within": "1h", "for": "2h"}})
        assert len(hours_of(run)) == 5

    @pytest.mark.parametrize(("within", "fires"), [("3h", True), ("2h", False)])
    def test_it_is_measured_from_any_mid_of_the_time_within(self, within, fires):
        """110, 111, 112, 113: 2.7 % in three hours, 1.8 % in two."""
        run = jumping(110, 111, 112, 113, 113, protection={"jump": {"spot": 0.02, "within": within, "for": "1h"}})
        assert (breaches(run) == [("jump", 3.0)]) == fires

    def test_falls_are_jumps(self):
        run = jumping(112, 112, 110, 110, 110, protection={"jump": {"spot": 0.0178, "within": "1h", "for": "1h"}})
        assert hours_of(run) == [0.5, 1.5, 3.5, 4.5]

    def test_another_jump_makes_it_last_longer_and_is_no_new_alarm(self):
        run = jumping(110, 112, 110, 110, 110, protection={"jump": {"spot": 0.01, "within": "1h", "for": "90m"}})
        assert hours_of(run) == [0.5, 3.5, 4.5]
        assert breaches(run) == [("jump", 1.0)]

    def test_widen_multiplies_the_distance_from_the_middle(self):
        """Theo 11 from 2:00: asks of 12.5 for an hour, then 11.5 again."""
        jump = {"spot": 0.009, "within": "1h", "for": "1h", "action": "widen", "factor": 3.0}
        run = jumping(110, 110, 111, 111, 111, protection={"jump": jump})
        assert only(run, "client")["price"].tolist() == [10.5, 10.5, 12.5, 11.5, 11.5]

    def test_pull_pulls_whatever_the_factor(self):
        jump = {"spot": 0.009, "within": "1h", "for": "2h", "action": "pull", "factor": 3.0}
        assert hours_of(jumping(110, 110, 111, 111, 111, protection={"jump": jump})) == [0.5, 1.5, 4.5]

    def test_the_desk_pulls_when_it_has_seen_it(self):
        """With an hour of latency a quote of 10.5 is picked off at 2:30; then there is none until 5:00."""
        run = jumping(
            110, 110, 111, 111, 111, 111, hours=(1.5, 2.5, 3.5, 4.5, 5.5), latency__quote="1h",
            protection={"jump": {"spot": 0.009, "within": "1h", "for": "2h"}},
        )  # fmt: skip
        assert hours_of(run) == [1.5, 2.5, 5.5]
        assert only(run, "client")["price"].tolist() == [10.5, 10.5, 11.5]
        assert breaches(run) == [("jump", 2.0)]


class TestThin:
    def test_a_book_without_size_pulls_the_quotes(self):
        """Sizes of 50 and more, but 9 at the ask at 2:00."""
        sizes = [50, 50, 9, 50, 50]
        ticks = rows(Kind.SPOT, [ns(h) for h in range(5)], 0, bid=110, ask=110, bid_size=60, ask_size=sizes)
        made = scenario(
            clients=clients(*(order(h, "buy", 1, 99) for h in (0.5, 1.5, 2.5, 3.5))),
            quoting={"policy": "fixed_width", "half_spread": 0.5},
        )
        thin = {"size": 10, "for": "1h"}
        protection = type(made.protection).model_validate({"thin": thin})
        run = replay(made.model_copy(update={"protection": protection}), events=[ticks], without=[Kind.SPOT])
        assert hours_of(run) == [0.5, 1.5, 3.5]
        assert breaches(run) == [("thin", 2.0)]


class TestVolatility:
    def test_a_mark_that_moves_fast_is_an_alarm_for_all_options(self):
        """0.2, and at 2:00 the call's mark is 0.23: three points within a minute; the put is pulled too."""
        marks = rows(Kind.VOLATILITY, [ns(2)], 0, value=0.23)
        requests = [order(h, "buy", 1, 99, o) for h in (1.5, 2.5, 4.5) for o in (FAR_CALL, FAR_PUT)]
        run = play(
            **LIVELY, events=[marks], clients=clients(*requests), quoting=fixed(1.0, 9.0),
            protection={"volatility": {"move": 0.03, "within": "5h", "for": "2h"}},
        )  # fmt: skip
        assert hours_of(run) == [1.5, 1.5, 4.5, 4.5]
        assert breaches(run) == [("volatility", 2.0)]
        assert run.breaches["value"].tolist() == [pytest.approx(0.03)]

    def test_of_two_alarms_the_stronger_holds(self):
        marks = rows(Kind.VOLATILITY, [ns(2)], 0, value=0.23)
        alarm = {"within": "5h", "for": "2h"}
        run = play(
            **LIVELY, events=[marks], market__spot={"model": "path", "step": "2h", "prices": [100, 101]},
            clients=clients(order(2.5, "buy", 1, 99, FAR_CALL)), quoting=fixed(1.0, 9.0),
            protection={"volatility": {"move": 0.03} | alarm,
                        "jump": {"spot": 0.009, "action": "widen", "factor": 2.0} | alarm},
        )  # fmt: skip
        assert run.counts["orders_no_quote"] == 1
        assert run.counts["alarms"] == 2


@pytest.mark.parametrize(
    ("protection", "key", "message"),
    [
        ({"quantity": 5}, "protection.quantity", "needs a window that it is counted in, and how long to freeze"),
        ({"window": "1s", "freeze": "1s"}, "protection.window", "needs what is counted"),
        ({"window": "1s", "freeze": "1s", "quantity": 0}, "protection.quantity", "must be greater than 0"),
        ({"jump": {"spot": 1.5, "within": "1s", "for": "1s"}}, "protection.jump.spot", "must be less than 1"),
        ({"jump": {"spot": 0.1, "within": "1s", "fro": "1s"}}, "protection.jump.fro", "did you mean 'for'"),
        ({"jump": {"spot": 0.1, "within": "0s", "for": "1s"}}, "protection.jump.within", "must be longer than 0"),
        ({"jump": {"spot": 0.1, "within": "1s", "for": "1s", "action": "widen"}}, "protection.jump.action", "a factor"),
        (
            {"volatility": {"move": 0, "within": "1s", "for": "1s"}},
            "protection.volatility.move",
            "must be greater than 0",
        ),
        ({"thin": {"size": 5, "for": "1s"}}, "protection.thin", "is for a recorded market"),
        ({"quotes": {"requote_ticks": 0}}, "protection.quotes.requote_ticks", "must be greater than 0"),
        ({"quotes": {"burst": 5}}, "protection.quotes.burst", "is for messages_per_second"),
        ({"quotes": {"burst": 0.5, "messages_per_second": 1}}, "protection.quotes.burst", "at least 1 message"),
        ({"obligation": {"max_width": 1.0, "share": 1.2}}, "protection.obligation.share", "must be at most 1"),
        ({"obligation": {"max_width": {1: 1.0}, "share": 1}}, "protection.obligation.max_width", "begins at price 0"),
    ],
)
def test_bad_input_is_refused_with_its_domain(protection, key, message):
    changes = {"protection": str(protection).replace("'", '"')}
    with pytest.raises(UserError) as refused:
        backtest.check(scenario(), changes=changes)
    assert any(key in str(problem) and message in str(problem) for problem in refused.value.problems), refused.value


def test_what_is_not_set_off_changes_nothing():
    keys = {"clients": clients(*(order(h, "sell", 4) for h in range(1, 9))), "quoting": fixed(1.0, 2.0)}
    keys["market__spot"] = {"model": "path", "step": "1h", "prices": [100, 101, 102]}
    calm = {
        "window": "1s", "quantity": 1000, "freeze": "1s",
        "jump": {"spot": 0.5, "within": "1h", "for": "1s"}, "volatility": {"move": 1.0, "within": "1h", "for": "1s"},
    }  # fmt: skip
    runs = [play(**keys, protection=protection) for protection in ({}, calm)]
    assert runs[0].ledger.equals(runs[1].ledger)
    assert np.array_equal(runs[0].fills.to_numpy(str), runs[1].fills.to_numpy(str))


def test_limits_and_protections_stand_in_the_report_with_their_bounds(tmp_path):
    run = jumping(110, 110, 111, 111, 111, protection={"jump": {"spot": 0.009, "within": "1h", "for": "2h"}})
    page = run.report(tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Jump" in page
    assert at(2)[11:16] in page

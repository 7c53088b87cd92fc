"""Limits: the side of the quotes that would add to a breach is pulled, every breach is written down."""

from __future__ import annotations

import pytest

from tests.engine.builder import DAY, at, clients, fixed, only, order, play, signed

LATE_CALL, LATE_PUT = "ABC 2026-02-05 C100", "ABC 2026-02-05 P100"
LIVELY = {
    "options": [{"underlying": "ABC", "strikes": [100], "expiry": "2026-02-05T00:00:00Z"}],
    "market__volatility": {"model": "constant", "level": 0.2},
    "quoting": fixed(1.0, 2.0, size=100.0),
}


def breaches(run) -> list[tuple[str, str]]:
    """(limit, instrument) of each breach."""
    assert len(run.breaches) == run.counts["limit_breaches"]
    return list(zip(run.breaches["limit"], run.breaches["instrument"], strict=True))


class TestPosition:
    def test_a_quote_is_cut_to_what_the_limit_leaves(self):
        requests = [order(n, "sell", 4, option=LATE_CALL) for n in range(3)] + [order(4, "buy", 20, 2.0, LATE_CALL)]
        run = play(**LIVELY, clients=clients(*requests), limits__position=6)
        assert signed(only(run, "client")).tolist() == [4, 2, -12]  # from +6 there are twelve to −6
        assert run.counts["orders_no_quote"] == 1
        assert breaches(run) == []

    def test_beyond_it_from_the_start_it_is_noted_at_the_next_fill(self):
        run = play(
            **LIVELY,
            opening={"options": [{"option": LATE_CALL, "size": 20}]},
            clients=clients(order(1, "sell", 1, option=LATE_CALL), order(2, "buy", 5, 2.0, LATE_CALL)),
            limits__position=6,
        )
        assert signed(only(run, "client")).tolist() == [-5]
        assert breaches(run) == [("position", LATE_CALL)]
        assert run.breaches["value"].tolist() == [15.0]


class TestGreeks:
    """A book of calls bought breaches the limit; then a side that adds is gone and one that reduces is there."""

    @pytest.mark.parametrize(
        ("limits", "pulled", "kept"),
        [
            ({"net_delta": 100.0}, [("sell", LATE_CALL), ("buy", LATE_PUT)], [("buy", LATE_CALL), ("sell", LATE_PUT)]),
            ({"net_gamma": 10.0}, [("sell", LATE_CALL), ("sell", LATE_PUT)], [("buy", LATE_CALL), ("buy", LATE_PUT)]),
            ({"net_vega": 1000.0}, [("sell", LATE_CALL), ("sell", LATE_PUT)], [("buy", LATE_CALL), ("buy", LATE_PUT)]),
        ],
    )
    def test_the_adding_side_is_pulled(self, limits, pulled, kept):
        """Five calls: a delta of some 255, a gamma of 35 and a vega of 5,800."""
        for side, option in [*pulled, *kept]:
            requests = clients(
                order(1, "sell", 5, option=LATE_CALL), order(2, side, 1, 2.0 if side == "buy" else 0, option)
            )
            run = play(**LIVELY, clients=requests, limits=limits)
            assert run.counts["client_fills"] == (1 if (side, option) in pulled else 2), (side, option)
            assert breaches(run) == [(next(iter(limits)), "ABC")]

    def test_a_breach_is_noted_once_until_it_has_ended(self):
        """Delta above the limit at 1:00, gone at 3:00 when a client buys the calls, above it again at 5:00."""
        run = play(
            **LIVELY,
            clients=clients(
                order(1, "sell", 5, option=LATE_CALL),
                order(3, "buy", 5, 2.0, LATE_CALL),
                order(5, "sell", 5, option=LATE_CALL),
            ),
            limits__net_delta=100.0,
        )
        assert breaches(run) == [("net_delta", "ABC")] * 2
        assert [ts.hour for ts in run.breaches["ts"]] == [1, 5]

    def test_a_hedged_delta_is_no_breach(self):
        run = play(
            **LIVELY,
            clients=clients(*(order(n, "sell", 5, option=LATE_CALL) for n in (1, 2))),
            hedging={"policy": "every_tick"},
            limits__net_delta=100.0,
        )
        assert run.counts["client_fills"] == 2
        assert breaches(run) == []

    def test_a_breach_that_the_spot_brings_is_seen_at_the_next_mark(self):
        """One deep call more or less: its delta goes from 0 to 100 when the spot crosses the strike at 3:30."""
        run = play(
            market__spot={"model": "path", "step": "30m", "prices": [90] * 7 + [110]},
            options=[{"underlying": "ABC", "strikes": [100], "expiry": at(30)}],
            opening={"options": [{"option": f"ABC {DAY[:-1]}6 C100", "size": 1}]},
            limits__net_delta=50.0,
        )
        assert breaches(run) == [("net_delta", "ABC")]
        assert run.breaches["ts"].tolist()[0].isoformat() == at(4)
        assert run.breaches["value"].tolist() == [100.0]


class TestLoss:
    def losing(self, loss, **changes):
        """Ten calls of delta 1 bought at 10.00, unhedged: 1,000 are lost for each point that the spot falls."""
        keys = {
            "market__spot": {"model": "path", "step": "1h", "prices": [110, 110, 108, 106, 104]},
            "options": [{"underlying": "ABC", "strikes": [100], "expiry": at(30)}],
            "clients": clients(*(order(hour, "sell", 10, option=f"ABC {DAY[:-1]}6 C100") for hour in (0, 2.5, 3.5))),
            "quoting": fixed(10.0, 20.0, size=10.0),
            "limits": {"loss": loss, "position": 10},
        }
        return play(**(keys | changes))

    def test_stops_quoting_and_flattens_the_delta_once(self):
        """At the mark at 2:00 2,000 are lost; 1,000 shares are sold at 108, and nothing is lost from there."""
        run = self.losing(2000.0)
        assert run.counts["client_fills"] == 1
        assert breaches(run) == [("loss", "")]
        assert run.breaches["value"].tolist() == [-2000.0]
        hedges = only(run, "hedge")
        assert signed(hedges).tolist() == [-1000]
        assert hedges["price"].tolist() == [108.0]
        assert run.attribution["total"] == pytest.approx(-2000.0, abs=1e-5)

    def test_less_is_none(self):
        run = self.losing(6000.01)
        assert breaches(run) == []
        assert run.attribution["total"] == pytest.approx(-6000.0, abs=1e-5)

    def test_the_whole_book_is_no_longer_quoted(self):
        """A sale, which would reduce the position, finds no quote either."""
        late = order(2.5, "buy", 1, 99, f"ABC {DAY[:-1]}6 C100")
        run = self.losing(2000.0, clients=clients(order(0, "sell", 10, option=late["option"]), late))
        assert run.counts["orders_no_quote"] == 1

    def test_counts_from_the_opening(self):
        """The same loss on a position that the desk opened with, whose worth is no profit."""
        run = self.losing(
            2000.0, clients=[], opening={"options": [{"option": f"ABC {DAY[:-1]}6 C100", "size": 10, "mark": 10.0}]}
        )
        assert breaches(run) == [("loss", "")]
        assert run.attribution["total"] == pytest.approx(-2000.0, abs=1e-5)

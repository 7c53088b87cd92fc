"""How hedges are dealt: at rest in the market, with impact on it, at the fees of makers and takers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mmsim import backtest
from mmsim.engine import luck
from mmsim.errors import UserError
from mmsim.kernel import JIT, njit
from tests.engine.builder import DAY, at, clients, fixed, only, order, play, posted, scenario, signed, trades

LATER = {"options": [{"underlying": "ABC", "strikes": [100], "expiry": at(30)}]}


def path(*prices: float, half_spread: float = 0.5) -> dict:
    return {"model": "path", "step": "1h", "prices": list(prices), "half_spread": half_spread}


def passive(*prices: float, units: tuple[float, ...] = (100,), probability: float = 0.0, patience: str = "3h", **more):
    execution = {"hedge_at": "passive", "fill_probability": probability, "patience": patience}
    keys = {"market__spot": path(*prices), "hedging": trades(*units), "execution": execution} | LATER
    return play(**(keys | more))


class TestPassive:
    def test_it_is_dealt_at_its_own_price_when_the_market_comes_to_it(self):
        """Joined at the bid of 99.5; at 2:00 the ask is 99.5."""
        fill = only(passive(100, 101, 99, 98), "hedge").iloc[0]
        assert (fill["price"], fill["ts"].hour, fill["decision_mid"]) == (99.5, 2, 100.0)

    def test_one_that_sells_joins_the_ask(self):
        fill = only(passive(100, 99, 101, units=(-100,)), "hedge").iloc[0]
        assert (fill["price"], fill["ts"].hour, fill["side"]) == (100.5, 2, "sell")

    def test_out_of_patience_it_takes_the_touch(self):
        """Sent at 0:00 it takes the ask at 3:00, when three hours have passed."""
        fill = only(passive(100, 101, 101, 101, 101), "hedge").iloc[0]
        assert (fill["price"], fill["ts"].hour) == (101.5, 3)

    def test_with_certain_luck_it_is_dealt_at_the_next_tick(self):
        fill = only(passive(100, 100, 100, probability=1.0), "hedge").iloc[0]
        assert (fill["price"], fill["ts"].hour) == (99.5, 1)

    def test_luck_does_not_reach_an_order_behind_a_better_price(self):
        """At 1:00 and 2:00 others bid 100.5 and 99.75; only at 3:00 is 99.5 the best bid again."""
        assert only(passive(100, 101, 100.25, 100, 100, probability=1.0), "hedge")["ts"].dt.hour.tolist() == [3]

    def test_it_is_pending_and_a_new_decision_replaces_its_size(self):
        """A hundred, then fifty less at 1:00: one order of fifty, at its price and with its patience."""
        run = passive(100, 101, 101, 101, 101, units=(100, -50))
        assert signed(only(run, "hedge")).tolist() == [50]
        assert only(run, "hedge")["ts"].dt.hour.tolist() == [3]
        assert run.counts["hedge_fills"] == 1

    def test_a_decision_to_the_other_side_joins_anew(self):
        """At 1:00 150 are sold: fifty rest at the ask of 101.5 with three hours of patience of their own."""
        fill = only(passive(100, 101, 101, 101, 101, units=(100, -150)), "hedge").iloc[0]
        assert (fill["side"], fill["size"], fill["price"], fill["ts"].hour) == ("sell", 50, 100.5, 4)

    def test_one_taken_back_trades_nothing(self):
        assert only(passive(100, 101, 101, 101, 101, units=(100, -100)), "hedge").empty

    def test_a_delta_hedger_sees_it_as_pending_and_sends_no_second(self):
        deep = {"options": [{"underlying": "ABC", "strikes": [50], "expiry": at(30)}]}
        run = passive(
            100, 101, 101, 101, 101,
            hedging={"policy": "every_tick"}, clients=clients(order(0, "sell", 1, option=f"ABC {DAY[:-1]}6 C50")),
            quoting=fixed(50.0, 51.0), **deep,
        )  # fmt: skip
        assert signed(only(run, "hedge")).tolist() == [-100]

    def test_latency_is_the_way_to_the_book(self):
        """Sent at 0:00, it joins the bid of 100.5 at 1:30 and is dealt when the ask comes to 100.5 at 3:00."""
        fill = only(passive(100, 101, 102, 100, latency__hedge="90m"), "hedge").iloc[0]
        assert (fill["price"], fill["ts"].hour) == (100.5, 3)

    def test_makers_pay_their_fee_and_takers_theirs(self):
        """100 units: a contract of 1 unit each; a rebate of 0.2 at rest, 0.3 across the spread."""
        fees = {"hedge": {"maker": -0.2, "taker": 0.3}}
        keys = {"hedge_at": "passive", "patience": "3h", "fees": fees}
        assert only(passive(100, 99, execution=keys), "hedge")["fee"].tolist() == [-20.0]
        assert only(passive(100, 101, 101, 101, execution=keys), "hedge")["fee"].tolist() == [30.0]

    def test_the_luck_of_a_tick_is_the_same_whatever_the_desk_does(self):
        """The first lucky tick after an order joins is that of one which has waited since the start."""
        lucky = {}
        for first in range(4):
            units = (0,) * first + (100,)
            keys = {"market__spot": path(*[100] * 60), "options": [{"underlying": "ABC", "strikes": [100],
                    "expiry": at(70)}], "clock": {"start": at(0), "end": at(60)}}  # fmt: skip
            run = passive(units=units[:3] if first < 3 else (0, 0, 100), probability=0.1, patience="60h", **keys)
            lucky[first] = only(run, "hedge")["ts"].tolist()[0]
        assert len(set(lucky.values())) == 1

    def test_the_share_of_lucky_ticks_is_the_probability(self):
        """4,000 orders at rest for a tick each: within 3 standard errors of 0.3."""
        run = play(
            clock={"start": at(0), "end": f"{DAY}T00:00:04Z"},
            market__spot={"model": "path", "step": "1ms", "prices": [100.0] * 4000, "half_spread": 0.5},
            hedging={"policy": f"{__file__.rpartition('/')[0]}/policies/trade_always.py"},
            execution={"hedge_at": "passive", "fill_probability": 0.3, "patience": "1h"},
            report__mark_every="1s",
        )
        share = run.counts["hedge_fills"] / 4000
        assert abs(share - 0.3) < 3 * math.sqrt(0.3 * 0.7 / 4000)


class TestPhilox:
    """The known answers of the reference implementation, Random123 1.09, for four words and ten rounds."""

    @pytest.mark.parametrize(
        ("given", "answer"),
        [
            ((0,) * 6, (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
            ((0xFFFFFFFF,) * 6, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
            (
                (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0),
                (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
            ),
        ],
    )
    def test_known_answers(self, given, answer):
        plain = luck.philox.py_func if JIT else luck.philox
        assert plain(*given) == answer

        @njit
        def compiled(c0, c1, c2, c3, k0, k1):
            return luck.philox(c0, c1, c2, c3, k0, k1)

        assert compiled(*given) == answer


class TestHedgeCost:
    """A purchase of 100 at a touch of 100.5, the mid being 100, at a fee of 0.01."""

    def bought(self, **execution) -> tuple[float, list[int], list[int]]:
        run = play(
            market__spot=path(100, 100), hedging=trades(100), **LATER,
            execution={"hedge_at": "touch", "fee_per_hedge": 0.01} | execution,
        )  # fmt: skip
        price = only(run, "hedge")["price"].item()
        return price, posted(run, "Expenses:HedgeCost"), posted(run, "Expenses:Fees:Hedge")

    def test_spread_and_fees_are_multiplied(self):
        assert self.bought() == (100.5, [50_000_000], [1_000_000])
        assert self.bought(hedge_cost=3.0) == (101.5, [150_000_000], [3_000_000])

    def test_at_nothing_hedges_trade_at_the_mid(self):
        assert self.bought(hedge_cost=0.0) == (100.0, [], [])

    def test_impact_is_multiplied_and_moves_the_market_as_before(self):
        """Half of 100 × 0.001 beside the spread: 0.55 from the mid, twice."""
        price, cost, _ = self.bought(hedge_cost=2.0, impact={"permanent": 0.001})
        assert price == pytest.approx(101.1, abs=1e-12)
        assert cost == [110_000_000]

    def test_a_hedge_that_rested_keeps_its_price(self):
        run = passive(100, 101, 99, 98, execution={"hedge_at": "passive", "patience": "3h", "hedge_cost": 4.0})
        assert only(run, "hedge")["price"].item() == 99.5


class TestImpact:
    def traded(self, *prices: float, units: tuple[float, ...] = (400,), half_spread: float = 0.0, **impact):
        keys = {"market__spot": path(*prices, half_spread=half_spread), "hedging": trades(*units)} | LATER
        return play(**keys, execution={"hedge_at": "touch", "impact": impact})

    def test_temporary_is_a_square_root_of_the_days_volume(self):
        """0.5 × 1 % × 100 × sqrt(400 / 10,000) = 0.1 on the ask of 100.2, and against the mid in HedgeCost."""
        run = self.traded(100, half_spread=0.2, temporary=0.5, daily_volatility=0.01, daily_volume=10_000)
        assert only(run, "hedge")["price"].tolist() == [pytest.approx(100.3, abs=1e-12)]
        assert posted(run, "Expenses:HedgeCost") == [120_000_000]

    def test_a_sale_is_dealt_that_much_lower(self):
        run = self.traded(100, units=(-400,), temporary=0.5, daily_volatility=0.01, daily_volume=10_000)
        assert only(run, "hedge")["price"].tolist() == [pytest.approx(99.9, abs=1e-12)]

    def test_permanent_moves_the_mid_from_the_next_tick_on(self):
        """400 units at 0.001: half of 0.4 on the trade itself; 100.4 and 101.4 where the model has 100 and 101."""
        run = self.traded(100, 100, 101, permanent=0.001)
        assert only(run, "hedge")["price"].tolist() == [pytest.approx(100.2, abs=1e-12)]
        desk = run.marks[run.marks["underlying"] == "ABC"]
        assert desk["spot"].tolist()[:3] == pytest.approx([100.4, 101.4, 101.4], abs=1e-12)

    def test_a_round_trip_earns_nothing_by_having_moved_the_price(self):
        run = self.traded(100, 100, 100, units=(400, -400), permanent=0.001)
        assert run.attribution["total"] == pytest.approx(0.0, abs=2e-6)
        assert run.marks[run.marks["underlying"] == "ABC"]["spot"].tolist()[2] == pytest.approx(100.0, abs=1e-12)

    def test_a_hedge_at_rest_moves_nothing(self):
        run = passive(100, 99, 99, execution={"hedge_at": "passive", "patience": "9h", "impact": {"permanent": 0.001}})
        assert run.marks[run.marks["underlying"] == "ABC"]["spot"].tolist()[2] == 99.0

    def test_the_delayed_view_sees_the_price_that_was(self):
        """Theo ± 0.5 of a deep call as of an hour ago: at 1:30 the model's 110, at 2:30 the moved 110.4."""
        keys = {"clients": clients(order(1.5, "buy", 1, 99), order(2.5, "buy", 1, 99)), "latency__quote": "1h"}
        run = play(
            market__spot=path(110, 110, 110, half_spread=0.0), hedging=trades(400), **keys,
            quoting={"policy": "fixed_width", "half_spread": 0.5}, execution={"impact": {"permanent": 0.001}},
        )  # fmt: skip
        assert only(run, "client")["price"].tolist() == pytest.approx([10.5, 10.9])

    @pytest.mark.parametrize(("side", "effective"), [(-1, 0.23275), (1, 0.17533)])
    def test_hedgers_of_gamma_feed_back_on_volatility(self, side, effective):
        """σ/(1 − λQΓ) with λQ = 5 for a desk short gamma, −5 for one long: Frey and Stremme (1997).

        A contract of 100, λ = 0.05, Γ = 0.02814 (σ = 20 %, half a year); over an hour with common shocks the ratio of
        the spot's moves with impact and without is that of the volatilities.
        """
        keys = {
            "clock": {"start": at(0), "end": at(1)},
            "options": [{"underlying": "ABC", "strikes": [100], "expiry": "2026-07-06T12:00:00Z"}],
            "market": {"spot": {"model": "gbm", "start": 100, "volatility": 0.2, "step": "9s"},
                       "volatility": {"model": "constant", "level": 0.2}},
            "opening": {"options": [{"option": "ABC 2026-07-06 C100", "size": side}],
                        "hedges": [{"underlying": "ABC", "units": -52.819 * side}]},
            "hedging": {"policy": "every_tick"}, "pricing__exact": False, "paths": 40, "keep_paths": 40,
        }  # fmt: skip
        ends = [self.ends(keys, impact) for impact in (0.0, 0.05)]
        ratio = math.sqrt(np.mean(ends[1] ** 2) / np.mean(ends[0] ** 2))
        assert 0.2 * ratio == pytest.approx(effective, abs=0.0015)

    def ends(self, keys, permanent):
        run = backtest.run(scenario(**keys, execution={"lot": 0, "impact": {"permanent": permanent}}))
        last = run.marks[run.marks["underlying"] == "ABC"].groupby("path")["spot"].last().to_numpy()
        return last - 100.0

    def test_a_price_moved_below_zero_ends_the_run_with_the_reason(self):
        with pytest.raises(
            UserError, match=r"execution\.impact\.permanent: the desk's hedges have moved the price to 0"
        ):
            self.traded(100, 100, units=(-400,), permanent=1.0)

    def test_the_impact_on_one_instrument_leaves_another(self):
        keys = {"underlyings": [{"symbol": "ABC"}, {"symbol": "XYZ"}]}
        spots = {symbol: path(100, 100, half_spread=0.0) for symbol in ("ABC", "XYZ")}
        run = play(
            **keys, **LATER, market__spot=spots, hedging=trades(400),
            execution={"impact": {"XYZ": {"permanent": 0.001}}},
        )  # fmt: skip
        ends = run.marks.groupby("underlying", observed=True)["spot"].first()
        assert (ends["ABC"], ends["XYZ"]) == (100.0, pytest.approx(100.4))


class TestFees:
    def test_a_cap_is_a_share_of_the_premium(self):
        """Ten contracts of 100 at 0.02: 2 each, of which 12.5 % is 0.25, less than 0.65; at 10 the fee is 0.65."""
        fees = {"option": {"maker": 0.65, "taker": 0.9, "cap": 0.125}}
        for price, fee in ((0.02, 2.5), (10.0, 6.5)):
            run = play(clients=clients(order(1, "sell", 10)), quoting=fixed(price, 20.0), execution={"fees": fees})
            assert only(run, "client")["fee"].tolist() == [pytest.approx(fee)]
            assert posted(run, "Expenses:Fees:Options") == [round(fee * 1e6)]

    def test_the_simple_keys_are_the_same_for_both(self):
        simple = {"fee_per_option": 0.65, "fee_per_hedge": 0.1}
        venues = {"fees": {"option": {"maker": 0.65}, "hedge": {"taker": 0.1}}}
        keys = {"clients": clients(order(1, "sell", 10)), "quoting": fixed(1.0, 2.0), "hedging": trades(100)}
        keys["market__spot"] = path(*[100] * 11, half_spread=0.0)
        runs = [play(**keys, execution=execution) for execution in (simple, venues)]
        assert runs[0].ledger.equals(runs[1].ledger)
        assert runs[0].attribution["fees"] == -16.5


@pytest.mark.parametrize(
    ("execution", "key", "message"),
    [
        ({"hedge_at": "passive"}, "execution.hedge_at", "passive needs patience"),
        ({"hedge_at": "passive", "patience": "1s", "fill_probability": 1.5}, "execution.fill_probability", "at most 1"),
        ({"impact": {"permanent": -1.0}}, "execution.impact.permanent", "must be at least 0"),
        ({"impact": {"temporary": 1.0, "daily_volume": 1}}, "execution.impact.temporary", "needs daily_volatility and"),
        ({"impact": {"ACB": {"permanent": 1.0}}}, "execution.impact.ACB", "unknown underlying 'ACB'"),
        ({"impact": {"daily_volume": 0}}, "execution.impact.daily_volume", "must be greater than 0"),
        ({"fees": {"option": {"cap": 2}}}, "execution.fees.option.cap", "must be at most 1"),
        ({"fees": {"hedge": {}}, "fee_per_hedge": 1.0}, "execution.fee_per_hedge", "stands beside fees.hedge"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_with_its_domain(execution, key, message):
    changes = {"execution": str(execution).replace("'", '"')}
    with pytest.raises(UserError) as refused:
        backtest.check(scenario(), changes=changes)
    assert [key in str(problem) and message in str(problem) for problem in refused.value.problems] == [True], str(
        refused.value
    )

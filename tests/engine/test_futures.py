"""Futures: variation margin and no purchase cash; lots, multipliers and fees; premiums paid like a future's."""

from __future__ import annotations

import pytest

from tests.engine.builder import DAY, INTRINSIC, MICRO, at, clients, fixed, only, order, play, posted, signed, trades

FUTURE = {"symbol": "FUT", "kind": "future", "tick": 0.25, "multiplier": 50}
OPTION = f"FUT {DAY[:8]}07 C100"


def trading(prices, units=(), step="12h", **changes):
    """Two days of a future, with hedges of given units at its ticks."""
    keys = {
        "clock__end": at(48),
        "underlyings": [FUTURE],
        "options": [{"underlying": "FUT", "strikes": [3000], "expiry": at(72), "multiplier": 50}],
        "market__spot": {"model": "path", "step": step, "prices": prices},
        "hedging": trades(*units),
        "report__mark_every": "6h",
    }
    return play(**(keys | changes))


class TestVariationMargin:
    def test_is_paid_daily_and_nothing_at_the_trade(self):
        """100 units at 3000; at the first settlement the future stands at 2990, at the second at 3005."""
        run = trading([3000, 3010, 2990, 3001, 3005], [100])
        assert posted(run, "Assets:Cash:Hedge", "hedge") == []
        assert posted(run, "Assets:Cash:Hedge", "settlement") == [-1_000_000_000, 1_500_000_000]
        assert run.attribution["total"] == pytest.approx(500.0, abs=MICRO)
        assert run.cash["rebalancing"] == 0.0  # nothing was closed
        assert run.cash["inventory"] == pytest.approx(500.0, abs=MICRO)

    def test_between_settlements_the_value_is_what_the_price_has_moved_by(self):
        run = trading([3000, 3010, 2990, 3001, 3005], [100], clock__end=at(42))
        assert sum(posted(run, "Assets:Hedge")) == 100 * (3001 - 2990) * 1_000_000

    def test_of_a_trade_within_the_day_counts_from_its_own_price(self):
        """Long 100 at 3000, short 50 at 3010: margin at 2990 is 100·(−10) + (−50)·(−20) = 0, and 50 realised 500."""
        run = trading([3000, 3010, 2990], [100, -50], clock__end=at(24))
        assert sum(posted(run, "Assets:Cash:Hedge", "settlement")) == 0
        assert run.cash["rebalancing"] == pytest.approx(500.0, abs=MICRO)
        assert run.cash["inventory"] == pytest.approx(-500.0, abs=MICRO)


@pytest.mark.parametrize(
    ("asked", "lot", "dealt"),
    [
        (124.9, 1, 100),
        (125.0, 1, 150),
        (-125.0, 1, -150),
        (-124.9, 1, -100),
        (25.0, 1, 50),
        (24.9, 1, 0),
        (249.0, 5, 250),
        (124.9, 0, 124.9),
    ],
)
def test_hedges_are_rounded_to_lots_of_contracts_with_ties_away_from_zero(asked, lot, dealt):
    hedges = only(trading([3000], [asked], underlyings=[FUTURE | {"lot": lot}]), "hedge")
    assert signed(hedges).sum() == dealt


def test_fees_are_by_contract_and_the_touch_is_a_cost():
    """150 units are three contracts at 2.25; the ask stands 0.25 above the mid. Selling 50 costs a contract's fee."""
    run = trading(
        [3000, 3000],
        [150, -50],
        market__spot={"model": "path", "step": "12h", "prices": [3000, 3000], "half_spread": 0.25},
        execution={"hedge_at": "touch", "fee_per_hedge": 2.25},
    )
    hedges = only(run, "hedge")
    assert hedges["price"].tolist() == [3000.25, 2999.75]
    assert hedges["fee"].tolist() == [6.75, 2.25]
    assert run.attribution["hedge_cost"] == pytest.approx(-(150 + 50) * 0.25, abs=MICRO)
    assert run.attribution["fees"] == pytest.approx(-9.0, abs=MICRO)
    assert run.attribution["total"] == pytest.approx(-59.0, abs=MICRO)


@pytest.mark.parametrize(("matching", "realised"), [("lifo", 10.0), ("fifo", 30.0), ("average", 20.0)])
def test_matching_decides_which_lot_a_sale_closes(matching, realised):
    """Bought one at 100 and one at 120, sold one at 130."""
    run = trading(
        [100, 120, 130],
        [1, 1, -1],
        underlyings=[{"symbol": "FUT"}],
        execution={"matching": matching},
    )
    assert run.cash["rebalancing"] == pytest.approx(realised, abs=MICRO)
    assert run.cash["rebalancing"] + run.cash["inventory"] == pytest.approx(40.0, abs=MICRO)


def test_a_futures_style_premium_is_margined_and_not_discounted():
    """Sold at 12 with the future at 110 (worth 10), settled at 115 (worth 15), expired at 113 (worth 13)."""
    run = play(
        clock__end=at(48),
        underlyings=[FUTURE],
        options=[
            {"underlying": "FUT", "strikes": [100], "expiry": at(48), "multiplier": 50, "premium": "futures_style"}
        ],
        market__spot={"model": "path", "step": "12h", "prices": [110, 112, 115, 115, 113]},
        rates={"pricing": 0.5},
        clients=clients(order(0, "buy", 1, 12.0, OPTION)),
        quoting=fixed(8.0, 12.0),
    )
    assert only(run, "client")["theo"].tolist() == pytest.approx([10.0])
    assert posted(run, "Assets:Cash:Options", "client") == []
    assert posted(run, "Assets:Options", "client") == [100_000_000]
    # the settlement of the last instant comes before the expiry, at 113 already
    assert posted(run, "Assets:Cash:Options", "settlement") == [-150_000_000, 100_000_000]
    assert run.cash["premium"] == 0.0
    assert run.cash["settlement"] == pytest.approx(-50.0, abs=MICRO)
    assert run.attribution["spread_capture"] == pytest.approx(100.0, abs=MICRO)
    assert run.attribution["total"] == pytest.approx(-50.0, abs=MICRO)


def test_an_upfront_premium_on_a_future_is_discounted():
    """Black-76: worth e^(−rT) of its intrinsic value, three days before expiry at 50 % a year."""
    run = trading(
        [3010],
        clients=clients(order(0, "buy", 1, 12.0, f"FUT {DAY[:8]}08 C3000")),
        quoting=fixed(8.0, 12.0),
        rates={"pricing": 0.5},
    )
    assert only(run, "client")["theo"].tolist() == pytest.approx([10.0 * 2.718281828459045 ** (-0.5 * 3 / 365)])
    assert sum(posted(run, "Assets:Cash:Options", "client")) == 12 * 50 * 1_000_000


class TestHedgeInstrument:
    """Options on an index, hedged with a future on it that moves a little more."""

    def hedged(self, **changes):
        keys = {
            "underlyings": [{"symbol": "IDX", "kind": "index"}, FUTURE | {"lot": 0}],
            "options": [{"underlying": "IDX", "strikes": [4000], "expiry": at(20)}],
            "market__spot": {
                "IDX": {"model": "path", "step": "1h", "prices": [4000, 4010]},
                "FUT": {"model": "path", "step": "1h", "prices": [4020, 4033]},
            },
            "market__volatility": INTRINSIC,
            "hedging": {"policy": "none", "instrument": {"IDX": "FUT"}},
        }
        return play(**(keys | changes))

    def test_what_it_does_not_share_with_the_underlying_is_basis(self):
        """100 units: the index earned 10 a unit, the future 13."""
        run = self.hedged(opening={"hedges": [{"underlying": "IDX", "units": 100}]})
        assert run.attribution["delta"] == pytest.approx(1000.0, abs=MICRO)
        assert run.attribution["basis"] == pytest.approx(300.0, abs=MICRO)
        assert run.attribution["total"] == pytest.approx(1300.0, abs=MICRO)

    def test_is_traded_at_its_own_price_and_pays_no_cash(self):
        hedging = trades(0, 30) | {"instrument": "FUT"}
        run = self.hedged(hedging=hedging)
        hedges = only(run, "hedge")
        assert hedges["instrument"].tolist() == ["FUT", "IDX"]
        assert hedges["price"].tolist() == [4033.0, 4033.0]
        assert posted(run, "Assets:Cash:Hedge") == []

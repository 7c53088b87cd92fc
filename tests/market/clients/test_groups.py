"""What the groups ask for: rights, sides, ranges of delta and expiry, distances, sizes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.market.clients.conftest import Placed

Place = Callable[..., Placed]
BUSY = {"per_hour": 300, "reservation_ticks": 4.0}


def near(share: float, count: int) -> Any:
    """A share of so many draws, within three standard errors."""
    return pytest.approx(share, abs=3 * np.sqrt(share * (1 - share) / count))


class TestRetail:
    def test_buys_calls_and_sells_calls_and_puts_in_their_shares(self, placed: Place) -> None:
        orders = placed(BUSY | {"model": "retail", "covered_calls": 0.3, "cash_secured_puts": 0.2}, 3).orders
        kinds = orders.groupby(["right", "side"]).size() / len(orders)
        assert set(kinds.index) == {("call", 1), ("call", -1), ("put", -1)}
        assert kinds["call", 1] == near(0.5, len(orders))
        assert kinds["call", -1] == near(0.3, len(orders))
        assert kinds["put", -1] == near(0.2, len(orders))

    def test_sells_out_of_the_money_and_near_expiries(self, placed: Place) -> None:
        orders = placed(BUSY | {"model": "retail"}, 2).orders
        sold, bought = orders[orders["side"] < 0], orders[orders["side"] > 0]
        assert sold["delta"].between(0.1, 0.4).all() and bought["delta"].between(0.1, 0.6).all()
        assert orders["days"].between(0, 60).all()
        assert bought["delta"].max() > 0.5
        assert (sold["strike"] > sold["spot"]).eq(sold["right"] == "call").all()


class TestHedger:
    def test_buys_puts_of_its_ranges_and_concedes_much(self, placed: Place) -> None:
        orders = placed({"model": "hedger", "per_hour": 300}, 2).orders
        assert set(orders["right"]) == {"put"} and set(orders["side"]) == {1}
        assert orders["delta"].between(0.1, 0.4).all() and orders["days"].between(20, 120).all()
        assert orders["value"].mean() == pytest.approx(0.5, abs=3 * 0.5 / np.sqrt(len(orders)))  # 50 ticks of a cent


class TestNetBuyer:
    @pytest.mark.parametrize(("of", "puts", "calls"), [("index", 1, -1), ("single_name", -1, 1)])
    def test_an_index_and_its_opposite(self, placed: Place, of: str, puts: int, calls: int) -> None:
        orders = placed(BUSY | {"model": "customer_net_buyer", "of": of, "puts": 0.7}, 2).orders
        sides = orders.groupby("right")["side"].unique()
        assert sides["put"].tolist() == [puts] and sides["call"].tolist() == [calls]
        assert (orders["right"] == "put").mean() == near(0.7, len(orders))
        assert orders["delta"].between(0.05, 0.5).all()


class TestSelection:
    def test_every_option_in_the_range_is_as_likely(self, placed: Place) -> None:
        group = BUSY | {"model": "poisson", "moneyness": [0.94, 1.06], "days": [10, 60]}
        orders = placed(group, 3).orders
        assert (orders["strike"] / orders["spot"]).between(0.94, 1.06).all()
        assert orders["days"].between(10, 60).all()
        flat = orders[orders["spot"].between(99.8, 100.2)].groupby(["strike", "right"]).size()
        assert len(flat) == 10 and stats.chisquare(flat).pvalue > 0.001

    def test_a_range_that_nothing_is_in_leaves_no_orders(self, placed: Place) -> None:
        assert placed(BUSY | {"model": "poisson", "days": [400, 500]}).orders.empty

    def test_an_underlying_of_several(self, placed: Place) -> None:
        underlyings = [{"symbol": "ABC"}, {"symbol": "XYZ"}]
        options = [{"underlying": s, "strikes": [100], "expiry": "2026-04-17T20:00:00Z"} for s in ("ABC", "XYZ")]
        made = placed(BUSY | {"model": "poisson", "underlyings": ["XYZ"]}, underlyings=underlyings, options=options)
        names = {made.market.universe.options[n].underlying for n in made.orders["instrument"]}
        assert names == {"XYZ"}

    @pytest.mark.parametrize("group", [{"model": "retail"}, {"model": "customer_net_buyer"}, {"model": "poisson"}])
    def test_intensity_falls_exponentially_with_the_distance(self, placed: Place, group: Any) -> None:
        """A·exp(−kδ) by distance from fair value, for every δ ≥ −offset, whatever the model."""
        orders = placed(BUSY | group | {"offset_ticks": 2.0}, 10).orders
        ticks = orders["value"] / 0.01
        for distance in (-2.0, 0.0, 2.0, 8.0):
            expected = 10 * 6.5 * 300 * np.exp(-distance / 4.0)
            assert (ticks >= distance - 1e-9).sum() == pytest.approx(expected, abs=3 * np.sqrt(expected))

    def test_the_range_changes_neither_times_nor_sizes(self, placed: Place) -> None:
        anything = placed(BUSY | {"model": "poisson", "sizes": [1, 2, 3]}).orders
        some = placed(BUSY | {"model": "poisson", "sizes": [1, 2, 3], "delta": [0.01, 0.99]}).orders
        both = anything.merge(some, on="ts", suffixes=("", "_other"))
        assert len(both) == len(some) > 1000
        assert (both["size"] == both["size_other"]).all() and (both["side"] == both["side_other"]).all()


class TestInformed:
    KNOWS = BUSY | {"model": "informed", "probability": 0.4, "horizon": "10m"}

    def test_those_who_know_trade_where_the_spot_goes(self, placed: Place) -> None:
        orders, ticks = (made := placed(self.KNOWS)).orders, made.ticks
        known = orders[orders["ask"].notna()]
        later = ticks["mid"].to_numpy()[np.searchsorted(ticks["ts"], known["ts"] + 600 * 10**9, side="right") - 1]
        assert np.allclose(known["ask"], later)
        right = np.where(known["right"] == "call", 1, -1)
        assert (known["side"] == np.sign(later - known["spot"]) * right).all()
        assert (known["value"] == 0.0).all()
        moving = orders[orders["ts"] < ticks["ts"].iloc[-1] - 600 * 10**9]
        assert moving["ask"].notna().mean() == near(0.4, len(moving))

    def test_the_others_are_ordinary_clients(self, placed: Place) -> None:
        plain = placed(
            {k: v for k, v in self.KNOWS.items() if k not in ("probability", "horizon")} | {"model": "poisson"}
        )
        some, none = placed(self.KNOWS), placed(self.KNOWS | {"probability": 0.0})
        columns = ["ts", "instrument", "side", "size", "value"]
        assert none.orders[columns].equals(plain.orders[columns])
        ordinary = some.orders["ask"].isna()
        assert some.orders.loc[ordinary, columns].equals(plain.orders.loc[ordinary, columns])

    def test_what_a_dividend_takes_from_the_spot_is_no_news(self, placed: Place) -> None:
        paid = [{"underlying": "ABC", "ex": "2026-03-02T17:01:00Z", "amount": 3.0}]
        still = {"spot": {"model": "path", "step": "10m", "prices": [100.0] * 16 + [97.0] * 24}}
        market = still | {"volatility": {"model": "constant", "level": 0.25}}
        orders = placed(self.KNOWS | {"probability": 1.0}, market=market, dividends=paid).orders
        assert orders["ask"].isna().all()

    def test_the_volatility_may_be_what_is_known(self, placed: Place) -> None:
        """Where it never moves nobody knows anything."""
        assert placed(self.KNOWS | {"knows": "volatility"}).orders["bid"].isna().all()


class TestVolTrader:
    def test_forecasts_scatter_around_the_markets(self, placed: Place) -> None:
        orders = placed({"model": "vol_trader", "per_hour": 300, "error": 0.02, "threshold": 0.01}).orders
        assert set(orders["side"]) == {0} and (orders["bid_size"] == np.float32(0.01)).all()
        assert stats.kstest(orders["bid"], "norm", (0.25, 0.02)).pvalue > 0.001

    def test_a_number_is_everybodys_forecast(self, placed: Place) -> None:
        orders = placed({"model": "vol_trader", "per_hour": 60, "forecast": 0.3, "threshold": 0.01}).orders
        assert set(orders["bid"]) == {0.3}


class TestSniper:
    def test_looks_come_a_reaction_after_ticks(self, placed: Place) -> None:
        made = placed({"model": "sniper", "reaction": "2s", "threshold_ticks": 3})
        assert set(made.orders["ts"]) == set((made.ticks["ts"] + 2 * 10**9)[1:-1])  # the first tick is no move
        assert len(made.orders) == len(set(made.orders["ts"])) * len(made.market.universe.options)
        assert np.allclose(made.orders["value"], -0.03)
        assert made.market.rules.tolist() == [[0, 4]]

    def test_a_share_of_the_ticks_that_move_enough(self, placed: Place) -> None:
        made = placed({"model": "sniper", "share": 0.5, "trigger": 0.001, "looks": 3}, 40)
        moves = made.ticks["mid"].diff().abs() / made.ticks["mid"]
        first = made.orders[made.orders["path"] == 0]
        assert set(first["ts"]) <= set(made.ticks["ts"][moves >= 0.001])
        step = 0.4 * np.sqrt(5 / 525_600)
        expected = 40 * 78 * 0.5 * 2 * stats.norm.sf(0.001 / step)
        looks = made.orders.groupby(["path", "ts"])["instrument"].nunique()
        assert len(looks) == pytest.approx(expected, abs=4 * np.sqrt(expected))
        assert (looks == 3).all()

    def test_a_cooldown_spaces_looks(self, placed: Place) -> None:
        times = placed({"model": "sniper", "cooldown": "30m", "looks": 1}).orders["ts"]
        assert np.diff(np.unique(times)).min() == pd.Timedelta("30m").value


class TestSeveralLegs:
    @pytest.mark.parametrize(
        ("package", "right", "same_side", "strikes"),
        [
            ("vertical", "same", False, "further"),
            ("calendar", "same", False, "equal"),
            ("straddle", "other", True, "equal"),
            ("strangle", "other", True, "put below call"),
            ("risk_reversal", "other", False, "put below call"),
        ],
    )
    def test_packages(self, placed: Place, package: str, right: str, same_side: bool, strikes: str) -> None:
        orders = placed(BUSY | {"model": "poisson", "package": package, "width": 2}).orders
        first, second = (orders[orders["ask_size"] == leg].reset_index(drop=True) for leg in (1, 2))
        assert len(first) == len(second) > 500 and len(orders) == 2 * len(first)
        assert (first["ts"] == second["ts"]).all() and (first["size"] == second["size"]).all()
        assert np.array_equal(np.flatnonzero(orders["ask_size"] == 1) + 1, np.flatnonzero(orders["ask_size"] == 2))
        assert (first["side"] == second["side"] * (1 if same_side else -1)).all()
        assert ((first["right"] == second["right"]) == (right == "same")).all()
        assert (second["value"] == 0.0).all() and (first["value"] > 0.0).all()
        if package == "calendar":
            assert (first["expiry"] < second["expiry"]).all()
        else:
            assert (first["expiry"] == second["expiry"]).all()
        call = np.where(first["right"] == "call", first["strike"], second["strike"])
        put = np.where(first["right"] == "call", second["strike"], first["strike"])
        if strikes == "equal":
            assert (first["strike"] == second["strike"]).all()
        elif strikes == "put below call":
            assert (call - put == 5.0).all()
        else:
            outwards = np.where(first["right"] == "call", 5.0, -5.0)
            assert (second["strike"] - first["strike"] == outwards).all()

    def test_a_sweep_takes_the_nearest_strikes_of_its_expiry(self, placed: Place) -> None:
        orders = placed(BUSY | {"model": "poisson", "sweep": 3}).orders
        one = placed(BUSY | {"model": "poisson"}).orders
        sweeps = orders.groupby("ts", sort=False)
        assert (sweeps.size() == 3).all()
        for column in ("right", "expiry", "side", "size"):
            assert (sweeps[column].nunique() == 1).all()
        assert (sweeps["value"].max() - sweeps["value"].min()).max() < 1e-12
        assert sweeps["strike"].first().tolist() == one["strike"].tolist()
        assert ((sweeps["strike"].max() - sweeps["strike"].min()) == 5.0).all()

    def test_a_leg_that_trades_no_more_leaves_no_package(self, placed: Place) -> None:
        options = [
            {"underlying": "ABC", "strikes": [100], "rights": [right], "expiry": "2026-03-06T20:00:00Z"} | last
            for right, last in (("call", {}), ("put", {"last_trade": "2026-03-02T16:30:00Z"}))
        ]
        orders = placed(BUSY | {"model": "poisson", "package": "straddle"}, options=options).orders
        assert len(orders) > 200 and orders["ts"].max() < pd.Timestamp("2026-03-02T16:30Z").value

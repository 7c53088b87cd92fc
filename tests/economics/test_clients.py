"""Who pays for what: clients who know, who are fast, and who relieve the desk."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmsim import backtest, market
from mmsim.events import Kind
from mmsim.results import Run
from mmsim.scenario import Scenario
from tests.economics import oracle

VOLATILITY, RATE = 0.2, 0.0
EXPIRY = pd.Timestamp("2026-04-01T00:00:00Z")
HORIZON = pd.Timedelta("30m")
BASE: dict[str, Any] = {
    "name": "who-pays",
    "seed": 11,
    "paths": 10,
    "keep_paths": 10,
    "clock": {"start": "2026-03-02T09:00:00Z", "end": "2026-03-02T17:00:00Z"},
    "underlyings": [{"symbol": "ABC"}],
    "options": [{"underlying": "ABC", "strikes": [95, 100, 105], "expiry": EXPIRY.isoformat()}],
    "market": {
        "spot": {"model": "gbm", "start": 100, "volatility": VOLATILITY, "step": "1m"},
        "volatility": {"model": "constant", "level": VOLATILITY},
    },
    "quoting": {"policy": "vega_width", "half_spread_vol": 0.003, "size": 1000},
    "hedging": {"policy": "delta_band", "band": 100},
    "report": {"mark_every": "1h"},
}


def played(*clients: dict[str, Any], **changes: Any) -> Run:
    run = backtest.run(Scenario.model_validate(BASE | {"clients": list(clients)} | changes))
    assert set(run.identities.values()) == {0}
    return run


def worth(name: str, spot: float, at: pd.Timestamp) -> float:
    """Of an option by the textbook's formula, in the oracle's own words."""
    value = oracle.call if " C" in name else oracle.put
    return value(spot, float(name.split()[-1][1:]), (EXPIRY - at) / pd.Timedelta(days=365), VOLATILITY, RATE)


def mark_outs(run: Run, scenario: Scenario) -> pd.Series:
    """What the desk's side of each client fill is worth a horizon later less its price, in currency a contract unit."""
    built = market.build(scenario)
    found = []
    for path, fills in run.fills[run.fills["kind"] == "client"].groupby("path"):
        ticks = built.events(int(path))
        ticks = ticks[ticks["kind"] == Kind.SPOT]
        times = pd.to_datetime(ticks["ts"], utc=True)
        later = np.searchsorted(times, fills["ts"] + HORIZON, side="right") - 1
        mids = 0.5 * (ticks["bid"] + ticks["ask"])[later]
        for fill, mid in zip(fills.itertuples(), mids, strict=True):
            sign = 1.0 if fill.side == "buy" else -1.0
            found.append(sign * (worth(str(fill.instrument), float(mid), fill.ts) - fill.price))
    return pd.Series(found)


class TestInformed:
    CLIENTS = {"name": "knowing", "model": "informed", "per_hour": 40, "reservation_ticks": 20, "horizon": "30m"}  # noqa: RUF012

    @pytest.fixture(scope="class")
    def outs(self) -> dict[float, pd.Series]:
        found = {}
        for probability in (0.0, 0.5, 1.0):
            run = played(self.CLIENTS | {"probability": probability})
            scenario = Scenario.model_validate(run.summary["scenario"])
            found[probability] = mark_outs(run, scenario)
        return found

    def test_who_knows_nothing_pays_the_spread(self, outs: dict[float, pd.Series]) -> None:
        error = outs[0.0].std() / np.sqrt(len(outs[0.0]))
        assert outs[0.0].mean() > 0 or abs(outs[0.0].mean()) < 3 * error

    def test_every_fill_with_one_who_knows_loses(self, outs: dict[float, pd.Series]) -> None:
        """A fill happens only where the option is worth more to the client at the spot to come than the price."""
        run = played(self.CLIENTS | {"probability": 1.0})
        last = pd.Timestamp("2026-03-02T17:00:00Z") - HORIZON
        dealt = run.fills[run.fills["kind"] == "client"].reset_index(drop=True)
        assert (outs[1.0][dealt["ts"] <= last] <= 1e-9).all()
        assert len(dealt) > 500

    def test_the_loss_grows_with_how_many_know(self, outs: dict[float, pd.Series]) -> None:
        means = [outs[probability].mean() for probability in (0.0, 0.5, 1.0)]
        errors = [outs[probability].std() / np.sqrt(len(outs[probability])) for probability in (0.0, 0.5, 1.0)]
        assert means[1] < 0 and means[2] < 0
        for fewer, more in ((0, 1), (1, 2)):
            assert means[fewer] - means[more] > 3 * np.hypot(errors[fewer], errors[more])


class TestSniper:
    CLIENTS = {"name": "fast", "model": "sniper", "reaction": "1ms", "threshold_ticks": 1}  # noqa: RUF012

    def taken(self, latency: str) -> float:
        """What the sniper has earned against fair value, in currency."""
        run = played(self.CLIENTS, paths=4, keep_paths=4, latency={"quote": latency})
        return -float(run.options["spread_capture"].sum())

    def test_it_earns_nothing_at_no_latency_and_more_as_it_grows(self) -> None:
        """The desk's quote is never wrong by the spot of its own time; a tick late it is by a tick, and so on."""
        earned = [self.taken(latency) for latency in ("0s", "500us", "2ms", "2m", "10m")]
        assert earned[0] == earned[1] == 0.0
        assert 0.0 < earned[2] < earned[3] < earned[4]

    def test_every_trade_is_worth_its_threshold(self) -> None:
        run = played(self.CLIENTS, latency={"quote": "2m"})
        dealt = run.fills[run.fills["kind"] == "client"]
        assert len(dealt) > 300
        edge = np.where(dealt["side"] == "buy", 1.0, -1.0) * (dealt["theo"] - dealt["price"])
        assert (edge <= -0.01 + 1e-9).all()


class TestVolTrader:
    def test_it_takes_the_desks_imbalance_back(self) -> None:
        """A hedger leaves the desk short of puts; one that leans by it gets most of them back from the trader."""
        hedger = {
            "name": "funds",
            "model": "hedger",
            "per_hour": 30,
            "sizes": [10],
            "days": [0, 60],
            "delta": [0.1, 0.9],
        }
        trader = {"name": "trader", "model": "vol_trader", "per_hour": 600, "threshold": 0.002, "sizes": [10]}
        leaning = {
            "quoting": {"policy": "inventory_skew", "half_spread_vol": 0.003, "lean_vol_per_vega": 3e-7, "size": 50}
        }
        alone, both = (played(*groups, **leaning) for groups in ((hedger,), (hedger, trader)))
        left = [abs(run.options["position"].sum()) for run in (alone, both)]
        assert left[0] > 2_000 and left[1] < 0.5 * left[0]
        by_client = both.options.groupby("client", observed=True)[["contracts_bought", "contracts_sold"]].sum()
        assert by_client.loc["trader", "contracts_bought"] > 10 * by_client.loc["trader", "contracts_sold"]

    def test_a_desk_that_does_not_lean_is_left_alone(self) -> None:
        trader = {"name": "trader", "model": "vol_trader", "per_hour": 600, "threshold": 0.0031}
        assert played(trader, paths=1).counts["client_fills"] == 0


def test_both_sides_of_a_trade_can_profit() -> None:
    """A hedger whose puts come good gains, and so does the desk that sold them and hedged: they hold other things."""
    falling = {"model": "path", "step": "1m", "prices": np.linspace(100, 92, 481).tolist()}
    funds = {"name": "funds", "model": "hedger", "per_hour": 20, "days": [0, 60], "delta": [0.2, 0.6]}
    spots = {"market": BASE["market"] | {"spot": falling}, "paths": 1, "keep_paths": 1}
    run = played(funds, hedging={"policy": "every_tick"}, **spots)
    dealt = run.fills[run.fills["kind"] == "client"]
    end = pd.Timestamp("2026-03-02T17:00:00Z")
    gained = sum(fill.size * 100 * (worth(str(fill.instrument), 92.0, end) - fill.price) for fill in dealt.itertuples())
    assert len(dealt) > 50 and set(dealt["side"]) == {"sell"}
    assert gained > 0 and run.attribution["total"] > 0

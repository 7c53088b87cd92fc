"""Models that cannot be, refused with their domains, every mistake at once; and recorded prices that will not do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from mmsim import backtest
from mmsim.errors import UserError
from mmsim.events import Kind
from mmsim.market import build
from mmsim.scenario import Scenario

GBM = {"model": "gbm", "start": 100, "volatility": 0.2, "step": "1m"}
HESTON = GBM | {
    "model": "heston", "long_run_volatility": 0.2, "mean_reversion": 3, "vol_of_vol": 0.5, "correlation": -0.7,
}  # fmt: skip
MERTON = GBM | {"model": "merton", "intensity": 10, "jump_deviation": 0.1}
SWING = {"model": "oscillation", "level": 100, "move": 1, "step": "1m"}
AGAIN = {"model": "bootstrap", "start": 100, "step": "1m", "block": 2}
CONSTANT = {"model": "constant", "level": 0.2}
SMILE = {"model": "smile", "level": 0.2, "step": "1h"}
LEVEL = {"model": "mean_reverting", "start": 0.2, "long_run": 0.2, "speed": 3, "vol_of_vol": 1, "step": "1h"}
EVENT = {"at": "2026-03-02T16:00:00Z", "move": 0.05}

WRONG: list[tuple[dict[str, Any], dict[str, Any], str, str]] = [
    (HESTON | {"correlation": -1.2}, CONSTANT, "spot.heston.correlation", "greater than or equal to -1"),
    (HESTON | {"correlation": 1.01}, CONSTANT, "spot.heston.correlation", "less than or equal to 1"),
    (HESTON | {"volatility": -0.2}, CONSTANT, "spot.heston.volatility", "greater than or equal to 0"),
    (HESTON | {"long_run_volatility": 0}, CONSTANT, "spot.heston.long_run_volatility", "greater than 0"),
    (HESTON | {"mean_reversion": 0}, CONSTANT, "spot.heston.mean_reversion", "greater than 0"),
    (HESTON | {"vol_of_vol": -1}, CONSTANT, "spot.heston.vol_of_vol", "greater than 0"),
    (HESTON | {"drift": 30}, CONSTANT, "spot.heston.drift", "less than or equal to 20"),
    (MERTON | {"intensity": -1}, CONSTANT, "spot.merton.intensity", "greater than or equal to 0"),
    (MERTON | {"jump_deviation": -0.1}, CONSTANT, "spot.merton.jump_deviation", "greater than or equal to 0"),
    (MERTON | {"jump_mean": 6}, CONSTANT, "spot.merton.jump_mean", "less than or equal to 5"),
    (
        MERTON | {"intensity": 1e6, "jump_mean": -2},
        CONSTANT,
        "market.spot.volatility",
        "takes the spot from 100 out of",
    ),
    (SWING | {"up": 0.7}, CONSTANT, "market.spot.up", "up and down add up to 1.2: at most 1"),
    (SWING | {"back": 1.5}, CONSTANT, "spot.oscillation.back", "less than or equal to 1"),
    (SWING | {"move": 100}, CONSTANT, "market.spot.move", "must be less than the level, 100"),
    (SWING | {"half_spread": 99}, CONSTANT, "market.spot.half_spread", "less than the spot, 99"),
    (SWING | {"hours": "sessions"}, CONSTANT, "market.spot.hours", "needs `sessions`"),
    (AGAIN, CONSTANT, "market.spot", "prices or a file: one of the two"),
    (AGAIN | {"prices": [1, 2, 3], "file": "a.csv"}, CONSTANT, "market.spot", "prices or a file: one of the two"),
    (AGAIN | {"prices": [1, 2, 3], "block": 3}, CONSTANT, "market.spot.block", "longer than what was recorded, 2"),
    (AGAIN | {"prices": [1, 2, 3], "block": 0}, CONSTANT, "spot.bootstrap.block", "greater than or equal to 1"),
    (AGAIN | {"prices": [1, -2, 3, 4]}, CONSTANT, "spot.bootstrap.prices.1", "greater than 0"),
    (AGAIN | {"file": "../a.csv"}, CONSTANT, "spot.bootstrap.file", "no .. in it"),
    (AGAIN | {"file": "a.xls"}, CONSTANT, "spot.bootstrap.file", ".csv or .parquet"),
    (GBM | {"events": [EVENT | {"move": -0.1}]}, CONSTANT, "events.0.move", "greater than or equal to 0"),
    (GBM, SMILE | {"events": [EVENT | {"factor": 0}]}, "events.0.factor", "greater than 0"),
    (GBM, SMILE | {"sticky": "vega"}, "volatility.smile.sticky", "'strike', 'moneyness' or 'delta'"),
    (GBM, SMILE | {"step": "1d"}, "market.volatility.step", "longer than the clock"),
    (GBM, SMILE | {"step": "1us"}, "market.volatility.step", "volatilities a path: at most 100,000,000"),
    (GBM, LEVEL | {"correlation": 2}, "mean_reverting.correlation", "less than or equal to 1"),
    (GBM, LEVEL | {"speed": -1}, "mean_reverting.speed", "greater than or equal to 0"),
    (GBM, LEVEL | {"correlation": 0.5, "step": "30s"}, "market.volatility.step", "shorter than the spot's"),
    (SWING, LEVEL | {"correlation": 0.5}, "market.volatility.correlation", "oscillation have no Brownian motion"),
    (HESTON, LEVEL | {"correlation": 0.5}, "market.volatility.correlation", "must be 0"),
    (GBM, {"model": "heston", "step": "1m"}, "market.volatility.model", "needs the variance of a spot of model heston"),
]


@pytest.mark.parametrize(("spot", "volatility", "key", "message"), WRONG)
def test_it_is_refused_with_its_domain(
    modelled: Callable[..., Scenario], spot: Any, volatility: Any, key: str, message: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        modelled(market={"spot": spot, "volatility": volatility})
    (found,) = {(error["loc"], error["msg"]) for error in refused.value.errors()}
    place = ".".join(str(part) for part in found[0] if part not in ("one", "each"))
    assert place.endswith(key) and message in found[1], found


def test_every_mistake_is_told_at_once(modelled: Callable[..., Scenario]) -> None:
    with pytest.raises(ValidationError) as refused:
        modelled(market={"spot": HESTON | {"correlation": -2, "vol_of_vol": -1}, "volatility": SMILE | {"level": -1}})
    assert len(refused.value.errors()) == 3


def test_a_broken_feller_condition_is_no_mistake(modelled: Callable[..., Scenario]) -> None:
    modelled(market={"spot": HESTON | {"vol_of_vol": 5}, "volatility": CONSTANT})


class TestRecordedPrices:
    PRICES = (100.0, 101.0, 100.5, 99.0, 99.5, 100.2)

    def scenario(self, modelled: Callable[..., Scenario], **keys: Any) -> Scenario:
        return modelled(market={"spot": AGAIN | keys, "volatility": CONSTANT})

    def bids(self, scenario: Scenario, data: Path | None = None) -> Any:
        events = build(scenario, data).events(0)
        return events["bid"][events["kind"] == Kind.SPOT]

    def test_files_and_lists_are_alike(self, modelled: Callable[..., Scenario], tmp_path: Path) -> None:
        table = pd.DataFrame({"ts": range(6), "last": self.PRICES})
        table.to_csv(tmp_path / "p.csv", index=False)
        table.to_parquet(tmp_path / "p.parquet")
        listed = self.bids(self.scenario(modelled, prices=self.PRICES))
        for name in ("p.csv", "p.parquet"):
            scenario = self.scenario(modelled, file=name, column="last")
            assert np.array_equal(self.bids(scenario, tmp_path), listed)
            assert list(build(scenario, tmp_path).inputs) == [name]
            assert backtest.check(scenario, tmp_path) and not backtest.check(scenario)

    def test_a_drift_replaces_that_of_the_recording(self, modelled: Callable[..., Scenario]) -> None:
        """Mean growth of a step is then nothing but the drift's."""
        rising = (100.0, 110.0, 132.0, 145.2)
        kept = self.bids(self.scenario(modelled, prices=rising, blocks="fixed", step="3h"))
        plain = self.bids(self.scenario(modelled, prices=rising, blocks="fixed", step="3h", drift=0.0))
        assert set((kept[1:-1] / kept[:-2]).round(9)) <= {1.1, 1.2}
        assert set((plain[1:-1] / plain[:-2]).round(6)) <= {round(x * 3 / 3.4, 6) for x in (1.1, 1.2)}

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("absent.csv", "there is no file"),
            ("words.csv", "cannot be read as CSV"),
            ("other.csv", "has no column 'close' (did you mean 'closed'"),
            ("zero.csv", "has no price in row 2"),
            ("short.csv", "has 2 prices"),
            ("broken.parquet", "cannot be read as Parquet"),
            ("wild.csv", "these returns take the spot from 100 out of"),
        ],
    )
    def test_a_file_that_will_not_do(
        self, modelled: Callable[..., Scenario], tmp_path: Path, name: str, message: str
    ) -> None:
        (tmp_path / "words.csv").write_text("close\n100\nmany\n101\n")
        (tmp_path / "other.csv").write_text("closed\n100\n101\n102\n")
        (tmp_path / "zero.csv").write_text("close\n100\n0\n101\n")
        (tmp_path / "short.csv").write_text("close\n100\n101\n")
        (tmp_path / "wild.csv").write_text("close\n1\n10\n100\n1000\n")
        (tmp_path / "broken.parquet").write_bytes(b"PAR1 and nothing else")
        with pytest.raises(UserError) as refused:
            build(self.scenario(modelled, file=name), tmp_path)
        assert message in str(refused.value)


def test_dividends_that_are_worth_more_than_the_lowest_state(modelled: Callable[..., Scenario]) -> None:
    paid = [{"underlying": "ABC", "ex": "2026-03-02T16:00:00Z", "amount": 60.0}]
    with pytest.raises(UserError, match="worth more than its spot"):
        build(modelled(market={"spot": SWING | {"move": 50}, "volatility": CONSTANT}, dividends=paid))

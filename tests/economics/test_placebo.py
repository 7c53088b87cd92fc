"""Clients who know nothing, a market as volatile as its options say, no costs: the desk keeps its edge and no more."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mmsim import backtest
from mmsim.results import Run
from mmsim.scenario import Scenario
from tests.economics import oracle

SEED = 5
HALF_SPREAD = 0.05
START, EXPIRY = "2026-03-02T00:00:00Z", "2026-05-01T00:00:00Z"


def placebo(paths: int, **changes: Any) -> Run:
    """Three weeks of one call of sixty days, some twenty clients a path, the delta hedged at 48 ticks and each fill."""
    given: dict[str, Any] = {
        "name": "placebo",
        "seed": SEED,
        "paths": paths,
        "keep_paths": paths,
        "clock": {"start": START, "end": "2026-03-23T00:00:00Z"},
        "rates": {"options_cash": 0.05, "hedge_cash": 0.05},
        "underlyings": [{"symbol": "ABC"}],
        "options": [
            {
                "underlying": "ABC",
                "strikes": [100],
                "rights": ["call"],
                "expiry": EXPIRY,
                "multiplier": 1,
                "ticks": 1e-6,
            }
        ],
        "market": {
            "spot": {"model": "gbm", "start": 100, "volatility": 0.2, "drift": 0.05, "step": "10h30m"},
            "volatility": {"model": "constant", "level": 0.2},
        },
        "clients": [{"name": "flow", "model": "poisson", "per_hour": 0.065, "reservation_ticks": 100_000}],
        "quoting": {"policy": "fixed_width", "half_spread": HALF_SPREAD, "size": 1},
        "hedging": {"policy": "every_tick"},
        "execution": {"hedge_at": "mid", "lot": 0},
        "pricing": {"exact": True},
        "report": {"mark_every": "21d", "mark_spot": 1.0},
    }
    return backtest.run(Scenario.model_validate(given | changes))


@pytest.fixture(scope="module")
def symmetric() -> Run:
    run = placebo(2000)
    assert set(run.identities.values()) == {0}
    return run


def test_the_quoted_edge_is_half_the_spread_of_each_fill(symmetric: Run) -> None:
    quoted = HALF_SPREAD * symmetric.paths["client_fills"]
    assert symmetric.paths["spread_capture"].to_numpy() == pytest.approx(quoted.to_numpy(), abs=1e-4)
    assert symmetric.paths["client_fills"].mean() > 15


def test_the_quoted_edge_is_retained(symmetric: Run) -> None:
    oracle.check_mean(symmetric.paths["total"] - HALF_SPREAD * symmetric.paths["client_fills"], 0.0, SEED)


def test_gamma_theta_and_carry_cancel(symmetric: Run) -> None:
    error = oracle.check_mean(symmetric.paths[["gamma", "theta", "carry"]].sum(axis=1), 0.0, SEED)
    assert symmetric.paths["gamma"].std() > 15 * error  # of something that is there


def one_sided(realised: float, paths: int) -> Run:
    """Clients who all buy, so that sides cannot cancel: a desk short of gamma, without interest."""
    spot = {"model": "gbm", "start": 100, "volatility": realised, "step": "10h30m"}
    flow = {"name": "flow", "model": "poisson", "per_hour": 0.065, "reservation_ticks": 100_000, "buy_share": 1.0}
    market = {"spot": spot, "volatility": {"model": "constant", "level": 0.2}}
    return placebo(paths, clients=[flow], market=market, rates={})


def spared(run: Run) -> np.ndarray:
    """By path, the time value that fills between two ticks are spared: the next tick has the whole step's variance."""
    fills = run.fills[run.fills["kind"] == "client"]
    start, expiry = (np.datetime64(text[:-1], "ns").astype(np.int64) for text in (START, EXPIRY))
    times = fills["ts"].dt.tz_convert(None).to_numpy("datetime64[ns]").astype(np.int64)
    step = 10.5 * oracle.HOUR
    ticks = start + np.floor((times - start) / step) * step
    units = np.where(fills["side"] == "buy", 1.0, -1.0) * fills["size"]
    then, now = (oracle.call(fills["spot"], 100, (expiry - at) / 365 / oracle.DAY, 0.2) for at in (ticks, times))
    return np.bincount(fills["path"], units * (then - now), minlength=run.summary["paths"])


def test_gamma_and_theta_cancel_for_a_desk_that_only_sells() -> None:
    run = one_sided(realised=0.2, paths=2000)
    error = oracle.check_mean(run.paths["gamma"] + run.paths["theta"] - spared(run), 0.0, SEED)
    assert run.paths["gamma"].mean() < -60 * error


def test_volatility_sold_too_cheap_is_found_out() -> None:
    """The same desk where the stock moves half as much again: these tests can fail."""
    run = one_sided(realised=0.3, paths=300)
    with pytest.raises(AssertionError, match="standard error"):
        oracle.check_mean(run.paths["gamma"] + run.paths["theta"] - spared(run), 0.0, SEED)
    assert run.attribution["gamma"] + run.attribution["theta"] < -5.0

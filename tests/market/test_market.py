"""A whole market: contents, order, determinism, speed of paths."""

from collections.abc import Callable

import numpy as np

from mmsim.events import EVENT, Kind
from mmsim.market import build
from mmsim.scenario import Scenario

FLOW = {"name": "flow", "model": "poisson", "per_hour": 20, "reservation_ticks": 2.0}


def test_a_market_of_models_starts_with_its_ticks_and_volatilities(modelled: Callable[..., Scenario]) -> None:
    scenario = modelled()
    events = build(scenario).events(0)
    first = events[events["ts"] == scenario.clock.start]
    assert first["kind"].tolist() == [Kind.SPOT, *[Kind.VOLATILITY] * 4, *[Kind.FAIR_VOLATILITY] * 4]
    assert first["instrument"].tolist() == [0, 0, 1, 2, 3, 0, 1, 2, 3]
    assert (first["bid"][0], first["ask"][0]) == (100.0, 100.0)
    assert first["value"][1:].tolist() == [0.25] * 8


def test_marks_may_stand_at_another_volatility_than_the_market(modelled: Callable[..., Scenario]) -> None:
    market = modelled().market.model_dump() | {"theo": {"volatility": 0.4}}
    events = build(modelled(market=market)).events(0)
    assert set(events["value"][events["kind"] == Kind.VOLATILITY]) == {0.4}
    assert set(events["value"][events["kind"] == Kind.FAIR_VOLATILITY]) == {0.25}


def test_events_are_contiguous_and_in_their_total_order(modelled: Callable[..., Scenario]) -> None:
    market = build(modelled(clients=[FLOW]))
    for path in range(3):
        events = market.events(path)
        assert events.dtype == EVENT
        assert events.flags.c_contiguous and events.flags.writeable
        keys = list(zip(events["ts"], events["kind"], strict=True))
        assert keys == sorted(keys)


def test_equal_arguments_give_equal_bytes(modelled: Callable[..., Scenario]) -> None:
    one, two = (build(modelled(clients=[FLOW])) for _ in range(2))
    later = two.events(7).tobytes()
    assert one.events(7).tobytes() == later  # whatever was asked before
    assert one.events(8).tobytes() != later
    assert build(modelled(clients=[FLOW], seed=4)).events(7).tobytes() != later


def test_clients_do_not_move_the_spot(modelled: Callable[..., Scenario]) -> None:
    alone, flow = build(modelled()).events(3), build(modelled(clients=[FLOW])).events(3)
    assert np.array_equal(alone["bid"][alone["kind"] == Kind.SPOT], flow["bid"][flow["kind"] == Kind.SPOT])


def test_every_tick_of_a_path_is_drawn(modelled: Callable[..., Scenario]) -> None:
    pair = {
        symbol: {"model": "gbm", "start": 50, "volatility": 0.3, "step": "30m", "half_spread": 0.1}
        for symbol in ("A", "B")
    }
    volatility = {"model": "constant", "level": 0.2}
    scenario = modelled(
        underlyings=[{"symbol": "B"}, {"symbol": "A"}],
        options=[{"underlying": "A", "strikes": [50], "expiry": "2026-03-20T20:00:00Z"}],
        market={"spot": pair, "volatility": volatility},
    )
    events = build(scenario).events(0)
    ticks = events[events["kind"] == Kind.SPOT]
    assert np.isfinite(ticks["bid"]).all()
    assert np.allclose(ticks["ask"] - ticks["bid"], 0.2)
    first, second = (ticks[ticks["instrument"] == n] for n in (0, 1))
    assert len(first) == len(second) == 14
    assert not np.allclose(first["bid"][1:], second["bid"][1:])

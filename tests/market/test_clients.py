"""Clients of a script and clients who arrive at random."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mmsim.errors import UserError
from mmsim.events import Events, Kind
from mmsim.market import Market, build
from mmsim.scenario import Scenario

HOUR = 3_600_000_000_000
FLOW = {"name": "flow", "model": "poisson", "per_hour": 120, "reservation_ticks": 2.0, "sizes": [1, 5, 10]}


def orders(market: Market, paths: int = 1) -> Events:
    found = [market.events(path) for path in range(paths)]
    return np.concatenate([events[events["kind"] == Kind.ORDER] for events in found])


def with_flow(modelled: Callable[..., Scenario], **changes: Any) -> Market:
    return build(modelled(clients=[FLOW | changes]))


def test_scripted_orders_are_as_written(modelled: Callable[..., Scenario]) -> None:
    script = [
        {"at": "2026-03-02T16:00:00Z", "option": "ABC 2026-03-20 P105", "side": "sell", "size": 3, "price": 5.5},
        {"at": "2026-03-02T15:00:00Z", "option": "ABC 2026-03-20 C95", "side": "buy", "size": 2, "price": 6.5},
    ]
    market = build(modelled(clients=[{"name": "script", "model": "scripted", "orders": script}]))
    names = [option.name for option in market.universe.options]
    first, second = orders(market)
    assert (names[first["instrument"]], first["side"], first["size"], first["price"]) == (
        "ABC 2026-03-20 C95",
        1,
        2,
        6.5,
    )
    assert (names[second["instrument"]], second["side"], second["size"], second["price"]) == (
        "ABC 2026-03-20 P105",
        -1,
        3,
        5.5,
    )
    assert first["client"] == second["client"] == 0
    assert np.isnan(first["value"])
    assert market.clients == ("script",)
    assert market.rules.tolist() == [[0, 0]]


def test_orders_after_the_last_trade_are_dropped_and_counted(modelled: Callable[..., Scenario]) -> None:
    listed = {"underlying": "ABC", "strikes": [100], "rights": ["call"], "expiry": "2026-03-20T20:00:00Z"}
    script = [
        {"at": f"2026-03-02T{hour}:00:00Z", "option": "ABC 2026-03-20 C100", "side": "buy", "size": 1, "price": 9}
        for hour in (15, 16, 17)
    ]
    clients = [{"name": "script", "model": "scripted", "orders": script}]
    market = build(modelled(options=[listed | {"last_trade": "2026-03-02T16:00:00Z"}], clients=clients))
    assert len(orders(market)) == 1
    assert market.quality == {"script: option no longer trades": 2}


def test_arrivals_are_a_poisson_process(modelled: Callable[..., Scenario]) -> None:
    market = with_flow(modelled)
    expected = 120 * 6.5
    times = [events["ts"][events["kind"] == Kind.ORDER] for events in (market.events(path) for path in range(300))]
    counts = np.array([len(arrivals) for arrivals in times])
    assert counts.mean() == pytest.approx(expected, abs=4 * np.sqrt(expected / 300))
    assert counts.var() == pytest.approx(expected, rel=4 * np.sqrt(2 / 300))
    gaps = np.concatenate([np.diff(arrivals) for arrivals in times[:20]])
    assert stats.kstest(gaps, stats.expon(scale=HOUR / 120).cdf).pvalue > 0.001


def test_intensity_falls_exponentially_with_the_distance_of_the_desks_price(modelled: Callable[..., Scenario]) -> None:
    """Orders that would trade at a distance δ from fair value arrive at A·exp(−δ/reservation) for every δ ≥ −offset."""
    for offset in (0.0, 3.0):
        placed = orders(with_flow(modelled, offset_ticks=offset), 60)
        ticks = placed["value"] / 0.01
        assert ticks.min() >= -offset
        for distance in (-offset, 0.0, 1.0, 4.0):
            expected = 120 * 6.5 * 60 * np.exp(-distance / 2.0)
            assert np.count_nonzero(ticks >= distance) == pytest.approx(expected, abs=4 * np.sqrt(expected))


def test_options_sides_and_sizes_are_drawn_evenly(modelled: Callable[..., Scenario]) -> None:
    placed = orders(with_flow(modelled, buy_share=0.3), 30)
    assert np.isnan(placed["price"]).all()
    assert stats.chisquare(np.bincount(placed["instrument"], minlength=4)).pvalue > 0.001
    assert stats.chisquare(np.unique(placed["size"], return_counts=True)[1]).pvalue > 0.001
    assert (placed["side"] == 1).mean() == pytest.approx(0.3, abs=4 * np.sqrt(0.21 / len(placed)))


def test_a_setting_leaves_the_other_draws_as_they_were(modelled: Callable[..., Scenario]) -> None:
    base = orders(with_flow(modelled))
    sizes = orders(with_flow(modelled, sizes=[2, 4]))
    shares = orders(with_flow(modelled, buy_share=0.9))
    wider = orders(with_flow(modelled, reservation_ticks=4.0))
    for name in ("ts", "instrument", "side", "value"):
        assert np.array_equal(base[name], sizes[name])
    for name in ("ts", "instrument", "size", "value"):
        assert np.array_equal(base[name], shares[name])
    for name in ("ts", "instrument", "size", "side"):
        assert np.array_equal(base[name], wider[name])
    assert np.allclose(wider["value"], 2 * base["value"])


def test_another_group_leaves_a_groups_draws_as_they_were(modelled: Callable[..., Scenario]) -> None:
    alone = orders(build(modelled(clients=[FLOW])))
    both = orders(build(modelled(clients=[FLOW, FLOW | {"name": "other", "per_hour": 30}])))
    assert alone.tobytes() == both[both["client"] == 0].tobytes()
    assert not np.isin(both["ts"][both["client"] == 1], alone["ts"]).any()


def test_an_earlier_end_only_cuts_orders_off(modelled: Callable[..., Scenario]) -> None:
    whole = orders(build(modelled(clients=[FLOW])))
    clock = {"start": "2026-03-02T14:30:00Z", "end": "2026-03-02T17:00:00Z"}
    short = orders(build(modelled(clients=[FLOW], clock=clock)))
    assert short.tobytes() == whole[whole["ts"] <= pd.Timestamp("2026-03-02T17:00Z").value].tobytes()


def test_expired_options_are_not_drawn(modelled: Callable[..., Scenario]) -> None:
    options = [
        {"underlying": "ABC", "strikes": [95, 100, 105], "rights": ["call"], "expiry": "2026-03-02T18:00:00Z"},
        {"underlying": "ABC", "strikes": [100], "rights": ["call"], "expiry": "2026-03-02T20:00:00Z", "ticks": 0.05},
    ]
    options[1]["strikes"] = [101]
    market = build(modelled(options=options, clients=[FLOW]))
    placed = orders(market)
    expiry = np.array([option.expiry_ns for option in market.universe.options])
    assert np.all(placed["ts"] < expiry[placed["instrument"]])
    for until, chosen in (("18", {0, 1, 2, 3}), ("20", {3})):
        hour = pd.Timestamp(f"2026-03-02T{until}:00Z").value
        assert set(placed["instrument"][(placed["ts"] >= hour - HOUR) & (placed["ts"] < hour)]) == chosen


def test_distances_are_in_the_smallest_tick_of_the_option(modelled: Callable[..., Scenario]) -> None:
    fine = orders(with_flow(modelled))
    listed = {"underlying": "ABC", "strikes": [95, 105], "expiry": "2026-03-20T20:00:00Z", "ticks": {0: 0.05, 3: 0.1}}
    coarse = orders(build(modelled(options=[listed], clients=[FLOW])))
    assert np.allclose(coarse["value"], 5 * fine["value"])


def test_an_option_that_recorded_data_lack_is_the_users_mistake(replayed: Callable[..., Scenario], day: Any) -> None:
    day.quote(1)
    script = [{"at": "2026-03-02T16:00:00Z", "option": "ABC 2026-03-20 C10", "side": "buy", "size": 1, "price": 5}]
    held = {"options": [{"option": "ABC 2026-03-20 P100", "size": 1}]}
    scenario = replayed(clients=[{"name": "script", "model": "scripted", "orders": script}], opening=held)
    with pytest.raises(UserError) as error:
        build(scenario, day.write())
    assert [problem.suggestion for problem in error.value.problems] == ["ABC 2026-03-20 C100"] * 2

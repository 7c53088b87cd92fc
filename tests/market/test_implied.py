"""Implied volatilities that move: smiles by hand, a level's moments, the surface of Heston's model, events."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmsim import spool
from mmsim.events import Kind
from mmsim.market import build
from mmsim.market.spot.brownian import BrownianMotion
from mmsim.market.spot.heston import HestonMotion
from mmsim.market.spot.motion import Span
from mmsim.market.volatility.implied import View
from mmsim.market.volatility.level import MeanRevertingLevel
from mmsim.market.volatility.sight import Follower
from mmsim.pricing.heston import HestonTerms, implied
from mmsim.scenario import Scenario
from mmsim.units import UNITS_NS

YEAR = 365 * UNITS_NS["d"]
EXPIRY = pd.Timestamp("2026-03-20T20:00:00Z").value
GBM = {"model": "gbm", "start": 100, "volatility": 0.2, "step": "1m"}
SMILE = {"model": "smile", "level": 0.25, "step": "1h"}


def table(scenario: Scenario, path: int = 0, kind: Kind = Kind.FAIR_VOLATILITY) -> pd.DataFrame:
    """Volatilities, a row an instant and a column an option."""
    market = build(scenario)
    events = market.events(path)
    chosen = pd.DataFrame({name: events[name][events["kind"] == kind] for name in ("ts", "instrument", "value")})
    found = chosen.pivot_table(index="ts", columns="instrument", values="value")
    return found.rename(columns=lambda n: market.universe.options[n].name)


def with_models(modelled: Callable[..., Scenario], spot: Any, volatility: Any, **parts: Any) -> Scenario:
    theo = parts.pop("theo", {})
    return modelled(market={"spot": spot, "volatility": volatility, "theo": theo}, **parts)


def risen(modelled: Callable[..., Scenario], **smile: Any) -> pd.DataFrame:
    """The smile on a spot that goes from 100 to 110 after an hour."""
    path = {"model": "path", "prices": [100, 110, 110, 110], "step": "1h"}
    return table(with_models(modelled, path, SMILE | smile))


class TestSmile:
    def test_sticky_strike_keeps_each_strikes_volatility(self, modelled: Callable[..., Scenario]) -> None:
        found = risen(modelled, skew=-0.2, curvature=0.5)["ABC 2026-03-20 C95"]
        x = math.log(0.95)
        assert found.to_numpy() == pytest.approx(0.25 - 0.2 * x + 0.5 * x * x, abs=1e-12)

    def test_sticky_moneyness_moves_with_the_spot(self, modelled: Callable[..., Scenario]) -> None:
        found = risen(modelled, skew=-0.2, curvature=0.5, sticky="moneyness")["ABC 2026-03-20 P105"]
        for value, spot in zip(found.iloc[:2], (100, 110), strict=True):
            x = math.log(105 / spot)
            assert value == pytest.approx(0.25 - 0.2 * x + 0.5 * x * x, abs=1e-12)

    def test_sticky_delta_is_of_deviations(self, modelled: Callable[..., Scenario]) -> None:
        found = risen(modelled, skew=-0.02, sticky="delta")["ABC 2026-03-20 P105"]
        for (ts, value), spot in zip(found.iloc[:2].items(), (100, 110), strict=True):
            x = math.log(105 / spot) / (0.25 * math.sqrt((EXPIRY - ts) / YEAR))
            assert value == pytest.approx(0.25 - 0.02 * x, abs=1e-12)

    def test_far_expiries_are_nearer_to_the_long_run(self, modelled: Callable[..., Scenario]) -> None:
        options = [
            {"underlying": "ABC", "strikes": [100], "rights": ["call"], "expiry": day}
            for day in ("2026-03-03T00:00:00Z", "2031-03-02T00:00:00Z")
        ]
        found = table(with_models(modelled, GBM, SMILE | {"reversion": 4, "long_run": 0.4}, options=options)).iloc[0]
        for years, value in zip((9.5 / 8760, (1826 - 14.5 / 24) / 365), found, strict=True):
            weight = (1 - math.exp(-4 * years)) / (4 * years)
            assert value == pytest.approx(math.sqrt(0.16 + (0.0625 - 0.16) * weight), rel=1e-9)

    def test_it_has_bounds(self, modelled: Callable[..., Scenario]) -> None:
        found = risen(modelled, skew=-50, sticky="moneyness")
        assert found.min().min() == pytest.approx(0.0625) and found.max().max() == pytest.approx(1.0)

    def test_theo_follows_the_market_or_stays(self, modelled: Callable[..., Scenario]) -> None:
        followed = with_models(modelled, GBM, SMILE | {"skew": -0.2})
        assert table(followed).equals(table(followed, kind=Kind.VOLATILITY))
        own = with_models(modelled, GBM, SMILE | {"skew": -0.2}, theo={"volatility": 0.3})
        assert table(own).equals(table(followed))
        assert (marks := table(own, kind=Kind.VOLATILITY)).shape == (1, 4) and set(marks.iloc[0]) == {0.3}

    def test_an_expired_option_has_none(self, modelled: Callable[..., Scenario]) -> None:
        options = [{"underlying": "ABC", "strikes": [100], "rights": ["call"], "expiry": "2026-03-02T17:30:00Z"}]
        found = table(with_models(modelled, GBM, SMILE, options=options))
        assert found.index.max() == pd.Timestamp("2026-03-02T16:30:00Z").value


class TestEvents:
    def test_what_is_expected_is_there_until_it_has_happened(self, modelled: Callable[..., Scenario]) -> None:
        """By hand: √(σ² + m²/τ) before, σ times the factor from the instant on, which is an instant of its own."""
        event = {"at": "2026-03-02T16:45:00Z", "move": 0.05, "factor": 0.8}
        found = table(with_models(modelled, GBM, SMILE | {"events": [event]}))["ABC 2026-03-20 C95"]
        at = pd.Timestamp(event["at"]).value
        assert at in found.index
        for ts, value in found.items():
            before = math.sqrt(0.0625 + 0.0025 / ((EXPIRY - ts) / YEAR))
            assert value == pytest.approx(before if ts < at else 0.2, rel=1e-12)

    def test_options_that_do_not_live_to_see_it_know_nothing(self, modelled: Callable[..., Scenario]) -> None:
        event = {"at": "2026-03-25T16:45:00Z", "move": 0.05, "factor": 0.8}
        found = table(with_models(modelled, GBM, SMILE | {"events": [event]}))
        assert found.to_numpy() == pytest.approx(0.25)


def viewed(years: float, steps: int) -> tuple[View, Span]:
    """Instants of which every tenth tick is one."""
    ticks, moving = np.arange(10 * steps + 1, dtype=np.int64), np.full(10 * steps, years / steps / 10)
    instants = np.full(steps, years / steps)
    return View(ticks[::10], instants, *(np.empty((0, 0)) for _ in range(3)), np.empty(0)), Span(ticks, moving, moving)


class TestMeanRevertingLevel:
    def test_it_has_the_long_runs_moments(self) -> None:
        """ln σ: mean ln 0.3, variance 0.9²/(2·4), autocorrelation e^{−4Δ}; of 20,000 paths."""
        level = MeanRevertingLevel("volatility:X", 0.2, 0.3, 4.0, 0.9, 0.0)
        view, span = viewed(4.0, 8)
        steps = level.steps(view)
        motion = BrownianMotion("spot:X", 100.0, 0.2, 0.0)
        sight = Follower().over(span, motion.walk(1, 0).over(motion.steps(span)), view.times)
        found = np.log([level.walk(1, path).over(steps, sight) for path in range(20_000)]) - math.log(0.3)
        assert np.allclose(found[:, 0], math.log(0.2 / 0.3))
        last, variance = found[:, -1], 0.81 / 8 * -math.expm1(-2 * 4 * 4.0)
        mean = math.log(0.2 / 0.3) * math.exp(-16.0)
        assert abs(last.mean() - mean) < 3 * math.sqrt(variance / 20_000)
        assert abs(last.var() - variance) < 3 * variance * math.sqrt(2 / 20_000)
        product = (last * found[:, -2]).mean()
        assert abs(product - variance * math.exp(-2.0)) < 3 * variance / math.sqrt(4000)

    @pytest.mark.parametrize("correlation", [-0.7, 0.4, 1.0])
    def test_it_moves_with_the_spot_as_told(self, correlation: float) -> None:
        level = MeanRevertingLevel("volatility:X", 0.2, 0.2, 2.0, 0.9, correlation)
        view, span = viewed(1.0, 4000)
        motion = BrownianMotion("spot:X", 100.0, 0.2, 0.1)
        moves = motion.walk(1, 0).over(motion.steps(span))
        steps = level.steps(view)
        found = np.log(level.walk(1, 0).over(steps, Follower().over(span, moves, view.times)) / 0.2)
        own = (found[1:] - steps.kept * found[:-1]) / steps.deviations
        spot = np.diff(np.log(moves.prices[::10]))
        error = max((1 - correlation**2) / math.sqrt(4000), 1e-9)
        assert abs(np.corrcoef(own, spot)[0, 1] - correlation) < 3 * error
        assert abs(own.var() - 1) < 3 * math.sqrt(2 / 4000)

    def test_where_no_tick_lies_it_is_drawn_alone(self) -> None:
        """Two instants between ticks: still a standard normal move each."""
        span = Span(np.array([0, 100, 200]), np.full(2, 0.1), np.full(2, 0.1))
        motion = BrownianMotion("spot:X", 100.0, 0.2, 0.0)
        moves = motion.walk(1, 0).over(motion.steps(span))
        sight = Follower().over(span, moves, np.array([0, 50, 100, 150, 200]))
        assert sight.pushes is not None and np.isnan(sight.pushes).tolist() == [True, False, True, False]
        assert sight.pushes[1::2] == pytest.approx(moves.shocks)


HESTON = {
    "model": "heston", "start": 100, "volatility": 0.3, "long_run_volatility": 0.2, "mean_reversion": 3,
    "vol_of_vol": 0.9, "correlation": -0.7, "step": "1m",
}  # fmt: skip


def test_hestons_surface_is_that_of_the_spots_variance(modelled: Callable[..., Scenario]) -> None:
    """At each instant, by the path's own variance and the parameters of pricing; the forward grows at the rate."""
    priced = {"model": "heston", "step": "30m", "long_run_volatility": 0.25, "correlation": -0.5}
    scenario = with_models(modelled, HESTON, priced, rates={"pricing": 0.05})
    found = table(scenario, path=2)
    motion = HestonMotion("spot:ABC", 100.0, 0.0, 0.09, 0.04, 3.0, 0.9, -0.7)
    times = scenario.clock.start + UNITS_NS["m"] * np.arange(391)
    years = np.diff(times) / YEAR
    moves = motion.walk(scenario.seed, 2).over(motion.steps(Span(times, years, years)))
    assert moves.variances is not None and len(found) == 14
    for n, (ts, row) in enumerate(found.iterrows()):
        left = (EXPIRY - int(ts)) / YEAR  # type: ignore[call-overload]
        of = HestonTerms(moves.variances[30 * n], 0.0625, 3.0, 0.9, -0.5)
        for strike in (95.0, 105.0):
            k = math.log(strike / moves.prices[30 * n]) - 0.05 * left
            assert row[f"ABC 2026-03-20 C{strike:g}"] == pytest.approx(implied(k, left, of), rel=1e-9)


MODELS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "gbm, correlated": (
        GBM | {"events": [{"at": "2026-03-02T17:00:30Z", "move": 0.02}]},
        {"model": "mean_reverting", "start": 0.2, "long_run": 0.3, "speed": 3, "vol_of_vol": 1.0, "correlation": -0.7}
        | {"step": "7m", "skew": -0.1, "sticky": "delta"},
    ),
    "heston": (HESTON, {"model": "heston", "step": "45m"}),
    "merton": (
        {"model": "merton", "start": 100, "volatility": 0.2, "intensity": 900, "jump_deviation": 0.01, "step": "1m"},
        SMILE | {"skew": -0.1, "events": [{"at": "2026-03-02T15:00:01Z", "factor": 0.9}]},
    ),
    "oscillation": ({"model": "oscillation", "level": 100, "move": 1, "back": 0.4, "step": "90s"}, SMILE),
    "bootstrap": (
        {"model": "bootstrap", "start": 100, "prices": [100, 101, 99, 100.5, 100.2], "block": 2, "step": "1m"},
        {"model": "constant", "level": 0.2},
    ),
    "path": ({"model": "path", "prices": [100, 101, 99], "step": "1h"}, SMILE | {"skew": 0.2, "step": "3m"}),
}
HOURS = {
    "sessions": {"open": "09:30", "close": "16:00", "zone": "America/New_York"},
    "clock": {
        "start": "2026-03-02T10:00:00Z",
        "end": "2026-03-04T18:00:00Z",
        "weights": {"overnight": 0.3, "weekend": 0.1},
    },
    "dividends": [{"underlying": "ABC", "ex": "2026-03-03T09:00:00Z", "amount": 0.5}],
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("parts", [{}, HOURS], ids=["all hours", "sessions"])
class TestEveryModel:
    def scenario(self, modelled: Callable[..., Scenario], name: str, parts: dict[str, Any], **more: Any) -> Scenario:
        spot, volatility = MODELS[name]
        hours = {"hours": "sessions"} if "sessions" in parts and name != "path" else {}
        return with_models(modelled, spot | hours, volatility, **parts, **more)

    def test_a_path_in_pieces_is_the_path(
        self, modelled: Callable[..., Scenario], monkeypatch: pytest.MonkeyPatch, name: str, parts: dict[str, Any]
    ) -> None:
        whole = build(self.scenario(modelled, name, parts)).events(1).tobytes()
        monkeypatch.setattr(spool, "IN_MEMORY", 500)
        for piece in (3, 50):
            monkeypatch.setattr(spool, "PIECE", piece)
            market = build(self.scenario(modelled, name, parts))
            assert market.is_long and market.events(1).tobytes() == whole

    def test_an_earlier_end_only_cuts_it_off(
        self, modelled: Callable[..., Scenario], name: str, parts: dict[str, Any]
    ) -> None:
        end = "2026-03-02T16:33:20Z" if "sessions" not in parts else "2026-03-03T15:33:20Z"
        clock = modelled(**parts).clock.model_dump(mode="json") | {"end": end}
        whole = build(self.scenario(modelled, name, parts)).events(3)
        short = build(self.scenario(modelled, name, parts | {"clock": clock})).events(3)
        market = (Kind.SPOT, Kind.VOLATILITY, Kind.FAIR_VOLATILITY)
        one, two = (
            made[(made["ts"] < pd.Timestamp(end).value) & np.isin(made["kind"], market)] for made in (whole, short)
        )
        assert len(one) > 5 and one.tobytes() == two.tobytes()

    def test_neither_desk_nor_clients_move_it(
        self, modelled: Callable[..., Scenario], name: str, parts: dict[str, Any]
    ) -> None:
        other = {
            "quoting": {"policy": "vega_width", "half_spread_vol": 0.01},
            "hedging": {"policy": "delta_band", "band": 5},
            "clients": [{"name": "flow", "model": "poisson", "per_hour": 50, "reservation_ticks": 2}],
            "latency": {"quote": "1s", "hedge": "2s"},
        }
        one, two = (build(self.scenario(modelled, name, parts, **more)).events(2) for more in ({}, other))
        assert one.tobytes() == two[two["kind"] != Kind.ORDER].tobytes()


def test_an_underlying_without_options_has_no_volatilities(
    modelled: Callable[..., Scenario], monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = with_models(modelled, GBM, SMILE, underlyings=[{"symbol": "ABC"}, {"symbol": "XYZ"}])
    whole = build(scenario).events(0)
    assert np.count_nonzero(whole["kind"] == Kind.FAIR_VOLATILITY) == 4 * 8
    monkeypatch.setattr(spool, "IN_MEMORY", 500)
    assert build(scenario).events(0).tobytes() == whole.tobytes()


def test_a_scheduled_jump_stands_at_the_first_tick_from_then_on(modelled: Callable[..., Scenario]) -> None:
    """On a spot that does nothing else; one after the clock's end does not happen."""
    events = [{"at": f"2026-03-02T{at}Z", "move": 0.05} for at in ("16:00:30", "22:00:00")]
    still = GBM | {"volatility": 0, "events": events}
    made = build(with_models(modelled, still, {"model": "constant", "level": 0.2})).events(0)
    ticks = made[made["kind"] == Kind.SPOT]
    before = ticks["ts"] < pd.Timestamp("2026-03-02T16:01:00Z").value
    assert set(ticks["bid"][before]) == {100.0}
    assert len(after := set(ticks["bid"][~before])) == 1 and after != {100.0}


def test_ticks_of_sessions_leave_the_night_to_the_open(modelled: Callable[..., Scenario]) -> None:
    """Friday's close to Monday's open is one move, of the calendar's variance or the clock's (docs/time.md)."""
    clock = {"start": "2026-01-09T20:00:00Z", "end": "2026-01-12T15:30:00Z"}
    weights = {"overnight": 0.3, "weekend": 0.1}
    options = [{"underlying": "ABC", "strikes": [100], "expiry": "2026-03-20T20:00:00Z"}]
    sessions = HOURS["sessions"]
    gaps = {}
    for name, extra in (("calendar", {}), ("clock", {"weights": weights})):
        spot = GBM | {"hours": "sessions", "step": "20m"}
        volatility = {"model": "constant", "level": 0.2}
        market = build(with_models(modelled, spot, volatility, clock=clock | extra, options=options, sessions=sessions))
        ticks = [made[made["kind"] == Kind.SPOT] for made in map(market.events, range(2000))]
        times = pd.to_datetime(ticks[0]["ts"], utc=True).strftime("%d %H:%M").tolist()
        friday, monday = (
            ["09 20:00", "09 20:20", "09 20:40", "09 21:00"],
            ["12 14:30", "12 14:50", "12 15:10", "12 15:30"],
        )
        assert times == friday + monday
        gaps[name] = np.std([math.log(made["bid"][4] / made["bid"][3]) for made in ticks])
    error = 3 / math.sqrt(2 * 2000)
    assert gaps["calendar"] == pytest.approx(0.2 * math.sqrt(65.5 / 8760), rel=error)
    assert gaps["clock"] == pytest.approx(0.2 * math.sqrt(10.05 / 11.75 / 275.0809), rel=error)

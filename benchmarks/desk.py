"""The busy market as mmsim's scenario and events, and one walk of the loop over it, timed."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from busy_market import EXPIRY, START_SPOT, TICK, VOLATILITY, Rows, strikes

from mmsim import market, tranches
from mmsim.attribution import Outcomes
from mmsim.engine import drive, setup
from mmsim.engine.state import Counter, State
from mmsim.events import Events, Kind, merge
from mmsim.events import rows as event_rows
from mmsim.market import Market
from mmsim.policy import Policy
from mmsim.scenario import Scenario
from mmsim.tables import Journal

CLIENT_GIVES = 1.0  # currency by which a client's limit is worse than fair: nearly every order is dealt


class Replay(NamedTuple):
    """Everything that a walk of the loop starts from."""

    events: Events
    built: Market
    policies: tuple[Policy, Policy]
    template: State


class Walked(NamedTuple):
    """One walk: its time, and what the desk did."""

    seconds: float
    counters: dict[str, int]
    postings: int


def scenario(rows: Rows, changes: dict[str, Any] | None = None) -> Scenario:
    """A desk that quotes every option with an inventory skew and hedges in a band, without latency or fees."""
    every = strikes(rows.options).tolist()
    return Scenario.model_validate(
        {
            "name": "busy-market",
            "clock": {"start": "2026-01-05T00:00:00Z", "end": "2026-01-06T00:00:00Z"},
            "underlyings": [{"symbol": "ABC"}],
            "options": [{"underlying": "ABC", "strikes": every, "expiry": EXPIRY, "ticks": TICK}],
            "market": {
                "spot": {"model": "path", "step": "1d", "prices": [START_SPOT]},
                "volatility": {"model": "constant", "level": VOLATILITY},
            },
            "clients": [{"name": "flow", "model": "poisson", "per_hour": 1, "reservation_ticks": 1}],
            "quoting": {"policy": "inventory_skew", "half_spread_vol": 0.005, "lean_vol_per_vega": 1.0e-7, "size": 10},
            "hedging": {"policy": "delta_band", "band": 50},
            **(changes or {}),
        }
    )


def replay(rows: Rows, changes: dict[str, Any] | None = None) -> Replay:
    """The rows as the loop's events behind the scenario's own (volatilities, marks), and the desk."""
    chosen = scenario(rows, changes)
    built = market.build(chosen)
    end = int(rows.ts[-1])
    own = built.fixed[(built.fixed["ts"] <= end) & (built.fixed["kind"] != Kind.EXPIRY)]
    return Replay(
        events=merge([own, *_streams(rows)]),
        built=built,
        policies=(chosen.policy("quoting"), chosen.policy("hedging")),
        template=setup.new_state(built.universe, chosen, built.rules, None),
    )


def _streams(rows: Rows) -> list[Events]:
    """Ticks of the underlying, quotes of the options, and orders of clients."""
    is_spot = rows.instrument == rows.options
    is_quote = ~is_spot & ~rows.is_trade
    touch = {"bid": rows.bid * TICK, "ask": rows.ask * TICK}
    sizes = {"bid_size": 10.0, "ask_size": 10.0}
    spots = event_rows(Kind.SPOT, rows.ts[is_spot], 0, **{k: v[is_spot] for k, v in touch.items()}, **sizes)
    quotes = event_rows(
        Kind.QUOTE, rows.ts[is_quote], rows.instrument[is_quote], **{k: v[is_quote] for k, v in touch.items()}, **sizes
    )
    orders = event_rows(
        Kind.ORDER,
        rows.ts[rows.is_trade],
        rows.instrument[rows.is_trade],
        client=0,
        side=rows.side[rows.is_trade],
        size=rows.size[rows.is_trade],
        value=CLIENT_GIVES,
    )
    return [spots, quotes, orders]


def walk(given: Replay) -> Walked:
    """Walk the loop over all events as a run does: the journal kept and taken, the attribution made at the end."""
    seat = drive.seat(*given.policies, 1)
    state, journal = setup.copy_of(given.template), Journal()
    setup.restart(state, given.template, 0, keep=True)
    started = time.perf_counter()
    state = drive.walk(given.events, state, seat, given.built.universe, journal.take, lambda _done: None)
    outcomes = Outcomes(1, len(state.options))
    outcomes.take(0, state)
    journal.ends.append(tranches.path_end(state))
    seconds = time.perf_counter() - started
    assert not any(off.any() for off in outcomes.identities.values()), outcomes.identities
    return Walked(
        seconds=seconds,
        counters={counter.name.lower(): int(state.counters[counter]) for counter in Counter},
        postings=len(journal.rows("postings")),
    )

"""Market-maker protection, which the venue gives: so much dealt in so short a time, and all quotes are pulled.

By underlying. It is looked at after each trade, so that an order which is larger than what is left goes through as a
whole; and so does what is left of a sweep, the orders of one client at one time.
"""

from __future__ import annotations

from mmsim.engine.journal import note_breach
from mmsim.engine.state import Counter, Limit, State
from mmsim.kernel import internal
from mmsim.policy import FillView


@internal
def is_frozen(state: State, u: int, client: int) -> bool:
    """Whether the venue has pulled the quotes on an underlying; not before the client whose sweep did it is through."""
    underlying, now = state.underlyings[u], state.desk[0]["now"]
    if now >= underlying["frozen_until"]:
        return False
    return not (now == underlying["frozen_since"] and client == underlying["frozen_by"])


@internal
def count_fill(state: State, fill: FillView, client: int) -> None:
    """Count a client fill into the window that its underlying is in, or begins; a breach freezes."""
    rules, underlying = state.rules[0], state.underlyings[fill.underlying]
    now = state.desk[0]["now"]
    if now < underlying["frozen_until"]:
        return  # the rest of the sweep
    if now >= underlying["window_end"]:
        underlying["window_end"] = now + rules["window"]
        underlying["window_size"] = underlying["window_delta"] = underlying["window_vega"] = 0.0
    units = fill.size * state.options[fill.option]["multiplier"]
    underlying["window_size"] += abs(fill.size)
    underlying["window_delta"] += units * fill.delta
    underlying["window_vega"] += units * fill.vega
    breached = _reaches(
        state, fill.underlying, Limit.PROTECTION_QUANTITY, underlying["window_size"], rules["most_size"]
    )
    breached |= _reaches(
        state, fill.underlying, Limit.PROTECTION_DELTA, underlying["window_delta"], rules["most_delta"]
    )
    breached |= _reaches(state, fill.underlying, Limit.PROTECTION_VEGA, underlying["window_vega"], rules["most_vega"])
    if breached:
        state.counters[Counter.FREEZES] += 1
        underlying["frozen_since"], underlying["frozen_until"] = now, now + rules["freeze"]
        underlying["frozen_by"], underlying["window_end"], underlying["pulled"] = client, 0, 1


@internal
def _reaches(state: State, u: int, limit: Limit, value: float, bound: float) -> bool:
    """Whether |value| has come to its bound, written down if so."""
    if not abs(value) >= bound:
        return False
    note_breach(state, u, limit, value)
    return True

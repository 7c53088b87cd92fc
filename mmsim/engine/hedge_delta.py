"""The delta that a hedging policy hedges by: of each option held at the volatility, and along the smile, of its own."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, NamedTuple

from mmsim.engine.expectation import expected_over
from mmsim.engine.greeks import Book
from mmsim.engine.quoting import keep_fault
from mmsim.engine.seats import HedgeSeat
from mmsim.engine.state import State
from mmsim.engine.valuation import delta_now, greeks_at, greeks_now, has_mark, stretch, years_left
from mmsim.kernel import internal
from mmsim.policy import OptionView
from mmsim.pricing.black_scholes import Greeks


class Answer(IntEnum):
    """Which of a hedging policy's methods has answered what is no answer."""

    HEDGE = 0
    HEDGE_VOL = 1
    HEDGE_SLOPE = 2
    OFFLOAD = 3


class Held(NamedTuple):
    """The options held on one underlying as its hedging policy is shown them."""

    delta: float  # units of the underlying
    years: float  # means, by |position| x multiplier x gamma; NaN: nothing is held that has any
    volatility: float
    rate: float
    is_valid: bool


@internal
def as_marked(book: Book) -> Held:
    """The book where its policy hedges by the marks' delta and does not have the options priced."""
    nan = float("nan")
    return Held(book.delta, nan, nan, nan, True)


@internal
def is_held(state: State, option: Any) -> bool:
    """Whether there is a position with a theo in an option; at its expiry there is until it is settled."""
    return option["position"] != 0.0 and option["settled"] == 0 and has_mark(state, option)


@internal
def option_view(state: State, i: int, at: Greeks, book: Book) -> OptionView:
    """What a hedging policy knows of an option held, whose theo and Greeks are `at`."""
    option, now = state.options[i], state.desk[0]["now"]
    u = option["underlying"]
    underlying = state.underlyings[u]
    years = years_left(state, option, now)
    expected = underlying["expected_volatility"]
    if expected == expected:
        expected = expected_over(underlying, years)
    return OptionView(
        ts_ns=now,
        option=i,
        underlying=u,
        ticks=underlying["ticks"],
        spot=underlying["spot"],
        strike=option["strike"],
        right=option["right"],
        years=years,
        rate=option["rate"] * stretch(state, option, now, years),
        multiplier=option["multiplier"],
        theo=at.theo,
        implied_volatility=option["volatility"],
        delta=delta_now(state, i, at.delta),
        gamma=at.gamma,
        vega=at.vega,
        theta=at.theta,
        position=option["position"],
        hedge=underlying["hedge"],
        net_delta=book.delta + underlying["hedge"] + underlying["pending"],
        net_gamma=book.gamma,
        net_vega=book.vega,
        expected_volatility=expected,
    )


@internal
def keep_answer(state: State, view: OptionView, answer: float, which: Answer) -> None:
    """Keep an answer that is none with the view that it was given to, for the message."""
    keep_fault(state, view)
    state.fault[1, 0], state.fault[1, 1] = answer, 0 + which


@internal
def own_delta(state: State, view: OptionView, hedger: HedgeSeat) -> float:
    """The delta of one unit that the policy hedges an option by; NaN where it has no answer."""
    rules, option = state.rules[0], state.options[view.option]
    delta, vega = view.delta, view.vega
    if rules["has_hedge_vol"] != 0:
        volatility = hedger.hedge_vol(view, hedger.shown_memory, hedger.vol_parameters)
        if not (0.0 < volatility < 1e300):
            keep_answer(state, view, volatility, Answer.HEDGE_VOL)
            return float("nan")
        at = greeks_at(state, option, view.spot, view.ts_ns, volatility)
        delta, vega = at.delta, at.vega
    if rules["has_hedge_slope"] != 0:
        slope = hedger.hedge_slope(view, hedger.shown_memory, hedger.slope_parameters)
        if not abs(slope) < 1e300:
            keep_answer(state, view, slope, Answer.HEDGE_SLOPE)
            return float("nan")
        delta += vega * slope
    return delta


@internal
def price_held(state: State, u: int, book: Book, hedger: HedgeSeat) -> Held:
    """Price every option held on an underlying, now: its policy's own delta, and means of their terms."""
    rules, underlying = state.rules[0], state.underlyings[u]
    has_delta = rules["has_hedge_vol"] != 0 or rules["has_hedge_slope"] != 0
    delta = weights = years = volatility = rate = 0.0
    for k in range(underlying["active"]):
        i = state.options[underlying["first"] + k]["held"]
        if not is_held(state, state.options[i]):
            continue
        view = option_view(state, i, greeks_now(state, i), book)
        units = view.position * view.multiplier
        weight = abs(units) * view.gamma
        weights += weight
        years += weight * view.years
        volatility += weight * view.implied_volatility
        rate += weight * view.rate
        if has_delta:
            unit_delta = own_delta(state, view, hedger)
            if unit_delta != unit_delta:
                return Held(unit_delta, unit_delta, unit_delta, unit_delta, False)
            delta += units * unit_delta
    if not has_delta:
        delta = book.delta
    if weights <= 0.0:
        weights = float("nan")
    return Held(delta, years / weights, volatility / weights, rate / weights, True)

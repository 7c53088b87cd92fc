"""Options on a spot that pays cash dividends, by finite differences, compiled: value, delta and gamma of one.

Between dividends V solves ∂V/∂t + σ²/2·∂²V/∂x² + (b − σ²/2)·∂V/∂x − r·V = 0 in x = ln S, on equal steps of x with the
spot on a node, by TR-BDF2 in time, with steps that grow from zero after expiry and after each dividend. Two models of a
dividend D with ex-date t:

    spot       the spot falls by it, V(S, t−) = V(S − D, t+), by cubic interpolation; a spot below D falls to zero
    escrowed   S less the present value of the dividends until expiry is lognormal; exercise pays on the whole of S

Early exercise keeps V at or above its pay-off, by policy iteration at every stage, with no assumption about where the
exercise region lies. The pay-off is averaged over the cell of each node. At both ends ∂²V/∂S² = 0.

Sources: R. Bank et al., Transient simulation of silicon devices and circuits, IEEE Transactions on Electron Devices 32
(1985); E. Haug, J. Haug and A. Lewis, Back to basics: a new approach to the discrete dividend problem, Wilmott (2003).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mmsim.kernel import internal, njit

Floats = npt.NDArray[np.float64]

_FIRST_STAGE = 2.0 - math.sqrt(2.0)  # its share of a step, at which both stages have one matrix
_REACH = 7.0  # deviations on each side of the spot
_DIVIDENDS_REACH_MAX = 3.0
_STEPS_MIN = 8  # between two dividends
_POLICY_STEPS_MAX = 50


class Solution(NamedTuple):
    """An option at the spot."""

    theo: float
    delta: float
    gamma: float


class Contract(NamedTuple):
    """The pay-off, and whether it may be had early."""

    strike: float
    right: float
    is_american: bool


class Operator(NamedTuple):
    """The coefficients of the equation at a node: of the one below, itself and the one above."""

    down: float
    middle: float
    up: float
    edge: float  # b/h, at both ends
    rate: float


@njit
def solve(
    spot: float,
    strike: float,
    years: float,
    volatility: float,
    rate: float,
    carry: float,
    right: float,
    times: Floats,
    amounts: Floats,
    is_escrowed: bool,
    is_american: bool,
    nodes: int,
    steps: int,
) -> Solution:
    """An option that is alive, with dividends of ``amounts`` at ``times`` years from now, ascending, until expiry.

    ``spot`` is the whole spot in either model. ``nodes`` of the spot (odd), and about ``steps`` of time.
    """
    contract = Contract(strike, right, is_american)
    carried = spot - present_value(times, amounts, 0, 0.0, rate) if is_escrowed else spot
    h = _spacing(spot, years, volatility, carry, amounts, is_escrowed, nodes)
    spots = carried * np.exp(h * (np.arange(nodes) - nodes // 2))
    half, drift = 0.5 * (volatility / h) ** 2, 0.5 * (carry - 0.5 * volatility * volatility) / h
    operator = Operator(half - drift, -2.0 * half - rate, half + drift, carry / h, rate)
    values = _payoff_at_expiry(contract, spots, h)
    later = years
    for k in range(times.size - 1, -2, -1):
        until = times[k] if k >= 0 else 0.0
        count = max(_STEPS_MIN, int(steps * (later - until) / years))
        start = later
        for n in range(count):
            end = later - (later - until) * ((n + 1) / count) ** 2
            middle = start + _FIRST_STAGE * (end - start)
            escrow, escrow_end = 0.0, 0.0
            if is_escrowed:
                escrow = present_value(times, amounts, k + 1, middle, rate)
                escrow_end = present_value(times, amounts, k + 1, end, rate)
            _advance(contract, operator, spots, values, start - end, escrow, escrow_end)
            start = end
        if k >= 0 and not is_escrowed:
            _drop(contract, spots, h, values, amounts[k], rate, years - until)
        if k >= 0 and is_american:
            escrow = present_value(times, amounts, k, until, rate) if is_escrowed else 0.0
            _exercise(contract, spots, values, escrow)
        later = until
    return _at_spot(spots, values, h)


@njit
def present_value(times: Floats, amounts: Floats, first: int, now: float, rate: float) -> float:
    """What the dividends from number ``first`` on are worth at a time ``now``."""
    worth = 0.0
    for k in range(first, times.size):
        worth += amounts[k] * math.exp(-rate * (times[k] - now))
    return worth


@njit
def _spacing(
    spot: float,
    years: float,
    volatility: float,
    carry: float,
    amounts: Floats,
    is_escrowed: bool,
    nodes: int,
) -> float:
    """The step of x at which the grid holds what the spot may do, dividends included."""
    reach = _REACH * volatility * math.sqrt(years) + abs(carry) * years
    if not is_escrowed:
        paid = 0.0
        for amount in amounts:
            paid += amount
        reach += min(2.0 * paid / spot, _DIVIDENDS_REACH_MAX)
    return reach / (nodes // 2)


@njit
def _payoff_at_expiry(contract: Contract, spots: Floats, h: float) -> Floats:
    """The pay-off, at the node next to the strike its mean over the cell: no bias from where the strike falls."""
    strike, right = contract.strike, contract.right
    values = np.empty(spots.size)
    for i in range(spots.size):
        values[i] = max(right * (spots[i] - strike), 0.0)
        low, high = spots[i] * math.exp(-0.5 * h), spots[i] * math.exp(0.5 * h)
        if low < strike < high:
            below = (strike - low) - strike * math.log(strike / low)
            above = (high - strike) - strike * math.log(high / strike)
            values[i] = (above if right > 0.0 else -below) / h
    return values


@njit
def _advance(
    contract: Contract,
    operator: Operator,
    spots: Floats,
    values: Floats,
    step: float,
    escrow: float,
    escrow_end: float,
) -> None:
    """``values`` a step earlier: a trapezoid to the first stage, the second backward difference from there."""
    count = values.size
    implicit = 0.5 * _FIRST_STAGE * step
    target, first = np.empty(count), values.copy()
    for i in range(count):
        target[i] = values[i] + implicit * _applied(operator, values, i)
    _hold(contract, operator, spots, first, target, implicit, escrow)
    share = 1.0 / (_FIRST_STAGE * (2.0 - _FIRST_STAGE))
    for i in range(count):
        target[i] = share * (first[i] - (1.0 - _FIRST_STAGE) ** 2 * values[i])
        values[i] = first[i]
    _hold(contract, operator, spots, values, target, implicit, escrow_end)


@internal
def _applied(operator: Operator, values: Floats, i: int) -> float:
    """The operator on ``values`` at a node."""
    below, at, above = float(values[max(i - 1, 0)]), float(values[i]), float(values[min(i + 1, values.size - 1)])
    if i == 0 or i == values.size - 1:
        return operator.edge * (above - below) - operator.rate * at
    return operator.down * below + operator.middle * at + operator.up * above


@njit
def _hold(
    contract: Contract,
    operator: Operator,
    spots: Floats,
    values: Floats,
    target: Floats,
    implicit: float,
    escrow: float,
) -> None:
    """``values``, a guess, become the solution of V − implicit·LV = target, or where it is more the exercise value."""
    count = values.size
    floor = np.full(count, -np.inf)
    if contract.is_american:
        for i in range(count):
            floor[i] = max(contract.right * (spots[i] + escrow - contract.strike), 0.0)
    exercised = np.empty(count, np.bool_)
    for i in range(count):
        exercised[i] = values[i] <= floor[i]
    pivots = np.empty(count)
    for _ in range(_POLICY_STEPS_MAX):
        _eliminate(operator, values, target, implicit, floor, exercised, pivots)
        changes = 0
        for i in range(count):
            if exercised[i]:
                should = values[i] - implicit * _applied(operator, values, i) >= target[i]
            else:
                should = values[i] < floor[i]
            if should != exercised[i]:
                exercised[i] = should
                changes += 1
        if changes == 0:
            break
    for i in range(count):
        values[i] = max(values[i], floor[i])


@internal
def _eliminate(
    operator: Operator,
    values: Floats,
    target: Floats,
    implicit: float,
    floor: Floats,
    exercised: npt.NDArray[np.bool_],
    pivots: Floats,
) -> None:
    """Solve the tridiagonal equations, those of exercised nodes being V = floor."""
    count = values.size
    last = count - 1
    for i in range(count):
        down, middle, up = -implicit * operator.down, 1.0 - implicit * operator.middle, -implicit * operator.up
        if i == 0:
            down, middle, up = 0.0, 1.0 + implicit * (operator.edge + operator.rate), -implicit * operator.edge
        elif i == last:
            down, middle, up = implicit * operator.edge, 1.0 - implicit * (operator.edge - operator.rate), 0.0
        wanted = target[i]
        if exercised[i]:
            down, middle, up, wanted = 0.0, 1.0, 0.0, floor[i]
        if i > 0:
            middle -= down * pivots[i - 1]
            wanted -= down * values[i - 1]
        pivots[i] = up / middle
        values[i] = wanted / middle
    for i in range(last - 1, -1, -1):
        values[i] -= pivots[i] * values[i + 1]


@njit
def _drop(contract: Contract, spots: Floats, h: float, values: Floats, amount: float, rate: float, left: float) -> None:
    """``values`` just before the spot falls by a dividend, from those just after; ``left`` years before expiry."""
    after = values.copy()
    worthless = 0.0  # the option's value where the spot is zero
    if contract.right < 0.0:
        worthless = contract.strike * math.exp(-rate * left)
        worthless = max(worthless, contract.strike) if contract.is_american else worthless
    last = spots.size - 1
    for i in range(spots.size):
        shifted = max(spots[i] - amount, 0.0)
        if shifted <= spots[0]:
            values[i] = worthless + shifted / spots[0] * (after[0] - worthless)
            continue
        place = math.log(shifted / spots[0]) / h
        j = min(max(int(place), 1), last - 2)
        u = place - j
        values[i] = (
            -u * (u - 1.0) * (u - 2.0) / 6.0 * after[j - 1]
            + (u + 1.0) * (u - 1.0) * (u - 2.0) / 2.0 * after[j]
            - (u + 1.0) * u * (u - 2.0) / 2.0 * after[j + 1]
            + (u + 1.0) * u * (u - 1.0) / 6.0 * after[j + 2]
        )


@njit
def _exercise(contract: Contract, spots: Floats, values: Floats, escrow: float) -> None:
    """The better of ``values`` and the pay-off just before a dividend, at a crossing its mean over the node's cell."""
    last = spots.size - 1
    before, ahead = 0.0, contract.right * (spots[0] + escrow - contract.strike)
    better = values[0] - ahead
    for i in range(spots.size):
        payoff, gain = ahead, better
        if i < last:
            ahead = contract.right * (spots[i + 1] + escrow - contract.strike)
            better = values[i + 1] - ahead
        slope = 0.25 * abs(better - (before if i > 0 else gain))  # over half a cell
        before = gain
        if abs(gain) < slope:
            gain = (gain + slope) ** 2 / (4.0 * slope)
        values[i] = payoff + max(gain, 0.0)


@njit
def _at_spot(spots: Floats, values: Floats, h: float) -> Solution:
    """Value, delta and gamma at the middle node."""
    m = spots.size // 2
    first = (8.0 * (values[m + 1] - values[m - 1]) - (values[m + 2] - values[m - 2])) / (12.0 * h)
    second = (16.0 * (values[m + 1] + values[m - 1]) - 30.0 * values[m] - values[m + 2] - values[m - 2]) / (
        12.0 * h * h
    )
    return Solution(values[m], first / spots[m], (second - first) / (spots[m] * spots[m]))

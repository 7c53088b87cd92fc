"""American and European options with cash dividends on binomial lattices, in NumPy."""

import numpy as np
from scipy.interpolate import CubicSpline


def lattice(
    spot: float,
    strike: float,
    years: float,
    volatility: float,
    rate: float,
    right: float,
    dividends: list[tuple[float, float]],
    *,
    is_escrowed: bool,
    is_american: bool,
    steps: int,
) -> float:
    """Cox, Ross and Rubinstein (1979) on the spot without dividends, or on the whole spot with interpolated drops.

    A dividend falls on the step nearest to its date. In the spot model the lattice stands for the spot as if nothing
    had been paid, and at a dividend every node looks up the value at its spot less the amount.
    """
    dt = years / steps
    up = np.exp(volatility * np.sqrt(dt))
    probability = (np.exp(rate * dt) - 1.0 / up) / (up - 1.0 / up)
    discount = np.exp(-rate * dt)
    drops = [(round(time / dt), amount) for time, amount in dividends]

    def escrow(step: int, *, is_cum: bool) -> float:
        ahead = [(k, amount) for k, amount in drops if k > step or (is_cum and k == step)]
        return sum(amount * np.exp(-rate * (k - step) * dt) for k, amount in ahead) if is_escrowed else 0.0

    start = spot - escrow(0, is_cum=True)
    reach = 0 if is_escrowed else steps // 2  # wider than the tree, so that drops stay inside

    def spots(step: int) -> np.ndarray:
        return start * up ** np.arange(-step - 2 * reach, step + 2 * reach + 1, 2.0)

    values = np.maximum(right * (spots(steps) - strike), 0.0)
    for step in range(steps, -1, -1):
        here = spots(step)
        if step < steps:
            inner = discount * (probability * values[1:] + (1.0 - probability) * values[:-1])
            values = inner
            if is_american:
                values = np.maximum(values, right * (here + escrow(step, is_cum=False) - strike))
        for k, amount in drops:
            if k == step and not is_escrowed:
                values = CubicSpline(np.log(here), values)(np.log(np.maximum(here - amount, here[0])))
            if k == step and is_american:
                values = np.maximum(values, right * (here + escrow(step, is_cum=True) - strike))
    return float(values[values.size // 2])

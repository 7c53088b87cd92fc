"""Andersen's quadratic-exponential scheme for Heston's model, with the martingale correction; compiled.

The variance after a step is drawn from a distribution with the exact mean and variance: the square of a normal number
where zero is far, a point at zero with an exponential tail where it is near. So it is never below zero, and Feller's
condition (2κθ > ξ²) is not asked for. The logarithm follows Broadie and Kaya's exact representation with the integral
of the variance by the trapezoidal rule, and a constant by which the mean growth of a step is exact.

Its bias is of the trapezoidal rule: of the third moment on, and gone with the square of the step. Source: L. Andersen,
Simple and efficient simulation of the Heston stochastic volatility model, Journal of Computational Finance 11 (2008),
no. 3: the QE scheme, the discretisation of ln X and its martingale correction, with γ1 = γ2 = 1/2 and ψc = 1.5.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from mmsim.kernel import F1, F2, F64, VOID, entry, internal

Floats = npt.NDArray[np.float64]
_SWITCH = 1.5  # ψ beyond which zero is near; the paper's choice, anything from 1 to 2 does


@internal
def _drawn(mean: float, spread: float, z: float, tilt: float) -> tuple[float, float]:
    """The next variance, of a mean and a relative variance ``spread``, from a normal number ``z``; and ln E e^{tilt·v}.

    The second is NaN where there is no such mean.
    """
    if spread <= _SWITCH:
        inverse = 2.0 / spread
        b2 = inverse - 1.0 + math.sqrt(inverse * (inverse - 1.0))
        a = mean / (1.0 + b2)
        root = math.sqrt(b2) + z
        left = 1.0 - 2.0 * tilt * a
        return a * root * root, tilt * b2 * a / left - 0.5 * math.log(left) if left > 0.0 else math.nan
    p = (spread - 1.0) / (spread + 1.0)
    beta = (1.0 - p) / mean
    above = 0.5 * math.erfc(z * math.sqrt(0.5))  # 1 − U, U being uniform
    drawn = math.log((1.0 - p) / above) / beta if above < 1.0 - p else 0.0
    return drawn, math.log(p + beta * (1.0 - p) / (beta - tilt)) if tilt < beta else math.nan


@entry(VOID(F1, F1, F1, F1, F64, F64, F64, F64, F2))
def advance(
    years: Floats,
    drifts: Floats,
    z_spot: Floats,
    z_variance: Floats,
    mean_reversion: float,
    long_run_variance: float,
    vol_of_vol: float,
    correlation: float,
    made: Floats,
) -> None:
    """Steps of one path. ``made[0]`` is (ln X, v) before them, ``made[1:]`` is written.

    Shapes (steps,): ``years`` of variance, ``drifts`` of the logarithm, two standard normal numbers.
    """
    ratio = correlation / vol_of_vol
    for n in range(len(years)):
        log_spot, v, dt = made[n, 0], made[n, 1], years[n]
        if dt <= 0.0:
            made[n + 1, 0], made[n + 1, 1] = log_spot + drifts[n], v
            continue
        gone = -math.expm1(-mean_reversion * dt)
        mean = v + (long_run_variance - v) * gone
        scale = vol_of_vol * vol_of_vol * gone / mean_reversion
        spread = scale * (v * (1.0 - gone) + 0.5 * long_run_variance * gone) / (mean * mean)
        own = 0.5 * dt * (mean_reversion * ratio - 0.5)
        noise = 0.5 * dt * (1.0 - correlation * correlation)
        k1, k2 = own - ratio, own + ratio
        after, log_mean = _drawn(mean, spread, z_variance[n], k2 + 0.5 * noise)
        if math.isnan(log_mean):  # a long step with a correlation above zero: uncorrected
            constant = -correlation * mean_reversion * long_run_variance * dt / vol_of_vol
        else:
            constant = -log_mean - (k1 + 0.5 * noise) * v
        moved = constant + k1 * v + k2 * after + math.sqrt(noise * (v + after)) * z_spot[n]
        made[n + 1, 0], made[n + 1, 1] = log_spot + drifts[n] + moved, after

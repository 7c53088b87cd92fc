"""GARCH(1,1), and the exponentially weighted average that is a case of it, over steps of any length: compiled.

A step of GARCH(1,1) is σ² ← ω + α·r² + β·σ². Where the time that has passed is m steps and all that is known is the
return r over it, each of them is taken to have had the squared return r²/m. Then σ² goes towards a fixed point,

    σ² ← u + β^m·(σ² − u),   u = (ω + α·r²/m) / (1 − β),

which is GARCH(1,1) itself where m = 1. With ω = 0 and α = 1 − β it is the average of r² per unit of time whose weights
halve at every half-life, β = 2^(−step / half-life): J.P. Morgan/Reuters, RiskMetrics Technical Document, 4th ed.
(1996), equation 5.3. Everything here is by the year: variances are volatilities squared, and u is
long_run² · share + (r² / years) · (1 − share), where share = (1 − α − β) / (1 − β).
"""

from __future__ import annotations

import math

from mmsim.kernel import inlined, njit


@inlined
def gain(years: float, decay: float) -> float:
    """The weight of what is new after a time, 1 − e^{−decay·years}: for tiny times too."""
    return -math.expm1(-decay * years)


@inlined
def target(move: float, years: float, long_run: float, share: float) -> float:
    """The variance a year towards which the log return ``move`` over ``years`` pulls: u of this file's heading."""
    realised = move * move / years
    return realised + share * (long_run - realised)


@njit
def average_ahead(variance: float, long_run: float, persistence: float, steps: float) -> float:
    """The mean of the variances that GARCH(1,1) expects over the next ``steps``, the first being ``variance``.

    V + (σ² − V)·(1 − ρ^N) / (N·(1 − ρ)), ρ = ``persistence`` = α + β; within the first step it is ``variance``. With a
    persistence of 1 nothing is pulled back, and it is ``variance`` for ever.

    Source: J. C. Hull, Options, Futures, and Other Derivatives, 9th ed. (2015), section 23.6, summed over whole steps.

    >>> round(average_ahead(0.04, 0.01, 0.5, 2.0), 6)  # 0.04 and 0.025
    0.0325
    """
    if persistence == 1.0 or steps <= 1.0:
        return variance
    left = -math.expm1(steps * math.log(persistence)) if persistence > 0.0 else 1.0
    return long_run + (variance - long_run) * left / (steps * (1.0 - persistence))

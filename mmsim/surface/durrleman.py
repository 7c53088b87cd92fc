"""Durrleman's condition: where it fails, a butterfly spread costs less than nothing.

    g = (1 − k·w'/(2w))² − w'²/4·(1/w + 1/4) + w''/2 ≥ 0

The risk-neutral density of ln(S_T/F) is g·n(d2)/√w, so that g < 0 is a negative probability. Source: J. Gatheral and
A. Jacquier, Arbitrage-free SVI volatility surfaces, Quantitative Finance 14 (2014), equation 2.1.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from mmsim.kernel import njit

_Number = TypeVar("_Number", float, npt.NDArray[np.float64])


def durrleman(k: _Number, w: _Number, slope: _Number, curvature: _Number) -> _Number:
    """The condition's g at log-moneyness ``k``, where w is ``w``, w' is ``slope`` and w'' is ``curvature``."""
    bend = 1.0 - 0.5 * k * slope / w
    return bend * bend - 0.25 * slope * slope * (1.0 / w + 0.25) + 0.5 * curvature


compiled_durrleman = njit(durrleman)


@njit
def durrleman_gradient(k: float, w: float, slope: float) -> tuple[float, float]:
    """The derivatives of g by w and by w'; that by w'' is 1/2."""
    bend = 1.0 - 0.5 * k * slope / w
    by_w = bend * k * slope / (w * w) + 0.25 * slope * slope / (w * w)
    by_slope = -bend * k / w - 0.5 * slope * (1.0 / w + 0.25)
    return by_w, by_slope

"""Durrleman's condition at one point, compiled: where it fails, a butterfly spread costs less than nothing.

    g = (1 − k·w'/(2w))² − w'²/4·(1/w + 1/4) + w''/2 ≥ 0

The risk-neutral density of ln(S_T/F) is g·n(d2)/√w, so that g < 0 is a negative probability. Source: J. Gatheral and
A. Jacquier, Arbitrage-free SVI volatility surfaces, Quantitative Finance 14 (2014), equation 2.1.
"""

from __future__ import annotations

from mmsim.kernel import njit


@njit
def durrleman(k: float, w: float, slope: float, curvature: float) -> float:
    """g at log-moneyness ``k`` of a smile with total variance ``w``, w' ``slope`` and w'' ``curvature``."""
    bend = 1.0 - 0.5 * k * slope / w
    return bend * bend - 0.25 * slope * slope * (1.0 / w + 0.25) + 0.5 * curvature


@njit
def durrleman_gradient(k: float, w: float, slope: float) -> tuple[float, float, float]:
    """The derivatives of g by w, by w' and by w''."""
    bend = 1.0 - 0.5 * k * slope / w
    by_w = bend * k * slope / (w * w) + 0.25 * slope * slope / (w * w)
    by_slope = -bend * k / w - 0.5 * slope * (1.0 / w + 0.25)
    return by_w, by_slope, 0.5

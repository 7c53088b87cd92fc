"""Heston's model by other means: moments in closed form, and prices by brute force."""

from __future__ import annotations

import cmath
import math

import numpy as np


def variance_moments(v: float, theta: float, kappa: float, xi: float, t: float) -> tuple[float, float]:
    """Mean and variance of v(t): Cox, Ingersoll and Ross (1985), equation 19."""
    e = math.exp(-kappa * t)
    mean = theta + (v - theta) * e
    return mean, v * xi**2 / kappa * (e - e**2) + theta * xi**2 / (2 * kappa) * (1 - e) ** 2


def moment(s: float, v: float, theta: float, kappa: float, xi: float, rho: float, t: float) -> float:
    """E (S(t)/F)^s, by Heston's equations 17 with the signs of his first form."""
    b = kappa - rho * xi * s
    d = cmath.sqrt(b * b - xi**2 * (s * s - s))
    g = (b + d) / (b - d)
    e = cmath.exp(d * t)
    c = kappa * theta / xi**2 * ((b + d) * t - 2 * cmath.log((1 - g * e) / (1 - g)))
    return cmath.exp(c + (b + d) / xi**2 * (1 - e) / (1 - g * e) * v).real


def call(
    spot: float,
    strike: float,
    years: float,
    rate: float,
    carry: float,
    v: float,
    theta: float,
    kappa: float,
    xi: float,
    rho: float,
) -> float:
    """A call by brute force: the covered call's integral along 1/2 + iu (Lewis, 2000), at a million points or more."""
    forward = spot * math.exp(carry * years)
    k = math.log(strike / forward)

    def integrand(u: np.ndarray) -> np.ndarray:
        s = 0.5 + 1j * u
        b = kappa - rho * xi * s
        d = np.sqrt(b**2 - xi**2 * (s * s - s))
        g, e = (b - d) / (b + d), np.exp(-d * years)
        c = kappa * theta / xi**2 * ((b - d) * years - 2 * np.log((1 - g * e) / (1 - g)))
        size = np.exp(c + (b - d) / xi**2 * (1 - e) / (1 - g * e) * v)
        return np.real(size * np.exp(-1j * u * k)) / (u * u + 0.25)

    nodes, weights = np.polynomial.legendre.leggauss(24)
    found, low, high = 0.0, 0.0, 4.0
    while low < 2e5:
        edges = np.linspace(low, high, 200 + int((high - low) * abs(k)))
        half = 0.5 * np.diff(edges)
        points = edges[:-1, None] + half[:, None] * (1 + nodes)
        values = integrand(points)
        found += float((half[:, None] * weights * values).sum())
        if np.abs(values[-1]).max() * high < 1e-16:
            break
        low, high = high, 2 * high
    return math.exp(-rate * years) * (forward - math.sqrt(forward * strike) / math.pi * found)

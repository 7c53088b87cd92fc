"""Heston's model by other means: moments in closed form, and prices by a half-integral in many digits."""

from __future__ import annotations

import cmath
import math
from typing import Any

import mpmath as mp


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


def call(spot: Any, strike: Any, years: Any, rate: Any, carry: Any, v: Any, theta: Any, kappa: Any, xi: Any, rho: Any):
    """A call in 30 digits: the covered call's integral along 1/2 + iu, as Lewis (2000) has it."""
    with mp.workdps(30):
        spot, strike, years, rate, carry = (mp.mpf(float(x)) for x in (spot, strike, years, rate, carry))
        v, theta, kappa, xi, rho = (mp.mpf(float(x)) for x in (v, theta, kappa, xi, rho))
        forward = spot * mp.exp(carry * years)
        k = mp.log(strike / forward)

        def integrand(u: Any) -> Any:
            s = mp.mpc(0.5, u)
            b = kappa - rho * xi * s
            d = mp.sqrt(b**2 - xi**2 * (s * s - s))
            g, e = (b - d) / (b + d), mp.exp(-d * years)
            c = kappa * theta / xi**2 * ((b - d) * years - 2 * mp.log((1 - g * e) / (1 - g)))
            size = mp.exp(c + (b - d) / xi**2 * (1 - e) / (1 - g * e) * v)
            return mp.re(size * mp.exp(mp.mpc(0, -u * k))) / (u * u + 0.25)

        found, low, high = mp.mpf(0), 0.0, 1.0
        while max(abs(integrand(high * share)) for share in (0.9, 1.0)) * high > 1e-17 or high < 10:
            found += mp.quad(integrand, mp.linspace(low, high, 2 + int((high - low) * abs(k) / 15)))
            low, high = high, 2 * high
        found += mp.quad(integrand, mp.linspace(low, high, 2 + int((high - low) * abs(k) / 15)))
        return float(mp.exp(-rate * years) * (forward - mp.sqrt(forward * strike) / mp.pi * found))

"""Surface SVI: one smile shape for all expiries, free of arbitrage by two inequalities.

    w(k, θ) = θ/2·(1 + ρ·φ·k + √((φ·k + ρ)² + 1 − ρ²)),   φ(θ) = η / (θ^γ·(1 + θ)^{1−γ})

θ is the total variance at the money. The surface has no butterfly arbitrage where θ·φ·(1 + |ρ|) < 4 and
θ·φ²·(1 + |ρ|) ≤ 4, which this φ keeps for every θ if 0 < γ ≤ 1/2 and η·(1 + |ρ|) ≤ 2, and no calendar arbitrage where
θ does not fall with time.

Source: J. Gatheral and A. Jacquier, Arbitrage-free SVI volatility surfaces, Quantitative Finance 14 (2014), theorems
4.1 and 4.2, equation 4.5 and remark 4.4.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from mmsim.surface.svi import Svi


class Ssvi(NamedTuple):
    """What all expiries share."""

    rho: float
    eta: float
    gamma: float

    def phi(self, theta: float) -> float:
        """φ(θ) of an expiry whose total variance at the money is ``theta``."""
        return self.eta / (math.pow(theta, self.gamma) * math.pow(1.0 + theta, 1.0 - self.gamma))

    def smile(self, theta: float) -> Svi:
        """The smile of an expiry, as raw SVI."""
        phi, flat = self.phi(theta), 1.0 - self.rho * self.rho
        return Svi(0.5 * theta * flat, 0.5 * theta * phi, self.rho, -self.rho / phi, math.sqrt(flat) / phi)

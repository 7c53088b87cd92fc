"""What a strike's volatility becomes when the forward and the clock have moved since the last fit."""

from __future__ import annotations

import math
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from mmsim.surface.slices import Floats
from mmsim.surface.smile import Smile

_STEPS_MAX = 200  # of bisection: the tolerance comes long before
_TOLERANCE = 1e-12


class Rule(StrEnum):
    """What keeps its volatility while the forward moves."""

    STRIKE = "sticky strike"  # a strike K
    MONEYNESS = "sticky moneyness"  # a ratio K/F
    DELTA = "sticky delta"  # an undiscounted delta N(d1): as moneyness at first, but the smile narrows with √T


def moved_volatility(smile: Smile, strike: npt.ArrayLike, *, forward: float, years: float, rule: Rule) -> Floats:
    """The annual volatility of ``strike``, in its shape, once the forward is ``forward`` with ``years`` to expiry.

    ``years`` is no longer than at the fit, else a ValueError; as are a strike, a forward or years that are not above
    zero. Source for the rules: E. Derman, Regimes of volatility, Risk (April 1999).
    """
    strikes = np.asarray(strike, dtype=float)
    if not (0.0 < years <= smile.years and forward > 0.0 and (strikes > 0.0).all()):
        raise ValueError("strikes, forward and years must be above zero, and years no longer than at the fit")
    if rule is Rule.STRIKE:
        return smile.volatility(np.log(strikes / smile.forward))
    k = np.log(strikes / forward)
    if rule is Rule.MONEYNESS:
        return smile.volatility(k)
    return smile.volatility(_moneyness_of_same_delta(smile, k, years))


def _moneyness_of_same_delta(smile: Smile, k: Floats, years: float) -> Floats:
    """The log-moneyness of the fitted smile whose N(d1) is that of ``k`` at its volatility and ``years``.

    With d1 = −k/(σ√T) + σ√T/2 in both, k₀ solves −k₀/(σ√T₀) + σ√T₀/2 = −k/(σ√T) + σ√T/2 at σ = σ(k₀); as w grows by
    no more than 2·|k| the difference changes its sign between the ends of the bracket.
    """
    ratio = math.sqrt(years / smile.years)

    def excess(k0: Floats) -> Floats:
        w = smile.total_variance(k0)
        return k0 * ratio - k - 0.5 * w * ratio * (1.0 - ratio)

    width = (np.abs(k) + smile.total_variance(0.0) + 1.0) / (ratio * ratio)
    low, high = -width, width
    for _ in range(_STEPS_MAX):
        middle = 0.5 * (low + high)
        above = excess(middle) > 0.0
        low, high = np.where(above, low, middle), np.where(above, middle, high)
        if float(np.max(high - low, initial=0.0)) < _TOLERANCE:
            break
    return 0.5 * (low + high)

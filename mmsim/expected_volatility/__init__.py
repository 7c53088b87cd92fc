"""Volatility that is expected from the prices of the underlying alone, not from those of its options.

bars        open, high, low and close: close-to-close, Parkinson, Garman–Klass, Rogers–Satchell, Yang–Zhang
ticks       sums of squared returns, with and without the noise of the market's microstructure
ewma        exponentially weighted in time
garch       GARCH(1,1): estimated by the package arch (the extra `garch`), and its forecast until an expiry
recursion   one step of the last two, compiled: what the loop shows to policies as ``view.expected_volatility``
"""

from mmsim.expected_volatility.bars import realised_volatility
from mmsim.expected_volatility.ewma import ewma_volatility
from mmsim.expected_volatility.garch import Garch, fit_garch
from mmsim.expected_volatility.ticks import TwoScale, realised_variance, two_scale_variance

__all__ = [
    "Garch",
    "TwoScale",
    "ewma_volatility",
    "fit_garch",
    "realised_variance",
    "realised_volatility",
    "two_scale_variance",
]

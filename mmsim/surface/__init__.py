"""Volatility surfaces: smiles fitted to quotes, free of arbitrage, and what they are worth between fits.

fit(slices, previous)   the surface of all expiries, from the quotes of one time
Slice                   the quotes of one expiry
Surface, Smile          the marks: volatility by moneyness and time, the fit's residuals, statuses, arbitrage
Svi, JumpWings          the parameters of one smile, and the same in the terms that traders use
moved_volatility        the volatility of strikes after the forward has moved, before the next fit
"""

from __future__ import annotations

from collections.abc import Sequence

from mmsim.surface.arbitrage import Arbitrage
from mmsim.surface.dynamics import Rule, moved_volatility
from mmsim.surface.slices import QuoteStatus, Slice, SliceStatus
from mmsim.surface.smile import Method, Smile
from mmsim.surface.surface import Surface
from mmsim.surface.svi import JumpWings, Svi, from_jump_wings, jump_wings

__all__ = [
    "Arbitrage",
    "JumpWings",
    "Method",
    "QuoteStatus",
    "Rule",
    "Slice",
    "SliceStatus",
    "Smile",
    "Surface",
    "Svi",
    "fit",
    "from_jump_wings",
    "jump_wings",
    "moved_volatility",
]


def fit(slices: Sequence[Slice], previous: Surface | None = None) -> Surface:
    """The surface of the quotes of one time, one slice an expiry, in any order.

    ``previous``, the surface of a little earlier, is where each fit starts, which is quicker, and what is carried for
    an expiry that cannot be fitted: at the same volatility by moneyness. Never raises for what the quotes say; two
    slices of one expiry, years that do not rise with the expiry, or columns of different lengths are a ValueError.
    """
    from mmsim.surface.fitting import fit_slices  # compiled at import, which those who fit nothing have no use for

    return fit_slices(slices, previous)

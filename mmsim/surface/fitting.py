"""From the quotes of one time to a surface: what each expiry is fitted by, in which order, and what stands in."""

from __future__ import annotations

from collections.abc import Sequence

from mmsim.surface.slices import Slice
from mmsim.surface.surface import Surface


def fit_slices(slices: Sequence[Slice], previous: Surface | None) -> Surface:
    """See `mmsim.surface.fit`."""
    raise NotImplementedError

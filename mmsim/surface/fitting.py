"""From the quotes of one time to a surface: what each expiry is fitted by, in which order, and what stands in.

Expiries with enough strikes are fitted from the last to the first, each below the one after it: the later expiry has
quotes over more of the moneyness that the earlier one only extrapolates to. What is left is filled in between them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mmsim.surface.arbitrage import Arbitrage, Curve
from mmsim.surface.marks import Mark, checked_lattice, fit_mark, violations
from mmsim.surface.slices import Points, Slice, SliceStatus, Texts, one_a_strike, points, quote_statuses
from mmsim.surface.smile import Method, Smile
from mmsim.surface.spline import spline
from mmsim.surface.ssvi import Ssvi, fit_ssvi, level
from mmsim.surface.surface import Surface

STRIKES_MIN = 6  # of raw SVI, which has five parameters
_SSVI_STRIKES_MIN = 2


class _Job(NamedTuple):
    """A slice, and what is known of it before it is fitted."""

    quotes: Slice
    quote_statuses: Texts
    points: Points
    status: SliceStatus
    before: Smile | None  # of the previous surface, at this time and forward


def fit_slices(slices: Sequence[Slice], previous: Surface | None) -> Surface:
    """See `mmsim.surface.fit`."""
    jobs = [_job(quotes, previous) for quotes in sorted(slices, key=lambda one: one.expiry_ns)]
    if len({job.quotes.expiry_ns for job in jobs}) < len(jobs):
        raise ValueError("two slices have the same expiry")
    smiles = _fitted(jobs)
    shared = _shared(jobs, smiles)
    for job in jobs:
        if job.quotes.expiry_ns not in smiles:
            smile = _filled_in(job, smiles, shared)
            if smile is not None:
                smiles[job.quotes.expiry_ns] = smile
    return Surface(
        smiles=dict(sorted(smiles.items())),
        statuses={job.quotes.expiry_ns: job.status for job in jobs},
        ssvi=shared,
    )

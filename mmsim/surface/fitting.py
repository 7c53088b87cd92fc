"""From the quotes of one time to a surface: what each expiry is fitted by, in which order, and what stands in.

Expiries with enough strikes are fitted from the last to the first, each below the one after it: the later expiry has
quotes over more of the moneyness that the earlier one only extrapolates to. What is left is filled in between them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from mmsim.surface.arbitrage import Curve, calendars
from mmsim.surface.marks import Mark, checked_lattice, fit_mark, violations
from mmsim.surface.slices import Points, Slice, SliceStatus, Texts, one_a_strike, points, quote_statuses
from mmsim.surface.smile import Method, Smile
from mmsim.surface.spline import Spline, spline
from mmsim.surface.ssvi import Ssvi
from mmsim.surface.ssvi_fit import across, level
from mmsim.surface.surface import Surface
from mmsim.surface.svi import Svi

STRIKES_MIN = 6  # of raw SVI, which has five parameters


class _Job(NamedTuple):
    """A slice, and what is known of it before it is fitted."""

    quotes: Slice
    quote_statuses: Texts
    points: Points
    status: SliceStatus
    before: Smile | None  # of the previous surface, at this time and forward


def fit_slices(slices: Sequence[Slice], previous: Surface | None) -> Surface:
    """See `mmsim.surface.fit`."""
    ordered = sorted(slices, key=lambda one: one.expiry_ns)
    _check(ordered)
    jobs = [_job(quotes, previous) for quotes in ordered]
    smiles = _fitted(jobs)
    missing = [job for job in jobs if job.quotes.expiry_ns not in smiles]
    shared = across(smiles.values()) if any(job.status is SliceStatus.FEW_STRIKES for job in missing) else None
    for job in missing:
        smile = _filled_in(job, smiles, shared)
        if smile is not None:
            smiles[job.quotes.expiry_ns] = smile
    return Surface(dict(sorted(smiles.items())), {job.quotes.expiry_ns: job.status for job in jobs})


def _check(ordered: Sequence[Slice]) -> None:
    """ValueError for slices that no chain can have."""
    alive = [one for one in ordered if one.years > 0.0]
    if any(a.expiry_ns == b.expiry_ns for a, b in pairwise(ordered)):
        raise ValueError("two slices have the same expiry")
    if any(a.years >= b.years for a, b in pairwise(alive)):
        raise ValueError("a later expiry must have more years")
    if any(len({np.shape(column) for column in one[3:]}) > 1 or np.ndim(one[3]) != 1 for one in ordered):
        raise ValueError("the columns of a slice must have one length")


def _job(quotes: Slice, previous: Surface | None) -> _Job:
    """A slice with the status that its quotes give it."""
    alive = math.isfinite(quotes.years) and quotes.years > 0.0
    has_forward = math.isfinite(quotes.forward) and quotes.forward > 0.0
    statuses = quote_statuses(quotes)
    used = points(quotes, statuses)
    smile = None if previous is None else previous.smiles.get(quotes.expiry_ns)
    before = smile.at(quotes.years, quotes.forward if has_forward else smile.forward) if smile and alive else None
    if not alive:
        status = SliceStatus.EXPIRED
    elif not has_forward:
        status = SliceStatus.NO_FORWARD
    elif used.strikes == 0:
        status = SliceStatus.NO_QUOTES
    elif used.strikes == 1:
        status = SliceStatus.ONE_STRIKE
    else:
        status = SliceStatus.FITTED if used.strikes >= STRIKES_MIN else SliceStatus.FEW_STRIKES
    return _Job(quotes, statuses, used, status, before)


def _fitted(jobs: Sequence[_Job]) -> dict[int, Smile]:
    """The smiles of slices with enough strikes, and those that are carried, by expiry."""
    smiles: dict[int, Smile] = {}
    later: Curve | None = None
    for job in reversed(jobs):
        smile = None
        if job.status is SliceStatus.FITTED:
            start = None if job.before is None else job.before.svi
            smile = _smile(job, Method.SVI, fit_mark(job.points, job.quotes.years, start, later))
        elif job.before is not None and job.status is not SliceStatus.FEW_STRIKES:
            smile = _carried(job, job.before, later)
        if smile is not None:
            smiles[job.quotes.expiry_ns] = smile
            later = smile.curve
    return smiles


def _smile(job: _Job, method: Method, mark: Mark) -> Smile:
    quotes = job.quotes
    return Smile(
        expiry_ns=quotes.expiry_ns,
        years=quotes.years,
        forward=quotes.forward,
        status=job.status,
        method=method,
        curve=mark.curve,
        svi=mark.svi,
        quotes=quotes,
        quote_statuses=job.quote_statuses,
        arbitrage_found=mark.found,
        arbitrage=mark.left,
    )


def _carried(job: _Job, before: Smile, later: Curve | None) -> Smile:
    """The previous surface's smile for a slice that says nothing, checked against its new neighbour."""
    deviation = math.sqrt(float(before.total_variance(0.0)))
    left = tuple(violations(before.curve, checked_lattice(np.zeros(1), deviation), later))
    return replace(
        before,
        status=job.status,
        method=Method.PREVIOUS,
        quotes=job.quotes,
        quote_statuses=job.quote_statuses,
        arbitrage_found=(),
        arbitrage=left,
    )


def _filled_in(job: _Job, smiles: Mapping[int, Smile], shared: Ssvi | None) -> Smile | None:
    """A smile for a slice with few strikes, from what the other expiries have in common or through its quotes."""
    if job.status not in (SliceStatus.FEW_STRIKES, SliceStatus.ONE_STRIKE):
        return None
    earlier, later = _neighbours(job.quotes.expiry_ns, smiles)
    years = job.quotes.years
    svi: Svi | None = None
    if shared is not None and job.status is SliceStatus.FEW_STRIKES:
        svi = shared.smile(level(shared, job.points, years))
        curve: Curve = svi
    else:
        curve = spline(*one_a_strike(job.points), years, earlier, later)
    k = checked_lattice(job.points.log_moneyness, math.sqrt(float(curve.derivatives(0.0)[0])))
    left = violations(curve, k, later)
    if earlier is not None:
        left += calendars(k, earlier.derivatives(k)[0], curve.derivatives(k)[0])
    method = Method.SPLINE if svi is None else Method.SSVI
    return _smile(job, method, Mark(svi, curve, (), tuple(left)))


def _neighbours(expiry_ns: int, smiles: Mapping[int, Smile]) -> tuple[Curve | None, Curve | None]:
    """The curves of the nearest expiries before and after.

    A spline that is carried bounds no other: a curve would hold on to the curves of every surface before it.
    """
    bounds = {
        other: smile.curve
        for other, smile in smiles.items()
        if not (smile.method is Method.PREVIOUS and isinstance(smile.curve, Spline))
    }
    before = [other for other in bounds if other < expiry_ns]
    after = [other for other in bounds if other > expiry_ns]
    return bounds[max(before)] if before else None, bounds[min(after)] if after else None

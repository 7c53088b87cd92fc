"""The parametric smile of one slice, and the desk's mark on top of it, both kept clear of arbitrage."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mmsim.surface.arbitrage import Arbitrage, Curve, butterflies, calendars, wings
from mmsim.surface.correction import SPAN, Corrected, Knots, basis
from mmsim.surface.correction_fit import fit_correction
from mmsim.surface.slices import WIDTH_MIN, Points
from mmsim.surface.svi import Svi
from mmsim.surface.svi_fit import fit_svi, repair_svi
from mmsim.surface.svi_residuals import SLOPE_MAX, SLOPE_MIN

Floats = npt.NDArray[np.float64]

_STARTS, _STARTS_WARM, _STARTS_REPAIR = 3, 1, 2
_CENTRE_BEYOND = 0.5  # standard deviations past the outermost quotes that m may be: what is further out no quote tells
_FLOOR = 0.01  # of the least total variance, relative to that of the lowest quote
_WIDTH_MIN = 0.05  # of σ, in standard deviations
_REACH = 6.0  # standard deviations to either side in which arbitrage is looked for, and one beyond the last quote
_LATTICE, _CHECKED = 161, 641  # points of the lattice: of the penalties, of the check
_KNOT_STEP = 0.25  # standard deviations
_INTERVALS_MAX = 100
_TAIL = 4  # intervals past the outermost quotes, beside the three that a B-spline needs, in which a correction ends
_ROUGHNESS, _RIDGE = 0.2, 0.02  # weights of a third difference and of the correction, in volatility
_OUTSIDE, _EDGE = 5.0, 0.15  # weight of a half-width outside, and the share of it that is kept from the edge
_LEAST_SHARE = 0.1  # of the total variance of SVI that a correction leaves
_SHARES = (1.0, 0.9, 0.75, 0.5, 0.25)  # of the correction, until it is free of arbitrage


class Mark(NamedTuple):
    """What a slice was fitted by."""

    svi: Svi | None
    curve: Curve
    found: tuple[Arbitrage, ...]  # in the free fit
    left: tuple[Arbitrage, ...]


def fit_mark(points: Points, years: float, start: Svi | None, later: Curve | None) -> Mark:
    """Fit raw SVI from ``start`` or anywhere, and correct it; both below the curve of the ``later`` expiry."""
    deviation = _deviation(points, years)
    lattice = _lattice(points.log_moneyness, deviation, _LATTICE)
    checked = checked_lattice(points.log_moneyness, deviation)
    free, svi = _fit_svi(points, years, deviation, start, (lattice, checked), later)
    found = tuple(violations(free, checked, later))
    full = _correct(svi, points, years, deviation, lattice, later)
    below = svi.derivatives(checked)[0]
    added = full.derivatives(checked)[0] - below
    for share in _SHARES:
        curve = full._replace(weights=full.weights * share)
        if (below + share * added > _LEAST_SHARE * below).all() and not violations(curve, checked, later):
            return Mark(svi, curve, found, ())
    return Mark(svi, svi, found, tuple(violations(svi, checked, later)))


def violations(curve: Curve, k: Floats, later: Curve | None) -> list[Arbitrage]:
    """Every arbitrage of a curve on ``k``, and against the curve of the next expiry."""
    svi = curve if isinstance(curve, Svi) else getattr(curve, "svi", None)
    derivatives = curve.derivatives(k)
    return [
        *butterflies(k, *derivatives),
        *([] if svi is None else wings(svi)),
        *([] if later is None else calendars(k, derivatives[0], later.derivatives(k)[0])),
    ]


def _deviation(points: Points, years: float) -> float:
    """σ√T of the quote nearest the money."""
    return float(points.mid[np.abs(points.log_moneyness).argmin()]) * math.sqrt(years)


def checked_lattice(k: Floats, deviation: float) -> Floats:
    """Where arbitrage is looked for: 6 standard deviations to either side, and one past the outermost of ``k``."""
    return _lattice(k, deviation, _CHECKED)


def _lattice(k: Floats, deviation: float, size: int) -> Floats:
    """Equally spaced points of the range in which arbitrage is looked for."""
    reach = _REACH * deviation
    return np.linspace(min(k[0] - deviation, -reach), max(k[-1] + deviation, reach), size)


def _ceiling(later: Curve | None, k: Floats) -> Floats:
    """The total variance that the next expiry leaves."""
    return np.full(k.shape, np.inf) if later is None else later.derivatives(k)[0]


def _fit_svi(
    points: Points, years: float, deviation: float, start: Svi | None, lattices: Sequence[Floats], later: Curve | None
) -> tuple[Svi, Svi]:
    """The free fit, and the one that is clear of arbitrage on the lattices, each finer than the one before."""
    quotes = np.stack([points.log_moneyness, points.mid, points.weight])
    bounds = [np.stack([lattice, _ceiling(later, lattice)]) for lattice in lattices]
    k, beyond = points.log_moneyness, _CENTRE_BEYOND * deviation
    floor = _FLOOR * float(points.mid.min()) ** 2 * years
    lower = np.array([floor, SLOPE_MIN, SLOPE_MIN, k[0] - beyond, _WIDTH_MIN * deviation])
    upper = np.array([np.inf, SLOPE_MAX, SLOPE_MAX, k[-1] + beyond, lattices[0][-1] - lattices[0][0]])
    parameters = np.full(5, np.nan)
    if start is not None:
        parameters[:] = start.a, *start.slopes, start.m, start.sigma
    fit_svi(quotes, years, bounds[0], lower, upper, _STARTS if start is None else _STARTS_WARM, parameters)
    free = _raw(parameters)
    for finer in bounds:
        repair_svi(quotes, years, finer, lower, upper, _STARTS_REPAIR, parameters)
    return free, _raw(parameters)


def _raw(parameters: Floats) -> Svi:
    """Raw SVI from a, the slopes of the wings, m and σ."""
    a, left, right, m, sigma = parameters.tolist()
    return Svi(a, 0.5 * (left + right), (right - left) / (left + right), m, sigma)


def _correct(
    svi: Svi, points: Points, years: float, deviation: float, lattice: Floats, later: Curve | None
) -> Corrected:
    """The mark with all of its correction."""
    k = points.log_moneyness
    step = max(_KNOT_STEP * deviation, (k[-1] - k[0]) / _INTERVALS_MAX)
    intervals = math.ceil((k[-1] - k[0]) / step) + 2 * (SPAN - 1 + _TAIL)
    knots = Knots(0.5 * (k[0] + k[-1] - intervals * step), step, intervals)
    half_width = np.maximum(0.5 * (points.ask - points.bid), WIDTH_MIN)
    edge = _EDGE * half_width
    low, high = np.minimum(points.bid + edge, points.mid), np.maximum(points.ask - edge, points.mid)
    quotes = np.stack([svi.derivatives(k)[0], low, points.mid, high, points.weight, _OUTSIDE / half_width])
    first, values = basis(knots, k)
    inside = lattice[(lattice >= knots.low) & (lattice <= knots.low + knots.intervals * step)]
    inside_first, inside_values = basis(knots, inside)
    bounds = np.stack([inside, *svi.derivatives(inside), _ceiling(later, inside)])
    unit = float(np.median(points.weight)) / (2.0 * deviation * math.sqrt(years))  # of a volatility, at the money
    weights = np.zeros(knots.coefficients)
    fit_correction(
        quotes, first, values, years, bounds, inside_first, inside_values,
        _ROUGHNESS * unit, _RIDGE * unit, weights,
    )  # fmt: skip
    return Corrected(svi, knots, weights)

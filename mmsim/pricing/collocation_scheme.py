"""How fine `collocation` is: its points in time, the polynomial through them, and its quadrature."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mmsim.kernel import F1, F2, I64, tuple_of

Floats = npt.NDArray[np.float64]

_NEAR_NOW = 3


class Scheme(NamedTuple):
    """Where the boundary is sought and how integrals are taken; everything is for T = 1."""

    points: Floats  # τ at the collocation points, without zero
    elapsed: Floats  # sin²φ of the boundary's quadrature, and weights
    weights: Floats
    between: Floats  # [i·n + j, k]: weight of point j in ln(B/B(0))² at point i's quadrature point k
    premium_elapsed: Floats
    premium_weights: Floats
    premium_between: Floats  # [j, k]: weight of point j at the premium's quadrature point k
    steps: int


SCHEME = tuple_of(Scheme, [F1, F1, F1, F2, F1, F1, F2, I64])


@cache
def scheme(points: int = 14, steps: int = 3, quadrature: int = 16, premium_quadrature: int = 40) -> Scheme:
    """A setting of the method: collocation points, Newton steps, and quadrature points of boundary and premium."""
    nodes = 0.5 - 0.5 * np.cos(np.pi * np.arange(points + 1) / points)
    elapsed, weights = _quadrature(quadrature, 1)
    premium_elapsed, premium_weights = _quadrature(premium_quadrature, _NEAR_NOW)
    taus = nodes[1:] ** 2
    left = taus[:, None] * (1.0 - elapsed)
    return Scheme(
        taus,
        elapsed,
        weights,
        np.ascontiguousarray(_lagrange(nodes, left**0.5).transpose(0, 2, 1)[:, 1:].reshape(-1, quadrature)),
        premium_elapsed,
        premium_weights,
        np.ascontiguousarray(_lagrange(nodes, (1.0 - premium_elapsed) ** 0.5).T[1:]),
        steps,
    )


def _quadrature(count: int, power: int) -> tuple[Floats, Floats]:
    """Shares sin²φ of the life and their weights, φ = (π/2)·y^power: a higher power has more points near zero."""
    x, w = np.polynomial.legendre.leggauss(count)
    y = 0.5 + 0.5 * x
    angle = 0.5 * np.pi * y**power
    return np.sin(angle) ** 2, 0.25 * np.pi * power * y ** (power - 1) * w * np.sin(2.0 * angle)


def _lagrange(nodes: Floats, y: Floats) -> Floats:
    """The weight of each Chebyshev point in the polynomial through them at ``y``: the last axis (barycentric form)."""
    barycentric = (-1.0) ** np.arange(nodes.size)
    barycentric[[0, -1]] *= 0.5
    apart = y[..., None] - nodes
    terms = barycentric / np.where(apart == 0.0, 1e-300, apart)
    weights: Floats = terms / terms.sum(axis=-1, keepdims=True)
    return weights

"""The derivatives that the fits step by, against differences of what they minimise, in plain Python."""

from pathlib import Path

import pytest

from .test_interpreted import output

COMMON = """
import numpy as np
rng = np.random.default_rng(2)
k = np.linspace(-0.3, 0.25, 9)

def worst(cost, gradient_of, at):
    gradient = gradient_of(at)
    sizes = 1e-6 * np.maximum(np.abs(at), 1e-3)
    slopes = np.array([(cost(at + h) - cost(at - h)) for h in np.diag(sizes)]) / (2.0 * sizes)
    return float(np.abs(2.0 * gradient - slopes).max() / np.abs(slopes).max())
"""
OF_SVI = """
from mmsim.surface import svi_residuals
quotes = np.stack([k, 0.2 + 0.1 * rng.normal(size=9), 100.0 * np.ones(9)])
at = np.array([-0.02, 0.3, 0.8, 0.02, 0.06])
w = [svi_residuals.wing_derivatives(x, at) for x in k]
lattice = np.stack([k, [0.9 * one[2] for one in w]])
g = [svi_residuals.compiled_durrleman(x, *one[2:]) for x, one in zip(k, w)]
assert min(g) < -0.05 < 0.05 < max(g) and min(one[2] for one in w) > 1e-3

def both(at):
    normal, gradient = np.empty((5, 5)), np.empty(5)
    cost = svi_residuals.accumulate(quotes, 0.25, lattice, 30.0, at, normal, gradient, np.empty(5))
    return cost, gradient

print(worst(lambda x: both(x)[0], lambda x: both(x)[1], at))
"""
OF_CORRECTION = """
from mmsim.surface import Svi, correction_fit
from mmsim.surface.correction import Knots, basis
svi, knots = Svi(0.01, 0.1, -0.3, 0.0, 0.1), Knots(-0.5, 0.08, 13)
first, values = basis(knots, k)
vol = np.sqrt(svi.derivatives(k)[0] / 0.25)
quotes = np.stack([svi.derivatives(k)[0], vol - 0.001, vol, vol + 0.001, 100.0 * np.ones(9), 500.0 * np.ones(9)])
lattice = np.stack([k, *svi.derivatives(k), 1.001 * svi.derivatives(k)[0]])
weights = np.zeros(16)
weights[3:13] = 0.008 * rng.normal(size=10)
moved = [row + (values.reshape(3, 4, -1) * weights[first + np.arange(4)[:, None]]).sum(axis=1)[n]
         for n, row in enumerate(svi.derivatives(k))]
g = correction_fit.compiled_durrleman(k, *moved)
assert g.min() < -0.05 < 0.05 < g.max() and moved[0].min() > 1e-3

def both(at):
    weights[3:13] = at
    normal, gradient = np.empty((16, 4)), np.empty(16)
    cost = correction_fit._accumulate(
        quotes, first, values, 0.25, lattice, first, values, 50.0, 5.0, 30.0, weights, normal, gradient
    )
    return cost, gradient[3:13].copy()

print(worst(lambda x: both(x)[0], lambda x: both(x)[1], weights[3:13].copy()))
"""


@pytest.mark.parametrize("code", [OF_SVI, OF_CORRECTION], ids=["svi", "correction"])
def test_gradient(root: Path, code: str) -> None:
    assert float(output(root, COMMON + code, disable_jit="1")) < 1e-6

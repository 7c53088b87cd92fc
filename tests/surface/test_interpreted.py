"""With the compiler off the same functions give the same bits; and what is compiled waits until it is asked for."""

import os
import subprocess
import sys
from pathlib import Path

SAMPLE = """
import numpy as np
from mmsim.surface import Slice, fit
rng = np.random.default_rng(5)
k = np.linspace(-0.2, 0.12, 24)
slices = []
for expiry, years in ((1, 0.2), (2, 0.4)):
    mid = 0.16 - 0.4 * k + 1.5 * k * k + rng.normal(0.0, 2e-3, k.size)
    if expiry == 1:
        mid = mid * 1.6
    slices.append(Slice(expiry, years, 100.0, k, mid - 1e-3, mid, mid + 1e-3, np.exp(-40 * k * k)))
surface = fit(slices)
again = fit(slices, surface)
dense = np.linspace(-0.5, 0.5, 101)
assert surface.smiles[1].arbitrage_found, "the penalties have to be met"
print(*(smile.volatility(dense).tobytes().hex() for one in (surface, again) for smile in one.smiles.values()))
"""
LAZY = """
import sys
import mmsim.surface
compiled = {"mmsim.surface.svi_fit", "mmsim.surface.correction_fit", "mmsim.surface.fitting"}
print(sorted(compiled & set(sys.modules)))
"""


def output(root: Path, code: str, disable_jit: str = "0") -> str:
    environment = {**os.environ, "PYTHONPATH": str(root), "NUMBA_DISABLE_JIT": disable_jit}
    run = subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True)
    return run.stdout


def test_bits_do_not_depend_on_the_compiler(root: Path) -> None:
    compiled, interpreted = (output(root, SAMPLE, switch) for switch in ("0", "1"))
    assert len(compiled) > 6_000
    assert compiled == interpreted


def test_importing_surfaces_compiles_nothing(root: Path) -> None:
    assert output(root, LAZY).strip() == "[]"

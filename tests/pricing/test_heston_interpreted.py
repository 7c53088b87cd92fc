"""With the compiler off Heston's prices and paths have the same bits."""

import os
import subprocess
import sys
from pathlib import Path

SAMPLE = """
import math
import numpy as np
from mmsim.market.spot.quadratic_exponential import advance
from mmsim.pricing.heston import HestonTerms, implied, value
rng, out = np.random.default_rng(4), []
for _ in range(60):
    terms = *rng.uniform(0.001, 0.3, 2), rng.uniform(0.1, 6), rng.uniform(0.02, 3), rng.uniform(-0.99, 0.99)
    of = HestonTerms(*map(float, terms))
    years = math.exp(rng.uniform(-7, 1))
    k = float(0.3 * rng.standard_normal() * math.sqrt(years))
    out += [*value(100.0, 100.0 * math.exp(k), years, 0.02, 0.01, 1.0, of), implied(k, years, of)]
for _ in range(10):
    made = np.full((201, 2), 0.04)
    of = map(float, (rng.uniform(0.1, 5), rng.uniform(0.001, 0.2), rng.uniform(0.1, 3), rng.uniform(-1, 1)))
    advance(np.full(200, 0.01), np.zeros(200), *rng.standard_normal((2, 200)), *of, made)
    out += made.ravel().tolist()
print(np.array(out).tobytes().hex())
"""


def test_bits_do_not_depend_on_the_compiler(root: Path) -> None:
    compiled, interpreted = (
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", SAMPLE],
            env={**os.environ, "PYTHONPATH": str(root), "NUMBA_DISABLE_JIT": switch},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for switch in ("0", "1")
    )
    assert len(compiled) > 60_000
    assert compiled == interpreted

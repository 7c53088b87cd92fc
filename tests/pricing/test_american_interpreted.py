"""With the compiler off American prices have the same bits."""

import os
import subprocess
import sys
from pathlib import Path

SAMPLE = """
import numpy as np
from mmsim.pricing import american_chain, collocation
rng = np.random.default_rng(8)
n = 120
rate, volatility, years = rng.uniform(0, 0.1, n), rng.uniform(0.05, 1, n), 10 ** rng.uniform(-2.5, 0.5, n)
years[:3], volatility[3:6], rate[6:12] = 0.0, 0.0, -0.01
carry = np.where(rng.random(n) < 0.3, 0.0, rate - rng.uniform(-0.02, 0.1, n))
spot, right = rng.uniform(70, 140, n), rng.choice([-1.0, 1.0], n)
options = np.stack([spot, np.full(n, 100.0), years, volatility, rate, carry, right])
table, values, found = np.empty((n, 13)), np.empty(n), np.empty(n)
american_chain.fill_greeks(options, table)
american_chain.fill_values(options, values)
asked = np.ascontiguousarray(np.concatenate([values[None], options[:3], options[4:]]))
american_chain.fill_implied_volatilities(asked, found)
few = np.ascontiguousarray(options[:, :30])
exact = np.empty((30, 13))
american_chain.fill_exact_greeks(few, collocation.scheme(6, 2, 6, 10), exact)
print(*(array.tobytes().hex() for array in (table, values, found, exact)))
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
    assert len(compiled) > 30_000
    assert compiled == interpreted

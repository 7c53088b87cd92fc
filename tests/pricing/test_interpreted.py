"""With the compiler off the same functions give the same bits."""

import os
import subprocess
import sys
from pathlib import Path

SAMPLE = """
import numpy as np
from mmsim.pricing import greeks, implied_volatility
rng = np.random.default_rng(5)
n = 300
years, volatility = 10 ** rng.uniform(-3, 1, n), 10 ** rng.uniform(-1.5, 0.3, n)
years[:5], volatility[5:10] = 0.0, 0.0
terms = dict(spot=100.0, strike=100.0 * np.exp(rng.normal(0, 3, n) * volatility * years**0.5), years=years,
             rate=rng.uniform(-0.05, 0.1, n), carry=rng.choice([0.0, 0.03], n), right=rng.choice([1, -1], n))
table = greeks(volatility=volatility, **terms)
found = implied_volatility(price=table["theo"], **terms)
for frame in (table, found):
    print(frame.drop(columns="status").to_numpy().tobytes().hex(), frame["status"].tolist())
"""


def test_bits_do_not_depend_on_the_compiler(root: Path) -> None:
    compiled, interpreted = (
        subprocess.run(
            [sys.executable, "-c", SAMPLE],
            env={**os.environ, "PYTHONPATH": str(root), "NUMBA_DISABLE_JIT": switch},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for switch in ("0", "1")
    )
    assert len(compiled) > 40_000
    assert compiled == interpreted

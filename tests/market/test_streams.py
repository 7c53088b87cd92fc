"""Streams of randomness: equal for equal causes, and the same in every process."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from mmsim.market.streams import generator


def test_a_stream_depends_on_seed_name_and_path_only() -> None:
    first = generator(1, "spot:ABC", 5).random(4)
    assert np.array_equal(first, generator(1, "spot:ABC", 5).random(4))
    for other in (generator(2, "spot:ABC", 5), generator(1, "spot:ABD", 5), generator(1, "spot:ABC", 6)):
        assert not np.array_equal(first, other.random(4))


def test_a_stream_is_the_same_in_another_process(root: Path) -> None:
    program = "from mmsim.market.streams import generator; print(generator(7, 'client:flow:times', 3).random().hex())"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=root,
        env=os.environ | {"PYTHONHASHSEED": "1", "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == generator(7, "client:flow:times", 3).random().hex()


def test_paths_are_uncorrelated() -> None:
    draws = np.array([generator(0, "spot:ABC", path).standard_normal(50) for path in range(400)])
    correlations = np.corrcoef(draws)[np.triu_indices(400, 1)]
    assert abs(correlations.mean()) < 4 / np.sqrt(50 * len(correlations))
    assert np.isclose(correlations.std(), 1 / np.sqrt(49), rtol=0.02)

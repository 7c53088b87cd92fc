"""Instants of models."""

import numpy as np
import pytest

from mmsim.market.grid import Grid


def test_an_instant_every_step_and_at_the_end() -> None:
    assert Grid.over([(10, 35)], 10).times().tolist() == [10, 20, 30, 35]
    assert Grid.over([(10, 30)], 10).times().tolist() == [10, 20, 30]
    assert Grid.over([(10, 10)], 10).times().tolist() == [10]


def test_parts_and_cuts() -> None:
    grid = Grid.over([(0, 0), (100, 125), (200, 230)], 10, cuts=[105, 50, 230, 210])
    assert grid.times().tolist() == [0, 100, 105, 115, 125, 200, 210, 220, 230]
    assert grid.count == 9


@pytest.mark.parametrize("seed", range(30))
def test_any_stretch_is_a_part_of_the_whole(seed: int) -> None:
    draws = np.random.default_rng(seed)
    edges = np.sort(draws.choice(500, 2 * draws.integers(1, 5), replace=False))
    step, cuts = int(draws.integers(1, 60)), draws.integers(0, 500, 3).tolist()
    grid = Grid.over(edges.reshape(-1, 2).tolist(), step, cuts)
    times = grid.times()
    assert len(times) == grid.count and (np.diff(times) > 0).all() and np.diff(times)[:0].size == 0
    assert {*edges.tolist()} <= {*times.tolist()}
    for first, stop in np.sort(draws.integers(0, grid.count + 1, (5, 2))).tolist():
        assert np.array_equal(grid.times(first, stop), times[first:stop])
    for instant in range(0, 500, 7):
        assert grid.before(instant) == np.count_nonzero(times < instant)

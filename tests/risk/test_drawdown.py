"""Falls of a line, by hand."""

import numpy as np
import pytest

from mmsim.risk.drawdown import Drawdown, deepest


def fall(*profits: float, times: tuple[int, ...] = ()) -> Drawdown:
    return deepest(np.array(times or range(len(profits))), np.array(profits, float))


def test_the_deepest_of_two_falls_and_when_it_was_made_good():
    """From 5 at 1 to 2 at 3, back at 5 at 6; the fall of 1 before it does not count. Under water from 2 until 6."""
    assert fall(0, 5, 4, 2, 3, 4, 5, 6) == Drawdown(-3.0, 1, 3, 6, 4 / 7)


def test_one_that_is_never_made_good_and_starts_at_the_last_time_at_the_top():
    assert fall(0, 7, 7, 1) == Drawdown(-6.0, 2, 3, None, 0.0)  # the last point holds for no time


def test_time_under_water_is_time_and_not_points():
    assert fall(3, 1, 3, times=(0, 10, 40)) == Drawdown(-2.0, 0, 10, 40, 0.75)


@pytest.mark.parametrize("profits", [(0.0,), (0, 1, 2)])
def test_a_line_that_never_falls_has_none(profits):
    found = fall(*profits)
    assert (found.depth, found.under_water, found.start_ns, found.trough_ns, found.end_ns) == (0.0, 0.0, 0, 0, 0)

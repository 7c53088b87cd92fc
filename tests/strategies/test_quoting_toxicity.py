"""Mark-outs by hand: what the memory holds after fills and ticks, and how wide the quote is then."""

from collections.abc import Callable

import numpy as np
import pytest

from mmsim import FillView, QuoteView, TickView
from mmsim.kernel.slots import remembering
from strategies.quoting.toxicity import Toxicity

SECOND, START = 1_000_000_000, 1_767_225_600_000_000_000
POLICY = Toxicity(half_spread_vol=0.0, horizon_ns=10 * SECOND, fills=10.0, half_life_ns=0)


def fill(seconds: float, size: float, delta: float, spot: float = 100.0) -> FillView:
    return FillView(START + round(seconds * SECOND), 0, 0, size, 5.0, 5.0, spot, delta, 40.0)


def tick(seconds: float, spot: float) -> TickView:
    return TickView(START + round(seconds * SECOND), 0, 1, spot, spot, spot)


@pytest.fixture
def half_width(quote_view: Callable[..., QuoteView]) -> Callable[..., float]:
    """Half the width of the quote of an option of delta 1 after fills and ticks."""

    def measured(policy: Toxicity, *happened: FillView | TickView, **shown: float) -> float:
        memory = np.zeros(Toxicity.MEMORY)
        for view in happened:
            (policy.on_fill if isinstance(view, FillView) else policy.on_tick)(memory, view)
        view = remembering(QuoteView)(*quote_view(**({"delta": 1.0} | shown)), memory)
        quote = policy.quote(view)
        assert quote.bid + quote.ask == pytest.approx(2 * view.theo)
        return (quote.ask - quote.bid) / 2

    return measured


def test_a_fill_that_the_market_moves_against_widens(half_width: Callable[..., float]) -> None:
    """The desk bought a delta of 0.5 and the spot fell by 2: 2 · 0.5/10."""
    assert half_width(POLICY, fill(0, 3, 0.5), tick(10, 98.0)) == pytest.approx(0.1)
    assert half_width(POLICY, fill(0, 3, 0.5), tick(10, 98.0), delta=-0.4) == pytest.approx(0.04)
    assert half_width(POLICY._replace(share=2.0), fill(0, 3, 0.5), tick(10, 98.0)) == pytest.approx(0.2)


@pytest.mark.parametrize(("size", "delta", "move"), [(1, 0.5, -2), (-1, 0.5, 2), (1, -0.5, 2), (-1, -0.5, -2)])
def test_against_is_against_the_delta_that_the_fill_gave(
    size: float, delta: float, move: float, half_width: Callable[..., float]
) -> None:
    assert half_width(POLICY, fill(0, size, delta), tick(10, 100.0 + move)) == pytest.approx(0.1)
    assert half_width(POLICY, fill(0, size, delta), tick(10, 100.0 - move)) == 0.0


def test_a_fill_is_marked_at_its_horizon_and_not_before(half_width: Callable[..., float]) -> None:
    assert half_width(POLICY, fill(0, 1, 1.0), tick(9.9, 90.0)) == 0.0
    assert half_width(POLICY, fill(0, 1, 1.0), tick(9.9, 90.0), tick(11, 99.0), tick(30, 80.0)) == pytest.approx(0.1)


def test_the_average_of_several(half_width: Callable[..., float]) -> None:
    """1 of weight 0.1, then 3 of weight 0.1 from 0.1: 0.1 + 0.1 · 2.9."""
    seen = [fill(0, 1, 1.0), fill(1, 1, 1.0), tick(10, 99.0), tick(11, 97.0)]
    assert half_width(POLICY, *seen) == pytest.approx(0.1 + 0.29)


def test_half_of_it_is_forgotten_in_a_half_life(half_width: Callable[..., float]) -> None:
    fading = POLICY._replace(half_life_ns=60 * SECOND)
    assert half_width(fading, fill(0, 1, 1.0), tick(10, 99.0), tick(70, 99.0)) == pytest.approx(0.05)


def test_more_fills_than_can_wait_are_left_out_and_the_queue_goes_on(half_width: Callable[..., float]) -> None:
    """64 wait, the 65th to 70th do not; and after them the places are used again."""
    first = [fill(n / 10, 1, 1.0) for n in range(70)]
    counted = half_width(POLICY, *first, tick(30, 99.0))
    assert counted == pytest.approx(1 - 0.9**64)
    again = [fill(40 + n / 10, 1, 1.0) for n in range(50)]
    assert half_width(POLICY, *first, tick(30, 99.0), *again, tick(60, 99.0)) == pytest.approx(1 - 0.9**114)


def test_domains() -> None:
    assert Toxicity(fills=0.5, share=-1.0).check() == {"fills": "must be at least 1", "share": "must be at least 0"}

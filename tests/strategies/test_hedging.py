"""Each hedging policy, worked by hand on constructed views."""

import numpy as np
import pytest

from strategies.hedging.delta_band import DeltaBand
from strategies.hedging.every_tick import EveryTick
from strategies.hedging.interval import Interval
from strategies.hedging.none import NoHedge
from strategies.hedging.scripted_deltas import ScriptedDeltas


def test_none_trades_nothing(hedge_view):
    assert NoHedge().hedge(hedge_view(net_delta=1e6)) == 0


def test_every_tick_returns_to_flat(hedge_view):
    assert EveryTick().hedge(hedge_view()) == -52
    assert EveryTick().hedge(hedge_view(net_delta=-3.5)) == 3.5


def test_interval_trades_at_its_timer_only(hedge_view):
    policy = Interval(interval_ns=60_000_000_000)
    assert policy.hedge(hedge_view(timer=0)) == 0
    assert policy.hedge(hedge_view(timer=1)) == -52


@pytest.mark.parametrize(("net_delta", "traded"), [(4.9, 0), (5.0, 0), (-5.0, 0), (5.1, -5.1), (-7, 7)])
def test_delta_band_trades_only_outside(net_delta, traded, hedge_view):
    assert DeltaBand(band=5).hedge(hedge_view(net_delta=net_delta)) == traded


def test_scripted_deltas_hedges_what_the_loop_made_of_them(hedge_view):
    assert ScriptedDeltas(np.array([0.5])).hedge(hedge_view(net_delta=50.0)) == -50

"""Which options a report shows the quotes of: those that a scenario names, or those that clients ask for most."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mmsim import spool
from mmsim.events import Events, Kind
from mmsim.instruments import Universe
from mmsim.scenario import Scenario

SHOWN = 3  # options, where a scenario names none


def shown(scenario: Scenario, universe: Universe, events: Events) -> npt.NDArray[np.int64]:
    """The numbers of the options that a scenario names, or of the three with the most orders among ``events``.

    Ties go by name. Where there are no orders there are none.
    """
    named = scenario.report.quotes_of
    if named is None:
        orders = _orders(events, len(universe.options))
        asked = sorted((-orders[n], option.name, n) for n, option in enumerate(universe.options) if orders[n])
        numbers = [n for _, _, n in asked[:SHOWN]]
    else:
        numbers = [universe.option_index[name] for name in dict.fromkeys(named)]
    return np.array(numbers, np.int64)


def _orders(events: Events, options: int) -> npt.NDArray[np.int64]:
    """How many orders each option has."""
    counts = np.zeros(options, np.int64)
    for piece in spool.pieces(events):
        is_order = (piece["kind"] == Kind.ORDER) | (piece["kind"] == Kind.BAR_TRADE)
        counts += np.bincount(piece["instrument"][is_order], minlength=options)
    return counts

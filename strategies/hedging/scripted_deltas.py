"""Hedge to deltas as a textbook gives them."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmsim import HedgeView


class ScriptedDeltas(NamedTuple):
    """Trade back to flat, where the delta of an option at tick k of the underlying is `deltas[k]`, not the model's.

    units = −net_delta. The loop puts `deltas` in the place of the model's delta wherever one is meant, in the view and
    in the attribution; after the last one given, the last one holds.

    Source: textbook examples that print rounded deltas, such as Neftci, Principles of Financial Engineering (2nd ed.,
    2008), section 9.4.6.
    """

    deltas: NDArray[np.float64]  # delta per unit of the option, one a tick of the underlying

    def check(self) -> dict[str, str]:
        return {} if len(self.deltas) > 0 else {"deltas": "must not be empty"}

    def hedge(self, view: HedgeView) -> float:
        return -view.net_delta

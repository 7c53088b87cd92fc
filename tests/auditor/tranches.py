"""Each fill by itself, from its trade to the end: what the options table says of an option and a client group."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

OPENING = -1  # the client number of what the desk held at the start

Array = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.intp]


class Tranches:
    """Every fill of an option, with the delta that the hedge answers to on its behalf. Currency, not rounded."""

    def __init__(self, steps: int, options: int) -> None:
        self.grown = np.zeros((steps, options))  # revaluation of a unit by step, at the marks so far
        self.option = np.zeros(0, np.intp)
        self.client = np.zeros(0, np.intp)
        self.units = np.zeros(0)
        self.edge = np.zeros(0)
        self.delta = np.zeros(0)  # of a unit, answered to
        self.answered = np.zeros(0)  # the integral of units x delta over the spot
        self.start = np.zeros((steps, 0))  # of `grown`, at the fill
        self.stop = np.zeros((steps, 0))  # of `grown`, where the tranche has ended; else NaN

    def add(self, option: int, client: int, units: float, edge: float, delta: float, before: Array) -> None:
        """A fill; ``before`` is the revaluation of a unit since the last mark, which it did not earn."""
        self.option = np.append(self.option, option)
        self.client = np.append(self.client, client)
        self.units = np.append(self.units, units)
        self.edge = np.append(self.edge, edge)
        self.delta = np.append(self.delta, delta)
        self.answered = np.append(self.answered, 0.0)
        self.start = np.column_stack([self.start, self.grown[:, option] + before])
        self.stop = np.column_stack([self.stop, np.full(len(self.grown), np.nan)])

    def tick(self, options: Numbers, move: float) -> None:
        """The spot of some options has moved."""
        mine = np.isin(self.option, options)
        self.answered[mine] += self.units[mine] * self.delta[mine] * move

    def answer(self, options: Numbers, deltas: Array) -> None:
        """A hedge fill: from here it answers to these deltas, of a unit of each option."""
        by_option = dict(zip(options.tolist(), deltas.tolist(), strict=True))
        answered = np.array([by_option.get(o, d) for o, d in zip(self.option.tolist(), self.delta, strict=True)])
        self.delta = np.where(np.isfinite(self.stop[0]), 0.0, answered)

    def end(self, option: int) -> None:
        """Expired or exercised: nothing of the tranches so far is left to answer for, or earns any more."""
        mine = (self.option == option) & ~np.isfinite(self.stop[0])
        self.delta[mine] = 0.0
        self.stop[:, mine] = self.grown[:, [option]]

    @property
    def table(self) -> pd.DataFrame:
        """By option and client: spread_capture, gamma, theta, vega, dividends, in currency."""
        stop = np.where(np.isfinite(self.stop), self.stop, self.grown[:, self.option])
        dividends, theta, _, spot, vega = self.units * (stop - self.start)
        rows = pd.DataFrame(
            {
                "option": self.option,
                "client": self.client,
                "spread_capture": self.edge,
                "gamma": spot - self.answered,
                "theta": theta,
                "vega": vega,
                "dividends": dividends,
            }
        )
        return rows.groupby(["option", "client"]).sum()

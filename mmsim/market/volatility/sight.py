"""What is known of the spot's path at the instants at which implied volatilities are made."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mmsim.market.spot.motion import Floats, Moves, Span, Times


class Sight(NamedTuple):
    """The spot at some instants."""

    spots: Floats  # (instants,) the last tick's mid
    variances: Floats | None  # (instants,) of the last tick, where the model of the spot has one
    pushes: (
        Floats | None
    )  # (steps,) what its Brownian motion has done since the instant before, standard normal; or NaN


class Follower:
    """Follows one path of ticks, stretch by stretch."""

    def __init__(self) -> None:
        self._mids = self._variances = np.empty(0)  # of the last tick
        self._reached = np.zeros((1, 2))  # Brownian motion and years of variance at the last tick,
        self._told = np.empty((0, 2))  # and at the last instant

    def over(self, span: Span, moves: Moves, instants: Times) -> Sight:
        """What the next ticks show at instants from the first of them on, and before the ticks that come after."""
        places = np.searchsorted(span.times, instants, side="right") - 1 + len(self._mids)
        mids = np.concatenate([self._mids, moves.prices])
        self._mids = mids[-1:]
        return Sight(mids[places], self._variances_at(moves, places), self._pushes_at(span, moves, places))

    def _variances_at(self, moves: Moves, places: Times) -> Floats | None:
        if moves.variances is None:
            return None
        variances = np.concatenate([self._variances, moves.variances])
        self._variances = variances[-1:]
        at: Floats = variances[places]
        return at

    def _pushes_at(self, span: Span, moves: Moves, places: Times) -> Floats | None:
        if moves.shocks is None:
            return None
        steps = np.column_stack([moves.shocks * np.sqrt(span.moving), span.moving])
        path = np.cumsum(np.concatenate([self._reached, steps]), axis=0)
        self._reached = path[-1:]
        at = np.concatenate([self._told, path[places]])
        self._told = at[-1:]
        moved, years = np.diff(at, axis=0).T
        pushes: Floats = np.divide(moved, np.sqrt(years), out=np.full(len(moved), np.nan), where=years > 0.0)
        return pushes

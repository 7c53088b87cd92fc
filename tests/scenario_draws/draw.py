"""Draws of one part of a scenario, and the frame of time that all parts stand in."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd


class Draw:
    """Plain values of a part's own stream: one draw more in a part leaves the other parts as they were."""

    def __init__(self, seed: int, part: str) -> None:
        self.random = np.random.default_rng([seed, zlib.crc32(part.encode())])

    def chance(self, share: float) -> bool:
        """True in a share of the draws."""
        return bool(self.random.random() < share)

    def one_of(self, *choices: Any) -> Any:
        """One of the choices, evenly."""
        return choices[int(self.random.integers(len(choices)))]

    def some(self, choices: Sequence[Any], count: int) -> list[Any]:
        """So many different ones of the choices (all, if there are fewer), in their order."""
        places = self.random.choice(len(choices), min(count, len(choices)), replace=False)
        return [choices[int(place)] for place in sorted(places)]

    def between(self, low: float, high: float) -> float:
        """A number from low to high, of four digits."""
        return float(f"{self.random.uniform(low, high):.4g}")

    def whole(self, low: int, high: int) -> int:
        """A whole number from low to high, both possible."""
        return int(self.random.integers(low, high + 1))


class Frame(NamedTuple):
    """A scenario's seed, when it begins, how long it is, and whether its market is recorded."""

    seed: int
    start: pd.Timestamp  # UTC
    minutes: int
    is_recorded: bool

    @classmethod
    def of(cls, seed: int) -> Frame:
        """The frame of a seed: a fifth are recorded hours, the others hours or days of models."""
        draw = Draw(seed, "frame")
        day = draw.one_of("2026-03-02", "2026-03-06", "2026-03-05", "2026-10-30")  # next to weekends and clock changes
        if draw.chance(0.2):
            return cls(seed, pd.Timestamp(f"{day}T14:30Z"), draw.whole(45, 90), True)
        hour = draw.one_of("00:00", "09:00", "13:00", "14:30")
        return cls(seed, pd.Timestamp(f"{day}T{hour}Z"), draw.one_of(4, 7, 24, 72, 96) * 60, False)

    def draw(self, part: str) -> Draw:
        """The stream of a part."""
        return Draw(self.seed, part)

    def at(self, minute: float) -> str:
        """The instant so many minutes after the start."""
        return f"{self.start + pd.Timedelta(minutes=minute):%Y-%m-%dT%H:%M:%SZ}"

    def inside(self, draw: Draw) -> int:
        """A minute between the start and the end: on the grid of five minutes as a rule, where other events happen."""
        minute = draw.whole(self.minutes // 10 + 1, self.minutes - 1)
        return minute if draw.chance(0.3) else max(minute - minute % 5, 5)


def minutes(count: int) -> str:
    """A duration of whole minutes."""
    return f"{count}m"

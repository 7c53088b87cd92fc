"""A market without its clients: instruments and market data, recorded or from models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmsim.events import EVENT, Events
from mmsim.instruments import Universe
from mmsim.market.model import Model


@dataclass(frozen=True)
class Source:
    """Where the market data of a scenario come from, read or set up."""

    universe: Universe
    streams: Sequence[Events]  # market data and volatilities that no path changes
    quoted_from: npt.NDArray[np.int64]  # (options,) the instant from which the market is known to have each option
    models: Sequence[Model] = ()  # what each path draws anew
    trades: Events = field(default_factory=lambda: np.zeros(0, EVENT))  # BAR_TRADE rows of no client yet
    inputs: dict[str, str] = field(default_factory=dict)  # recorded file: its SHA-256
    quality: dict[str, int] = field(default_factory=dict)  # "file: what": rows
    notes: Sequence[str] = ()
    smiles: pd.DataFrame | None = None  # of the last fit, where marks come from a surface

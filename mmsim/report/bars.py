"""Bars: amounts by name, and how often a value occurs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from mmsim.report.drawing import beside, canvas
from mmsim.report.numbers import compact, fixed, tone
from mmsim.report.palette import LIGHT

Floats = npt.NDArray[np.float64]
ROW = 22.0


def by_name(names: Sequence[str], amounts: Sequence[float], marks: Sequence[float], places: int) -> Figure:
    """A horizontal bar a name for ``amounts``, and a small line across it at ``marks``.

    Amounts on the right, with so many decimals.
    """
    longest = max(map(len, names))
    figure, [axes] = canvas([ROW * len(names)], left=min(240, 14 + 8.6 * longest), right=92)
    for row, (name, amount, mark) in enumerate(zip(names, amounts, marks, strict=True)):
        axes.barh(row, amount, 0.58, color=LIGHT["loss" if amount < 0 else "gain"])
        axes.plot([mark, mark], [row - 0.4, row + 0.4], color=LIGHT["ink"], linewidth=2)
        beside(axes, row, name, "left")
        beside(axes, row, fixed(amount, places), "right", tone(amount, places) or "ink")
    axes.axvline(0, color=LIGHT["muted"], linewidth=1)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_yticks([])
    axes.grid(visible=False)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(FuncFormatter(compact))
    return figure


def frequencies(values: Floats) -> tuple[npt.NDArray[np.intp], Floats]:
    """How many of ``values`` lie in each of some intervals of equal width, and the edges of these."""
    return np.histogram(values, bins=min(40, max(5, round(len(values) ** 0.5))))


def histogram(counts: npt.NDArray[np.intp], edges: Floats, mean: float) -> Figure:
    """How often values occur (`frequencies`), with a line at zero and one at ``mean``."""
    figure, [axes] = canvas([190], left=48)
    axes.bar(edges[:-1], counts, np.diff(edges) * 0.94, align="edge", color=LIGHT["line6"], alpha=0.8)
    axes.axvline(0, color=LIGHT["muted"], linewidth=1)
    axes.axvline(mean, color=LIGHT["ink"], linewidth=2, linestyle=(0, (4, 2)))
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(FuncFormatter(compact))
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.tick_params(axis="x", pad=8)
    return figure

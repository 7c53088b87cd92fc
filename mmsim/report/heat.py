"""Heat maps: amounts in rows and columns, the deeper the larger, blue above zero and orange below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmsim.report.drawing import FONT, WIDTH, beside, canvas
from mmsim.report.numbers import compact
from mmsim.report.palette import LIGHT, STEPS

Floats = npt.NDArray[np.float64]
ROW = 24.0
LETTER = 8.6  # units that a figure's letter may take on a phone
LABELS = 9  # along the columns, at most
GAP = 44.0  # between maps, for labels and the next title


class Heat(NamedTuple):
    """One map; NaN where there is nothing."""

    title: str
    values: Floats  # (rows, columns)


def summed(amounts: Floats, row: npt.NDArray[np.intp], column: npt.NDArray[np.intp], shape: tuple[int, int]) -> Floats:
    """The sums of amounts by cell; NaN in cells that have none."""
    cells = np.full(shape, np.nan)
    cells[row, column] = 0.0
    np.add.at(cells, (row, column), amounts)
    return cells


def draw(maps: Sequence[Heat], row_names: Sequence[str], column_names: Sequence[str]) -> Figure:
    """Maps of the same rows and columns, one below the other; amounts are written into cells that are wide enough."""
    left = 14 + 8.6 * max(map(len, row_names))
    heights = [ROW * len(row_names)] * len(maps)
    figure, stack = canvas(heights, left=left, right=14, top=22, bottom=24, gap=GAP)
    for axes, heat in zip(stack, maps, strict=True):
        axes.set_title(heat.title, loc="left", y=1.0, fontsize=FONT, color=LIGHT["ink"], pad=6, parse_math=False)
        _fill(axes, heat.values, (WIDTH - left - 14) / len(column_names))
        for row, name in enumerate(row_names):
            beside(axes, row, name, "left", "muted")
        _label(axes, column_names)
    return figure


def step(values: Floats) -> npt.NDArray[np.int64]:
    """How deep each value's colour is, from 1 to 4 with its sign: by the root of its share of the largest; 0 for none.

    >>> step(np.array([[16.0, -4.0, 1.0, 0.0, np.nan]])).tolist()
    [[4, -2, 1, 0, 0]]
    """
    sizes = np.nan_to_num(np.abs(values))
    largest = sizes.max(initial=0.0)
    if largest == 0.0:
        return np.zeros(values.shape, np.int64)
    depths: npt.NDArray[np.int64] = np.ceil(STEPS * np.sqrt(sizes / largest)).astype(np.int64)
    return np.where(np.nan_to_num(values) < 0.0, -depths, depths)


def _fill(axes: Axes, values: Floats, width: float) -> None:
    """The cells, and the amounts of those that have room, a cell being so many units wide."""
    depths = step(values)
    for depth in np.unique(depths[depths != 0]).tolist():
        color = LIGHT[f"{'gain' if depth > 0 else 'loss'}{abs(depth)}"]
        for row in range(len(values)):
            places = np.flatnonzero(depths[row] == depth)
            if len(places):
                axes.broken_barh([(x - 0.5, 1.0) for x in places.tolist()], (row - 0.46, 0.92), facecolor=color)
    for row, column in np.argwhere(depths != 0).tolist():
        text = compact(float(f"{values[row, column]:.3g}"))
        if LETTER * len(text) <= width:
            style: dict[str, Any] = {"ha": "center", "va": "center_baseline", "fontsize": 10.5, "parse_math": False}
            axes.text(column, row, text, color=LIGHT["ink"], **style)
    axes.set_xlim(-0.5, values.shape[1] - 0.5)
    axes.set_ylim(len(values) - 0.5, -0.5)
    axes.set_yticks([])
    axes.grid(visible=False)
    axes.axhline(-0.5, color=LIGHT["rule"], linewidth=0.8)
    axes.axhline(len(values) - 0.5, color=LIGHT["rule"], linewidth=0.8)


def _label(axes: Axes, names: Sequence[str]) -> None:
    room = int(WIDTH * axes.get_position().width / (LETTER * (1 + max(map(len, names)))))
    apart = -(-len(names) // max(1, min(LABELS, room)))
    axes.set_xticks(range(0, len(names), apart), names[::apart])

"""The report of a run, a comparison or a sensitivity: one HTML file that opens offline."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mmsim.errors import Problem, UserError, nearest

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from mmsim.comparison import Comparison
    from mmsim.report.exhibits import Exhibit
    from mmsim.results import Run
    from mmsim.what_if.result import Sensitivity


def write(run: Run, path: str | Path) -> Path:
    """Write the report of ``run`` to ``path`` and return it. The same run gives the same bytes."""
    from mmsim.report.run_page import render  # matplotlib takes half a second to import: only when a page is drawn

    return _written(render(run), path)


def write_comparison(comparison: Comparison, path: str | Path) -> Path:
    """Write the report of ``comparison`` to ``path`` and return it. The same comparison gives the same bytes."""
    from mmsim.report.comparison_page import render

    return _written(render(comparison), path)


def write_sensitivity(found: Sensitivity, path: str | Path) -> Path:
    """Write the report of a sensitivity to ``path`` and return it. The same results give the same bytes."""
    from mmsim.report.sensitivity_page import render

    return _written(render(found), path)


def _written(html: str, path: str | Path) -> Path:
    target = Path(path)
    target.write_text(html, encoding="utf-8", newline="\n")
    return target


def figures(run: Run) -> dict[str, Exhibit]:
    """The figures of the report of ``run`` by name, in its order; none is drawn."""
    from mmsim.report.run_page import sections
    from mmsim.report.sections import exhibits

    return exhibits(sections(run))


def comparison_figures(comparison: Comparison) -> dict[str, Exhibit]:
    """The figures of the report of ``comparison`` by name, in its order; none is drawn."""
    from mmsim.report.comparison_page import sections
    from mmsim.report.sections import exhibits

    return exhibits(sections(comparison))


def figure(exhibits: Mapping[str, Exhibit], name: str) -> Figure:
    """One of some figures, with title, legend and caption in it; UserError if there is none of that name."""
    if name not in exhibits:
        message = f"no figure {name!r}: there are {', '.join(exhibits)}"
        raise UserError(Problem(message, suggestion=nearest(name, exhibits)))
    return exhibits[name].figure()


def html(run: Run) -> str:
    """What a notebook shows of ``run``."""
    from mmsim.report.notebook import of_run

    return of_run(run)


def comparison_html(comparison: Comparison) -> str:
    """What a notebook shows of ``comparison``."""
    from mmsim.report.notebook import of_comparison

    return of_comparison(comparison)

"""What a notebook shows of a run or a comparison: the sentence, the figures, one drawing and its table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmsim.report import comparison_exhibits, comparison_page, comparison_words, exhibits, limits, words
from mmsim.report.numbers import Number, money
from mmsim.report.sections import file, render

if TYPE_CHECKING:
    from mmsim.comparison import Comparison
    from mmsim.report.exhibits import Exhibit
    from mmsim.results import Run


def of_run(run: Run) -> str:
    """A run as a piece of HTML, with its waterfall."""
    summary = run.summary
    places, amounts = words.decimals(summary), summary["attribution"]
    return _html(
        summary["scenario"]["name"],
        words.verdict(summary),
        [warning for warning in (words.second_thought(summary), limits.halt(run)) if warning],
        {name: money(amount, places) for name, amount in words.headline(amounts).items()},
        exhibits.attribution(run),
    )


def of_comparison(comparison: Comparison) -> str:
    """A comparison as a piece of HTML, with what each variant has more than the first."""
    summary = comparison.summary
    is_several = len(comparison.table) > 1
    draw = comparison_exhibits.total_intervals if is_several else comparison_exhibits.spread_against_hedging
    return _html(
        summary["name"],
        comparison_words.verdict(summary),
        [*comparison_words.broken(summary), *comparison_words.market(summary)],
        comparison_page.headline(comparison),
        draw(comparison),
    )


def _html(name: str, verdict: str, warnings: list[str], figures: dict[str, Number], exhibit: Exhibit) -> str:
    """In the page's colours, in light and dark, and with nothing that a notebook would have to fetch."""
    return render(
        "notebook.html.j2",
        name=name,
        verdict=verdict,
        warnings=warnings,
        figures=figures,
        exhibit=exhibit,
        style=file("notebook.css"),
    )

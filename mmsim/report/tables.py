"""The page's tables that come straight from run.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mmsim.report import words
from mmsim.report.numbers import Number, count, fixed, level, money

Cell = str | Number
Summary = Mapping[str, Any]


class Table(NamedTuple):
    """Rows of text and numbers; the first cell of a row names it."""

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""
    sums: int = 0  # so many of the last rows are sums of those above

    @property
    def explains(self) -> bool:
        """Whether its rows are name, explanation and number, which a phone shows on two lines."""
        return len(self.head) == 3 and self.head[0] == ""


def explained(
    amounts: Mapping[str, float], meanings: Mapping[str, str], currency: str, caption: str, sums: int = 0
) -> Table:
    """Name, meaning and amount of each key of ``meanings``, in its order."""
    rows = tuple((words.label(key), meaning, money(amounts[key])) for key, meaning in meanings.items())
    return Table(("", "What it is", currency), rows, caption, sums)


def buckets(summary: Summary) -> Table:
    """The mark view: where the change in equity came from."""
    return explained(
        summary["attribution"], words.BUCKETS, _currency(summary), "Mark view: the buckets and their sum", 1
    )


def accounts(summary: Summary) -> Table:
    """The accounts of the ledger behind the buckets, those that are zero left out."""
    rows = tuple((account, money(amount)) for account, amount in summary["detail"].items() if amount != 0)
    return Table(("Account", _currency(summary)), rows, "By account of the ledger, profits positive")


def cash(summary: Summary) -> Table:
    """The cash view, whose sum is that of the mark view."""
    return explained(summary["cash"], words.CASH, _currency(summary), "Cash view: what was paid and received", 1)


def components(summary: Summary) -> Table:
    """Options and hedge, each with its own cash."""
    parts = dict(summary["components"]) | {"total": summary["attribution"]["total"]}
    meanings = words.COMPONENTS | {"total": words.BUCKETS["total"]}
    return explained(parts, meanings, _currency(summary), "The two components", 1)


def carry(summary: Summary) -> Table:
    """Carry by part."""
    parts = dict(summary["carry"]) | {"total": summary["attribution"]["carry"]}
    return explained(parts, words.CARRY | {"total": "carry"}, _currency(summary), "Carry by part", 1)


def taylor(summary: Summary) -> Table:
    """The Taylor view: the same revaluation by the Greeks at the start of each interval."""
    return explained(summary["taylor"], words.TAYLOR, _currency(summary), "Taylor view: revaluation by Greeks", 1)


def convexity_and_theta(summary: Summary) -> Table:
    """Convexity and theta, which trade off with the grid of marks, and their sum, which does not."""
    rows = (
        ("Convexity", "the options' spot move less the delta held before each tick", money(convexity(summary))),
        ("Theta", words.BUCKETS["theta"], money(summary["attribution"]["theta"])),
        ("Convexity + theta", "moves between the two with the grid of marks; the sum stays", _sum(summary)),
        ("Drift", "what waiting between hedges made of it", money(summary["detail"].get("Income:Gamma:Drift", 0.0))),
    )
    return Table(("", "What it is", _currency(summary)), rows, "Convexity and theta")


def convexity(summary: Summary) -> float:
    """The convexity part of gamma, from the ledger's account."""
    return float(summary["detail"].get("Income:Gamma:Convexity", 0.0))


def _sum(summary: Summary) -> Number:
    return money(summary["convexity_and_theta"])


def three_marks(summary: Summary) -> Table:
    """Equity with the options at theo, at the market's mid, and at what selling and buying them back would give."""
    equity = summary["equity"]
    marks = (("Theo", "closing"), ("Market mid", "at_mid"), ("Liquidation", "at_liquidation"))
    rows = tuple(
        (name, level(equity[key]), money(equity[key] - equity["opening"]), money(equity[key] - equity["closing"]))
        for name, key in marks
    )
    currency = _currency(summary)
    head = (
        "Options marked at",
        f"Equity, {currency}",
        f"Change since opening, {currency}",
        f"Against theo, {currency}",
    )
    return Table(head, rows, "Three marks")


def identities(summary: Summary) -> Table:
    """What must be zero, and whether it is."""
    rows = tuple(
        (
            words.label(key),
            words.IDENTITIES.get(key, ""),
            Number("0 ✓", 0, "gain") if difference == 0 else Number(f"{fixed(difference, 0)} ✗", difference, "loss"),
        )
        for key, difference in summary["identities"].items()
    )
    return Table(("", "What it says", "Difference, micro-units"), rows, "Identities, checked on this run")


def counts(summary: Summary) -> Table:
    """How often things happened."""
    rows = (("Events", count(summary["events"])), *((words.label(k), count(n)) for k, n in summary["counts"].items()))
    return Table(("", "Number"), rows, "Counts")


def quality(summary: Summary) -> Table:
    """Recorded rows read, and dropped by reason."""
    rows = tuple((*_source_and_reason(name), count(number)) for name, number in summary["data"].items())
    return Table(("Data", "What", "Rows"), rows, "Recorded data: rows read, and dropped by reason")


def _source_and_reason(name: str) -> tuple[str, str]:
    source, _, reason = name.rpartition(": ")
    return source, reason


def monte_carlo(summary: Summary) -> Table:
    """Mean, standard deviation and standard error of each bucket over the paths."""
    rows = tuple(
        (words.label(bucket), money(figures["mean"]), level(figures["sd"]), level(figures["se"]))
        for bucket, figures in summary["monte_carlo"].items()
    )
    currency = _currency(summary)
    head = ("Bucket", f"Mean a path, {currency}", "Standard deviation", "Standard error of the mean")
    return Table(head, rows, f"Over {summary['paths']:,} paths", 1)


def facts(name: str, values: Mapping[str, Any]) -> Table:
    """Names and values as text: versions, hashes, parameters."""
    return Table((name, ""), tuple((str(key), brief(str(value), 300)) for key, value in values.items()))


def brief(text: str, limit: int) -> str:
    """The text, cut where it is longer than ``limit``; run.json has all of it.

    >>> brief("deltas = [0.5, 0.4]", 11)
    'deltas = [0 … (run.json has it all)'
    """
    return text if len(text) <= limit else f"{text[:limit]} … (run.json has it all)"


def _currency(summary: Summary) -> str:
    return str(summary["scenario"]["currency"])

"""What can be wrong with a user's input, and how it is said: every mistake at once, each with its place."""

from __future__ import annotations

import difflib
import heapq
from collections.abc import Iterable
from itertools import takewhile
from operator import eq
from typing import NamedTuple

_KEY_MAX, _MESSAGE_MAX = 200, 1_000  # characters shown
_COMPARED = 32  # names that are compared closely: the thousands of an option chain would take seconds


class Problem(NamedTuple):
    """One mistake in the user's input."""

    message: str
    file: str = ""
    line: int = 0  # from 1; 0 is unknown
    column: int = 0  # from 1; 0 is unknown
    key: str = ""  # dotted, as in ``quoting.half_spread_vol``
    suggestion: str = ""  # the nearest right name, if there is one

    def __str__(self) -> str:
        place = self.file
        if self.line:
            place += f":{self.line}" + (f":{self.column}" if self.column else "")
        parts = [part for part in (place, _brief(self.key, _KEY_MAX)) if part]
        hint = f" (did you mean {self.suggestion!r}?)" if self.suggestion else ""
        return _on_a_line(": ".join([*parts, _brief(self.message, _MESSAGE_MAX)]) + hint)


def _brief(text: str, most: int) -> str:
    """A text of at most so many characters, its middle left out."""
    return text if len(text) <= most else f"{text[: most // 2]} ... {text[-most // 2 + 5 :]}"


def _on_a_line(text: str) -> str:
    """What no terminal takes for an end of line or a command."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


class UserError(Exception):
    """The user's input is wrong (scenario, data or policy): exit code 2, one line a mistake."""

    def __init__(self, *problems: Problem | str) -> None:
        self.problems = tuple(p if isinstance(p, Problem) else Problem(p) for p in problems)
        super().__init__("\n".join(str(p) for p in self.problems))


def nearest(name: str, names: Iterable[str]) -> str:
    """The one of ``names`` that ``name`` was probably meant to be, or ``""``.

    >>> nearest("inventory_skw", ["fixed_width", "inventory_skew"])
    'inventory_skew'
    """
    alike = heapq.nlargest(_COMPARED, names, key=lambda other: _shared_ends(name, other))
    close = difflib.get_close_matches(name, alike, n=1, cutoff=0.6)
    return close[0] if close else ""


def _shared_ends(one: str, other: str) -> int:
    """The length of the beginning and of the end that two names share."""
    pairs = ((one, other), (reversed(one), reversed(other)))
    return sum(sum(takewhile(bool, map(eq, *pair))) for pair in pairs)

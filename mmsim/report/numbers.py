"""Numbers as a reader sees them: thousands separators, a true minus sign, the exact value kept beside the text."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from typing import NamedTuple

MINUS = "\N{MINUS SIGN}"
NONE = "\N{EN DASH}"  # where there is no number


class Number(NamedTuple):
    """A number in a table: what is shown, what it is exactly, and whether its sign has a colour."""

    text: str
    value: float | int | None  # None: there is no number
    tone: str = ""  # "gain", "loss" or ""


def fixed(value: float, decimals: int = 2) -> str:
    """``value`` with separators and a fixed number of decimals; a dash if it is no number.

    >>> fixed(-1234.5), fixed(-0.001), fixed(float("nan"))
    ('\u22121,234.50', '0.00', '\u2013')
    """
    if not isfinite(value):
        return NONE
    text = f"{abs(value):,.{decimals}f}"
    return MINUS + text if value < 0 and any(c in "123456789" for c in text) else text


def decimals(amounts: Iterable[float]) -> int:
    """How many decimals show ``amounts`` side by side: 2 where the largest has hundreds, 4 below, 6 below 1.

    >>> decimals([-1250.0, 0.5]), decimals([1.38, -1.15]), decimals([0.25]), decimals([0.0, 1e-9])
    (2, 4, 6, 2)
    """
    largest = round(max(map(abs, amounts)), 6)
    return 2 if largest >= 100 or largest == 0 else 4 if largest >= 1 else 6


def is_shown_as_zero(value: float, places: int) -> bool:
    """Whether ``value`` has only zeros at so many decimals.

    >>> is_shown_as_zero(-3e-7, 4), is_shown_as_zero(0.005, 2)
    (True, False)
    """
    return not any(digit in "123456789" for digit in fixed(value, places)) and isfinite(value)


def compact(value: float, _position: int = 0) -> str:
    """A short label for an axis, four significant digits; the second argument is matplotlib's, and unused.

    >>> compact(-1_250_000), compact(12_500), compact(1_600), compact(0.0125), compact(0)
    ('\u22121.25M', '12.5k', '1,600', '0.0125', '0')
    """
    size = abs(value) * (1 + 1e-9)  # 999,999.9999 is a million
    scale, letter = next((s for s in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")) if size >= s[0]), (1.0, ""))
    scale = 1e3 if letter == "k" else scale  # thousands shorten from ten thousand on
    return f"{value / scale:,.4g}{letter}".replace("-", MINUS)


def tone(value: float, places: int = 2) -> str:
    """The sign of what is shown of ``value``: "gain" or "loss"; empty if that is zero."""
    return "" if is_shown_as_zero(value, places) else "loss" if value < 0 else "gain"


def money(value: float | None, places: int = 2) -> Number:
    """An amount of currency, coloured by its sign."""
    if value is None or not isfinite(value):
        return Number(NONE, None)
    return Number(fixed(value, places), value, tone(value, places))


def level(value: float | None, places: int = 2) -> Number:
    """An amount of currency that is no profit (equity, a price), without colour."""
    return money(value, places)._replace(tone="")


def count(value: int) -> Number:
    """A whole number of things.

    >>> count(254590).text
    '254,590'
    """
    return Number(fixed(value, 0), value)


def quantity(value: float) -> Number:
    """Units, contracts or a Greek: five significant digits or all digits before the point, no trailing zeros.

    >>> quantity(-1234567.8).text, quantity(0.0123456).text, quantity(51.0).text
    ('\u22121,234,568', '0.012346', '51')
    """
    if not isfinite(value):
        return Number(NONE, None)
    if abs(value) >= 1e5:
        return Number(fixed(value, 0), value)
    text = f"{abs(value):,.5g}" if abs(value) < 1e3 else f"{abs(value):,.2f}".rstrip("0").rstrip(".")
    return Number(MINUS + text if value < 0 else text, value)


def percent(value: float, places: int = 1) -> Number:
    """A share or a volatility, in hundredths.

    >>> percent(0.1234).text, percent(1.0, 0).text, percent(float("nan")).text
    ('12.3 %', '100 %', '\u2013')
    """
    return Number(f"{fixed(100.0 * value, places)} %", value) if isfinite(value) else Number(NONE, None)

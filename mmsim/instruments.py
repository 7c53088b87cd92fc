"""What is traded: underlyings, options on them, and how the options of a scenario are found and ordered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from math import isfinite

import pandas as pd
from sortedcontainers import SortedKeyList


class UnderlyingKind(IntEnum):
    """What an underlying is, which decides how its hedge is paid and its options are priced."""

    STOCK = 0  # bought with cash, may pay dividends, may be borrowed
    INDEX = 1  # as a stock, without borrow; dividends as a yield
    FUTURE = 2  # no purchase cash, daily variation margin; its options are priced by Black-76


class Right(IntEnum):
    """Call or put, as the sign of the pay-off's slope."""

    CALL = 1
    PUT = -1


class Exercise(IntEnum):
    EUROPEAN = 0
    AMERICAN = 1


class Settlement(IntEnum):
    CASH = 0
    PHYSICAL = 1


class Premium(IntEnum):
    """How the premium of an option is paid."""

    UPFRONT = 0
    FUTURES_STYLE = 1  # margined daily like a future: no premium cash at the trade, no discounting


@dataclass(frozen=True)
class Underlying:
    """A stock, an index or a future.

    ``multiplier`` is the units of the underlying in one hedge contract (1 for a share, 50 for an E-mini future);
    ``lot`` the smallest hedge in contracts (0 is continuous); ``dividend_yield`` is continuous, a year.
    """

    symbol: str
    kind: UnderlyingKind = UnderlyingKind.STOCK
    tick: float = 0.01
    multiplier: float = 1.0
    lot: float = 1.0
    dividend_yield: float = 0.0

    def __post_init__(self) -> None:
        assert self.tick > 0 and self.multiplier > 0 and self.lot >= 0, self


@dataclass(frozen=True)
class TickTable:
    """The price increment by price: ``steps[k]`` holds from ``levels[k]`` on; ``levels[0]`` is 0.

    >>> TickTable((0.0, 3.0), (0.05, 0.10)).at(2.99), TickTable((0.0, 3.0), (0.05, 0.10)).at(3.0)
    (0.05, 0.1)
    """

    levels: tuple[float, ...] = (0.0,)
    steps: tuple[float, ...] = (0.01,)

    def __post_init__(self) -> None:
        assert len(self.levels) == len(self.steps) >= 1 and self.levels[0] == 0.0, self
        assert all(a < b for a, b in zip(self.levels, self.levels[1:], strict=False)), self
        assert all(step > 0 for step in self.steps), self

    def at(self, price: float) -> float:
        """The increment at a price."""
        return next(
            s for lv, s in zip(reversed(self.levels), reversed(self.steps), strict=True) if price >= lv or lv == 0
        )


@dataclass(frozen=True)
class Option:
    """One listed option. Times are int64 nanoseconds UTC."""

    underlying: str
    right: Right
    strike: float
    expiry_ns: int  # the instant of settlement
    multiplier: float = 100.0  # units of the underlying in one contract
    ticks: TickTable = field(default_factory=TickTable)
    exercise: Exercise = Exercise.EUROPEAN
    settlement: Settlement = Settlement.CASH
    premium: Premium = Premium.UPFRONT
    last_trade_ns: int = 0  # 0: until expiry. An AM-settled option stops trading the day before
    settlement_price: float = float("nan")  # of the underlying; nan: its mid at expiry

    def __post_init__(self) -> None:
        assert isfinite(self.strike) and self.strike > 0 and self.multiplier > 0, self

    @property
    def name(self) -> str:
        """How scenarios and tables name it: underlying, UTC date of expiry, right and strike."""
        day = pd.Timestamp(self.expiry_ns, unit="ns").strftime("%Y-%m-%d")
        return f"{self.underlying} {day} {self.right.name[0]}{self.strike:.10g}"


class Chain:
    """The options of one underlying, sorted by expiry, strike and right (calls first)."""

    def __init__(self, options: Sequence[Option]) -> None:
        self._sorted: SortedKeyList = SortedKeyList(options, key=_place)

    def __iter__(self) -> Iterator[Option]:
        return iter(self._sorted)

    def __len__(self) -> int:
        return len(self._sorted)

    @property
    def expiries_ns(self) -> list[int]:
        """The expiries listed, ascending."""
        return sorted({option.expiry_ns for option in self._sorted})

    def between(self, expiry_ns: int, low: float, high: float) -> list[Option]:
        """The options of one expiry with ``low <= strike <= high``, by strike."""
        return list(self._sorted.irange_key((expiry_ns, low, -1), (expiry_ns, high, 1)))

    def nearest(self, expiry_ns: int, strike: float, right: Right) -> Option:
        """The option of an expiry and right whose strike is nearest, the lower one of a tie; KeyError if none."""
        found = [o for o in self.between(expiry_ns, float("-inf"), float("inf")) if o.right == right]
        if not found:
            raise KeyError(f"no {right.name.lower()} expires at {expiry_ns}")
        return min(found, key=lambda o: (abs(o.strike - strike), o.strike))


def _place(option: Option) -> tuple[int, float, int]:
    """What a chain is sorted by."""
    return option.expiry_ns, option.strike, -option.right


class Universe:
    """Every instrument of a scenario, numbered: the numbers are what event rows and the compiled loop use.

    Underlyings are numbered in the order given by symbol, options in the order of their chains, so that the
    order in which a scenario lists them changes nothing.
    """

    def __init__(self, underlyings: Sequence[Underlying], options: Sequence[Option]) -> None:
        self.underlyings = tuple(sorted(underlyings, key=lambda u: u.symbol))
        self.underlying_index = {u.symbol: n for n, u in enumerate(self.underlyings)}
        assert len(self.underlying_index) == len(self.underlyings), "an underlying stands twice"
        self.chains = {u.symbol: Chain([o for o in options if o.underlying == u.symbol]) for u in self.underlyings}
        self.options = tuple(option for chain in self.chains.values() for option in chain)
        assert len(self.options) == len(options), "an option on an unknown underlying"
        self.option_index = {option.name: n for n, option in enumerate(self.options)}
        assert len(self.option_index) == len(self.options), "an option stands twice"

    def underlying_of(self, option: int) -> int:
        """The number of the underlying of option number ``option``."""
        return self.underlying_index[self.options[option].underlying]

"""Cash that earns interest, and the fee of borrowed stock."""

from __future__ import annotations

from math import exp

NS_PER_DAY = 86_400 * 10**9


class CashAccount:
    """A balance in micro-units and the interest accrued on it since it was last posted."""

    def __init__(self, interest_days: float, simple_daily: bool) -> None:
        self.year_ns = interest_days * NS_PER_DAY
        self.simple_daily = simple_daily
        self.balance = 0  # micro-units, posted
        self.accrued = 0.0  # micro-units, not posted yet
        self.today = 0.0  # of the interest, posted or not, what accrued since the last midnight UTC
        self.since_ns: int | None = None

    def accrue(self, ts_ns: int, rate: float) -> None:
        """Bring the accrued interest to ``ts_ns`` at ``rate`` a year; the balance has not changed meanwhile."""
        start = ts_ns if self.since_ns is None else self.since_ns
        self.since_ns = ts_ns
        if self.simple_daily:
            self._accrue_simply(start, ts_ns, rate)
        else:
            grown = exp(rate * (ts_ns - start) / self.year_ns)
            self.accrued = self.accrued * grown + self.balance * (grown - 1.0)

    def _accrue_simply(self, start: int, end: int, rate: float) -> None:
        while start < end:
            midnight = (start // NS_PER_DAY + 1) * NS_PER_DAY
            stop = min(midnight, end)
            principal = self.balance + self.accrued - self.today
            interest = principal * rate * (stop - start) / self.year_ns
            self.accrued += interest
            self.today = 0.0 if stop == midnight else self.today + interest
            start = stop

    def take_interest(self) -> int:
        """Move the whole micro-units of the interest into the balance, and say how many; the fraction stays."""
        whole = round(self.accrued)
        self.accrued -= whole
        self.balance += whole
        return whole


class BorrowFee:
    """The fee of one short stock, accruing on what was short, and at what price, at the last observation."""

    def __init__(self, rate: float, interest_days: float) -> None:
        self.per_ns = rate / (interest_days * NS_PER_DAY)
        self.borrowed = 0.0  # micro-units of currency
        self.accrued = 0.0  # micro-units
        self.since_ns = 0

    def observe(self, ts_ns: int, units: float, spot: float) -> None:
        """Accrue to ``ts_ns`` on what was borrowed, then note what is borrowed from now on."""
        self.accrued += self.borrowed * self.per_ns * (ts_ns - self.since_ns)
        self.since_ns = ts_ns
        self.borrowed = -units * spot * 1e6 if units < 0 else 0.0

    def take_fee(self) -> int:
        """The whole micro-units accrued; the fraction stays."""
        whole = round(self.accrued)
        self.accrued -= whole
        return whole

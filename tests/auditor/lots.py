"""Lots of the hedge: what each open piece cost, and what was realised when it was closed."""

from __future__ import annotations

from fractions import Fraction


def share(amount: int, part: float, whole: float) -> int:
    """``amount``·part/whole, to the nearest integer, ties to even."""
    return round(Fraction(amount) * Fraction(part) / Fraction(whole))


class Lots:
    """Open lots, each (units, what they cost in micro-units); short lots have both negative."""

    def __init__(self, matching: str) -> None:
        assert matching in ("lifo", "fifo", "average"), matching
        self.matching = matching
        self.open: list[tuple[float, int]] = []

    @property
    def cost(self) -> int:
        """What the open lots cost."""
        return sum(cost for _, cost in self.open)

    def trade(self, units: float, cost: int) -> int:
        """Match a trade of ``units`` (+ bought) at ``cost`` against the open lots; returns what is realised."""
        realised = 0
        while units and self.open and self.open[0][0] * units < 0:
            place = -1 if self.matching == "lifo" else 0
            held, held_cost = self.open[place]
            closed = min(abs(units), abs(held))
            paid, received = share(cost, closed, abs(units)), share(held_cost, closed, abs(held))
            realised -= paid + received
            units, cost = _rest(units, closed), cost - paid
            if closed == abs(held):
                del self.open[place]
            else:
                self.open[place] = (_rest(held, closed), held_cost - received)
        if units:
            self._enter(units, cost)
        return realised

    def _enter(self, units: float, cost: int) -> None:
        if self.matching == "average" and self.open:
            held, held_cost = self.open[0]
            self.open[0] = (held + units, held_cost + cost)
        else:
            self.open.append((units, cost))


def _rest(units: float, closed: float) -> float:
    """What is left of signed ``units`` when ``closed`` (positive) of them are gone."""
    return units - closed if units > 0 else units + closed

"""The quotes of Guéant, Lehalle and Fernandez-Tapia: in closed form, or solved once and looked up."""

from enum import Enum
from math import log, sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmsim import Quote, QuoteView

DAY_NS = 86_400_000_000_000
HOURS_A_DAY = 24.0
MOMENTS = 64  # of a table until the end, nearer to one another towards it


class Solution(Enum):
    """How the distances are found."""

    CLOSED_FORM = 1  # approximation far from the end
    STATIONARY = 2  # exact, far from the end
    UNTIL_END = 3  # exact, for the time that is left


class Glft(NamedTuple):
    """Quote at the optimal distances of a market maker with a bound on the inventory.

    With q lots held, α = ½·k·γ·σ² and η = A·(1 + γ/k)^−(1 + k/γ), the value at time t is v(t) = exp(−M·(T − t))·1,
    where M has α·q² on its diagonal and −η beside it, and δ_bid = ln(v_q / v_{q+1})/k + ln(1 + γ/k)/γ, δ_ask the same
    with q − 1. Far from the end v is M's lowest eigenvector (`stationary`), and nearly (`closed_form`) δ_bid, δ_ask =
    ln(1 + γ/k)/γ + (1 ± 2q)/2 · √(σ²·γ/(2·k·A) · (1 + γ/k)^(1 + k/γ)). bid = theo − δ_bid, ask = theo + δ_ask; at the
    bound only the side that comes back; a bid below zero is not made. With `in_vol` the asset is the volatility of
    all options on an underlying: q is the book's vega in lots, and prices move by vega for 1.00 of it. Between whole
    lots distances are interpolated.

    Source: Guéant, Lehalle and Fernandez-Tapia, Dealing with the inventory risk, Mathematics and Financial Economics
    7 (2013) 477–507: theorem 1, proposition 3 and section 4.
    """

    risk_aversion: float = 2.0  # γ, per 1.00 of the asset's price (currency; in_vol: volatility) on one lot
    per_hour: float = 60.0  # A, orders of one lot an hour and side that would trade at theo
    decay: float = 200.0  # k, per 1.00 of the asset's price: orders fall by e for every 1/k of distance
    sd: float = 0.01  # σ, of the asset's price (currency; in_vol: absolute volatility) a √day of 24 hours
    lot: float = 10000.0  # contracts (in_vol: vega, currency per 1.00 of volatility) that are one unit of inventory
    max_lots: int = 50  # Q, lots at which the side that adds to the inventory is not quoted
    solution: Solution = Solution.CLOSED_FORM  # closed_form, stationary or until_end
    in_vol: bool = True  # true: the asset is the volatility, the inventory the book's vega; false: it is each option
    size: float = 10.0  # contracts a side
    start: float = 0.0  # nanoseconds UTC: the clock's start, from the scenario
    end: float = 0.0  # nanoseconds UTC: the clock's end, from the scenario
    distances: NDArray[np.float64] = np.zeros((1, 2, 1))  # solved: by time left, side (bid, ask) and lots from −Q to Q

    def check(self) -> dict[str, str]:
        above = ("risk_aversion", "per_hour", "decay", "sd", "lot")
        wrong = {key: "must be above 0" for key in above if not getattr(self, key) > 0.0}
        wrong |= {} if self.size >= 0.0 else {"size": "must be at least 0"}
        wrong |= {} if 1 <= self.max_lots <= 500 else {"max_lots": "must be from 1 to 500"}
        wrong |= {key: "is taken from the clock" for key in ("start", "end") if getattr(self, key) != 0.0}
        return wrong | (
            {"distances": "is solved, not given"} if self.distances.any() or self.distances.size != 2 else {}
        )

    def prepare(self, scenario: Any) -> "Glft":
        start, end = float(scenario.clock.start), float(scenario.clock.end)
        lots = np.arange(-self.max_lots, self.max_lots + 1.0)
        if self.solution is Solution.CLOSED_FORM:
            table = self._closed_form(lots)
        elif self.solution is Solution.STATIONARY:
            table = self._distances(self._stationary(lots))
        else:
            table = self._distances(self._until_end(lots, (end - start) / DAY_NS * np.linspace(0.0, 1.0, MOMENTS) ** 2))
        return self._replace(start=start, end=end, distances=table)

    def _closed_form(self, lots: NDArray[np.float64]) -> NDArray[np.float64]:
        """(1, 2, lots) distances to the bid and the ask far from the end, nearly."""
        odds, a_day = 1.0 + self.risk_aversion / self.decay, HOURS_A_DAY * self.per_hour
        rest = self.sd**2 * self.risk_aversion / (2.0 * self.decay * a_day)
        slope = sqrt(rest * odds ** (1.0 + self.decay / self.risk_aversion))
        base = log(odds) / self.risk_aversion
        return np.stack([base + 0.5 * (1.0 + 2.0 * lots) * slope, base + 0.5 * (1.0 - 2.0 * lots) * slope])[None]

    def _distances(self, logs: NDArray[np.float64]) -> NDArray[np.float64]:
        """(times, 2, lots) distances that the logarithms of the value, shape (times, lots), make."""
        base = log(1.0 + self.risk_aversion / self.decay) / self.risk_aversion
        table = np.full((len(logs), 2, logs.shape[1]), base)
        table[:, 0, :-1] += (logs[:, :-1] - logs[:, 1:]) / self.decay
        table[:, 1, 1:] += (logs[:, 1:] - logs[:, :-1]) / self.decay
        return table

    def _rates(self, lots: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
        """M by its diagonal α·q² and what stands beside it, η; both a day."""
        odds = 1.0 + self.risk_aversion / self.decay
        reach = HOURS_A_DAY * self.per_hour * odds ** -(1.0 + self.decay / self.risk_aversion)
        return 0.5 * self.decay * self.risk_aversion * self.sd**2 * lots**2, reach

    def _stationary(self, lots: NDArray[np.float64]) -> NDArray[np.float64]:
        """(1, lots) logarithms of M's lowest eigenvector: ratios of neighbours from the bound inwards, as it decays."""
        diagonal, reach = self._rates(lots)
        beside = np.full(len(lots) - 1, -reach)
        lowest = np.linalg.eigvalsh(np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1))[0]
        logs, inverse = np.zeros(len(lots)), 0.0
        for q in range(self.max_lots, 0, -1):
            ratio = (diagonal[self.max_lots + q] - lowest) / reach - inverse  # v_{q-1} / v_q
            logs[self.max_lots - q] = logs[self.max_lots + q] = log(ratio)
            inverse = 1.0 / ratio
        falls = np.cumsum(logs[self.max_lots + 1 :])
        return -np.concatenate([falls[::-1], [0.0], falls])[None]

    def _until_end(self, lots: NDArray[np.float64], days: NDArray[np.float64]) -> NDArray[np.float64]:
        """(times, lots) logarithms of exp(−M·days)·1, as the sum of powers of a matrix without a negative element."""
        diagonal, reach = self._rates(lots)
        most = float(diagonal.max()) + 2.0 * reach
        if most * days[-1] > 1e6:
            raise ValueError("the end is so far that `solution: stationary` is the same: use that")
        value, logs = np.ones(len(lots)), np.zeros((len(days), len(lots)))
        for moment in range(1, len(days)):
            step = float(days[moment] - days[moment - 1])
            parts = max(int(most * step / 8.0), 1)
            for _ in range(parts):
                term = total = value
                for power in range(1, 60):
                    beside = np.zeros(len(lots))
                    beside[:-1] += term[1:]
                    beside[1:] += term[:-1]
                    term = (step / parts / power) * ((most - diagonal) * term + reach * beside)
                    total = total + term
                value = total / total.max()
            logs[moment] = np.log(value)
        return logs

    def quote(self, view: QuoteView) -> Quote:
        worth = view.vega if self.in_vol else 1.0
        held = (view.net_vega if self.in_vol else view.position) / self.lot
        bound = float(self.max_lots)
        lots = min(max(held, -bound), bound) + bound
        column = min(int(lots), 2 * self.max_lots - 1)
        right = lots - column
        rows = self.distances.shape[0]
        left = max(self.end - view.ts_ns, 0.0) / (self.end - self.start) if rows > 1 else 0.0
        moment = sqrt(left) * (rows - 1)
        row = min(int(moment), max(rows - 2, 0))
        later, next_row = moment - row, min(row + 1, rows - 1)
        bid_distance = ask_distance = 0.0
        for moment_row, share in ((row, 1.0 - later), (next_row, later)):
            for lot_column, part in ((column, 1.0 - right), (column + 1, right)):
                bid_distance += share * part * self.distances[moment_row, 0, lot_column]
                ask_distance += share * part * self.distances[moment_row, 1, lot_column]
        bid, ask = view.theo - worth * bid_distance, view.theo + worth * ask_distance
        has_bid, has_ask = held < bound and bid >= 0.0, held > -bound and ask >= 0.0
        return Quote(bid, ask, self.size if has_bid else 0.0, self.size if has_ask else 0.0)

"""A quote that widens after fills that the market then moves against."""

from typing import NamedTuple

from numpy import float64
from numpy.typing import NDArray

from mmsim import FillView, Quote, QuoteView, TickView

AVERAGE, SEEN, HEAD, COUNT, QUEUE = 0, 1, 2, 3, 4  # places in the memory: the average and its time, who waits
WAITING = 64  # fills that can wait for their mark-out; more are left out


class Toxicity(NamedTuple):
    """Quote theo ± a width in volatility, and wider by what recent fills have lost at a horizon after them.

    A fill's mark-out is the spot's move against the delta that it gave the desk, `horizon_ns` later: −(S(t + h) −
    S(t)) · sign(bought · delta). Their average, in which a fill of delta Δ counts |Δ|/`fills`, fades with
    `half_life_ns`, so that a desk which has priced itself out of the market comes back. half_spread = half_spread_vol
    · vega + share · max(average, 0) · |delta|: what the next fill is expected to lose before its hedge has a chance.
    A bid below zero is not made.

    Source: Glosten and Milgrom, Bid, ask and transaction prices in a specialist market with heterogeneously informed
    traders, Journal of Financial Economics 14 (1985) 71–100: the spread pays for informed orders. The estimate by
    mark-outs is the trading desks' own measure.
    """

    half_spread_vol: float = 0.005  # absolute volatility: 0.01 is one point
    share: float = 1.0  # of the average adverse move that the quote is widened by, a pure number
    horizon_ns: int = 60000000000  # time after a fill at which it is marked
    fills: float = 20.0  # fills of delta 1 over which the average is taken
    half_life_ns: int = 3600000000000  # time after which half of the average is forgotten; 0: it never is
    size: float = 10.0  # contracts a side

    MEMORY = 4 + 3 * 64  # type: ignore[misc]  # a class attribute, no field

    def check(self) -> dict[str, str]:
        wrong = {} if self.fills >= 1.0 else {"fills": "must be at least 1"}
        least = ("half_spread_vol", "share", "size")
        return wrong | {key: "must be at least 0" for key in least if not getattr(self, key) >= 0.0}

    def on_fill(self, memory: NDArray[float64], view: FillView) -> None:
        if memory[COUNT] < WAITING:
            place = QUEUE + 3 * (int(memory[HEAD] + memory[COUNT]) % WAITING)
            memory[place], memory[place + 1] = view.ts_ns, view.spot
            memory[place + 2] = view.delta if view.size > 0.0 else -view.delta
            memory[COUNT] += 1.0

    def on_tick(self, memory: NDArray[float64], view: TickView) -> None:
        if self.half_life_ns > 0 and memory[SEEN] > 0.0:
            memory[AVERAGE] *= 0.5 ** ((view.ts_ns - memory[SEEN]) / self.half_life_ns)
        memory[SEEN] = view.ts_ns
        while memory[COUNT] > 0.0:
            place = QUEUE + 3 * int(memory[HEAD])
            if view.ts_ns - memory[place] < self.horizon_ns:
                break
            delta, move = memory[place + 2], view.spot - memory[place + 1]
            adverse = -move if delta > 0.0 else move
            memory[AVERAGE] += min(abs(delta), 1.0) / self.fills * (adverse - memory[AVERAGE])
            memory[HEAD] = (memory[HEAD] + 1.0) % WAITING
            memory[COUNT] -= 1.0

    def quote(self, view: QuoteView) -> Quote:
        adverse = max(view.memory[AVERAGE], 0.0)  # type: ignore[attr-defined]  # of a policy that has a memory
        half_spread = self.half_spread_vol * view.vega + self.share * adverse * abs(view.delta)
        bid = view.theo - half_spread
        ask = view.theo + half_spread
        return Quote(bid, ask, self.size if bid >= 0.0 else 0.0, self.size)

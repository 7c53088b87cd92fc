"""Rows per second of a replay on one core, beside hftbacktest 2.4.4 in the same process.

**What is measured.** The same rows (`busy_market.py`) through both programs: one underlying with 20 options, and with
100.

- mmsim quotes every option by the compiled policy ``inventory_skew``, hedges in a ``delta_band``, without latency; in
  one row of a hundred a client trades. Timed is the walk of the loop with its ledger: the journal's rows are taken
  from the loop and kept, as `mmsim.run` does, and the attribution is made at the end, its identities checked. Reading
  the market and compiling are not timed.
- hftbacktest keeps a bid and an ask standing on every asset, three ticks behind the best, looks at them every 100 ms
  of market time and moves those that the market has moved away from; books are ROI vectors, there is no latency, the
  queue model is its quickest (risk averse), filled wholly or not. Timed is the strategy, which numba has compiled,
  over all rows; making the assets and reading the rows are not timed.

The two run in turn, K times each; a rate is the median, a ratio the median of the K ratios of neighbours.

**What a row is.** One change of one side of one instrument's best bid and ask, or one trade. It is exactly one event
to hftbacktest and exactly one to mmsim. Quotes that changed both sides in a row would halve the peer's rate, and not
mmsim's: they are not used. The market is dense, 1,000 rows a second of each instrument, so that the checks every 100
ms cost the peer next to nothing (at 100 rows a second it is a fifth slower).

**What is unfair.** To mmsim: it values options, keeps a ledger of every posting and explains the result, which the
peer does not. To the peer: it keeps whole books and a queue position for each of its orders, which mmsim does not.
mmsim evaluates a quote when somebody could trade with it and not at every row (`quotes_per_row` says how often): the
fills are the same. ``ratio_20_eager`` has every option requoted at each tick of the underlying instead.

``python_policy_events_per_second``: the same 20 options with a hedging policy that numba cannot compile, against its
compiled twin: calls of the policy over the time that they add.

Without hftbacktest the ratios are null, and mmsim's own rates are as they are.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import desk
import measure
from busy_market import Rows, busy_market

PLAIN_BAND = str(Path(__file__).parent / "policies" / "plain_band.py")
EAGER = {"execution": {"requote": "every_tick"}}
HAS_PEER = find_spec("hftbacktest") is not None


def against_peer(rows: Rows, repeat: int, changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """Both programs over the rows in turn: rates, the ratio of them, and what mmsim did in a row."""
    given, last = desk.replay(rows, changes), dict[str, desk.Walked]()

    def mmsim_seconds() -> float:
        last["mmsim"] = desk.walk(given)
        return last["mmsim"].seconds

    runs = {"mmsim": mmsim_seconds} | ({"hftbacktest": _peer(rows)} if HAS_PEER else {})
    for run in runs.values():
        run()  # unmeasured: compiles, and touches memory for the first time
    taken = measure.interleaved(runs, repeat)
    count, walked = len(rows.ts), last["mmsim"]
    return {
        "ratio": measure.paired_ratio(taken["hftbacktest"], taken["mmsim"]) if HAS_PEER else None,
        **{f"{name}_rows_per_second": count / statistics.median(seconds) for name, seconds in taken.items()},
        "rows": count,
        "quotes_per_row": walked.counters["quotes"] / count,
        "client_orders": walked.counters["orders"],
        "client_fills": walked.counters["client_fills"],
        "hedge_decisions": walked.counters["hedge_decisions"],
        "hedge_fills": walked.counters["hedge_fills"],
        "postings": walked.postings,
    }


def _peer(rows: Rows) -> Callable[[], float]:
    """A run of hftbacktest over the rows, which returns its seconds."""
    import peer  # where it is not installed the rest can still be measured

    feeds = peer.feeds(rows)
    return lambda: peer.walk(feeds)


def plain_python(rows: Rows, repeat: int) -> dict[str, Any]:
    """A hedging policy in plain Python against its compiled twin."""
    twins = {
        "compiled": desk.replay(rows, {"hedging": {"policy": "delta_band", "band": 50}}),
        "python": desk.replay(rows, {"hedging": {"policy": PLAIN_BAND, "band": 50}}),
    }
    walked = {name: desk.walk(given) for name, given in twins.items()}
    assert walked["compiled"].counters == walked["python"].counters, "twins decide alike"
    taken = measure.interleaved(
        {name: lambda given=given: desk.walk(given).seconds for name, given in twins.items()}, repeat
    )
    added = statistics.median(slow - quick for slow, quick in zip(taken["python"], taken["compiled"], strict=True))
    calls = walked["python"].counters["hedge_decisions"]
    return {"events_per_second": calls / added, "calls": calls, "seconds_added": added}


def figures(count: int, repeat: int) -> dict[str, Any]:
    """Everything that the command prints."""
    small = busy_market(20, count)
    rates = {"20": against_peer(small, repeat)}
    rates["20_eager"] = against_peer(small, repeat, EAGER)
    rates["100"] = against_peer(busy_market(100, count), repeat)
    python = plain_python(small, repeat)
    return {
        "ratio_20": rates["20"]["ratio"],
        "ratio_100": rates["100"]["ratio"],
        "ratio_20_eager": rates["20_eager"]["ratio"],
        "python_policy_events_per_second": python["events_per_second"],
        "rates": {**rates, "python_policy": python},
    }


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="figures as JSON")
    parser.add_argument("--rows", type=int, default=2_000_000, help="of each market (default: %(default)s)")
    parser.add_argument("--repeat", type=int, default=7, help="runs of each program, in turn (default: %(default)s)")
    given = parser.parse_args()
    measure.tell(figures(given.rows, given.repeat), as_json=given.json)


if __name__ == "__main__":
    main()

"""The pictures of the documentation, as `make pictures` draws them: figures of a run and of a comparison.

Anybody can make them: `mmsim.run("scenarios/synthetic/market_maker_day.yaml").figure("waterfall")`, and so on.
"""

from __future__ import annotations

from pathlib import Path

import mmsim

HERE = Path(__file__).parent
DAY, BANDS = "scenarios/synthetic/market_maker_day.yaml", "scenarios/comparison/hedging_bands.yaml"
OF_A_DAY = ("waterfall", "cumulative", "gamma-theta", "spot-0", "break-even")
OF_POLICIES = ("total-risk", "total-intervals")


def draw(source: mmsim.Run | mmsim.Comparison, names: tuple[str, ...]) -> None:
    """Save some figures of a run or a comparison beside this file; the same figures give the same bytes."""
    for name in names:
        source.figure(name).savefig(HERE / f"{name}.png", dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    draw(mmsim.run(DAY), OF_A_DAY)
    draw(mmsim.compare(BANDS), OF_POLICIES)

"""Mark-outs that are wrong in one way each, beside the auditor's: every one must be found out."""

from __future__ import annotations

from unittest import mock

import pandas as pd
import pytest

from mmsim.scenario import Scenario
from tests.audit_of_run import Books, play
from tests.auditor import audit, comparison, replay
from tests.auditor.markouts import Markout, Markouts, Waiting
from tests.test_auditor import SCENARIO


class Late(Markouts):
    """A horizon sees the market one time too late."""

    before = 0

    def pass_to(self, ts: int) -> None:
        super().pass_to(self.before)
        self.before = ts


class Timeless(Markouts):
    """Theo at a horizon has the time to expiry that it had at the fill."""

    def _now(self, fill: Waiting, ts: int) -> tuple[float, float, float]:
        return super()._now(fill, fill.ts)


class Turned(Markouts):
    """Every fill has the other side."""

    def add(self, row: int, option: int, ts: int, size: float, price: float) -> None:
        super().add(row, option, ts, -size, price)


class Unhedged(Markouts):
    """Another delta than the fill's is hedged."""

    def add(self, row: int, option: int, ts: int, size: float, price: float) -> None:
        super().add(row, option, ts, size, price)
        self.fills[-1].delta *= 0.99


class Unsettled(Markouts):
    """What has expired goes on to be valued by the market."""

    def settle(self, option: int, price: float) -> None:
        pass


class Unpaid(Markouts):
    """Dividends are forgotten."""

    def pay(self, u: int, amount: float) -> None:
        pass


class Lost(Markouts):
    """The last horizon of all is forgotten."""

    def end(self, ts: int) -> None:
        super().end(ts)
        self.found.pop()


@pytest.fixture(scope="module")
def sound() -> Books:
    return play(Scenario.model_validate(SCENARIO)).books


def found_by(books: Books, kind: type[Markouts]) -> list[Markout]:
    """The auditor's mark-outs, if it made them so."""
    with mock.patch.object(replay, "Markouts", kind):
        return audit(books.terms, books.events, books.fills, books.settings).markouts


def as_table(found: list[Markout]) -> pd.DataFrame:
    """The auditor's mark-outs as a run would report them."""
    table = pd.DataFrame(found)
    for name in ("edge", "markout", "hedged_markout"):
        table[f"{name}_micros"] = (table[name] * 1e6).round().astype("int64")
    return table.assign(impact_micros=table["edge_micros"] - table["markout_micros"])


def test_the_run_and_the_auditor_agree(sound: Books) -> None:
    truth = found_by(sound, Markouts)
    assert len({one.horizon for one in truth}) == 6 and any(one.dividends for one in truth)
    assert not list(comparison.of_markouts(sound.results["markouts"], truth))
    assert not list(comparison.of_markouts(as_table(truth), truth))


@pytest.mark.parametrize("kind", [Late, Timeless, Turned, Unhedged, Unsettled, Unpaid, Lost])
def test_a_fault_is_found_out(kind: type[Markouts], sound: Books) -> None:
    assert list(comparison.of_markouts(as_table(found_by(sound, kind)), found_by(sound, Markouts)))


def test_a_sum_that_is_off_by_a_micro_unit_is_found_out(sound: Books) -> None:
    truth = found_by(sound, Markouts)
    table = as_table(truth)
    table.loc[5, "impact_micros"] += 1
    assert [str(one) for one in comparison.of_markouts(table, truth) if "its parts" in one.what]

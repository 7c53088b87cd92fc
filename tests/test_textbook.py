"""The examples of textbooks, at the figures that they print."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtr

from mmsim import backtest
from mmsim.results import Run
from mmsim.scenario import Scenario


@pytest.fixture(scope="module")
def textbook(root: Path) -> Path:
    return root / "scenarios" / "textbook"


@pytest.fixture(scope="module")
def neftci(textbook: Path) -> Run:
    return backtest.run(textbook / "neftci_9_4_6.yaml")


@pytest.fixture(scope="module")
def hull(textbook: Path) -> Run:
    return backtest.run(textbook / "hull_itm.yaml")


def shares(run: Run) -> list[float]:
    """What the desk holds in stock after each hedge."""
    return run.fills.loc[run.fills["kind"] == "hedge", "position_after"].tolist()


def realised_by(file: Path, ends: list[str]) -> list[float]:
    """`cash.rebalancing` of runs that end at each of these instants."""
    return [backtest.run(file, changes={"clock.end": end}).cash["rebalancing"] for end in ends]


def test_neftci_hedges(neftci: Run) -> None:
    assert shares(neftci) == [-51, -89, -51, -98, 0]


def test_neftci_rebalancing_earns_425_exactly(neftci: Run, textbook: Path) -> None:
    """38 shares sold at 105 and bought back at 100, then 47: 190 + 235."""
    assert neftci.cash["rebalancing"] == 425.00
    ends = [f"2026-01-0{day}T21:00:00Z" for day in (6, 7, 8, 9)]
    assert realised_by(textbook / "neftci_9_4_6.yaml", ends) == [0, 190, 190, 425]


def test_neftci_total(neftci: Run) -> None:
    """The book carries the loan of 213 at 4 %, and ends with 215.16."""
    assert neftci.attribution["total"] == pytest.approx(215.16, abs=0.10)
    assert neftci.cash["premium"] == -213.0
    assert neftci.cash["settlement"] == 0.0


def test_neftci_pays_a_five_days_premium_for_a_four_days_call(neftci: Run) -> None:
    """At the money with four days of 365 to go, at 45 % and 4 %, the call is worth 1.9008; 2.13 is for five."""
    assert neftci.attribution["spread_capture"] == pytest.approx(-22.92, abs=0.005)


def test_put_scalping_holds_the_given_deltas(textbook: Path) -> None:
    assert shares(backtest.run(textbook / "put_scalping.yaml")) == [50, 49, 50, 51, 50]


def test_put_scalping_realises_two_dollars_twice(textbook: Path) -> None:
    """Sold at 102 at 16:00 what had cost 100: +2. Bought at 98 at 18:00 and sold at 100 at 19:00: +2."""
    ends = [f"2026-01-05T{time}:00Z" for time in ("15:30", "16:00", "17:00", "18:00", "19:00")]
    assert realised_by(textbook / "put_scalping.yaml", ends) == [0, 2, 2, 2, 4]


def test_short_call_is_hedged_with_40_shares_bought_at_the_ask(textbook: Path) -> None:
    run = backtest.run(textbook / "short_call_hedge.yaml")
    hedge = run.fills[run.fills["kind"] == "hedge"].iloc[0]
    assert (hedge["side"], hedge["size"], hedge["price"], hedge["market_ask"]) == ("buy", 40, 100.01, 100.01)
    assert shares(run) == [40]
    assert run.attribution["hedge_cost"] == -0.40


DELTAS = (
    0.522, 0.458, 0.400, 0.596, 0.693, 0.774, 0.771, 0.706, 0.674, 0.787, 0.550,
    0.413, 0.542, 0.591, 0.768, 0.759, 0.865, 0.978, 0.990, 1.000, 1.000,
)  # fmt: skip
COST_THOUSANDS = (
    2557.8, 2252.3, 1979.8, 2966.6, 3471.5, 3905.1, 3893.0, 3559.5, 3398.5, 4000.7, 2822.3,
    2160.6, 2806.2, 3055.7, 3981.3, 3938.4, 4502.6, 5126.9, 5197.3, 5258.2, 5263.3,
)  # fmt: skip


def test_hull_holds_the_printed_deltas(hull: Run) -> None:
    """Twenty weekly hedges, to the table's delta of three decimals times 100,000 shares; then it stays at 1.000."""
    assert shares(hull) == [pytest.approx(100_000 * delta, abs=1e-6) for delta in DELTAS[:20]]
    hedges = hull.fills[hull.fills["kind"] == "hedge"]
    weeks = (hedges["ts"] - hedges["ts"].iloc[0]).dt.total_seconds() / (7 * 86_400)
    assert weeks.tolist() == list(range(20))


def test_hull_table_from_the_hedges(hull: Run) -> None:
    """Every printed cumulative cost, from the run's fills with the table's rounding to hundreds at each step."""
    hedges = hull.fills[hull.fills["kind"] == "hedge"]
    paid = hedges["price"] * hedges["size"].where(hedges["side"] == "buy", -hedges["size"])
    cost, table = 0.0, []
    for amount in (*paid, 0.0):
        interest = to_hundreds(cost * np.expm1(0.05 / 52))
        cost += interest + to_hundreds(amount)
        table.append(cost / 1000)
    assert table == pytest.approx(list(COST_THOUSANDS), abs=0.01)


def test_hull_cumulative_cost_of_each_week(hull: Run) -> None:
    """What the hedge owes, interest to the micro-unit: within the 200 that the table's roundings add up to."""
    cash = hull.ledger[(hull.ledger["account"] == "Assets:Cash:Hedge") & (hull.ledger["kind"] != "expiry")]
    weekly = cash.groupby("ts")["amount_micros"].sum().sort_index().cumsum() / 1e6
    assert (-weekly / 1000).tolist() == pytest.approx(list(COST_THOUSANDS), abs=0.2)


def to_hundreds(amount: float) -> float:
    return float(100 * np.floor(amount / 100 + 0.5))


def test_hull_costs_263_300(hull: Run) -> None:
    cost = -(hull.cash["rebalancing"] + hull.cash["settlement"] + hull.summary["carry"]["hedge_cash"])
    assert cost == pytest.approx(263_300, rel=0.001)


def test_hull_to_the_cent_without_the_tables_rounding(hull: Run) -> None:
    """With deltas of three decimals and continuous interest, by an independent calculation: 263,338.49."""
    cost = -(hull.cash["rebalancing"] + hull.cash["settlement"] + hull.summary["carry"]["hedge_cash"])
    assert cost == pytest.approx(263_338.49, abs=0.01)


def test_hull_position_at_week_nine(textbook: Path) -> None:
    """Options worth 414,500 (a loss of 174,500), shares worth 4,171,100, cash 1,442,900 worse: −4,100 in all.

    The cash is the table's, in which roundings to hundreds have added up.
    """
    run = backtest.run(textbook / "hull_itm.yaml", changes={"clock.end": "2026-03-06T21:00:00Z"})
    balances = run.ledger.groupby("account", observed=True)["amount_micros"].sum() / 1e6
    first = run.ledger[run.ledger["kind"] == "client"].groupby("account", observed=True)["amount_micros"].sum() / 1e6
    loss = first["Assets:Options"] - balances["Assets:Options"]
    cash_worse = -balances["Assets:Cash:Hedge"] - 2_557_800
    assert -balances["Assets:Options"] == pytest.approx(414_500, abs=50)
    assert loss == pytest.approx(174_500, abs=100)
    assert cash_worse == pytest.approx(1_442_900, abs=200)
    assert balances["Assets:Hedge"] == 4_171_100
    assert -loss - cash_worse + 4_171_100 - 2_557_800 == pytest.approx(-4_100, abs=200)


@pytest.mark.parametrize("up", [True, False], ids=["called away", "put to"])
@pytest.mark.parametrize("settlement", ["cash", "physical"])
def test_a_conversion_prices_the_call_at_4_38(up: bool, settlement: str) -> None:
    """A conversion: S = 50, a one-year 50 put at 2.00, 5 % a year, so 2 + 50 − 50/1.05 = 4.381 is the call.

    Sold at 4.38 it must lose 0.001 × 1.05 a share wherever the stock ends, hedged by 100 shares bought at 50.
    """
    run = backtest.run(conversion(70.0 if up else 30.0, settlement))
    assert shares(run)[1] == 100
    assert run.attribution["total"] == pytest.approx(100 * (50 - (50 + 2.00 - 4.38) * 1.05), abs=0.005)
    assert run.attribution["total"] == pytest.approx(-0.10, abs=0.005)


def conversion(last: float, settlement: str) -> Scenario:
    """Long a put and short a call at their prices, at rates of 5 % compounded once a year."""
    start, end = "2026-01-05T15:00:00Z", "2027-01-05T15:00:00Z"
    return Scenario.model_validate(
        {
            "name": "conversion",
            "clock": {"start": start, "end": end},
            "rates": {"options_cash": float(np.log(1.05)), "hedge_cash": float(np.log(1.05))},
            "underlyings": [{"symbol": "ABC"}],
            "options": [{"underlying": "ABC", "strikes": [50], "expiry": end, "settlement": settlement}],
            "market": {
                "spot": {"model": "path", "step": "365d", "prices": [50, last]},
                "volatility": {"model": "constant", "level": 0.2},
            },
            "clients": [
                {
                    "name": "both",
                    "model": "scripted",
                    "orders": [
                        {"at": start, "option": "ABC 2027-01-05 P50", "side": "sell", "size": 1, "price": 2.00},
                        {"at": start, "option": "ABC 2027-01-05 C50", "side": "buy", "size": 1, "price": 4.38},
                    ],
                }
            ],
            "quoting": {"policy": "fixed_price", "bid": 2.00, "ask": 4.38},
            "hedging": {"policy": "every_tick"},
            "report": {"mark_every": "365d"},
        }
    )


def test_the_books_own_delta() -> None:
    """N(d1) of short_call_hedge is 0.400 by SciPy: the 40 shares are no accident of the engine's."""
    years, volatility = 90 / 365, 0.25
    d1 = np.log(100 / 104) / (volatility * years**0.5) + 0.5 * volatility * years**0.5
    assert ndtr(d1) == pytest.approx(0.400, abs=0.0005)


@pytest.mark.parametrize("prices", ["[50, 65, 80]", "[50, 20, 5]", "[50, 50, 51]"])
def test_a_conversion_locks_in_ten_cents_on_any_path(textbook: Path, prices: str) -> None:
    """(4.48 − 4.380952) × 100 shares, with a year's interest at 5 %: the shares are bought at once and kept."""
    run = backtest.run(textbook / "conversion.yaml", changes={"market.spot.prices": prices})
    synthetic = 2.00 + 50.0 - 50.0 / 1.05
    assert run.attribution["total"] == pytest.approx(100 * 1.05 * (4.48 - synthetic), abs=1e-5)
    assert run.attribution["spread_capture"] == pytest.approx(100 * (4.48 - synthetic), abs=1e-5)
    assert shares(run)[-1] == 100.0
    assert run.fills.loc[run.fills["kind"] == "hedge", "ts"].nunique() == 1
    assert run.cash["premium"] == 248.0


def test_a_conversion_at_the_printed_price_locks_in_its_rounding(textbook: Path) -> None:
    run = backtest.run(textbook / "conversion.yaml", changes={"quoting.ask": "4.38"})
    assert run.attribution["total"] == pytest.approx(-0.10, abs=0.005)

"""Trades with a volatility desk, and deltas of a policy's own, by hand; the values are SciPy's."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from mmsim.errors import UserError
from mmsim.results import Run
from tests.economics import oracle
from tests.engine.builder import MICRO, POLICIES, at, clients, fixed, only, order, play, scenario, signed

CALL, PUT = "ABC 2026-02-05 C100", "ABC 2026-02-05 P100"
YEARS = (31 * 24 - 1) / 24 / 365  # from the first hour to the expiry
LIVELY: dict[str, Any] = {
    "options": [{"underlying": "ABC", "strikes": [100], "expiry": "2026-02-05T00:00:00Z"}],
    "market__volatility": {"model": "constant", "level": 0.2},
    "quoting": fixed(1.0, 4.0, size=100.0),
    "execution": {
        "lot": 0,
        "fees": {"option": {"maker": 0.5, "taker": 0.25}},
        "offload": {"half_spread_vol": 0.01},
    },
}
THEO = float(oracle.call(100, 100, YEARS, 0.2))
VEGA = float(oracle.gamma(100, 100, YEARS, 0.2)) * 100**2 * 0.2 * YEARS


def shed(name: str = "Shed", **parameters: Any) -> dict[str, Any]:
    return {"policy": f"{POLICIES / 'shed.py'}:{name}", **parameters}


def shedding(size: float, contracts: float, name: str = "Shed", **keys: Any) -> Run:
    """Ten contracts dealt at one o'clock, of which so many are traded with the volatility desk."""
    side = "sell" if size > 0 else "buy"
    dealt = clients(order(1, side, abs(size), 9.0 if size < 0 else 0.0, CALL))
    return play(**LIVELY, clients=dealt, hedging=shed(name, contracts=contracts, least=10.0), **keys)


@pytest.mark.parametrize("name", ["Shed", "PlainShed"])
@pytest.mark.parametrize(("size", "contracts", "traded"), [(10.0, -4.4, -4.0), (10.0, 2.5, 3.0), (-10.0, 6.0, 6.0)])
def test_it_deals_at_theo_and_a_little_against_the_desk(
    size: float, contracts: float, traded: float, name: str
) -> None:
    run = shedding(size, contracts, name)
    fill = only(run, "offload").iloc[0]
    assert signed(only(run, "offload")).tolist()[0] == traded
    cost = 0.01 * VEGA
    assert fill["price"] == pytest.approx(THEO + cost if traded > 0 else THEO - cost, abs=1e-9)
    assert fill["theo"] == pytest.approx(THEO, abs=1e-9)
    assert (fill["ts"], fill["client"], fill["fee"]) == (pd.Timestamp(at(1)), "volatility_desk", 0.25 * abs(traded))
    assert fill["position_after"] == size + traded
    transaction = run.ledger[run.ledger["transaction"] == fill["transaction"]]
    posted = transaction.groupby("account", observed=True)["amount_micros"].sum() / 1e6
    units, price = 100 * traded, float(fill["price"])
    assert posted["Expenses:HedgeCost"] == pytest.approx(100 * abs(traded) * cost, abs=MICRO)
    assert posted["Assets:Cash:Options"] == pytest.approx(-units * price - 0.25 * abs(traded), abs=2 * MICRO)
    assert posted["Assets:Options"] == pytest.approx(units * THEO, abs=MICRO)
    assert posted["Expenses:Fees:Options"] == pytest.approx(0.25 * abs(traded))
    assert transaction["amount_micros"].sum() == 0
    assert set(transaction["kind"]) == {"offload"}


def test_what_it_sheds_is_a_group_of_its_own_and_hedged_with_the_rest() -> None:
    run = shedding(10.0, -4.0)
    options = run.options.set_index("client")
    assert options["position"].to_dict() == {"client": 10.0, "volatility_desk": -4.0}
    assert options.loc["volatility_desk", "spread_capture"] == 0
    assert options.loc["volatility_desk", "fees"] == -1.0
    assert options.loc["volatility_desk", "theta"] == pytest.approx(-0.4 * options.loc["client", "theta"], abs=1e-5)
    first = only(run, "hedge").iloc[0]
    assert first["size"] == pytest.approx(600 * float(oracle.delta(100, 100, YEARS, 0.2)), abs=1e-6), (
        "one hedge of both"
    )
    assert run.counts["offloads"] == 1
    assert set(run.identities.values()) == {0}
    costs = run.summary["hedge_cost"]
    assert costs["offloads"] == pytest.approx(-400 * 0.01 * VEGA, abs=MICRO)
    assert costs["hedges"] + costs["offloads"] == pytest.approx(run.attribution["hedge_cost"])


def test_it_is_asked_at_marks_too_but_not_when_the_session_is_closed() -> None:
    held = {"options": [{"option": CALL, "size": 12.0}]}
    keys = LIVELY | {"opening": held, "hedging": shed(contracts=-1.0, least=11.0)}
    assert only(play(**keys), "offload")["ts"].tolist() == [pd.Timestamp(at(1)), pd.Timestamp(at(2))]
    sessions = {"open": "03:30", "close": "05:30", "zone": "UTC"}
    assert only(play(**keys, sessions=sessions), "offload")["ts"].tolist() == [pd.Timestamp(at(4)), pd.Timestamp(at(5))]


def test_a_price_is_not_below_nothing() -> None:
    keys = LIVELY | {"market__spot__prices": [60.0], "execution": {"offload": {"half_spread_vol": 0.5}}}
    run = play(**keys, opening={"options": [{"option": CALL, "size": 12.0}]}, hedging=shed(contracts=-1.0, least=12.0))
    assert only(run, "offload")["price"].tolist() == [0.0]


def failing(**keys: Any) -> str:
    with pytest.raises(UserError) as raised:
        play(**LIVELY, clients=clients(order(1, "sell", 10, option=CALL)), **keys)
    return str(raised.value)


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (shed(is_nan=True), "offload answered nan, which is no number of contracts"),
        (shed("PlainShed", is_nan=True), "offload answered nan, which is no number of contracts"),
        (shed("Own", volatility=0.0), "hedge_vol answered 0, which is no volatility above 0"),
        (shed("Own", slope=9.0), "hedge_slope answered nan, which is no number"),
        ({"policy": "leland", "round_trip": 0.5}, "hedge_vol raised ValueError: imaginary volatility for long gamma"),
        ({"policy": "zakamouline", "cost": 0.5}, "hedge_vol raised ValueError: imaginary volatility, 1 + K <= 0"),
    ],
)
def test_a_wrong_answer_is_said_with_its_view(policy: dict[str, Any], said: str) -> None:
    message = failing(hedging=policy)
    assert said in message
    assert "(ORDER of ABC 2026-02-05 C100 at 2026-01-05T01:00:00.000000000Z)" in message
    assert "OptionView(ts_ns=1767574800000000000, option=0, underlying=0, ticks=1, spot=100, strike=100," in message
    assert "position=10," in message


def test_a_delta_of_ones_own_is_taken_at_its_volatility_and_along_its_slope() -> None:
    run = play(
        **LIVELY, clients=clients(order(1, "sell", 10, option=CALL)), hedging=shed("Own", volatility=0.4, slope=-0.002)
    )
    vega = float(oracle.gamma(100, 100, YEARS, 0.4)) * 100**2 * 0.4 * YEARS
    expected = 1000 * (float(oracle.delta(100, 100, YEARS, 0.4)) - 0.002 * vega)
    assert signed(only(run, "hedge")).tolist()[0] == pytest.approx(-expected, abs=1e-6)


def test_a_priced_book_shows_means_by_gamma() -> None:
    """Ten calls and four puts of one strike have one gamma a unit, and both a month to go."""
    orders = clients(order(1, "sell", 10, option=CALL), order(1, "sell", 4, option=PUT))
    keys = LIVELY | {"rates": {"pricing": 0.05}}
    run = play(**keys, clients=orders, hedging=shed("Shown"))
    assert signed(only(run, "hedge")).tolist()[0] == pytest.approx(1e6 * YEARS + 1e3 * 0.2 + 0.05, abs=1e-6)


def test_its_name_is_taken() -> None:
    with pytest.raises(ValueError, match="counterparty for offloads: choose another name"):
        scenario(clients=[clients(order(1, "sell", 1))[0] | {"name": "volatility_desk"}])

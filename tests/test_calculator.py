"""`mmsim price`: one option, from its volatility or its price, against published figures and parity."""

import json
import math

import pandas as pd
import pytest
from typer.testing import CliRunner

import mmsim
from mmsim import cli

HULL = ["--right", "call", "--spot", 49, "--strike", 50, "--years", 0.3846, "--rate", 0.05]
KEYS = [
    "price", "delta", "gamma", "vega", "theta", "rho", "vanna", "volga", "implied_volatility", "parity", "status",
]  # fmt: skip


def said(*arguments: object) -> dict:
    done = CliRunner().invoke(cli.app, ["price", *map(str, arguments), "--json"])
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def refused(*arguments: object) -> str:
    done = CliRunner().invoke(cli.app, ["price", *map(str, arguments)])
    assert (done.exit_code, done.stdout) == (2, "")
    return done.stderr


def test_hulls_running_example():
    found = said(*HULL, "--vol", 0.2)
    assert list(found) == KEYS
    published = {"price": 2.400461, "delta": 0.521602, "theta": -4.30539, "gamma": 0.065545, "vega": 12.105243}
    assert {key: found[key] for key in published} == pytest.approx(published, abs=5.1e-6)
    parity = found["price"] - 49 + 50 * math.exp(-0.05 * 0.3846)
    assert found["parity"] == pytest.approx(parity, abs=1e-12)
    assert (found["implied_volatility"], found["status"]) == (0.2, "ok")


def test_from_the_price_back_to_the_volatility():
    price = said(*HULL, "--vol", 0.2)["price"]
    assert said(*HULL, "--price", price)["implied_volatility"] == pytest.approx(0.2, rel=1e-12)


def test_an_american_put_and_back():
    """Andersen, Lake and Offengenden's table 2: a premium of 0.1069527 on 5 % rates and yields, 25 %, a year."""
    terms = ["--right", "put", "--spot", 100, "--strike", 100, "--years", 1, "--rate", 0.05, "--dividend-yield", 0.05]
    found, european = said(*terms, "--vol", 0.25, "--american"), said(*terms, "--vol", 0.25)
    assert found["price"] - european["price"] == pytest.approx(0.106952702747, abs=2e-6)
    back = said(*terms, "--price", found["price"], "--american")
    assert back["implied_volatility"] == pytest.approx(0.25, rel=1e-9)


@pytest.mark.parametrize(
    ("given", "carry"), [(["--future"], 0.0), (["--carry", 0.02], 0.02), (["--dividend-yield", 0.01], 0.04)]
)
def test_the_carry(given: list, carry: float):
    found = said(*HULL, "--vol", 0.2, *given)
    terms = {"spot": 49, "strike": 50, "years": 0.3846, "volatility": 0.2, "rate": 0.05, "carry": carry}
    assert found["price"] == float(mmsim.price(**terms))


@pytest.mark.parametrize(("price", "status"), [(0.0001, "ok"), (49.5, "above_bound"), (0.0, "no_time_value")])
def test_a_price_that_no_volatility_gives_has_a_status(price: float, status: str):
    found = said(*HULL, "--price", price)
    assert found["status"] == status
    assert (found["implied_volatility"] is None) == (status != "ok")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--vol", 0.2, "--price", 2], "give one of --vol and --price"),
        ([], "give one of --vol and --price"),
        (["--vol", 0.2, "--days", 3], "give one of --years and --days"),
        (["--vol", 0.2, "--future", "--carry", 0], "give at most one of --dividend-yield, --carry and --future"),
        (["--vol", -0.2], "volatility: must be a number, 0 or more, not -0.2"),
        (["--vol", "nan"], "volatility: must be a number"),
        (["--vol", 0.2, "--spot", 0], "spot: must be a price above 0"),
        (["--vol", 0.2, "--strike", "inf"], "strike: must be a price above 0"),
    ],
)
def test_mistakes_are_a_sentence(arguments: list, message: str):
    assert message in refused(*HULL, *arguments)


def test_every_mistake_at_once():
    assert len(refused(*HULL, "--vol", -1, "--spot", -1, "--strike", "nan").splitlines()) == 3


def test_the_screen_says_what_figures_are_per():
    done = CliRunner().invoke(cli.app, ["price", *map(str, HULL), "--price", "60"])
    assert done.exit_code == 0
    assert "Status: above bound" in done.stdout


def test_tables_keep_the_labels_of_series():
    frame = pd.DataFrame({"strike": [90.0, 110.0], "volatility": [0.2, 0.3]}, index=["b", "a"])
    found = mmsim.greeks(spot=100.0, years=0.5, strike=frame["strike"], volatility=frame["volatility"])
    assert list(found.index) == ["b", "a"]
    with pytest.raises(ValueError, match="different labels"):
        mmsim.greeks(spot=100.0, years=0.5, strike=frame["strike"], volatility=frame["volatility"].sort_index())

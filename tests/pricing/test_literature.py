"""Every published figure of literature.yaml, at the tolerance that its printed digits justify.

A kind of computation (`what`) is a function here, from a case's terms to results by name.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from mmsim.pricing import greeks, implied_volatility, price

CASES = yaml.safe_load(Path(__file__).with_name("literature.yaml").read_text(encoding="utf-8"))
Terms = dict[str, Any]
EXACT_TIE = 1.0001  # a figure printed at half a unit of its last digit may have been rounded either way


def european(terms: Terms) -> dict[str, Any]:
    """Every column of `greeks`."""
    return greeks(**terms).iloc[0].to_dict()


def escrowed(terms: Terms) -> dict[str, Any]:
    """The same on the spot less the present value of the dividends, pairs of years and amount."""
    given = dict(terms)
    worth = sum(amount * np.exp(-given["rate"] * years) for years, amount in given.pop("dividends"))
    return european(given | {"spot": given["spot"] - worth})


def put_of_call(terms: Terms) -> dict[str, Any]:
    """The put at the volatility that a call's price implies."""
    given = dict(terms)
    found = implied_volatility(price=given.pop("call"), **given)
    return european({**given, "volatility": found["volatility"][0], "right": "put"})


def vega_of_a_point(terms: Terms) -> dict[str, Any]:
    """Vega for a hundredth of volatility."""
    return {"vega": 0.01 * european(terms)["vega"]}


def round_trip(terms: Terms) -> dict[str, Any]:
    """The volatility that a price implies, and the price at the volatility given."""
    given = dict(terms)
    quoted, volatility = given.pop("price"), given.pop("volatility")
    found = implied_volatility(price=quoted, **given).iloc[0]
    assert found.status == "ok"
    return {"volatility": found.volatility, "theo": float(price(volatility=volatility, **given))}


def no_volatility(terms: Terms) -> dict[str, Any]:
    """The statuses of prices that imply none."""
    found = implied_volatility(**terms)
    assert found.volatility.isna().all()
    return {"status": found.status.tolist()}


KINDS: dict[str, Callable[[Terms], dict[str, Any]]] = {
    kind.__name__: kind for kind in (european, escrowed, put_of_call, vega_of_a_point, round_trip, no_volatility)
}


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_published_figure(case: dict[str, Any]) -> None:
    found = KINDS[case["what"]](case["terms"])
    for name, figure in case["figures"].items():
        if name in case.get("relative", {}):
            assert found[name] == pytest.approx(figure, rel=case["relative"][name], abs=0.0), name
        elif isinstance(figure[0], str):
            assert found[name] == figure, name
        else:
            value, tolerance = figure
            assert found[name] == pytest.approx(value, abs=EXACT_TIE * tolerance), name


def test_no_case_stands_twice() -> None:
    names = [case["id"] for case in CASES]
    assert len(names) == len(set(names)) >= 25

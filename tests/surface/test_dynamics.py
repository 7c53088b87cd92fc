"""Between fits: which volatility a strike has once the forward and the clock have moved."""

import math

import numpy as np
import pytest

from mmsim.surface import Rule, Svi, fit, moved_volatility

from .chains import FORWARD, exact

YEARS = 0.25
SVI = Svi(0.002, 0.03, -0.7, 0.03, 0.05)
STRIKES = FORWARD * np.linspace(0.8, 1.15, 15)


@pytest.fixture(scope="module")
def smile():
    return fit([exact(lambda k: np.sqrt(SVI.derivatives(k)[0] / YEARS), YEARS, np.linspace(-0.2, 0.15, 31))]).smiles[1]


def d1(strike: float, forward: float, years: float, vol: float) -> float:
    return math.log(forward / strike) / (vol * math.sqrt(years)) + 0.5 * vol * math.sqrt(years)


@pytest.mark.parametrize("rule", list(Rule))
def test_nothing_has_moved(smile, rule: Rule) -> None:
    vol = moved_volatility(smile, STRIKES, forward=FORWARD, years=YEARS, rule=rule)
    assert vol == pytest.approx(smile.volatility(np.log(STRIKES / FORWARD)), rel=1e-10)


@pytest.mark.parametrize("years", [0.25, 0.2, 0.01])
def test_strike_keeps_its_volatility(smile, years: float) -> None:
    vol = moved_volatility(smile, STRIKES, forward=1.03 * FORWARD, years=years, rule=Rule.STRIKE)
    assert vol == pytest.approx(smile.volatility(np.log(STRIKES / FORWARD)), rel=1e-13)


@pytest.mark.parametrize("years", [0.25, 0.2, 0.01])
def test_moneyness_keeps_its_volatility(smile, years: float) -> None:
    vol = moved_volatility(smile, 1.03 * STRIKES, forward=1.03 * FORWARD, years=years, rule=Rule.MONEYNESS)
    assert vol == pytest.approx(smile.volatility(np.log(STRIKES / FORWARD)), rel=1e-13)


@pytest.mark.parametrize("years", [0.25, 0.2, 0.01])
def test_delta_keeps_its_volatility(smile, years: float) -> None:
    """A strike whose d1 is that of another at the fit has its volatility."""
    forward = 1.03 * FORWARD
    old = smile.volatility(np.log(STRIKES / FORWARD))
    moved = []
    for strike, vol in zip(STRIKES, old, strict=True):
        before = d1(strike, FORWARD, YEARS, vol)
        moved.append(forward * math.exp(0.5 * vol * vol * years - before * vol * math.sqrt(years)))
    found = moved_volatility(smile, moved, forward=forward, years=years, rule=Rule.DELTA)
    assert found == pytest.approx(old, rel=1e-9)


def test_delta_is_moneyness_while_no_time_passes(smile) -> None:
    by_rule = [
        moved_volatility(smile, STRIKES, forward=0.97 * FORWARD, years=YEARS, rule=rule)
        for rule in (Rule.DELTA, Rule.MONEYNESS)
    ]
    assert by_rule[0] == pytest.approx(by_rule[1], rel=1e-10)


@pytest.mark.parametrize("wrong", [{"years": 0.26}, {"years": 0.0}, {"forward": 0.0}, {"strike": [100.0, -1.0]}])
def test_what_cannot_be(smile, wrong: dict) -> None:
    terms = {"strike": STRIKES, "forward": FORWARD, "years": YEARS, "rule": Rule.DELTA} | wrong
    with pytest.raises(ValueError, match="above zero"):
        moved_volatility(smile, **terms)

"""One option, as `mmsim price` says it: value, Greeks, implied volatility and its parity partner."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from mmsim import pricing
from mmsim.errors import Problem, UserError

GREEKS = ("delta", "gamma", "vega", "theta", "rho", "vanna", "volga")


@dataclass(frozen=True)
class Valuation:
    """What one option is worth; figures that its status leaves open are NaN.

    Vega, vanna and volga are per 1.00 of volatility, rho per 1.00 of rate, theta a year; all for one unit.
    """

    price: float
    delta: float
    gamma: float
    vega: float
    theta: float
    rho: float
    vanna: float
    volga: float
    implied_volatility: float
    parity: float  # the value of the option of the other right at the same volatility
    status: str  # a name of `pricing.status.Status`, in lower case

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it: NaN is null."""
        return {
            name: None if isinstance(figure, float) and not math.isfinite(figure) else figure
            for name, figure in asdict(self).items()
        }


def valuation(
    *,
    right: str,
    spot: float,
    strike: float,
    years: float,
    rate: float = 0.0,
    carry: float | None = None,
    volatility: float | None = None,
    price: float | None = None,
    american: bool = False,
) -> Valuation:
    """The value and the Greeks of an option at a volatility, or at the one that a price implies.

    ``right`` is "call" or "put", ``years`` the time to expiry, ``rate``, ``carry`` (left out: the rate, a stock without
    dividends) and ``volatility`` annual and absolute (0.20 is 20 %). American options are valued by spectral
    collocation. UserError with every argument that no option has; a price that no volatility gives is a status.

    >>> call = valuation(right="call", spot=49.0, strike=50.0, years=0.3846, rate=0.05, volatility=0.2)  # Hull, ch. 19
    >>> round(call.price, 3), round(call.delta, 3), round(call.parity, 3), call.status
    (2.4, 0.522, 2.448, 'ok')
    """
    _check(right, spot, strike, years, rate, carry, volatility, price)
    terms: dict[str, Any] = {
        "spot": spot,
        "strike": strike,
        "years": years,
        "rate": rate,
        "carry": carry,
        "exercise": "american" if american else "european",
    }
    if price is not None:
        implied = pricing.implied_volatility(price=price, right=right, **terms).iloc[0]
        if implied["status"] != "ok":
            nothing = dict.fromkeys((*GREEKS, "implied_volatility", "parity"), math.nan)
            return Valuation(price=price, status=str(implied["status"]), **nothing)
        volatility = float(implied["volatility"])
    assert volatility is not None
    mine = pricing.greeks(right=right, volatility=volatility, **terms).iloc[0]
    other = pricing.price(right="put" if right == "call" else "call", volatility=volatility, **terms)
    figures = {name: float(mine[name]) for name in GREEKS}
    worth = float(mine["theo"]) if price is None else price
    return Valuation(worth, **figures, implied_volatility=volatility, parity=float(other), status=str(mine["status"]))


def _check(
    right: str,
    spot: float,
    strike: float,
    years: float,
    rate: float,
    carry: float | None,
    volatility: float | None,
    price: float | None,
) -> None:
    """UserError with every argument that no option has."""
    wrong = []
    if right not in ("call", "put"):
        wrong.append(("right", "is call or put"))
    for name, amount in (("spot", spot), ("strike", strike)):
        if not (math.isfinite(amount) and amount > 0.0):
            wrong.append((name, f"must be a price above 0, not {amount:g}"))
    for name, given in (("years", years), ("volatility", volatility), ("price", price)):
        if given is not None and not (math.isfinite(given) and given >= 0.0):
            wrong.append((name, f"must be a number, 0 or more, not {given:g}"))
    for name, given in (("rate", rate), ("carry", carry)):
        if given is not None and not abs(given) <= 10.0:
            wrong.append((name, f"must be a fraction a year (0.05 is 5 %), not {given:g}"))
    if (volatility is None) == (price is None):
        wrong.append(("volatility", "give a volatility or a price, one of the two"))
    if wrong:
        raise UserError(*(Problem(message, key=name) for name, message in wrong))

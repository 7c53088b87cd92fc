"""An option from the other one of its strike, and the packages that lock the difference in.

Prices are of one unit of the underlying; ``discount`` is what 1 paid at expiry is worth today and ``dividends`` the
present value of those paid until then. For a future, ``spot`` is its discounted price D·F. Options are European: the
short option of a package on American ones may be exercised against it.

    C + K·D = P + S − dividends

Source: S. N. Neftci, Principles of Financial Engineering, 2nd ed. (2008), chapters 3 and 9; H. R. Stoll (1969).
"""

from __future__ import annotations

import math
from typing import NamedTuple


class Package(NamedTuple):
    """Stock and options that together pay the same whatever the spot does. Positive is received, negative is paid."""

    today: float  # the cash of dealing it
    at_expiry: float
    locked_in: float  # worth today of both, with the dividends
    rate: float  # continuous, a year: at which today's cash becomes what is paid at expiry; NaN without an exchange


def synthetic_call(*, put: float, spot: float, strike: float, discount: float, dividends: float = 0.0) -> float:
    """What a call costs as a put, the stock and a loan of the strike's worth.

    >>> round(synthetic_call(put=2.0, spot=50.0, strike=50.0, discount=1 / 1.05), 2)
    4.38
    """
    return put + spot - dividends - strike * discount


def synthetic_put(*, call: float, spot: float, strike: float, discount: float, dividends: float = 0.0) -> float:
    """What a put costs as a call, the stock sold short and the strike's worth lent.

    >>> round(synthetic_put(call=4.38, spot=50.0, strike=50.0, discount=1 / 1.05), 2)
    2.0
    """
    return call - spot + dividends + strike * discount


def conversion(
    *, call: float, put: float, spot: float, strike: float, discount: float, years: float, dividends: float = 0.0
) -> Package:
    """Stock and put bought, call sold: pays the strike at expiry, and the dividends until then.

    >>> conversion(call=4.48, put=2.0, spot=50.0, strike=50.0, discount=1 / 1.05, years=1.0).locked_in.__round__(6)
    0.099048
    """
    return _package(call - put - spot, strike, discount, years, dividends)


def reversal(
    *, call: float, put: float, spot: float, strike: float, discount: float, years: float, dividends: float = 0.0
) -> Package:
    """Stock and put sold, call bought: costs the strike at expiry, and the dividends until then."""
    return _package(put + spot - call, -strike, discount, years, -dividends)


def _package(today: float, at_expiry: float, discount: float, years: float, dividends: float) -> Package:
    lent = -(today + dividends)
    rate = math.log(at_expiry / lent) / years if years > 0.0 and at_expiry * lent > 0.0 else math.nan
    return Package(today, at_expiry, today + at_expiry * discount + dividends, rate)

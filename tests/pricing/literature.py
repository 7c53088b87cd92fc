"""Published figures for European options, as printed, with the tolerance that their rounding justifies.

Arguments are those of `mmsim.pricing`; the carry is rate − yield, and 0 for a future.
"""

from typing import NamedTuple


class Case(NamedTuple):
    source: str
    spot: float
    strike: float
    years: float
    volatility: float
    rate: float
    carry: float
    right: str
    figures: dict[str, float]  # field of `Greeks`: figure
    tolerance: dict[str, float]  # absolute

    @property
    def terms(self) -> dict[str, float | str]:
        names = ("spot", "strike", "years", "volatility", "rate", "carry", "right")
        return {name: getattr(self, name) for name in names}


HULL_GREEKS = (
    "Hull, Options, Futures and Other Derivatives, The Greek Letters, Examples 19.1 to 19.7 (9th to 11th edition)"
)
HULL_BSM = "Hull, Example 15.6"
HAUG = "Haug, The Complete Guide to Option Pricing Formulas, 2nd edition (2007), "


def _half_digit(**figures: str) -> tuple[dict[str, float], dict[str, float]]:
    """Figures as printed, and half a unit of the last digit of each."""
    values = {name: float(text) for name, text in figures.items()}
    return values, {name: 0.5 * 10.0 ** -len(text.partition(".")[2]) * 1.0001 for name, text in figures.items()}


CASES = [
    Case(HULL_GREEKS, 49, 50, 0.3846, 0.20, 0.05, 0.05, "call",
         *_half_digit(theo="2.4", delta="0.522", theta="-4.31", gamma="0.066", vega="12.1", rho="8.91")),
    Case(HULL_BSM + ", call", 42, 40, 0.5, 0.20, 0.10, 0.10, "call", *_half_digit(theo="4.76")),
    Case(HULL_BSM + ", put", 42, 40, 0.5, 0.20, 0.10, 0.10, "put", *_half_digit(theo="0.81")),
    Case(HAUG + "Black-Scholes", 60, 65, 0.25, 0.30, 0.08, 0.08, "call", *_half_digit(theo="2.1334")),
    Case(HAUG + "Black-76, call", 19, 19, 0.75, 0.28, 0.10, 0.0, "call", *_half_digit(theo="1.7011")),
    Case(HAUG + "Black-76, put", 19, 19, 0.75, 0.28, 0.10, 0.0, "put", *_half_digit(theo="1.7011")),
    Case(HAUG + "Garman-Kohlhagen", 1.56, 1.6, 0.5, 0.12, 0.06, -0.02, "call", *_half_digit(theo="0.0291")),
    Case(HAUG + "Asay", 4200, 3800, 0.75, 0.15, 0.0, 0.0, "put", *_half_digit(theo="65.6185")),
    Case(HAUG + "delta of a futures call", 105, 100, 0.5, 0.36, 0.10, 0.0, "call", *_half_digit(delta="0.5946")),
    Case(HAUG + "delta of a futures put", 105, 100, 0.5, 0.36, 0.10, 0.0, "put", *_half_digit(delta="-0.3566")),
    Case(HAUG + "vega", 55, 60, 0.75, 0.30, 0.105, 0.0695, "call", *_half_digit(vega="18.5027")),
    Case(HAUG + "theta", 430, 405, 1 / 12, 0.20, 0.07, 0.02, "put", *_half_digit(theta="-31.1924")),
    Case(HAUG + "vanna", 90, 80, 0.25, 0.20, 0.05, 0.05, "call", *_half_digit(vanna="-1.0008")),
    Case(HAUG + "vomma", 90, 130, 0.75, 0.28, 0.05, 0.0, "call", *_half_digit(volga="92.3444")),
    Case(HAUG + "a call with a yield above the rate", 42, 40, 0.75, 0.35, 0.04, -0.04, "call",
         *_half_digit(theo="5.0975")),
]  # fmt: skip


class RoundTrip(NamedTuple):
    """An undiscounted Black call, its price in 60 digits rounded to double."""

    forward: float
    strike: float
    years: float
    volatility: float
    price: float
    price_tolerance: float  # relative


# Price and volatility after P. Jäckel, Let's Be Rational (2015), who recovers the volatility within 1e-15 to 1e-14.
ROUND_TRIPS = [
    RoundTrip(100.0, 100.0, 1.0, 0.2, 7.965567455405797, 1e-14),
    RoundTrip(100.0, 100.0, 1.0, 0.0001, 0.003989422802352068, 1e-12),
    RoundTrip(100.0, 150.0, 2.0, 3.0, 95.86318732343041, 1e-14),
    RoundTrip(1.0, 1.0, 1.0, 8.0, 0.9999366575163338, 1e-14),
]

"""American options drawn over a box, and QuantLib's price of each."""

import numpy as np
import QuantLib as ql  # noqa: N813

from mmsim.pricing import american_chain, collocation
from mmsim.pricing.black_scholes import Greeks

TODAY = ql.Date(1, 1, 2020)
DAYS_OF_YEAR = ql.Actual365Fixed()


def box(seed: int, count: int, *, wide: bool) -> np.ndarray:
    """Rows spot, strike, years, volatility, rate, carry, right; ``wide`` is far beyond what is listed."""
    rng = np.random.default_rng(seed)
    days = rng.integers(1, 3650 if wide else 1096, count)
    volatility = rng.uniform(0.05, 1.5 if wide else 1.0, count)
    rate = rng.uniform(0.0, 0.15 if wide else 0.1, count)
    yield_ = np.where(rng.random(count) < 0.1, rate, rng.uniform(0.0, 0.15 if wide else 0.1, count))
    yield_[rng.random(count) < 0.1] = 0.0
    moneyness = rng.uniform(0.4, 2.5, count) if wide else rng.uniform(0.7, 1.4, count)
    right = rng.choice([-1.0, 1.0], count)
    return np.stack([100.0 * moneyness, np.full(count, 100.0), days / 365, volatility, rate, rate - yield_, right])


def exact(options: np.ndarray, scheme: collocation.Scheme | None = None) -> np.ndarray:
    values = np.empty(options.shape[1])
    american_chain.fill_exact_values(options, scheme or collocation.scheme(24, 5, 32, 64), values)
    return values


def fast(options: np.ndarray) -> np.ndarray:
    values = np.empty(options.shape[1])
    american_chain.fill_values(options, values)
    return values


def exact_greeks(options: np.ndarray, scheme: collocation.Scheme) -> np.ndarray:
    table = np.empty((options.shape[1], len(Greeks._fields)))
    american_chain.fill_exact_greeks(options, scheme, table)
    return table


def fast_greeks(options: np.ndarray) -> np.ndarray:
    table = np.empty((options.shape[1], len(Greeks._fields)))
    american_chain.fill_greeks(options, table)
    return table


def column(*terms: float) -> np.ndarray:
    """One option; the functions above read compiled code from the disk, those for one option compile themselves."""
    return np.array(terms, float)[:, None]


def process(spot: float, volatility: float, rate: float, yield_: float) -> ql.BlackScholesMertonProcess:
    ql.Settings.instance().evaluationDate = TODAY
    return ql.BlackScholesMertonProcess(
        ql.QuoteHandle(ql.SimpleQuote(spot)),
        ql.YieldTermStructureHandle(ql.FlatForward(TODAY, yield_, DAYS_OF_YEAR)),
        ql.YieldTermStructureHandle(ql.FlatForward(TODAY, rate, DAYS_OF_YEAR)),
        ql.BlackVolTermStructureHandle(ql.BlackConstantVol(TODAY, ql.NullCalendar(), volatility, DAYS_OF_YEAR)),
    )


def contract(strike: float, days: int, right: float, *, is_american: bool) -> ql.VanillaOption:
    payoff = ql.PlainVanillaPayoff(ql.Option.Call if right > 0 else ql.Option.Put, strike)
    end = TODAY + days
    return ql.VanillaOption(payoff, ql.AmericanExercise(TODAY, end) if is_american else ql.EuropeanExercise(end))


def quantlib(options: np.ndarray) -> np.ndarray:
    """By its own implementation of the spectral collocation, with the iteration of the paper."""
    scheme = ql.QdFpAmericanEngine.accurateScheme()
    values = []
    for spot, strike, years, volatility, rate, carry, right in options.T:
        option = contract(strike, round(years * 365), right, is_american=True)
        option.setPricingEngine(ql.QdFpAmericanEngine(process(spot, volatility, rate, rate - carry), scheme))
        values.append(option.NPV())
    return np.array(values)

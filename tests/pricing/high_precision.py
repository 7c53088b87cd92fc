"""The Black–Scholes–Merton value in 60 digits and its derivatives, the truth that doubles are held against."""

from mpmath import diff, mp, mpf

mp.dps = 60


def value(spot: float, strike: float, years: float, volatility: float, rate: float, carry: float, right: float) -> mpf:
    """The value by the textbook's formula; the digits carry the cancellation of its two terms in any tail."""
    s, k, t, v, r, b = (mpf(x) for x in (spot, strike, years, volatility, rate, carry))
    deviation = v * mp.sqrt(t)
    d1 = (mp.log(s / k) + b * t) / deviation + deviation / 2
    forward, discount = s * mp.exp(b * t), mp.exp(-r * t)
    return right * discount * (forward * mp.ncdf(right * d1) - k * mp.ncdf(right * (d1 - deviation)))


def greeks(
    spot: float, strike: float, years: float, volatility: float, rate: float, carry: float, right: float
) -> dict[str, mpf]:
    """Every field of `Greeks` as a numerical derivative of `value` in 60 digits."""

    def shifted(s: mpf, t: mpf, v: mpf, r: mpf, q: mpf) -> mpf:
        """The value with everything moved: the carry by the rate, of a stock, and against the dividend yield."""
        is_stock = 0 if carry == 0.0 else 1
        return value(spot + s, strike, years - t, volatility + v, rate + r, carry + is_stock * (r - q), right)

    orders = {  # by spot, time, volatility, rate, dividend yield
        "theo": (0, 0, 0, 0, 0),
        "delta": (1, 0, 0, 0, 0),
        "gamma": (2, 0, 0, 0, 0),
        "vega": (0, 0, 1, 0, 0),
        "theta": (0, 1, 0, 0, 0),
        "rho": (0, 0, 0, 1, 0),
        "dividend_rho": (0, 0, 0, 0, 1),
        "vanna": (1, 0, 1, 0, 0),
        "volga": (0, 0, 2, 0, 0),
        "charm": (1, 1, 0, 0, 0),
        "speed": (3, 0, 0, 0, 0),
        "colour": (2, 1, 0, 0, 0),
        "zomma": (2, 0, 1, 0, 0),
        "veta": (0, 1, 1, 0, 0),
    }
    zero = (mpf(0),) * 5
    return {name: diff(shifted, zero, order) if any(order) else shifted(*zero) for name, order in orders.items()}

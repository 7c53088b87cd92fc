"""Black's formula in decimal arithmetic, the truth that doubles are held against."""

from decimal import Decimal, localcontext


def _pi() -> Decimal:
    """π by Machin's formula."""
    with localcontext() as context:
        context.prec = 710

        def arctan_inverse(n: int) -> Decimal:
            term = total = Decimal(1) / n
            k = 1
            while abs(term) > Decimal("1e-709"):
                term /= -n * n
                k += 2
                total += term / k
            return total

        return 16 * arctan_inverse(5) - 4 * arctan_inverse(239)


PI = _pi()


def black_out_of_the_money(forward: float, strike: float, deviation: float) -> Decimal:
    """The undiscounted Black price, in decimal arithmetic that carries the tail's cancellation."""
    with localcontext() as context:
        context.prec = 700
        f, k, s = Decimal(forward), Decimal(strike), Decimal(deviation)
        low, high = min(f, k), max(f, k)
        d1 = (low / high).ln() / s + s / 2
        return low * normal_cdf(d1) - high * normal_cdf(d1 - s)


def normal_cdf(z: Decimal) -> Decimal:
    """N(z) = 1/2 + n(z)·(z + z³/3 + z⁵/15 + ...) (Marsaglia 2004), exact to the context's digits."""
    if abs(z) > 45:
        return Decimal(0) if z < 0 else Decimal(1)
    term = total = z
    odd = 1
    while abs(term) > Decimal("1e-690"):
        odd += 2
        term *= z * z / odd
        total += term
    return Decimal("0.5") + total * (-z * z / 2).exp() / (2 * PI).sqrt()

"""Exponential and logarithm in arithmetic alone: the same bits on every machine, and loops over them vectorise.

A call of the C library would stop a compiler from working on several options at once; here it may, and one option is
about as quick as with the library. Neither is a twin of `math`'s: both are made for what prices need, a logarithm of a
ratio that loses nothing near the money, and an exponential that is zero where it would underflow.

The polynomials are minimax fits made here in 60 digits (Remez), the splitting of ln 2 is that of W. J. Cody and
W. Waite, Software Manual for the Elementary Functions (1980).
"""

from __future__ import annotations

import math

from mmsim.kernel import bits_of, double_of, inlined

_TO_INTEGER = 1.5 * 2.0**52  # added to a small number, leaves its nearest integer in the lowest bits
_TO_INTEGER_BITS = 0x4338_0000_0000_0000
_EXPONENT = 52  # where a double's exponent stands, and
_BIAS = 1023  # that of 1.0
_HALF_EXPONENT = 1 << 51
_LOG2_E = 1.0 / math.log(2.0)
_LN2_HIGH = float.fromhex("0x1.62e42fee00000p-1")  # times any exponent it is exact
_LN2_LOW = float.fromhex("0x1.a39ef35793c76p-33")
_UNDERFLOW = -708.0  # below, e^x is no normal number


@inlined
def exp(x: float) -> float:
    """e^x within a unit of the last place, for |x| <= 708; any number beyond. NaN gives NaN.

    >>> exp(0.0), round(exp(1.0), 12)
    (1.0, 2.718281828459)
    """
    shifted = x * _LOG2_E + _TO_INTEGER
    k = shifted - _TO_INTEGER
    r = (x - k * _LN2_HIGH) - k * _LN2_LOW
    w = r * r
    low = (0.5000000000000013 + r * 0.166666666666667) + w * (0.04166666666651433 + r * 0.008333333333306958)
    middle = (0.0013888888947330743 + r * 0.00019841269917922057) + w * (
        2.480148959039119e-05 + r * 2.7557215821602255e-06
    )
    high = 2.7631414005740205e-07 + r * 2.5118011748726456e-08
    w2 = w * w
    mantissa = 1.0 + (r + w * (low + w2 * (middle + w2 * high)))
    return mantissa * double_of((bits_of(shifted) + _BIAS) << _EXPONENT)


@inlined
def exp_or_zero(x: float) -> float:
    """e^x for x <= 708, and zero below -708, where it would underflow.

    >>> exp_or_zero(-800.0), exp_or_zero(-1.0) == exp(-1.0)
    (0.0, True)
    """
    return 0.0 if x < _UNDERFLOW else exp(x)


@inlined
def log_ratio(a: float, b: float) -> float:
    """ln(a/b) within two units of the last place, however near the two are, for normal numbers above zero.

    b is scaled by a power of two until a/b is within 2/3 and 3/2; then ln(a/b) = 2·artanh((a − b)/(a + b)), whose
    numerator is exact.

    >>> log_ratio(100.0, 50.0) == math.log(2.0), log_ratio(1.0 + 2.0**-52, 1.0) == 2.0**-52
    (True, True)
    """
    k = (bits_of(a) - bits_of(b) + _HALF_EXPONENT) >> _EXPONENT
    near = double_of(bits_of(b) + (k << _EXPONENT))
    s = (a - near) / (a + near)
    w = s * s
    w2 = w * w
    low = (0.6666666666666665 + w * 0.40000000000022057) + w2 * (0.2857142856286739 + w * 0.22222223610497466)
    high = (0.1818170192012584 + w * 0.15390064661170552) + w2 * (0.131894445829901 + w * 0.1374557777625246)
    powers = double_of(_TO_INTEGER_BITS + k) - _TO_INTEGER
    return powers * _LN2_HIGH + (powers * _LN2_LOW + (s * w * (low + w2 * w2 * high) + (s + s)))

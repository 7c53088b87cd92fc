"""Elementary functions of complex numbers from real ones: the same bits compiled and interpreted.

The library's `cmath` and the compiler's own differ in the last digit.
"""

from __future__ import annotations

import math

from mmsim.kernel import inlined


@inlined
def size(z: complex) -> float:
    """|z|, where its square neither overflows nor vanishes."""
    return math.sqrt(z.real * z.real + z.imag * z.imag)


@inlined
def exp(z: complex) -> complex:
    """e^z."""
    length = math.exp(z.real)
    return complex(length * math.cos(z.imag), length * math.sin(z.imag))


@inlined
def log(z: complex) -> complex:
    """The principal logarithm of z, which is not 0.

    >>> log(complex(-1.0, 0.0)) == complex(0.0, math.pi)
    True
    """
    return complex(0.5 * math.log(z.real * z.real + z.imag * z.imag), math.atan2(z.imag, z.real))


@inlined
def sqrt(z: complex) -> complex:
    """The root of z whose real part is not negative.

    >>> sqrt(complex(-4.0, 0.0)), sqrt(complex(0.0, 2.0)), sqrt(complex(0.0, 0.0))
    (2j, (1+1j), 0j)
    """
    root = math.sqrt(0.5 * (size(z) + abs(z.real)))
    other = 0.5 * z.imag / root if root > 0.0 else 0.0
    return complex(root, other) if z.real >= 0.0 else complex(abs(other), math.copysign(root, z.imag))

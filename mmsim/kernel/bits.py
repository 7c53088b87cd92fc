"""A double's bits as an integer and back: the one step of an elementary function that arithmetic cannot say.

Compiled it is no instruction at all, so that a loop over it can be vectorised.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, cast

from numba.extending import intrinsic

from mmsim.kernel.compiled import F64, I64, JIT

_MASK = (1 << 64) - 1
_DOUBLE, _SIGNED, _UNSIGNED = struct.Struct("<d"), struct.Struct("<q"), struct.Struct("<Q")


def _cast_to(kind: Any) -> Any:
    """The code of a bit cast to a compiled type."""

    def code(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(kind))

    return code


def _bits_of(_typing: Any, _x: Any) -> Any:
    """The signature and the code of `bits_of`."""
    return I64(F64), _cast_to(I64)


def _double_of(_typing: Any, _bits: Any) -> Any:
    """The signature and the code of `double_of`."""
    return F64(I64), _cast_to(F64)


def _plain_bits_of(x: float) -> int:
    """What `bits_of` is to plain Python."""
    return cast("int", _SIGNED.unpack(_DOUBLE.pack(x))[0])


def _plain_double_of(bits: int) -> float:
    """What `double_of` is to plain Python, whose integers do not wrap by themselves."""
    return cast("float", _DOUBLE.unpack(_UNSIGNED.pack(bits & _MASK))[0])


# the bits of a double as a signed integer
bits_of = cast("Callable[[float], int]", intrinsic(_bits_of) if JIT else _plain_bits_of)
# the double that has the lowest 64 bits of an integer
double_of = cast("Callable[[int], float]", intrinsic(_double_of) if JIT else _plain_double_of)

"""The only package that knows numba: where compiled code is cached, what is compiled, how a policy enters the loop.

cache             the folder of compiled code
compiled          decorators, and the types of the loop's arguments
linking           how functions that only compiled code calls become a part of it
bits              a double's bits, for elementary functions
references        state by pointer, functions by address
slots             the places in the loop where a policy's methods are called
binding           a policy's method into its slot, by
compiled_policy   machine code, or
plain_policy      plain Python
"""

from mmsim.kernel.binding import bind, raised
from mmsim.kernel.bits import bits_of, double_of
from mmsim.kernel.cache import CACHE, package_digest
from mmsim.kernel.compiled import (
    F1,
    F2,
    F64,
    I1,
    I2,
    I64,
    JIT,
    VOID,
    entry,
    fields_of,
    inlined,
    internal,
    njit,
    rows_of,
    tuple_of,
    uniform_tuple,
    will_compile,
)
from mmsim.kernel.references import borrowed, by_reference, function_at, shown
from mmsim.kernel.slots import Bound, Failure, Slot

__all__ = [
    "CACHE",
    "F1",
    "F2",
    "F64",
    "I1",
    "I2",
    "I64",
    "JIT",
    "VOID",
    "Bound",
    "Failure",
    "Slot",
    "bind",
    "bits_of",
    "borrowed",
    "by_reference",
    "double_of",
    "entry",
    "fields_of",
    "function_at",
    "inlined",
    "internal",
    "njit",
    "package_digest",
    "raised",
    "rows_of",
    "shown",
    "tuple_of",
    "uniform_tuple",
    "will_compile",
]

"""What the loop is compiled with: decorators and the types of its arguments."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast, get_type_hints

import numpy as np

from mmsim.kernel.cache import CACHE, tell_unkept

os.environ["NUMBA_CACHE_DIR"] = str(CACHE)  # for when numba reads its settings again

import numba
from numba import from_dtype, literal_unroll, types
from numba.core import config

from mmsim.kernel.linking import link_only

_Function = TypeVar("_Function", bound=Callable[..., Any])

config.CACHE_DIR = str(CACHE)  # type: ignore[attr-defined]  # where somebody has imported numba before
JIT = not getattr(config, "DISABLE_JIT", 0)
F64, I64, VOID = types.float64, types.int64, types.void
F1, F2 = types.Array(F64, 1, "C"), types.Array(F64, 2, "C")
SHOWN = F2.copy(readonly=True)  # an array that is to be read only
I1, I2 = types.Array(I64, 1, "C"), types.Array(I64, 2, "C")


def njit(function: _Function) -> _Function:
    """Decorator of a compiled function that Python may call too, compiled for whatever types it is given."""
    compile_it: Any = numba.njit(error_model="numpy")
    return cast("_Function", compile_it(function))


def inlined(function: _Function) -> _Function:
    """Decorator of a small function that becomes a part of every compiled function which calls it."""
    compile_it: Any = numba.njit(error_model="numpy", forceinline=True)
    return cast("_Function", compile_it(function))


def internal(function: _Function) -> _Function:
    """Decorator of a function that only compiled code calls, and that makes no arrays.

    Without doors to Python, without counting references to the arrays it is given, and optimised only as a part of what
    calls it, it compiles in a quarter of the time.
    """
    link_only(function)
    options: Any = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "_nrt": False}
    compile_it: Any = numba.njit(error_model="numpy", **options)
    return cast("_Function", compile_it(function))


def entry(signature: Any) -> Callable[[_Function], _Function]:
    """Decorator of a function that Python calls: compiled for one signature, read from the disk by later processes."""

    def decorate(function: _Function) -> _Function:
        try:
            made: Any = numba.njit([signature], cache=True, error_model="numpy")(function)
        except OSError as error:  # a full disk, say
            tell_unkept(error)
            return unkept(signature)(function)
        return cast("_Function", made)

    return decorate


def unkept(signature: Any) -> Callable[[_Function], _Function]:
    """Decorator of a function that Python calls: compiled for one signature, for this process."""
    decorate: Any = numba.njit([signature], error_model="numpy")
    return cast("Callable[[_Function], _Function]", decorate)


def will_compile() -> bool:
    """Whether the loop has to be compiled first: nothing of it is in the cache yet."""
    return JIT and not any(CACHE.rglob("loop.*.nbi"))


def uniform_tuple(kind: Any, count: int) -> Any:
    """The compiled type of a tuple of `count` values of one type."""
    made: Any = types.UniTuple
    return made(kind, count)


def rows_of(dtype: np.dtype[Any]) -> Any:
    """The compiled type of an array of records."""
    return types.Array(from_dtype(dtype), 1, "C")


_tuple_type: Any = types.BaseTuple.from_types
fields_of = literal_unroll  # to iterate over a tuple of mixed types in compiled code

_SCALARS = {int: I64, float: F64}


def record(cls: Any) -> Any:
    """The compiled type of a NamedTuple of ints and floats (int is int64: nanoseconds exceed a float's 53 bits)."""
    return _tuple_type([_SCALARS[hint] for hint in get_type_hints(cls).values()], cls)


def tuple_of(cls: Any, fields: Sequence[Any]) -> Any:
    """The compiled type of a NamedTuple whose fields have the given compiled types."""
    return _tuple_type(list(fields), cls)

"""What is passed by its address: the loop's state as one pointer, and functions as integers.

A NamedTuple of arrays is passed by value, every field of every array at every call: for the loop's state 1.3 kB, tens
of nanoseconds. And a function value costs some 45 microseconds to pass from Python.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import types
from numba.core import cgutils, imputils
from numba.core.datamodel import models
from numba.core.typing.templates import AttributeTemplate
from numba.extending import infer_getattr, intrinsic, lower_getattr_generic, register_model

from mmsim.kernel.compiled import I64, JIT

_Fields = TypeVar("_Fields", bound=tuple[Any, ...])


class _ByReference(types.Type):
    """The compiled type of a NamedTuple that is passed as one pointer; its fields are read through it."""

    def __init__(self, of: Any) -> None:
        self.of = of
        super().__init__(name=f"ByReference({of})")

    @property
    def mangling_args(self) -> tuple[str, tuple[()]]:
        """A short name in symbols: with all its fields it has 18,000 characters, in each function that takes it."""
        return f"ByReference{hashlib.sha256(self.name.encode()).hexdigest()[:16]}", ()


@register_model(_ByReference)
class _ByReferenceModel(models.PrimitiveModel):
    """A pointer to the tuple's fields."""

    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, manager.lookup(kind.of).get_value_type().as_pointer())


@infer_getattr
class _ByReferenceFields(AttributeTemplate):
    """Every field has the type that it has in the tuple."""

    key = _ByReference

    def generic_resolve(self, kind: Any, name: str) -> Any:  # type: ignore[override]
        fields = kind.of.fields
        return kind.of[fields.index(name)] if name in fields else None


@lower_getattr_generic(_ByReference)
def _read_field(context: Any, builder: Any, kind: Any, pointer: Any, name: str) -> Any:
    place = kind.of.fields.index(name)
    field = builder.load(cgutils.gep_inbounds(builder, pointer, 0, place))
    return imputils.impl_ret_borrowed(context, builder, kind.of[place], field)


def _by_reference(_typing: Any, fields: Any) -> Any:
    """The signature and the code of `by_reference`: the tuple is laid on the caller's stack."""
    kind = _ByReference(fields)

    def code(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return cgutils.alloca_once_value(builder, arguments[0])

    return kind(fields), code


def _itself(fields: _Fields) -> _Fields:
    """What `by_reference` is to plain Python, which passes everything so."""
    return fields


# a NamedTuple of arrays as one pointer, good until the function that made it returns
by_reference = cast("Callable[[_Fields], _Fields]", intrinsic(_by_reference) if JIT else _itself)


def _uncounted(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """The code of `borrowed` and `shown`."""
    made = cgutils.create_struct_proxy(signature.return_type)(context, builder, value=arguments[0])
    made.meminfo = cgutils.get_null_value(made.meminfo.type)
    made.parent = cgutils.get_null_value(made.parent.type)
    return made._getvalue()


def _borrowed(_typing: Any, array: Any) -> Any:
    """The signature and the code of `borrowed`."""
    return array(array), _uncounted


def _shown(_typing: Any, array: Any) -> Any:
    """The signature and the code of `shown`."""
    return array.copy(readonly=True)(array), _uncounted


# an array whose users are not counted (two atomic operations a call), because its owner outlives them
borrowed = cast("Callable[[Any], Any]", intrinsic(_borrowed) if JIT else _itself)
# and one that they may not write to
shown = cast("Callable[[Any], Any]", intrinsic(_shown) if JIT else _itself)


def _itself_at(_signature: Any) -> Callable[[Any], Any]:
    """What `function_at` is to plain Python, where a function is its own address."""
    return lambda function: function


def _function_at(signature: Any) -> Callable[[Any], Any]:
    """In compiled code: the function value of `signature` at an address that `Bound.address` gave."""
    kind: Any = types.FunctionType(signature)

    def at(_typing: Any, _address: Any) -> Any:
        def code(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            made = cgutils.create_struct_proxy(kind)(context, builder)
            made.jit_addr = builder.inttoptr(arguments[0], cgutils.voidptr_t)
            return made._getvalue()

        return kind(I64), code

    return cast("Callable[[Any], Any]", intrinsic(at))


function_at = _function_at if JIT else _itself_at

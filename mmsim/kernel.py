"""The only file that knows numba: where compiled code is cached, and how a policy enters the loop.

Compiled code is kept in a private folder (0700: a planted index file would run code) which is keyed by the hash of
every source that is compiled, because numba stamps a cached function with its own file only and would go on using an
inlined helper from another file after an edit. A policy has a wrapper of its own there, keyed by the policy's source.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import os
import struct
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, TypeVar, cast, get_type_hints

import numpy as np
import numpy.typing as npt

_Function = TypeVar("_Function", bound=Callable[..., Any])
_HERE = Path(__file__).parent
_COMPILED_SOURCES = (
    "kernel.py",
    "policy.py",
    "events.py",
    "instruments.py",
    "ledger.py",
    "engine",
    "pricing",
    "market",
)


def _digest(paths: Iterable[Path]) -> str:
    """A hash of the contents of files, in the order given."""
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()[:16]


def _sources() -> list[Path]:
    chosen = [_HERE / name for name in _COMPILED_SOURCES]
    return sorted(file for path in chosen for file in (path.rglob("*.py") if path.is_dir() else [path]))


def _private_folder() -> Path:
    """The cache folder of these sources: under MMSIM_CACHE or the user's cache, else a temporary one."""
    user = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    base = Path(os.environ.get("MMSIM_CACHE") or Path(user) / "mmsim")
    folder = base / f"{_digest(_sources())}-{sys.implementation.cache_tag}"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if folder.stat().st_uid != os.getuid() or not os.access(folder, os.W_OK):
            raise PermissionError(folder)
        folder.chmod(0o700)
    except OSError:
        return Path(tempfile.mkdtemp(prefix="mmsim-"))
    return folder


CACHE = _private_folder()
os.environ["NUMBA_CACHE_DIR"] = str(CACHE)

import numba  # noqa: E402  (after the cache folder is set)
from numba import from_dtype, literal_unroll, types  # noqa: E402
from numba.core import config  # noqa: E402

JIT = not getattr(config, "DISABLE_JIT", 0)
F64, I64, BOOL, VOID = types.float64, types.int64, types.boolean, types.void
F1, F2 = types.Array(F64, 1, "C"), types.Array(F64, 2, "C")
I1, I2 = types.Array(I64, 1, "C"), types.Array(I64, 2, "C")


def njit(function: _Function) -> _Function:
    """Decorator of a compiled function that Python may call too, compiled for whatever types it is given."""
    compile_it: Any = numba.njit(error_model="numpy")
    return cast("_Function", compile_it(function))


def internal(function: _Function) -> _Function:
    """Decorator of a function that only compiled code calls, and that makes no arrays.

    Without doors to Python and without counting references to the arrays it is given it compiles in half the time.
    """
    options: Any = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "_nrt": False}
    compile_it: Any = numba.njit(error_model="numpy", **options)
    return cast("_Function", compile_it(function))


def entry(signature: Any) -> Callable[[_Function], _Function]:
    """Decorator of a function that Python calls: compiled for one signature, read from the disk by later processes."""
    decorate: Any = numba.njit([signature], cache=True, error_model="numpy")
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


def function(signature: Any) -> Any:
    """The compiled type of a function value: what a slot of the loop holds."""
    return types.FunctionType(signature)


class Slot(NamedTuple):
    """A place in the loop where a policy's method is called: ``answer = method(view)``."""

    method: str
    view: Any  # NamedTuple class of what the method is shown
    answer: Any  # NamedTuple class, float, or None

    @property
    def signature(self) -> Any:
        """answer(view, memory[underlying, :], parameters)."""
        answer = VOID if self.answer is None else F64 if self.answer is float else record(self.answer)
        return answer(record(self.view), F2, F1)


class Failure(NamedTuple):
    """What a policy's method raised, and the view that it was shown."""

    method: str
    error: BaseException
    view: Any


class Bound(NamedTuple):
    """A policy's method in its slot."""

    function: Any
    parameters: npt.NDArray[np.float64]
    compiled: bool
    reason: str  # why it is not compiled
    failures: list[Failure]  # of a plain-Python method; the loop stops at the first
    lent: list[npt.NDArray[np.float64]]  # a plain-Python method finds its memory here

    def lend(self, memory: npt.NDArray[np.float64]) -> None:
        """Give a plain-Python method its memory (a compiled one receives it with every call)."""
        self.lent[:] = [memory]


def remembering(view: Any) -> Any:
    """The view class with one more field, ``memory``: the policy's own float array for the view's underlying."""
    name = f"{view.__name__}WithMemory"
    if name not in globals():
        hints = [*get_type_hints(view).items(), ("memory", np.ndarray)]
        made = NamedTuple(name, hints)  # type: ignore[misc]
        made.__module__ = __name__
        globals()[name] = made
    return globals()[name]


class _Packed(NamedTuple):
    """A policy's parameters as one float array, and the source that reads them back."""

    values: npt.NDArray[np.float64]
    arguments: str
    constants: dict[str, Enum]  # names in the source, of members of enums


def _pack(policy: Any) -> _Packed:
    """Scalars first (ints by their bits), arrays behind them; a member of an enum is a constant of the source.

    TypeError for anything else, which only plain Python can read.
    """
    scalars = np.zeros(len(policy))
    tail: list[npt.NDArray[np.float64]] = []
    constants: dict[str, Enum] = {}
    arguments, end = [], len(policy)
    for n, value in enumerate(policy):
        field = np.asarray(value)
        if isinstance(value, Enum):
            constants[f"member_{n}"] = value
            arguments.append(f"member_{n}")
        elif field.dtype.kind not in "fiub":
            raise TypeError(f"the parameter `{policy._fields[n]}` is no number and no array of numbers")
        elif field.ndim:
            flat = np.ascontiguousarray(field, float).ravel()
            shape = f".reshape({field.shape})" if field.ndim > 1 else ""
            arguments.append(f"params[{end}:{end + flat.size}]{shape}")
            tail.append(flat)
            end += flat.size
        elif field.dtype.kind == "f":
            scalars[n] = float(field)
            arguments.append(f"params[{n}]")
        else:
            scalars.view(np.int64)[n] = int(field)
            arguments.append(f"bits[{n}] != 0" if field.dtype.kind == "b" else f"bits[{n}]")
    return _Packed(np.concatenate([scalars, *tail, np.zeros(1)]), ", ".join(arguments), constants)


def _wrapper(policy: Any, slot: Slot, packed: _Packed, shown: str) -> str:
    """Source of the function in the slot: parameters back to the policy, the view with its memory, the method.

    A decision that raises answers NaN, which stops the loop; what a listener raises leaves the loop as it is.
    """
    call = f"method(memory[view.underlying], {shown}, policy)" if slot.answer is None else f"method(policy, {shown})"
    if slot.answer is None:
        body = f"    {call}\n"
    elif slot.answer is float:
        body = f"    try:\n        return float({call})\n    except Exception:\n        return nan\n"
    else:
        fields = ", ".join(f"float(answer.{name})" for name in slot.answer._fields)
        nothing = ", ".join("nan" for _ in slot.answer._fields)
        body = (
            f"    try:\n        answer = {call}\n        return answer_class({fields})\n"
            f"    except Exception:\n        return answer_class({nothing})\n"
        )
    constants = "".join(f"# {name}: {member!r}\n" for name, member in packed.constants.items())
    return (
        f'"""{slot.method} of {type(policy).__name__} in its slot (written by mmsim)."""\n'
        f"from numpy import int64, nan\n\n{constants}\n"
        "def bound(view, memory, params):\n"
        "    bits = params.view(int64)\n"
        f"    policy = policy_class({packed.arguments})\n" + body
    )


def bind(policy: Any, slot: Slot, source: Path | None) -> Bound:
    """Put a policy's method in its slot: compiled where numba can, as plain Python otherwise.

    ``source`` is the policy's file (its folder's sources key the cached machine code); None for a class without one.
    A missing optional method is bound as a function that does nothing.
    """
    if not hasattr(policy, slot.method):
        return Bound(_nothing(slot), np.zeros(1), JIT, "", [], [])
    if not JIT:
        return _bind_interpreted(policy, slot, "the compiler is off (NUMBA_DISABLE_JIT)")
    try:
        return _bind_compiled(policy, slot, source)
    except Exception as error:  # numba refuses in more ways than its own errors
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        return _bind_interpreted(policy, slot, lines[0] if lines else type(error).__name__)


@cache
def _nothing(slot: Slot) -> Any:
    """A function that does nothing, in the place of a missing method."""
    text = "def bound(view, memory, params):\n    pass\n"
    return _cached(_written(f"nothing_{slot.method}", text), slot)


def _bind_compiled(policy: Any, slot: Slot, source: Path | None) -> Bound:
    cls, packed = type(policy), _pack(policy)
    if getattr(cls, "MEMORY", 0):
        view_class = remembering(slot.view)
        shown = "view_class(" + ", ".join(f"view.{name}" for name in slot.view._fields) + ", memory[view.underlying])"
        shown = shown if slot.answer is not None else "view"
    else:
        view_class, shown = slot.view, "view"
    text = _wrapper(policy, slot, packed, shown)
    key = hashlib.sha256(text.encode())
    if source is not None:
        key.update(_digest(sorted(source.parent.glob("*.py"))).encode())
        key.update(str(source.resolve()).encode())
    name = f"{cls.__name__}_{slot.method}_{key.hexdigest()[:16]}"
    module = _written(name, text)
    method = getattr(cls, slot.method)
    # numba's own error model: a division by zero raises, as it does in plain Python
    inner = numba.njit(boundscheck=True)(_as_listener(method) if slot.answer is None else method)
    module.__dict__.update(packed.constants)
    module.__dict__.update(policy_class=cls, method=inner, view_class=view_class, answer_class=slot.answer)
    return Bound(_cached(module, slot) if source else _uncached(module, slot), packed.values, True, "", [], [])


def _as_listener(method: Callable[..., None]) -> Callable[..., None]:
    """``on_tick(self, memory, view)`` with its arguments in the order in which the wrapper has them."""
    heard = numba.njit(boundscheck=True)(method)

    def listener(memory: Any, view: Any, policy: Any) -> None:
        heard(policy, memory, view)

    return listener


def raised(policy: Any, slot: Slot, view: Any, memory: npt.NDArray[np.float64]) -> BaseException | None:
    """What a decision raises on a view, if it does: compiled code cannot tell, so plain Python is asked."""
    shown = remembering(slot.view)(*view, memory[view.underlying]) if getattr(type(policy), "MEMORY", 0) else view
    try:
        getattr(policy, slot.method)(shown)
    except (Exception, SystemExit) as error:
        return error
    return None


def _written(name: str, text: str) -> ModuleType:
    """A module of generated source in the cache folder (functions made by exec alone are never cached)."""
    file = CACHE / f"{name}.py"
    if not file.exists():
        partial = CACHE / f".{name}.{os.getpid()}"
        partial.write_text(text)
        partial.replace(file)
    spec = importlib.util.spec_from_file_location(f"mmsim_bound_{name}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where the cached function of another process looks for it
    spec.loader.exec_module(module)
    return module


def _cached(module: ModuleType, slot: Slot) -> Any:
    return numba.njit([slot.signature], cache=True, error_model="numpy")(module.bound)


def _uncached(module: ModuleType, slot: Slot) -> Any:
    return numba.njit([slot.signature], error_model="numpy")(module.bound)


def _bind_interpreted(policy: Any, slot: Slot, reason: str) -> Bound:
    """The same method as plain Python behind the same slot, about a microsecond a call.

    The trampoline copies the view into a shared buffer, calls back, and reads the answer from the buffer. An
    exception cannot cross the compiled loop: it is kept, and a NaN answer (a poisoned buffer) tells the loop to stop.
    """
    has_memory = bool(getattr(type(policy), "MEMORY", 0))
    view_class = remembering(slot.view) if has_memory and slot.answer is not None else slot.view
    hints = get_type_hints(slot.view)
    shared, failures = np.zeros(len(hints) + 1), []
    unpack: Any = struct.Struct("".join("q" if hint is int else "d" for hint in hints.values())).unpack_from
    method = getattr(policy, slot.method)
    lent: list[npt.NDArray[np.float64]] = []
    where = list(hints).index("underlying")

    def call() -> None:
        fields = unpack(shared)
        try:
            if slot.answer is None:
                method(lent[0][fields[where]], slot.view(*fields))
                return
            row = (lent[0][fields[where]],) if has_memory else ()
            answer = method(view_class(*fields, *row))
            if slot.answer is float:
                shared[0] = float(answer)
            else:
                for n, name in enumerate(slot.answer._fields):
                    shared[n] = float(getattr(answer, name))
        except BaseException as error:
            failures.append(Failure(slot.method, error, slot.view(*fields)))
            shared[:] = np.nan

    ints = [n for n, hint in enumerate(hints.values()) if hint is int]
    copy = "; ".join(f"{'bits' if n in ints else 'shared'}[{n}] = view[{n}]" for n in range(len(hints)))
    if slot.answer is None:
        answer = "pass"
    elif slot.answer is float:
        answer = "return shared[0]"
    else:
        answer = "return answer_class(" + ", ".join(f"shared[{n}]" for n in range(len(slot.answer._fields))) + ")"
    text = f"def bound(view, memory, shared):\n    bits = shared.view(int64)\n    {copy}\n    call()\n    {answer}\n"
    scope: dict[str, Any] = {
        "call": ctypes.CFUNCTYPE(None)(call) if JIT else call,
        "int64": np.int64,
        "answer_class": slot.answer,
    }
    exec(text, scope)
    bound = numba.njit([slot.signature], error_model="numpy")(scope["bound"])
    return Bound(bound, shared, False, reason, failures, lent)

"""Functions that only compiled code calls are linked into what calls them, and optimised there, once.

Numba links each function with all that it calls, directly or not, optimises them together and makes machine code of
them. For a loop of two hundred functions, most of them several calls deep, that is nearly the whole loop again at
each level of calls: it was more than half of the time that compiling took.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba.core import codegen

_MARK = "linked "  # begins the names of functions that are not compiled by themselves: no name in Python has a space
_library: Any = codegen.JITCodeLibrary
_target: Any = codegen.JITCPUCodegen
_NEEDED = (
    "_optimize_final_module",
    "_finalize_final_module",
    "_finalize_dynamic_globals",
    "_verify_declare_only_symbols",
)


def link_only(function: Callable[..., Any]) -> None:
    """From here on, a function is linked into what calls it, and is not compiled by itself."""
    function.__qualname__ = f"{_MARK}{function.__qualname__}"


def _replace() -> None:
    """Put what knows of such functions in the place of numba's own steps."""
    optimise, finalise, set_env = _library._optimize_final_module, _library._finalize_final_module, _target.set_env

    def optimise_unless_linked(library: Any) -> None:
        if not library.name.startswith(_MARK):
            optimise(library)

    def finalise_unless_linked(library: Any) -> None:
        if not library.name.startswith(_MARK):
            finalise(library)
            return
        library._finalize_dynamic_globals()
        library._verify_declare_only_symbols()
        library._finalized = True

    def set_env_where_there_is_one(target: Any, name: str, env: Any) -> None:
        if target._engine.get_global_value_address(name):
            set_env(target, name, env)

    _library._optimize_final_module, _library._finalize_final_module = optimise_unless_linked, finalise_unless_linked
    _target.set_env = set_env_where_there_is_one


if all(hasattr(_library, name) for name in _NEEDED):  # numba may change them: then it takes longer
    _replace()

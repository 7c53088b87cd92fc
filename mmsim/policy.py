"""What a policy sees, what it answers, and how a scenario's policy is found, checked and bound."""

from __future__ import annotations

import hashlib
import importlib.util
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, get_origin, get_type_hints

import numpy as np
import numpy.typing as npt

from mmsim import units
from mmsim.errors import Problem, UserError, nearest
from mmsim.workspace import builtin

METHODS = {"quoting": "quote", "hedging": "hedge"}  # kind of policy: the method that it must have
MAX_MEMORY = 1_000_000  # floats that a policy may have for each underlying
MAX_SHOWN = 64  # numbers of an array that are shown as such: of a table that `prepare` has solved, its shape is
PARAMETER_TYPES = "float, int, bool, an Enum or NDArray[np.float64]"


class Quote(NamedTuple):
    """A two-sided quote. A size of 0 is no quote on that side, whatever its price."""

    bid: float
    ask: float
    bid_size: float  # contracts
    ask_size: float  # contracts


class QuoteView(NamedTuple):
    """What a quoting policy knows of one option when it quotes it. A missing market side is NaN, its size 0."""

    ts_ns: int  # nanoseconds UTC of the state shown: now, less the quote latency
    option: int  # its number in the universe, by underlying, expiry, strike
    underlying: int
    ticks: int  # ticks of the underlying so far
    spot: float  # mid of the underlying
    strike: float
    right: float  # +1 call, -1 put
    years: float  # to expiry, by the volatility day count
    multiplier: float
    tick: float  # price increment at theo
    theo: float  # the scenario's mark
    implied_volatility: float  # the scenario's mark, a year, absolute
    delta: float  # per unit of option, with respect to the spot
    gamma: float
    vega: float  # per 1.00 of volatility
    theta: float  # per year of 365 days
    market_bid: float
    market_ask: float
    market_bid_size: float
    market_ask_size: float
    position: float  # contracts of this option
    hedge: float  # units of the underlying held
    net_delta: float  # units of the underlying: options, hedge, and hedges sent but not filled
    net_gamma: float  # of the options on this underlying
    net_vega: float  # per 1.00 of volatility
    expected_volatility: float = math.nan  # of the underlying until expiry, a year, absolute; NaN: nothing is expected
    expected_theo: float = math.nan  # at the expected volatility; NaN: nothing is expected


class HedgeView(NamedTuple):
    """What a hedging policy knows of one underlying when it is asked."""

    ts_ns: int  # nanoseconds UTC, now
    underlying: int
    ticks: int  # ticks of the underlying so far, this one included
    timer: int  # 1 when called by the policy's own timer, else 0
    spot: float  # mid of the underlying
    spot_bid: float
    spot_ask: float
    option_delta: float  # of the options held, in units of the underlying
    hedge: float  # units held
    pending: float  # units sent and not filled yet
    net_delta: float  # option_delta + hedge + pending
    net_gamma: float
    net_vega: float
    net_theta: float  # per year of 365 days
    last_hedge_ns: int  # time of the last hedge fill, 0 before the first
    last_hedge_spot: float  # mid at the last hedge fill, NaN before the first
    expected_volatility: float = math.nan  # of the underlying now, a year, absolute; NaN: nothing is expected
    hedge_delta: float = math.nan  # net_delta with the options' deltas as `hedge_vol` and `hedge_slope` have them
    years: float = math.nan  # to expiry: mean of the options held, by |position| x multiplier x gamma
    implied_volatility: float = math.nan  # the same mean of the scenario's marks
    rate: float = math.nan  # the same mean of the rate that discounts, a year of volatility


class OptionView(NamedTuple):
    """One option that the desk holds: for a hedging policy's ``hedge_vol``, ``hedge_slope`` and ``offload``."""

    ts_ns: int  # nanoseconds UTC, now
    option: int  # its number in the universe, by underlying, expiry, strike
    underlying: int
    ticks: int  # ticks of the underlying so far
    spot: float  # mid of the underlying
    strike: float
    right: float  # +1 call, -1 put
    years: float  # to expiry, by the volatility day count
    rate: float  # that discounts, continuously compounded, a year of volatility
    multiplier: float
    theo: float  # the scenario's mark
    implied_volatility: float  # the scenario's mark, a year, absolute
    delta: float  # per unit of option, with respect to the spot
    gamma: float
    vega: float  # per 1.00 of volatility
    theta: float  # per year of 365 days
    position: float  # contracts of this option
    hedge: float  # units of the underlying held
    net_delta: float  # units of the underlying: options, hedge, and hedges sent but not filled
    net_gamma: float  # of the options on this underlying
    net_vega: float  # per 1.00 of volatility
    expected_volatility: float = math.nan  # of the underlying until expiry, a year, absolute; NaN: nothing is expected


class TickView(NamedTuple):
    """What ``on_tick(memory, view)`` is shown: a tick of one underlying."""

    ts_ns: int
    underlying: int
    ticks: int
    spot: float
    spot_bid: float
    spot_ask: float


class FillView(NamedTuple):
    """What ``on_fill(memory, view)`` is shown: a client fill of the desk."""

    ts_ns: int
    option: int
    underlying: int
    size: float  # contracts, positive if the desk bought
    price: float
    theo: float
    spot: float
    delta: float
    vega: float


class Policy(NamedTuple):
    """A policy that was found and given its parameters."""

    name: str  # as the scenario names it
    file: Path
    instance: Any  # of the policy's NamedTuple

    @property
    def parameters(self) -> dict[str, Any]:
        """Every parameter with its value, as plain values."""
        return {key: _plain(value) for key, value in self.instance._asdict().items()}


def _plain(value: Any) -> Any:
    """A parameter as a scenario would write it; what only `prepare` can have made, and many numbers, as text."""
    if isinstance(value, Enum):
        return value.name.lower()
    if isinstance(value, np.ndarray) and value.size > MAX_SHOWN:
        return f"{' × '.join(map(str, value.shape))} numbers"
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return value if isinstance(value, bool | int | float | str) else repr(value)


Complain = Callable[[str, str, str], Problem]  # (key, message, suggestion) -> a Problem with its place


def find(kind: str, name: str, parameters: Mapping[str, Any], near: Path | None, complain: Complain) -> Policy:
    """The policy that a scenario names, with its parameters.

    ``kind`` is ``quoting`` or ``hedging``; ``name`` a file in strategies/ or ``path.py:Class``, the path relative to
    the working folder, to the scenario's folder ``near`` or to the folder above it. Raises UserError with every
    mistake: an unknown policy, a file that does not import, a missing method, unknown or mistyped parameters, and what
    the policy's own ``check`` finds.
    """
    file, class_name = _file_of(kind, name, near, complain)
    cls = _class_of(kind, file, class_name, complain)
    policy = Policy(name, file, _instance_of(cls, parameters, complain))
    if hasattr(cls, "check"):
        _check(policy, complain)
    return policy


def prepared(policy: Policy, scenario: Any, complain: Complain) -> Policy:
    """The policy after its own ``prepare(scenario)``, if it has one."""
    if not hasattr(policy.instance, "prepare"):
        return policy
    with _users_code(f"{policy.name}.prepare", complain):
        instance = policy.instance.prepare(scenario)
    cls = type(policy.instance)
    if not isinstance(instance, cls):
        raise UserError(complain("policy", f"{policy.name}.prepare must return a {cls.__name__}, not {instance!r}", ""))
    return policy._replace(instance=instance)


def _check(policy: Policy, complain: Complain) -> None:
    """UserError with what the policy's own ``check()`` finds wrong with its parameters."""
    with _users_code(f"{policy.name}.check", complain):
        wrong = {str(key): str(message) for key, message in policy.instance.check().items()}
    if wrong:
        raise UserError(*(complain(key, message, "") for key, message in wrong.items()))


@contextmanager
def _users_code(what: str, complain: Complain) -> Iterator[None]:
    """Whatever a policy's own Python raises, an exit too, is a mistake of its author's."""
    try:
        yield
    except (Exception, SystemExit) as error:
        raise UserError(complain("policy", f"{what} raised {type(error).__name__}: {error}", "")) from error


def _file_of(kind: str, name: str, near: Path | None, complain: Complain) -> tuple[Path, str]:
    if name.endswith(".py") or ".py:" in name:
        path, _, class_name = name.partition(".py")
        folders = [Path(), near, near.parent] if near else [Path()]
        for folder in folders:
            file = folder / f"{path}.py"
            if _is_file(file):
                return file.resolve(), class_name.removeprefix(":")
        raise UserError(complain("policy", f"no such file: {path}.py", ""))
    home = builtin("strategies") / kind
    file = home / f"{name}.py"
    if not _is_file(file):
        known = [other.stem for other in sorted(home.glob("*.py"))]
        raise UserError(complain("policy", f"no {kind} policy is called {name!r}", nearest(name, known)))
    return file, ""


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is too long, say
        return False


def _class_of(kind: str, file: Path, class_name: str, complain: Complain) -> Any:
    """The policy's class; its module is loaded under a name of its own for each file."""
    method = METHODS[kind]
    try:
        module = _load(file)
    except (Exception, SystemExit) as error:
        place = f"{file.name}:{error.lineno}: " if isinstance(error, SyntaxError) else ""
        message = f"{file} does not import: {place}{type(error).__name__}: {getattr(error, 'msg', None) or error}"
        raise UserError(complain("policy", message, "")) from error
    classes = {
        key: value
        for key, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, tuple) and hasattr(value, "_field_defaults")
    }
    own = {key: value for key, value in classes.items() if value.__module__ == module.__name__}
    if class_name and class_name not in own:
        raise UserError(complain("policy", f"{file.name} has no policy class {class_name}", nearest(class_name, own)))
    chosen = [own[class_name]] if class_name else [cls for cls in own.values() if hasattr(cls, method)]
    if len(chosen) != 1 or not callable(getattr(chosen[0], method, None)):
        found = (
            f"{class_name} has no method `{method}`" if class_name else f"{file.name} has {len(chosen)} classes with it"
        )
        raise UserError(
            complain("policy", f"a {kind} policy is a NamedTuple with a method `{method}(view)`: {found}", "")
        )
    memory = getattr(chosen[0], "MEMORY", 0)
    if not isinstance(memory, int) or not 0 <= memory <= MAX_MEMORY:
        message = f"MEMORY must be a whole number from 0 to {MAX_MEMORY:,}, as in `MEMORY = 2`, not {memory!r}"
        raise UserError(complain("policy", f"{file.name}: {message}", ""))
    return chosen[0]


def _load(file: Path) -> ModuleType:
    name = f"mmsim_policy_{hashlib.sha256(str(file).encode() + file.read_bytes()).hexdigest()[:16]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _instance_of(cls: Any, parameters: Mapping[str, Any], complain: Complain) -> Any:
    with _users_code(f"reading the types of {cls.__name__}", complain):
        hints = get_type_hints(cls)
    problems, values = [], {}
    for key, value in parameters.items():
        if key not in cls._fields:
            known = ", ".join(cls._fields) or "none"
            problems.append(
                complain(key, f"{cls.__name__} has no such parameter; it has: {known}", nearest(key, cls._fields))
            )
            continue
        try:
            values[key] = _converted(key, value, hints.get(key))
        except (TypeError, ValueError) as error:
            problems.append(complain(key, str(error), ""))
    missing = [key for key in cls._fields if key not in parameters and key not in cls._field_defaults]
    problems += [complain("policy", f"{cls.__name__} needs the parameter `{key}`", "") for key in missing]
    if problems:
        raise UserError(*problems)
    return cls(**values)


def _converted(key: str, value: Any, hint: Any) -> Any:
    """A YAML value as the parameter's type; TypeError or ValueError says what it should have been."""
    if hint is bool:
        if not isinstance(value, bool):
            raise TypeError(f"must be true or false, not {value!r}")
        return value
    if hint is int and key.endswith("_ns"):
        return _duration(value)
    if hint is int or hint is float:
        return hint(_number(value, whole=hint is int))
    if isinstance(hint, type) and issubclass(hint, Enum):
        members = {member.name.lower(): member for member in hint}
        if not isinstance(value, str) or value.lower() not in members:
            raise ValueError(f"must be one of {', '.join(members)}, not {value!r}")
        return members[value.lower()]
    if hint is np.ndarray or get_origin(hint) is np.ndarray:
        return _array(value)
    kind = getattr(hint, "__name__", hint)
    raise TypeError(f"is a {kind}, which a scenario cannot give: parameters are {PARAMETER_TYPES}")


def _duration(value: Any) -> int:
    """Nanoseconds, 0 or more: from text such as 5s, or as a whole number."""
    return units.parse_duration(value) if isinstance(value, str) else units.in_length(int(_number(value, whole=True)))


def _array(value: Any) -> npt.NDArray[np.float64]:
    """A list of finite numbers, or of lists of them of one length, as an array."""
    try:
        array = np.asarray(value, float)
    except (TypeError, ValueError):
        array = np.array(np.nan)
    if array.ndim == 0 or not np.isfinite(array).all():
        raise ValueError("must be a list of numbers")
    return array


def _number(value: Any, *, whole: bool) -> float:
    """A finite number, whole if need be."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(f"must be a {'whole ' if whole else ''}number, not {value!r}")
    if whole and value != int(value):
        raise TypeError(f"must be a whole number, not {value!r}")
    if whole and abs(value) > units.INT64_MAX:
        raise ValueError(f"must be a whole number of at most {units.INT64_MAX:,}, not {value!r}")
    return value

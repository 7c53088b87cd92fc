"""The kinds of values that a scenario's keys take: how each is read, checked, written and described to an editor."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from math import isfinite
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from mmsim import units
from mmsim.instruments import TickTable

MAX_STRIKES = 10_000
SMALLEST, LARGEST = 1e-9, 1e9  # of prices, sizes and multipliers: products of three still fit the ledger's integers
MAX_LIMIT = 1e12
MAX_VOLATILITY = 20.0
MAX_GROWTH = 20.0
MAX_NAME_BYTES = 255
TABLES = (".csv", ".parquet")  # of recorded prices


def mistake(message: str, suggestion: str = "") -> PydanticCustomError:
    """An error that is already a plain sentence."""
    return PydanticCustomError("mistake", "{message}", {"message": message, "suggestion": suggestion})


def shown(value: Any) -> str:
    """A value as an error message quotes it: short."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _from_text(parse: Callable[[str], Any], kind: type, example: str) -> BeforeValidator:
    """Reads text by ``parse``; a value that already is of ``kind`` passes."""

    def read(value: Any) -> Any:
        if isinstance(value, kind):
            return value
        if not isinstance(value, str):
            raise mistake(f"must be text such as {example}, not {shown(value)}")
        try:
            return parse(value)
        except ValueError as error:
            raise mistake(str(error)) from error

    return BeforeValidator(read)


def read_date(value: Any) -> dt.date:
    """A date, from text as ``2015-12-24``."""
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise mistake(f"must be a date such as 2015-12-24, not {shown(value)}") from error


def _duration(value: Any) -> int:
    if not isinstance(value, str) and value != 0:
        raise mistake(f"must be a duration with its unit, such as 500us, 5s or 1d, not {shown(value)}")
    try:
        return units.parse_duration(str(value))
    except ValueError as error:
        raise mistake(str(error)) from error


def _positive(value: int) -> int:
    if value <= 0:
        raise mistake("must be longer than 0")
    return value


def _instant(value: Any) -> int:
    if not isinstance(value, str):
        raise mistake(f"must be a time with a date and a zone, such as 2026-01-16T21:00:00Z, not {shown(value)}")
    try:
        return units.parse_instant(value)
    except ValueError as error:
        raise mistake(str(error)) from error


def _strikes(value: Any) -> list[Any]:
    """A list as it is, ``{from, to, step}`` as the list that it means, in exact decimals."""
    if isinstance(value, list | tuple):
        return list(value)
    if not isinstance(value, dict) or set(value) != {"from", "to", "step"}:
        raise mistake(f"must be a list of strikes, or {{from: 90, to: 110, step: 2.5}}, not {shown(value)}")
    if not all(_is_number(part) for part in value.values()):
        raise mistake(f"from, to and step must be numbers, not {shown(value)}")
    low, high, step = (Decimal(str(value[key])) for key in ("from", "to", "step"))
    if step <= 0 or high < low:
        raise mistake(f"the step must be greater than 0 and `to` at least `from`, not {shown(value)}")
    if (count := int((high - low) / step) + 1) > MAX_STRIKES:
        raise mistake(f"gives {count:,} strikes: at most {MAX_STRIKES:,}")
    return [float(low + n * step) for n in range(count)]


def _ticks(value: Any) -> TickTable:
    """One increment for every price, or a table {price from which it holds: increment}."""
    if isinstance(value, TickTable):
        return value
    table = value if isinstance(value, dict) else {0: value}
    try:
        levels = {float(level): step for level, step in table.items() if not isinstance(level, bool)}
    except (TypeError, ValueError) as error:
        raise mistake(f"the keys of a tick table are prices, as in {{0: 0.05, 3: 0.10}}, not {shown(value)}") from error
    if not levels or not all(_is_number(step) and step > 0 for step in levels.values()):
        raise mistake(
            f"must be a price increment greater than 0, or a table such as {{0: 0.05, 3: 0.10}}, not {shown(value)}"
        )
    if not all(SMALLEST <= size <= LARGEST for size in (*levels.values(), *(level for level in levels if level))):
        raise mistake(f"prices and their increments must lie from {SMALLEST:g} to {LARGEST:g}, not {shown(value)}")
    if min(levels) != 0:
        raise mistake(f"a tick table begins at price 0, as in {{0: 0.05, 3: 0.10}}, not {shown(value)}")
    ordered = sorted(levels)
    return TickTable(tuple(ordered), tuple(float(levels[level]) for level in ordered))


def _ticks_text(table: TickTable) -> float | dict[str, float]:
    if len(table.steps) == 1:
        return table.steps[0]
    return {f"{level:.10g}": step for level, step in zip(table.levels, table.steps, strict=True)}


def _theo_volatility(value: Any) -> str | float:
    if value in ("market", "mid", "surface"):
        return str(value)
    if _is_number(value) and 0 < value <= MAX_VOLATILITY:
        return float(value)
    wanted = f"must be market, mid, surface or a volatility greater than 0 and at most {MAX_VOLATILITY:g} (0.2 is 20 %)"
    raise mistake(f"{wanted}, not {shown(value)}")


def _text(pattern: str, example: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": [example]})


def _not_minute(value: float) -> float:
    """Refuses what is so near to 0 that a division by it overflows."""
    if 0 < abs(value) < SMALLEST:
        raise mistake(f"must be at least {SMALLEST:g} in size, not {shown(value)}")
    return value


def _inside(value: str) -> str:
    """Refuse what is no path below another: a scenario of someone else's reads nothing but what it is given."""
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts or not value.isprintable():
        raise mistake(f"must be a folder below the data's, with no .. in it, not {shown(value)}: give theirs by --data")
    if any(len(part.encode()) > MAX_NAME_BYTES for part in path.parts):
        raise mistake("has a longer name than the system knows")
    return value


def _table(value: str) -> str:
    """Refuse what is no file of a table."""
    if PurePosixPath(value).suffix.lower() not in TABLES:
        raise mistake(f"must be a file that ends in {' or '.join(TABLES)}, not {shown(value)}")
    return value


def _bounded(*, gt: float | None = None, ge: float | None = None, le: float) -> Any:
    return Field(strict=True, allow_inf_nan=False, gt=gt, ge=ge, le=le)


Number = Annotated[float, _bounded(ge=-LARGEST, le=LARGEST), AfterValidator(_not_minute)]
NonNegative = Annotated[float, _bounded(ge=0, le=LARGEST), AfterValidator(_not_minute)]
Positive = Annotated[float, _bounded(gt=0, le=LARGEST), AfterValidator(_not_minute)]
Limit = Annotated[float, _bounded(gt=0, le=MAX_LIMIT), AfterValidator(_not_minute)]
ImpliedVolatility = Annotated[float, _bounded(gt=0, le=MAX_VOLATILITY)]
RealisedVolatility = Annotated[float, _bounded(ge=0, le=MAX_VOLATILITY)]
Growth = Annotated[float, _bounded(ge=-MAX_GROWTH, le=MAX_GROWTH)]
Correlation = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-1, le=1)]
JumpMean = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-5, le=5)]
JumpDeviation = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=5)]
YearDays = Annotated[float, _bounded(ge=1, le=1000)]
Rate = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-1, le=1)]
Probability = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=1)]
Inner = Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0, lt=1)]
DeltaBound = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, lt=0.5)]
Count = Annotated[int, Field(strict=True, ge=1, le=int(LARGEST))]
Inside = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=1_000), AfterValidator(_inside)]
InsideFile = Annotated[Inside, AfterValidator(_table)]
Flag = Annotated[bool, Field(strict=True)]
Symbol = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=64, pattern=r"^[^\s].*$")]

Duration = Annotated[
    int,
    BeforeValidator(_duration),
    PlainSerializer(units.duration_text, return_type=str),
    _text(units.DURATION_PATTERN, "5s"),
]
"""Nanoseconds, 0 or more."""

Step = Annotated[
    int,
    BeforeValidator(lambda value: _positive(_duration(value))),
    PlainSerializer(units.duration_text, return_type=str),
    _text(units.DURATION_PATTERN, "5s"),
]
"""Nanoseconds, more than 0."""

Instant = Annotated[
    int,
    BeforeValidator(_instant),
    PlainSerializer(units.instant_text, return_type=str),
    _text(units.INSTANT_PATTERN, "2026-01-16T21:00:00Z"),
]
"""Nanoseconds UTC."""

ClockTime = Annotated[
    dt.time,
    _from_text(units.parse_clock_time, dt.time, "09:30"),
    PlainSerializer(units.clock_time_text, return_type=str),
    _text(units.CLOCK_TIME_PATTERN, "09:30"),
]

ZonedTime = Annotated[
    units.ZonedTime,
    _from_text(units.parse_zoned_time, units.ZonedTime, "16:00 America/New_York"),
    PlainSerializer(str, return_type=str),
    _text(r"^[0-9]{2}:[0-9]{2}(:[0-9]{2})? \S+$", "16:00 America/New_York"),
]

Zone = Annotated[str, _from_text(units.check_zone, type(None), "America/New_York")]

Strikes = Annotated[
    tuple[Positive, ...],
    BeforeValidator(_strikes),
    Field(min_length=1),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "array", "items": {"type": "number", "exclusiveMinimum": 0}, "minItems": 1},
                {
                    "type": "object",
                    "properties": {key: {"type": "number"} for key in ("from", "to", "step")},
                    "required": ["from", "to", "step"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]

Ticks = Annotated[
    TickTable,
    BeforeValidator(_ticks),
    PlainSerializer(_ticks_text, return_type=float | dict[str, float]),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "exclusiveMinimum": 0},
                {"type": "object", "additionalProperties": {"type": "number", "exclusiveMinimum": 0}},
            ]
        }
    ),
]

TheoVolatility = Annotated[
    str | float,
    BeforeValidator(_theo_volatility),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": ["market", "mid", "surface"]},
                {"type": "number", "exclusiveMinimum": 0, "maximum": MAX_VOLATILITY},
            ]
        }
    ),
]

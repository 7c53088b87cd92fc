"""What every mapping of a scenario is: immutable, without unknown keys."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, WithJsonSchema

from mmsim.scenario.values import read_date


class Part(BaseModel):
    """A mapping of a scenario: immutable, without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Date = Annotated[
    dt.date,
    BeforeValidator(read_date),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "format": "date"}),
]


def one_or_each(value: Any) -> str:
    """Whether a model is given for all underlyings, or a mapping {SYMBOL: model}."""
    each = (
        isinstance(value, Mapping)
        and "model" not in value
        and all(isinstance(v, Mapping | Part) for v in value.values())
    )
    return "each" if each else "one"

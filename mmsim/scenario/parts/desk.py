"""The desk: its policies, and what it holds when the clock starts."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints

from mmsim.scenario.parts.base import Part
from mmsim.scenario.values import Limit, NonNegative, Number, Positive, Symbol


class PolicyEntry(Part):
    """A policy by name (a file in strategies/) or as path.py:Class; its parameters stand beside it as keys."""

    model_config = ConfigDict(frozen=True, extra="allow")

    policy: Annotated[str, StringConstraints(strict=True, min_length=1)] = Field(
        "none", description="a file name in strategies/, or path.py:Class; its parameters are further keys"
    )

    @property
    def parameters(self) -> dict[str, Any]:
        """The policy's parameters, as written: plain values."""
        return dict(self.model_extra or {})


class Quoting(PolicyEntry):
    """The quoting policy."""


class Hedging(PolicyEntry):
    """The hedging policy."""

    instrument: Symbol | dict[Symbol, Symbol] | None = Field(
        None, description="what hedges: a symbol, or {SYMBOL: SYMBOL}; default: each underlying itself"
    )


class Limits(Part):
    """Beyond which quotes on the side that adds are pulled; a loss beyond its limit stops the desk."""

    position: Limit | None = Field(None, description="contracts of one option")
    net_delta: Limit | None = Field(None, description="units of the underlying")
    net_gamma: Limit | None = Field(None, description="change of delta, in units, for a move of 1 of the spot")
    net_vega: Limit | None = Field(None, description="currency for 1.00 of volatility")
    loss: Limit | None = Field(None, description="currency")


class OpeningOption(Part):
    """Options that the desk holds when the clock starts."""

    option: Symbol = Field(description="as `ABC 2026-01-16 C100`")
    size: Number = Field(description="contracts; negative: short")
    mark: NonNegative | None = Field(None, description="price at which it is taken over, in currency; default: theo")


class OpeningHedge(Part):
    """Underlying that the desk holds when the clock starts."""

    underlying: Symbol = Field(description="symbol")
    units: Number = Field(description="units of the underlying; negative: short")
    price: Positive | None = Field(None, description="at which it is taken over, in currency; default: mid")


class Opening(Part):
    """What the desk holds when the clock starts."""

    options: tuple[OpeningOption, ...] = Field((), description="options")
    hedges: tuple[OpeningHedge, ...] = Field((), description="underlyings")

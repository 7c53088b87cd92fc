"""A scenario as a whole: read, changed, checked and written."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, PrivateAttr, StringConstraints, ValidationError, model_validator

from mmsim import strict_yaml
from mmsim.errors import Problem, UserError, nearest
from mmsim.instruments import Universe
from mmsim.policy import Policy, prepared
from mmsim.scenario import checks, errors, policies
from mmsim.scenario.changes import Changed, change
from mmsim.scenario.expected import Expected, ExpectedVolatility
from mmsim.scenario.parts.accuracy import Pricing, ReportEntry
from mmsim.scenario.parts.base import Part
from mmsim.scenario.parts.clients import Clients
from mmsim.scenario.parts.clock import Clock, Rates, Sessions
from mmsim.scenario.parts.desk import Hedging, Limits, Opening, Quoting
from mmsim.scenario.parts.execution import Execution, Latency
from mmsim.scenario.parts.instruments import Dividend, OptionEntry, UnderlyingEntry
from mmsim.scenario.parts.market import MarketEntry
from mmsim.scenario.parts.protection import Protection
from mmsim.scenario.parts.sensitivity import Sensitivity
from mmsim.scenario.parts.spot import SpotModel
from mmsim.scenario.parts.variants import Variants
from mmsim.scenario.parts.volatility import VolatilityModel
from mmsim.scenario.values import Count
from mmsim.strict_yaml import Document, KeyPath


class Scenario(Part):
    """Everything that a run depends on but its data. Once read, durations and instants are nanoseconds (UTC)."""

    name: Annotated[str, StringConstraints(strict=True, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")] = (
        Field(description="letters, digits, dots, hyphens and underscores: names the folder of its runs")
    )
    about: Annotated[str, StringConstraints(strict=True)] = Field("", description="a sentence for the report")
    seed: Annotated[int, Field(strict=True, ge=0, lt=2**63)] = Field(0, description="of all randomness")
    currency: Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Z]{3}$")] = Field(
        "USD", description="ISO 4217"
    )
    paths: Annotated[Count, Field(le=10_000_000)] = Field(1, description="Monte Carlo paths")
    keep_paths: Annotated[int, Field(strict=True, ge=0)] = Field(
        1, description="paths of which fills, marks and ledger are kept"
    )
    clock: Clock = Field(description="start, end and day counts")
    rates: Rates = Field(Rates(), description="interest and borrow fees")
    underlyings: Annotated[tuple[UnderlyingEntry, ...], Field(min_length=1)] = Field(
        description="what options are written on"
    )
    options: Annotated[tuple[OptionEntry, ...], Field(min_length=1)] = Field(description="what is quoted")
    market: MarketEntry = Field(description="where prices come from")
    expected_volatility: ExpectedVolatility | None = Field(
        None, description="what policies are shown as expected of the underlying: a model, or {SYMBOL: model}"
    )
    clients: tuple[Clients, ...] = Field((), description="who trades with the desk")
    quoting: Quoting = Field(Quoting(), description="the quoting policy and its parameters")
    hedging: Hedging = Field(Hedging(), description="the hedging policy and its parameters")
    execution: Execution = Field(Execution(), description="prices, fees and lots of the desk's trades")
    latency: Latency = Field(Latency(), description="from a decision to its effect")
    limits: Limits = Field(Limits(), description="beyond which the desk stops adding")
    protection: Protection = Field(Protection(), description="of the desk's quotes, and what they are to be")
    opening: Opening = Field(Opening(), description="positions at the start")
    sessions: Sessions | None = Field(None, description="trading hours; default: always open")
    dividends: tuple[Dividend, ...] = Field((), description="cash dividends")
    pricing: Pricing = Field(Pricing(), description="accuracy of Greeks between marks")
    report: ReportEntry = Field(ReportEntry(), description="the grid of marks")
    sensitivity: Sensitivity = Field(Sensitivity(), description="for `mmsim sensitivity`: what is varied, and how far")
    variants: Variants = Field(
        {}, description="for `mmsim compare`: {NAME: {dotted.key: value}}, each the scenario with these keys changed"
    )

    _document: Document | None = PrivateAttr(None)
    _changed: dict[KeyPath, KeyPath] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _cross_checks(self) -> Self:
        if mistakes := checks.mistakes(self):
            raise ValidationError.from_exception_data("Scenario", [m.as_pydantic() for m in mistakes])
        return self

    @property
    def source(self) -> str:
        """The file that it was read from, or nothing."""
        return self._document.file if self._document else ""

    def dump(self) -> dict[str, Any]:
        """Every key with its value in force, as JSON would hold it; ``Scenario.model_validate`` reads it back."""
        return self.model_dump(mode="json")

    def with_changes(self, changes: Mapping[str, Any]) -> Scenario:
        """The scenario with dotted keys changed, validated anew; text is read as YAML.

        A key changes what the file says, so a default stays one that depends on others. UserError with all mistakes.
        """
        return _validated(self._read, self._changed, changes)

    def variant(self, name: str) -> Scenario:
        """The scenario that one of its variants is; UserError if there is none of that name, or with its mistakes."""
        if name not in self.variants:
            message = f"no variant is called {name!r}: there are {', '.join(self.variants) or 'none'}"
            raise UserError(self.problem(("variants",), message, nearest(name, self.variants)))
        value = {key: part for key, part in self._read.value.items() if key != "variants"}
        return _validated(replace(self._read, value=value), self._changed, self.variants[name], ("variants", name))

    @property
    def _read(self) -> Document:
        """What it was read from."""
        return self._document or Document(self.dump())

    def problem(self, path: KeyPath, message: str, suggestion: str = "", *, of_key: bool = False) -> Problem:
        """A problem with the value (or the key) at ``path``, placed where the user wrote it."""
        return errors.placed(self._document or Document(None), self._changed, path, message, suggestion, of_key=of_key)

    def policy(self, kind: str) -> Policy:
        """The policy for ``quoting`` or ``hedging`` with its parameters, prepared; UserError with all its mistakes."""
        document, changed = self._read, self._changed
        return prepared(policies.found(kind, document, changed), self, policies.complainer(kind, document, changed))

    def build_universe(self) -> Universe:
        """The instruments that the scenario spells out: of a recorded market, the underlyings alone."""
        underlyings = [entry.build(self.execution.lot) for entry in self.underlyings]
        return Universe(underlyings, [option for entry in self.options for option in entry.options()])

    def spot_model(self, symbol: str) -> SpotModel:
        """The model of an underlying's spot, in a market of models."""
        models = self.market.spot
        assert models is not None, "a recorded market has no models"
        return models[symbol] if isinstance(models, dict) else models

    def volatility_model(self, symbol: str) -> VolatilityModel:
        """The model of the implied volatility of an underlying's options, in a market of models."""
        models = self.market.volatility
        assert models is not None, "a recorded market has no models"
        return models[symbol] if isinstance(models, dict) else models

    def expected_model(self, symbol: str) -> Expected | None:
        """The model of the volatility expected of an underlying, if there is one."""
        models = self.expected_volatility
        return models.get(symbol) if isinstance(models, dict) else models


def load(path: str | Path, changes: Mapping[str, str] | None = None) -> Scenario:
    """The scenario in a YAML file, with ``changes`` (dotted key -> YAML text) applied; UserError with all problems."""
    return _validated(strict_yaml.read(path), {}, changes or {})


def restored(value: Mapping[str, Any], file: str = "") -> Scenario:
    """The scenario that was dumped as ``value`` and, once, read from ``file``; UserError with all problems."""
    return _validated(Document(dict(value), file), {}, {})


def json_schema() -> dict[str, Any]:
    """JSON Schema of a scenario file, for editors: every key with what it means and its unit."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Scenario.model_json_schema()}


def _validated(document: Document, earlier: Changed, changes: Mapping[str, Any], origin: KeyPath = ()) -> Scenario:
    """The scenario in plain values, with dotted keys changed; UserError with all mistakes, its variants' among them.

    ``earlier`` has been changed before; ``origin`` is where the changes are written, () for ``--set``.
    """
    value = copy.deepcopy(document.value)
    changed, problems = dict(earlier), list[Problem]()
    for key, new in changes.items():
        written = (*origin, key) if origin else ()
        try:
            changed[change(value, key, new)] = written
        except UserError as error:
            place = (
                Problem("", document.file, *document.mark(written), key) if origin else Problem("", "--set", key=key)
            )
            problems += [place._replace(message=p.message) for p in error.problems]
    document = replace(document, value=value)
    try:
        scenario = Scenario.model_validate(value)
    except ValidationError as error:
        problems += errors.problems(error, Scenario, document, changed)
    problems += policies.problems(document, changed)
    if not problems:
        scenario._document, scenario._changed = document, changed
        problems += _of_variants(scenario)
    if problems:
        raise UserError(*sorted(dict.fromkeys(problems), key=lambda p: (p.line, p.column)))
    return scenario


def _of_variants(scenario: Scenario) -> Iterator[Problem]:
    """The mistakes of the variants of a scenario that has none."""
    for name in scenario.variants:
        try:
            scenario.variant(name)
        except UserError as error:
            yield from error.problems

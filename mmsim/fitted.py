"""The volatility surface of recorded quotes at one instant: forwards, smiles, and what is wrong with either."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mmsim import units
from mmsim.errors import Problem, UserError
from mmsim.market import books, recorded, recording, surfaces
from mmsim.market.books import Book
from mmsim.scenario import Scenario, load
from mmsim.surface import Surface, chain, fit
from mmsim.surface.chain import Chain, Expiry, Quotes
from mmsim.workspace import scenario_file

SCENARIO_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class _Part:
    """One underlying at the instant."""

    book: Book
    quotes: Quotes
    chain: Chain
    surface: Surface


@dataclass(frozen=True)
class SurfaceAt:
    """The surfaces of all underlyings at one instant, as DataFrames; ``surfaces`` has the objects, by symbol."""

    at: pd.Timestamp
    surfaces: Mapping[str, Surface]
    _parts: tuple[_Part, ...]

    @cached_property
    def expiries(self) -> pd.DataFrame:
        """A row an expiry that has time left.

        underlying, expiry, years, spot; ``forward``, on which its smile stands, and ``model_forward``, the spot grown
        at the scenario's carry; ``parity_forward``, its standard error ``parity_error``, ``parity_status`` and the
        number of ``pairs`` that it is from; ``implied_yield``, dividends and borrow that the forward stands for; then
        how the smile was fitted, as in `mmsim.surface.Surface.report`.
        """
        rows = [_row(part, expiry) for part in self._parts for expiry in part.chain.expiries]
        terms = pd.DataFrame(rows, columns=_TERMS)
        reports = [
            part.surface.report().drop(columns=["years", "forward"]).assign(underlying=part.book.symbol)
            for part in self._parts
        ]
        fits = pd.concat(reports, ignore_index=True)
        return terms.merge(fits, how="left", on=["underlying", "expiry"])

    @cached_property
    def quotes(self) -> pd.DataFrame:
        """A row an option quoted by then: its quote, and in ``use`` whether it was fitted or why not."""
        tables = [
            pd.DataFrame(
                {
                    "underlying": part.book.symbol,
                    "expiry": pd.to_datetime(part.book.expiry_ns, utc=True),
                    "strike": part.book.strike,
                    "right": np.where(part.book.right > 0, "call", "put"),
                    "bid": part.quotes.bid,
                    "ask": part.quotes.ask,
                    "updated": pd.to_datetime(part.quotes.updated_ns, utc=True),
                    "use": [str(use) for use in part.chain.uses],
                }
            )
            for part in self._parts
        ]
        return pd.concat(tables, ignore_index=True)

    @cached_property
    def parity(self) -> pd.DataFrame:
        """A row a strike: by how much its call and put miss parity, see `mmsim.pricing.parity.Forward.residuals`."""
        tables = [
            expiry.parity.residuals().assign(
                underlying=part.book.symbol, expiry=pd.Timestamp(expiry.expiry_ns, tz="UTC")
            )
            for part in self._parts
            for expiry in part.chain.expiries
        ]
        columns = ["underlying", "expiry", "strike", "status", "used", "forward", "residual", "half_widths"]
        return pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)

    @cached_property
    def smiles(self) -> pd.DataFrame:
        """A row a quote that was fitted, with the smile there: the columns of a run's table of that name."""
        tables = [
            surfaces.smile_table(p.book.symbol, p.book.strike, p.quotes.now_ns, p.chain, p.surface) for p in self._parts
        ]
        known = [table for table in tables if len(table)]
        return pd.concat(known, ignore_index=True) if known else pd.DataFrame(columns=surfaces.SMILES)

    @cached_property
    def uses(self) -> dict[str, int]:
        """How many quotes were fitted, and how many were not for which reason."""
        return dict(Counter(self.quotes["use"]).most_common())

    def draw(self, file: str | Path) -> Path:
        """Draw the smiles with the quotes into an SVG, PNG or HTML file; UserError if nothing was fitted."""
        from mmsim import whole_folder
        from mmsim.report import smiles

        target = Path(file)
        check_picture(target)
        if self.smiles.empty:
            raise UserError(Problem("nothing was fitted: there is nothing to draw", file=str(target)))
        with whole_folder.placing(target) as making:
            smiles.picture(self.smiles, f"Volatility smiles, {self.at:%Y-%m-%d %H:%M:%S} UTC", making)
        return target

    def as_dict(self) -> dict[str, Any]:
        """The instant, the expiries and the uses, as JSON would hold them; what is not known is None."""
        rows = self.expiries.astype(object).where(self.expiries.notna(), None).to_dict("records")
        expiries = [{key: _plain(value) for key, value in row.items()} for row in rows]
        return {"at": units.instant_text(self.at.value), "expiries": expiries, "quotes": self.uses}


_TERMS = [
    "underlying", "expiry", "years", "spot", "forward", "model_forward",
    "parity_forward", "parity_error", "parity_status", "pairs", "implied_yield",
]  # fmt: skip


def surface_at(
    data: str | Path,
    at: str,
    *,
    folder: str | Path | None = None,
    changes: Mapping[str, str] | None = None,
    terms: recording.Terms | None = None,
) -> SurfaceAt:
    """Fit the surface to what recorded quotes tell by an instant.

    ``data`` is a scenario's file with a recorded market, whose folder stands below ``folder`` and whose keys
    ``changes`` replaces, or else a recorded folder itself, with ``terms`` for what files do not say. ``at`` is an
    instant with a zone, as 2020-01-06T15:00:00Z. UserError for what is wrong with these or the files; what is wrong
    with the quotes is a status.
    """
    now_ns = _instant(at)
    scenario, home = _of_scenario(Path(data), folder, changes) if _is_scenario(Path(data)) else (None, None)
    if scenario is None:
        if folder is not None or changes:
            raise UserError(Problem("is a folder: a data folder and changed keys are for scenarios", file=str(data)))
        scenario, home = recording.scenario(Path(data), now_ns, terms or recording.Terms())
    clock = scenario.clock
    if not clock.start <= now_ns <= clock.end:
        known = f"{units.instant_text(clock.start)} to {units.instant_text(clock.end)}"
        raise UserError(Problem(f"{at!r} lies outside of the scenario's clock, {known}", file="--at"))
    until = scenario.model_copy(update={"clock": clock.model_copy(update={"end": now_ns})})
    options, ticks, _ = recorded.quoted(until, home)
    rates = recorded.rate_and_carry(until, options.universe)
    settings = surfaces.settings(until)
    parts = []
    for book in books.books(options.universe, options.quotes, ticks, *rates):
        quotes = books.Standing(book, settings.year_ns).at(now_ns)
        read = chain.read(quotes, settings.liquid)
        parts.append(_Part(book, quotes, read, fit(read.slices)))
    return SurfaceAt(pd.Timestamp(now_ns, tz="UTC"), {p.book.symbol: p.surface for p in parts}, tuple(parts))


def check_picture(file: Path) -> None:
    """UserError if a picture cannot have this name."""
    from mmsim.report.smiles import SUFFIXES

    if file.suffix not in SUFFIXES:
        raise UserError(Problem(f"must end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}", file=str(file)))


def _instant(at: str) -> int:
    try:
        return units.parse_instant(at)
    except ValueError as error:
        raise UserError(Problem(str(error), file="--at")) from error


def _is_scenario(data: Path) -> bool:
    return data.suffix in SCENARIO_SUFFIXES and not data.is_dir()


def _of_scenario(
    file: Path, folder: str | Path | None, changes: Mapping[str, str] | None
) -> tuple[Scenario, Path | None]:
    scenario = load(scenario_file(file), dict(changes or {}))
    if scenario.market.recorded is None:
        raise UserError(scenario.problem(("market",), "is made of models: a surface is fitted to recorded quotes"))
    return scenario, None if folder is None else Path(folder)


def _row(part: _Part, expiry: Expiry) -> dict[str, Any]:
    told = expiry.parity
    rate = float(part.book.rate[part.book.expiry_ns == expiry.expiry_ns][0])
    known = expiry.forward > 0.0
    return {
        "underlying": part.book.symbol,
        "expiry": pd.Timestamp(expiry.expiry_ns, tz="UTC"),
        "years": expiry.years,
        "spot": part.quotes.spot,
        "forward": expiry.forward,
        "model_forward": expiry.model_forward,
        "parity_forward": np.nan if told.value is None else told.value,
        "parity_error": np.nan if told.error is None else told.error,
        "parity_status": str(told.status),
        "pairs": int(told.used.sum()),
        "implied_yield": rate - np.log(expiry.forward / part.quotes.spot) / expiry.years if known else np.nan,
    }


def _plain(value: Any) -> Any:
    """A cell as JSON has it."""
    if isinstance(value, pd.Timestamp):
        return units.instant_text(value.as_unit("ns").value)
    return value.item() if isinstance(value, np.generic) else value

"""A recorded market: tidy Parquet files of quotes and trades, cleaned, as market data that a desk could have known.

The layout is one folder with ``underlying_quote``, ``option_quote`` and, where clients are recorded trades,
``option_trade``. A row is known at ``ts_utc``: for a bar, its end. A side without a price is unchanged, so each
side is carried forward, from the clock's start on; a price of 0 beside one that is not says that there is no such side.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmsim import kernel
from mmsim.errors import Problem, UserError, nearest
from mmsim.events import Events, Kind, rows
from mmsim.instruments import Exercise, Premium, Right, UnderlyingKind, Universe
from mmsim.market import kept, quotes, smoothing, tables
from mmsim.market.quality import (
    AFTER_END,
    BY_QUOTE,
    BY_TICK,
    DUPLICATE,
    ELSEWHERE,
    EXPIRED,
    LOOK_AHEAD,
    NEVER_MARKED,
    NEVER_QUOTED,
    NO_SIDE,
    NO_TIME,
    NO_VOLATILITY,
    OUT_OF_ORDER,
    PRE_OPEN,
    UNKNOWN,
    UNQUOTED,
    Quality,
    trade_faults,
)
from mmsim.market.sides import sides
from mmsim.market.source import Source
from mmsim.market.volatility.constant import constant
from mmsim.scenario import Scenario
from mmsim.scenario.parts.market import Recorded
from mmsim.scenario.years import years_of
from mmsim.units import duration_text

UNDERLYING_QUOTES, OPTION_QUOTES, OPTION_TRADES = "underlying_quote", "option_quote", "option_trade"
SURFACE = "surface"  # what is counted of its fits
KEY = ["underlying", "expiry_ns", "strike", "cp"]  # what tells one option from another
_FOLDER = ("market", "recorded", "folder")
_DESK_KEYS = {  # of a scenario: what the desk does with the data, and how it is told
    "name",
    "about",
    "seed",
    "paths",
    "keep_paths",
    "quoting",
    "hedging",
    "execution",
    "limits",
    "protection",
    "opening",
    "report",
    "variants",
}
_END_OF_TIME = int(np.iinfo(np.int64).max)
_EXPIRIES = (pd.Timestamp(1700, 1, 1), pd.Timestamp(2261, 12, 31))  # what nanoseconds can hold
_COLUMNS = {
    UNDERLYING_QUOTES: {**tables.QUOTE, "symbol": tables.TEXT},
    OPTION_QUOTES: {**tables.QUOTE, **tables.OPTION},
    OPTION_TRADES: {**tables.TRADE, **tables.OPTION},
}
_OF_OPTIONS = {tables.BAR_START: tables.TIME, "underlying": tables.TEXT, "root": tables.TEXT}
_OPTIONAL = {
    UNDERLYING_QUOTES: {tables.BAR_START: tables.TIME},
    OPTION_QUOTES: _OF_OPTIONS,
    OPTION_TRADES: _OF_OPTIONS,
}
_NO_TRADES = rows(Kind.BAR_TRADE, np.zeros(0, np.int64))

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def source(scenario: Scenario, data: Path | None) -> Source:
    """The recorded market data of a scenario, whose folder is under ``data``.

    UserError if a folder, file or column is missing, if an underlying or every option has no quotes within the clock,
    or if too large a share of the rows is wrong.
    """
    with_trades = any(group.model == "recorded_trades" for group in scenario.clients)
    files = _files(scenario, data, [UNDERLYING_QUOTES, OPTION_QUOTES, *([OPTION_TRADES] if with_trades else [])])
    inputs = {file.name: tables.sha256(file) for file in files.values()}
    return kept.kept(kept.SOURCES, _key(scenario, inputs), lambda: _source(scenario, files, inputs))


def _key(scenario: Scenario, inputs: Mapping[str, str]) -> str:
    """The hash of all that a source depends on: the files, the sources, and the scenario without what the desk does."""
    described = scenario.model_dump(mode="json", exclude=_DESK_KEYS)
    versions = [np.__version__, pd.__version__, kernel.package_digest()]
    return hashlib.sha256(json.dumps([described, inputs, versions], sort_keys=True).encode()).hexdigest()


def _source(scenario: Scenario, files: Mapping[str, Path], inputs: Mapping[str, str]) -> Source:
    options, ticks, quality = _quoted(scenario, files)
    has_trades = OPTION_TRADES in files
    trades = _option_trades(scenario, files[OPTION_TRADES], quality, options) if has_trades else _NO_TRADES
    on_surface = scenario.market.theo.volatility == "surface"
    marks, smiles = (_surface_marks if on_surface else _volatilities)(scenario, quality, options, ticks)
    return Source(
        universe=options.universe,
        streams=[ticks, quotes.events(Kind.QUOTE, options.quotes), marks],
        quoted_from=options.quoted_from,
        trades=trades,
        inputs=dict(inputs),
        quality=quality.counts,
        notes=[*_latency_notes(scenario, options.resolution_ns), *_side_notes(quality)],
        smiles=smiles,
    )


@dataclass(frozen=True)
class QuotedOptions:
    """The options that are quoted within the clock, and their standing quotes."""

    universe: Universe
    keys: pd.MultiIndex  # (options,) by `KEY`, in the order of the universe
    quotes: pd.DataFrame  # ts, instrument, bid, ask, bid_size, ask_size
    resolution_ns: int  # how finely the data tell times apart

    @cached_property
    def quoted_from(self) -> Integers:
        """When each option is first quoted, (options,), nanoseconds UTC."""
        return self.quotes.groupby("instrument")["ts"].min().to_numpy(np.int64)


def quoted(scenario: Scenario, data: Path | None) -> tuple[QuotedOptions, Events, Quality]:
    """The options that are quoted within the clock, the underlyings' SPOT rows, and what was seen of the files.

    UserError as of `source`.
    """
    return _quoted(scenario, _files(scenario, data, [UNDERLYING_QUOTES, OPTION_QUOTES]))


def _quoted(scenario: Scenario, files: Mapping[str, Path]) -> tuple[QuotedOptions, Events, Quality]:
    quality = Quality()
    spots = _underlying_quotes(scenario, files[UNDERLYING_QUOTES], quality)
    options = _option_quotes(scenario, files[OPTION_QUOTES], quality)
    return options, quotes.events(Kind.SPOT, spots), quality


def _files(scenario: Scenario, data: Path | None, names: Sequence[str]) -> dict[str, Path]:
    """The files of a scenario's recorded folder by name; UserError for what is not there, or stands elsewhere."""
    given = _recorded(scenario).folder
    folder = Path(given) if data is None else data / given
    if not folder.is_dir():
        others = [entry.name for entry in folder.parent.iterdir() if entry.is_dir()] if folder.parent.is_dir() else []
        hint = "; give the data folder with --data" if data is None else ""
        message = f"there is no folder {str(folder)!r}{hint}"
        raise UserError(scenario.problem(_FOLDER, message, nearest(folder.name, others)))
    files = {name: folder / f"{name}.parquet" for name in names}
    others = [entry.name for entry in folder.iterdir() if entry.stem not in names]
    missing = [
        scenario.problem(_FOLDER, f"{str(folder)!r} has no file {file.name!r}", nearest(file.name, others))
        for file in files.values()
        if not file.is_file()
    ]
    home = (data or Path()).resolve()
    missing += [
        scenario.problem(
            _FOLDER, f"{str(file)!r} is a link out of {str(home)!r}: give the folder that it is in by --data"
        )
        for file in files.values()
        if file.is_file() and not file.resolve().is_relative_to(home)
    ]
    if missing:
        raise UserError(*missing)
    if wrong := [p for name, file in files.items() for p in tables.problems(file, _COLUMNS[name], _OPTIONAL[name])]:
        raise UserError(*wrong)
    return files


def _read(file: Path, quality: Quality) -> pd.DataFrame:
    """A file's columns, with ``ts`` and, where a bar began, ``begin`` as int64 nanoseconds."""
    table = tables.read(file, _COLUMNS[file.stem], _OPTIONAL[file.stem])
    quality.note(file.stem, "rows", len(table))
    begin = table.get(tables.BAR_START, table["ts_utc"])
    return table.assign(ts=table["ts_utc"], begin=begin.where(begin != tables.NEVER, table["ts_utc"]))


def _within(scenario: Scenario, file: Path, quality: Quality, table: pd.DataFrame) -> pd.DataFrame:
    """The rows within the clock and the scenario. A bar that began before the clock's start is pre-open.

    A row that is known before its bar began is wrong: it would show the desk what is yet to come.
    """
    timeless = table["ts"] == tables.NEVER
    reasons = {
        ELSEWHERE: table["underlying"].isna(),
        PRE_OPEN: (table["begin"] < scenario.clock.start) & ~timeless,
        AFTER_END: table["ts"] > scenario.clock.end,
    }
    inside = quality.drop(file.stem, table, reasons)
    faults = {NO_TIME: inside["ts"] == tables.NEVER, LOOK_AHEAD: inside["ts"] < inside["begin"]}
    return quality.reject(file.stem, inside, faults)


def _underlying_quotes(scenario: Scenario, file: Path, quality: Quality) -> pd.DataFrame:
    """The standing quotes of the underlyings, numbered as in the universe."""
    table = _read(file, quality)
    names = {entry.data_symbol or entry.symbol: entry.symbol for entry in scenario.underlyings}
    table["underlying"] = table["symbol"].map(names)
    inside = _within(scenario, file, quality, table)
    numbers = scenario.build_universe().underlying_index
    state = quotes.standing(quality, file.stem, inside.assign(instrument=inside["underlying"].map(numbers)))
    _refuse(scenario, quality, file)
    quoted = set(state["instrument"])
    in_data = list(table["symbol"].dropna().unique())
    missing = []
    for n, entry in enumerate(scenario.underlyings):
        if numbers[entry.symbol] not in quoted:
            name = entry.data_symbol or entry.symbol
            message = f"{name!r} has no quotes within the clock in {str(file)!r}"
            hint = "" if name in in_data else nearest(name, in_data)
            missing.append(scenario.problem(("underlyings", n), message, hint))
    if missing:
        raise UserError(*missing)
    return state


def _option_rows(scenario: Scenario, file: Path, quality: Quality) -> pd.DataFrame:
    """The rows of listed options within the clock, by `KEY`."""
    table = _read(file, quality)
    table["underlying"] = _underlying_of(scenario, file, table)
    inside = _within(scenario, file, quality, table)
    keyed = inside.assign(expiry_ns=_expiries(scenario, inside), cp=inside["cp"].map({"C": 1, "P": -1}))
    last_trades = {entry.underlying: entry.last_trade or _END_OF_TIME for entry in scenario.options}
    ended = (keyed["ts"] >= keyed["expiry_ns"]) | (keyed["ts"] >= keyed["underlying"].map(last_trades).astype(np.int64))
    unknown = keyed["cp"].isna() | keyed["expiry_ns"].isna() | ~(keyed["strike"] > 0) | np.isinf(keyed["strike"])
    good = quality.reject(file.stem, keyed, {UNKNOWN: unknown})
    good = quality.drop(file.stem, good, {EXPIRED: ended[~unknown]}).astype({"expiry_ns": np.int64, "cp": np.int64})
    listed = {(e.underlying, Right[right.upper()]) for e in scenario.options for right in e.rights}
    wanted = pd.MultiIndex.from_frame(good[["underlying", "cp"]]).isin(listed)
    return quality.drop(file.stem, good, {ELSEWHERE: ~wanted})


def _underlying_of(scenario: Scenario, file: Path, table: pd.DataFrame) -> pd.Series:
    """The symbol of each row's underlying; missing where the scenario lists no options on it.

    The data name it in a column ``underlying``, with or without the row's root before it (ES202003 or 202003), else in
    ``root``; where there is neither, all options are on the scenario's one underlying.
    """
    listed = {entry.underlying for entry in scenario.options}
    owners = [entry for entry in scenario.underlyings if entry.symbol in listed]
    names = {name: entry.symbol for entry in owners for name in (entry.data_symbol, entry.symbol) if name}
    if "underlying" in table:
        return _named(table["underlying"], names, table.get("root"))
    if "root" in table:
        return table["root"].map(names)
    if len(listed) == 1:
        return pd.Series(listed.pop(), table.index)
    raise UserError(Problem("has options on several underlyings: it needs a column 'underlying'", file=str(file)))


def _named(given: pd.Series, names: Mapping[str, str], roots: pd.Series | None) -> pd.Series:
    """The symbol that each name stands for, by itself or behind its own row's root."""
    symbols = given.map(names).astype("str")
    if roots is not None:
        for name, symbol in names.items():
            symbols = symbols.mask(symbols.isna() & (given == roots + name), symbol)
    return symbols


def _expiries(scenario: Scenario, table: pd.DataFrame) -> pd.Series:
    """The instant of settlement of each row's option, missing where its date is."""
    entries = {entry.underlying: entry for entry in scenario.options}
    dated = table["expiry"].between(*_EXPIRIES)
    series = table.loc[dated, ["underlying", "expiry"]].drop_duplicates()
    instants = [entries[symbol].expiry_ns(day.date()) for symbol, day in series.itertuples(index=False)]
    known = series.assign(expiry_ns=pd.array(instants, "Int64"))
    return table[["underlying", "expiry"]].merge(known, how="left").set_axis(table.index)["expiry_ns"]


def _option_quotes(scenario: Scenario, file: Path, quality: Quality) -> QuotedOptions:
    """The options that are quoted within the clock, and their standing quotes, numbered as in the universe."""
    table = _option_rows(scenario, file, quality)
    groups = table.groupby(KEY, sort=True)
    state = quotes.standing(quality, file.stem, table.assign(instrument=groups.ngroup()))
    _refuse(scenario, quality, file)
    quoted = np.unique(state["instrument"])
    keys = pd.MultiIndex.from_frame(groups.size().index.to_frame()[KEY])
    quality.note(file.stem, NEVER_QUOTED, len(keys) - len(quoted))
    _check_quoted(scenario, file, set(keys[quoted].get_level_values("underlying")))
    entries = {entry.underlying: entry for entry in scenario.options}
    found = [entries[symbol].option(Right(cp), strike, expiry_ns) for symbol, expiry_ns, strike, cp in keys[quoted]]
    universe = Universe(scenario.build_universe().underlyings, found)
    numbers = {group: universe.option_index[option.name] for group, option in zip(quoted, found, strict=True)}
    return QuotedOptions(
        universe=universe,
        keys=keys[sorted(numbers, key=numbers.__getitem__)],
        quotes=state.assign(instrument=state["instrument"].map(numbers)),
        resolution_ns=_resolution_ns(table),
    )


def _check_quoted(scenario: Scenario, file: Path, underlyings: Collection[str]) -> None:
    """UserError for each entry of the scenario's options of which none is quoted."""
    missing = [
        scenario.problem(("options", n), f"no option on {entry.underlying} is quoted within the clock in {str(file)!r}")
        for n, entry in enumerate(scenario.options)
        if entry.underlying not in underlyings
    ]
    if missing:
        raise UserError(*missing)


def _resolution_ns(table: pd.DataFrame) -> int:
    """How finely rows tell times apart: the length of their bars, or the least time between two of them."""
    length = int((table["ts"] - table["begin"]).max()) if len(table) else 0
    if length > 0:
        return length
    gaps = np.diff(np.unique(table["ts"]))
    return int(gaps.min()) if len(gaps) else 0


def _option_trades(scenario: Scenario, file: Path, quality: Quality, options: QuotedOptions) -> Events:
    """The trades in options quoted by then whose side can be told, as BAR_TRADE rows of no client yet.

    A trade in an option whose first quote comes later is dropped like one in an option that is never quoted: which of
    the two it is cannot be known at the time.
    """
    table = _option_rows(scenario, file, quality)
    good = quality.reject(file.stem, table, trade_faults(table))
    quality.note(file.stem, OUT_OF_ORDER, quotes.disorder(good["ts"].to_numpy()))
    good = good.assign(instrument=options.keys.get_indexer(pd.MultiIndex.from_frame(good[KEY])))
    good = quality.drop(file.stem, good, {UNQUOTED: good["instrument"] < 0})
    good = good.sort_values(["ts", "instrument", "close", "volume"], kind="stable", ignore_index=True)
    good = quality.reject(file.stem, good, {DUPLICATE: good.duplicated(["ts", "instrument"])})
    _refuse(scenario, quality, file)
    rule = sides(good, options.quotes)
    told = good.assign(side=rule.guess, is_by_quote=rule.by_quote != 0)
    told = quality.drop(file.stem, told, {UNQUOTED: told["ts"] < options.quoted_from[told["instrument"]]})
    kept = quality.drop(file.stem, told, {NO_SIDE: told["side"] == 0})
    by_quote = np.count_nonzero(kept["is_by_quote"])
    quality.note(file.stem, BY_QUOTE, by_quote)
    quality.note(file.stem, BY_TICK, len(kept) - by_quote)
    return rows(
        Kind.BAR_TRADE,
        kept["ts"].to_numpy(),
        kept["instrument"].to_numpy(),
        side=kept["side"].to_numpy(),
        price=kept["close"].to_numpy(),
        size=kept["volume"].to_numpy(),
    )


def _volatilities(scenario: Scenario, quality: Quality, options: QuotedOptions, ticks: Events) -> tuple[Events, None]:
    """The scenario's marks of volatility: a number for all from the start, or what the mids imply, smoothed."""
    theo = scenario.market.theo
    universe, state = options.universe, options.quotes
    if isinstance(theo.volatility, float):
        levels = [theo.volatility] * len(universe.options)
        return constant(Kind.VOLATILITY, scenario.clock.start, levels), None
    times, numbers = (state[name].to_numpy(np.int64, copy=True) for name in ("ts", "instrument"))
    years, marks = years_of(scenario, universe), np.empty(len(times))
    expiries = np.array([option.expiry_ns for option in universe.options], np.int64)[numbers]
    without = smoothing.smoothed(
        times,
        numbers,
        (0.5 * (state["bid"] + state["ask"])).to_numpy(copy=True),
        _spots(universe, times, numbers, ticks),
        years.of_volatility(times, expiries),
        years.stretch(times, expiries),
        np.array([option.strike for option in universe.options]),
        np.array([float(option.right) for option in universe.options]),
        np.array([option.exercise == Exercise.AMERICAN for option in universe.options], np.int64),
        *rate_and_carry(scenario, universe),
        float(theo.half_life),
        marks,
    )
    new = ~np.isnan(marks)
    quality.note(OPTION_QUOTES, NO_VOLATILITY, without)
    quality.note(OPTION_QUOTES, NEVER_MARKED, len(universe.options) - len(np.unique(numbers[new])))
    return rows(Kind.VOLATILITY, times[new], numbers[new], value=marks[new]), None


def _surface_marks(
    scenario: Scenario, quality: Quality, options: QuotedOptions, ticks: Events
) -> tuple[Events, pd.DataFrame]:
    """The marks of a surface that is fitted as the quotes come, and the smiles of its last fit."""
    from mmsim.market import books, surfaces  # compiled at import, which other marks have no use for

    quoted = books.books(options.universe, options.quotes, ticks, *rate_and_carry(scenario, options.universe))
    settings = surfaces.settings(scenario)
    made = kept.kept(kept.SURFACES, surfaces.key(quoted, settings), lambda: surfaces.built(quoted, settings))
    for what, number in made.counts.items():
        quality.note(SURFACE, what, number)
    marked = np.unique(made.marks["instrument"])
    quality.note(SURFACE, NEVER_MARKED, len(options.universe.options) - len(marked))
    return made.marks, made.smiles


def _spots(universe: Universe, times: Integers, numbers: Integers, ticks: Events) -> Floats:
    """The mid of the underlying in force at the time of each option quote."""
    owner = np.array([universe.underlying_of(n) for n in range(len(universe.options))])[numbers]
    spots = np.full(len(times), np.nan)
    for underlying in range(len(universe.underlyings)):
        mine = owner == underlying
        spots[mine] = smoothing.in_force(times[mine], ticks[ticks["instrument"] == underlying])
    return spots


def rate_and_carry(scenario: Scenario, universe: Universe) -> tuple[Floats, Floats]:
    """The interest rate and the cost of carry in each option's price, a year, both (options,)."""
    rates = scenario.rates
    pricing = rates.options_cash if rates.pricing is None else rates.pricing
    margined = np.array([option.premium == Premium.FUTURES_STYLE for option in universe.options])
    rate = np.where(margined, 0.0, pricing)
    owners = [universe.underlyings[universe.underlying_of(n)] for n in range(len(universe.options))]
    on_future = np.array([u.kind == UnderlyingKind.FUTURE for u in owners])
    return rate, np.where(on_future, 0.0, rate - np.array([u.dividend_yield for u in owners]))


def _refuse(scenario: Scenario, quality: Quality, file: Path) -> None:
    """UserError if too large a share of a file's rows is wrong."""
    above = _recorded(scenario).refuse_above
    if quality.share(file.stem) > above:
        message = f"{quality.describe(file.stem)}: more than market.recorded.refuse_above, {above:g}"
        raise UserError(Problem(message, file=str(file)))


def _latency_notes(scenario: Scenario, resolution_ns: int) -> list[str]:
    """A warning for each latency that the data are too coarse to show."""
    return [
        f"latency.{key} of {duration_text(latency)} is below the data's resolution of {duration_text(resolution_ns)}"
        for key, latency in (("quote", scenario.latency.quote), ("hedge", scenario.latency.hedge))
        if 0 < latency < resolution_ns
    ]


def _side_notes(quality: Quality) -> list[str]:
    """That the sides of recorded trades are guesses."""
    by_quote, by_tick = (quality.counts.get(f"{OPTION_TRADES}: {rule}", 0) for rule in (BY_QUOTE, BY_TICK))
    if not by_quote + by_tick:
        return []
    guessed = f"the sides of {by_quote + by_tick:,} recorded trades are guessed from what stood before them"
    return [f"{guessed}: {by_quote:,} by the quote, {by_tick:,} by the last change of price"]


def _recorded(scenario: Scenario) -> Recorded:
    recorded = scenario.market.recorded
    assert recorded is not None, "the market is not recorded"
    return recorded

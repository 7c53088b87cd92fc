"""The desk's daily sheet: what the opening position and the new trades made, and what is held at the end."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mmsim.ledger import MICROS
from mmsim.report import clock, heat, held, rows
from mmsim.report.drawing import Picture
from mmsim.report.exhibits import Exhibit, currency, decimals, which_path
from mmsim.report.heat import Heat
from mmsim.report.numbers import Number, money, percent, quantity
from mmsim.report.tables import Cell, Table
from mmsim.report.words import BUCKETS, label

if TYPE_CHECKING:
    from mmsim.results import Run

EXPIRIES = 8  # rows of the vega map, at most; of more expiries they are terms
TERMS = {"to a week": 7, "to a month": 31, "to 3 months": 92, "to 6 months": 183, "to a year": 366}  # days
BEYOND = "beyond a year"
DELTAS = {  # of a call, or of a put the call's of its strike, from below
    "Call to 10": 0.10,
    "Call 10–25": 0.25,
    "Call 25–40": 0.40,
    "At the money": 0.60,
    "Put 40–25": 0.75,
    "Put 25–10": 0.90,
    "Put to 10": np.inf,
}
PINNED_DAYS = 7  # before its expiry a strike may pin the spot


def earned(run: Run) -> Table:
    """What the opening position, the new trades and the desk for all of them earned, by bucket."""
    buckets = [bucket for bucket in BUCKETS if bucket != "total"]
    options, last = rows.of_path(run.options, run), rows.desk(run).iloc[-1]
    is_opening = options["client"] == "opening"
    whole = {name: _micros(last[{"gamma": "gamma_pnl", "theta": "theta_pnl", "vega": "vega_pnl"}.get(name, name)])
             for name in buckets}  # fmt: skip
    parts = {
        "Opening position": _sums(options.loc[is_opening], buckets),
        "New trades": _sums(options.loc[~is_opening], buckets),
    }
    parts["Desk: hedge and its cash"] = {
        name: whole[name] - sum(part[name] for part in parts.values()) for name in buckets
    }
    parts["All"] = whole
    if not is_opening.any():
        del parts["Opening position"]
    moved = [name for name in buckets if any(part[name] for part in parts.values())]
    places = decimals(run)
    lines: tuple[tuple[Cell, ...], ...] = tuple(
        (name, money(sum(part.values()) / MICROS, places), *(money(part[bucket] / MICROS, places) for bucket in moved))
        for name, part in parts.items()
    )
    head = ("", "Total", *map(label, moved))
    return Table(head, lines, f"What each part of the book earned, {currency(run)}", 1, which_path(run).strip())


def _micros(amount: float) -> int:
    return round(float(amount) * MICROS)


def _sums(options: pd.DataFrame, buckets: list[str]) -> dict[str, int]:
    """Each bucket of some rows of options, micro-units; what stands in no option is zero."""
    return {name: sum(map(_micros, options[name])) if name in options else 0 for name in buckets}


def greeks(run: Run, options: pd.DataFrame) -> Table:
    """What is held at the end, by underlying; ``options`` as `held.options` has them."""
    hedge = held.hedges(run).set_index("underlying")
    has_opening = bool(options["opening_units"].any())
    lines: list[tuple[Cell, ...]] = []
    for symbol in [str(symbol) for symbol in hedge.index]:
        of_symbol = options.loc[options["underlying"] == symbol]
        sums = of_symbol[list(held.GREEKS)].sum()
        if has_opening:
            opening = of_symbol[[f"opening_{greek}" for greek in held.GREEKS]].sum().set_axis(list(held.GREEKS))
            lines += [_line(f"{symbol}: opening", opening), _line(f"{symbol}: new trades", sums - opening)]
        else:
            lines.append(_line(f"{symbol}: options", sums))
        own = hedge.loc[[symbol]].reindex(columns=list(held.GREEKS), fill_value=0.0).sum()
        lines += [_line(f"{symbol}: hedge", own), _line(f"{symbol}: net", sums + own)]
    everything = options[list(held.GREEKS)].sum()
    everything["cash_delta"] += hedge["cash_delta"].sum()
    everything["delta"] = np.nan if len(hedge) > 1 else everything["delta"] + hedge["delta"].sum()
    unit = currency(run)
    amounts = ("Cash delta", "Dollar gamma per 1 %", "Vega per point", "Vega, weighted", "Theta a day")
    head = ("", "Delta, units", *(f"{name}, {unit}" for name in amounts), "Break-even a day")
    return Table(head, (*lines, _line("Desk", everything)), "Greeks at the end", 1, _said_of_greeks(run))


def _line(name: str, of: pd.Series) -> tuple[Cell, ...]:
    dollar_gamma, theta = float(of["dollar_gamma"]), float(of["theta"])
    is_paid = dollar_gamma * theta < 0.0
    break_even = (-0.02 * theta / dollar_gamma) ** 0.5 if is_paid else np.nan  # Γ·dS² = 100·dollar gamma·(dS/S)²
    greeks = (_whole(float(of[greek])) for greek in held.GREEKS[1:])
    return (name, quantity(float(of["delta"])), *greeks, percent(break_even, 2))


def _whole(value: float) -> Number:
    """A Greek in currency: without decimals where it has hundreds."""
    return money(value, 0)._replace(tone="") if abs(value) >= 100 else quantity(round(value, 4))


def _said_of_greeks(run: Run) -> str:
    """What the units of the Greeks are."""
    return (
        "Cash delta is Δ·S; dollar gamma Γ·S²/100, by which cash delta grows as the spot rises 1\N{NO-BREAK SPACE}%;"
        " vega per point of volatility, weighted by √(3 months / time to expiry) to compare expiries; theta per"
        f" {clock.day(run.summary)}. The break-even is the move of the spot in a day at which gamma pays for theta."
        f"{which_path(run)}"
    )


def vega(run: Run, options: pd.DataFrame) -> Exhibit:
    """Vega by expiry and by delta; ``options`` as `held.options` has them, one at least."""
    terms, row = _terms(options)
    column = np.searchsorted(list(DELTAS.values()), options["call_delta"].fillna(0.5), side="left")
    names, unit = [*DELTAS][::-1], currency(run)
    cells = [_cells(options[greek], row, len(names) - 1 - column, (len(terms), len(names)))
             for greek in ("vega", "weighted_vega")]  # fmt: skip
    maps = [
        Heat(f"Vega, {unit} per point", cells[0]),
        Heat("The same weighted by √(3 months / time to expiry)", cells[1]),
    ]
    sums = np.column_stack([cells[0], np.nansum(cells[0], axis=1), np.nansum(cells[1], axis=1)])
    lines: list[tuple[Cell, ...]] = [
        (term, *(_whole(float(vega)) for vega in of_term))
        for term, of_term in zip([*terms, "All"], [*sums, np.nansum(sums, axis=0)], strict=True)
    ]
    head = ("Expiry", *names, "All", "All, weighted")
    table = Table(head, tuple(lines), f"Vega per point, {unit}", 1)
    caption = (
        "The vega held at the end by expiry (down) and delta (across: out-of-the-money puts on the left, calls on the"
        f" right, in hundredths). Blue is long volatility, orange short. All underlyings; {unit}.{which_path(run)}"
    )
    short = ["P<10", "P10–25", "P25–40", "ATM", "C40–25", "C25–10", "C<10"]
    picture = Picture(partial(heat.draw, maps, terms, short), "Vega by expiry and delta")
    return Exhibit("vega", "Vega by expiry and delta", caption, picture, table)


def _terms(options: pd.DataFrame) -> tuple[list[str], np.ndarray]:
    """The names of the rows, ascending, and each option's row: its expiry, or of many expiries its term."""
    dates = options["expiry"].dt.strftime("%Y-%m-%d")
    if dates.nunique() > EXPIRIES:
        place = np.searchsorted(list(TERMS.values()), _days(options))
        named = np.array([*TERMS, BEYOND])
        present = np.unique(place)
        return named[present].tolist(), np.searchsorted(present, place)
    names = np.unique(dates)
    return names.tolist(), np.searchsorted(names, dates)


def _days(options: pd.DataFrame) -> pd.Series[float]:
    """Calendar days to expiry."""
    return (options["expiry"] - options["ts"]).dt.total_seconds() / 86_400.0


def _cells(amounts: pd.Series, row: np.ndarray, column: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    return heat.summed(amounts.fillna(0.0).to_numpy(float), row, column, shape)


def any_expires_soon(options: pd.DataFrame) -> bool:
    """Whether an option held is so near its expiry that its strike may pin the spot."""
    return bool((_days(options) <= PINNED_DAYS).any())


def pins(run: Run, options: pd.DataFrame) -> Table:
    """Strikes that the spot may still end at: within a week of expiry and a standard deviation of the move left."""
    left = options["spot"] * options["implied_volatility"] * np.sqrt(options["years"])
    near = options.assign(left=left)[
        (_days(options) <= PINNED_DAYS) & ((options["strike"] - options["spot"]).abs() <= left)
    ]
    by_strike = near.groupby(["underlying", "expiry", "strike"], observed=True)
    sums = by_strike.agg(
        spot=("spot", "first"), left=("left", "max"), contracts=("position", "sum"), units=("units", "sum"),
        dollar_gamma=("dollar_gamma", "sum"),
    )  # fmt: skip
    lines: list[tuple[Cell, ...]] = [
        (
            f"{symbol} {expiry:%Y-%m-%d} {quantity(strike).text}",
            *map(quantity, (strike - at.spot, at.left, at.contracts, at.units)),
            _whole(at.dollar_gamma),
        )
        for (symbol, expiry, strike), at in zip(sums.index, sums.itertuples(index=False), strict=True)
    ]
    head = (
        *("Strike", "From the spot", "A standard deviation", "Contracts", "Delta across the strike, units"),
        f"Dollar gamma per 1 %, {currency(run)}",
    )
    note = f"Options held within {PINNED_DAYS} days of expiry and a standard deviation of the move left, S·σ·√T."
    return Table(head, tuple(lines), "Strikes where expiry may pin", 0, note)


def liquidation(run: Run, options: pd.DataFrame) -> Table:
    """What marking the options at the market's mid, and then at bid or ask, adds to equity, by expiry."""
    terms, row = _terms(options)
    unquoted = options["bid"].where(options["units"] > 0.0, options["ask"]).isna()
    frame = options.assign(term=np.array(terms)[row], long=options["position"].clip(lower=0.0),
                           short=(-options["position"]).clip(lower=0.0), unquoted=unquoted.astype(int))  # fmt: skip
    columns = ["long", "short", "unquoted", "to_mid", "to_liquidation"]
    sums = frame.groupby("term", sort=False)[columns].sum().reindex(terms)
    lines = [_cost(str(term), of, decimals(run)) for term, of in sums.iterrows()]
    head = ("Expiry", "Long", "Short", "Unquoted", "Theo to mid", "Mid to bid or ask", f"Together, {currency(run)}")
    table = (*lines, _cost("All", sums.sum(), decimals(run)))
    return Table(head, table, f"What liquidation would add to equity at theo, contracts and {currency(run)}", 1)


def _cost(name: str, of: pd.Series, places: int) -> tuple[Cell, ...]:
    amounts = (of["to_mid"], of["to_liquidation"], of["to_mid"] + of["to_liquidation"])
    contracts = map(quantity, (float(of["long"]), float(of["short"]), float(of["unquoted"])))
    return (name, *contracts, *(money(float(amount) / MICROS, places) for amount in amounts))

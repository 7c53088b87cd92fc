"""A made-up run whose tables agree with one another, so that the page can be tested without an engine."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmsim import markouts, tables
from mmsim.risk import measured
from tests.report.browser import browser  # noqa: F401  (a fixture)

BUCKETS = [
    "spread_capture",
    "gamma",
    "delta",
    "theta",
    "vega",
    "rates",
    "dividends",
    "carry",
    "basis",
    "hedge_cost",
    "fees",
]
START = pd.Timestamp("2026-01-05T14:30:00Z")


def made_up_run(
    *,
    marks: int = 391,
    fills: int = 120,
    hedges: int = 300,
    paths: int = 1,
    symbols: tuple[str, ...] = ("ABC",),
    seed: int = 1,
) -> Any:
    """An object with the tables of a ``Run``: random amounts whose parts sum to their totals to the micro-unit."""
    draws = np.random.default_rng(seed)
    times = pd.date_range(START, periods=marks, freq="min")
    frames = [_book(draws, symbol, times) for symbol in symbols]
    desk = _desk(frames, times, draws)
    last = desk.iloc[-1]
    attribution = {
        bucket: float(last[{"theta": "theta_pnl", "vega": "vega_pnl"}.get(bucket, bucket)]) for bucket in BUCKETS
    }
    attribution |= {"unexplained": 0.0, "total": float(last["total"])}
    convexity, drift = float(last["convexity"]), float(last["drift"])
    options = _options(draws, symbols, fills)
    made = [
        _client_fills(draws, options, times, fills),
        *(_hedge_fills(draws, f, s, hedges) for f, s in zip(frames, symbols, strict=True)),
    ]
    all_fills = pd.concat(made, ignore_index=True).sort_values("ts", kind="stable", ignore_index=True)
    inventory = round(attribution["total"] - 425.0 - attribution["carry"] - attribution["fees"] + 213.25, 6)
    summary: dict[str, Any] = {
        "scenario": {
            "name": "made-up-day",
            "currency": "USD",
            "clock": {"start": "2026-01-05T14:30:00Z", "end": str(times[-1].isoformat()), "volatility_days": 365},
            "report": {"mark_every": "1m"},
            "limits": {"position": 500.0, "net_delta": None, "net_gamma": None, "net_vega": None, "loss": 2_000.0},
        },
        "about": "A made-up day: amounts that add up, drawn at random.",
        "seed": 7,
        "paths": paths,
        "versions": {"mmsim": "0.1.0", "numpy": "2.4"},
        "inputs": {"option_quote.parquet": "ab" * 32} if len(symbols) > 1 else {},
        "events": 254_590,
        "seconds": 1.25,
        "attribution": attribution,
        "detail": {
            "Income:SpreadCapture:Market": attribution["spread_capture"],
            "Income:Gamma:Convexity": convexity,
            "Income:Gamma:Drift": drift,
            "Expenses:HedgeCost": attribution["hedge_cost"],
        },
        "cash": {
            "premium": -213.25,
            "rebalancing": 425.0,
            "carry": attribution["carry"],
            "fees": attribution["fees"],
            "settlement": 0.0,
            "inventory": inventory,
            "total": attribution["total"],
        },
        "carry": {"options_cash": attribution["carry"], "hedge_cash": 0.0, "borrow": 0.0, "dividends": 0.0},
        "components": {"options": round(attribution["total"] - 12.5, 6), "hedge": 12.5},
        "equity": {
            "opening": 0.0,
            "opening_options": 0.0,
            "closing": attribution["total"],
            "change": attribution["total"],
            "at_mid": float(last["equity_at_mid"]),
            "at_liquidation": float(last["equity_at_liquidation"]),
            "unquoted": 2,
        },
        "taylor": dict.fromkeys(
            ["delta", "gamma", "theta", "vega", "vanna", "volga", "rates", "residual", "total"], 1.5
        ),
        "convexity_and_theta": round(convexity + attribution["theta"], 6),
        "counts": {"client_fills": fills, "hedge_fills": hedges * len(symbols), "quotes": 123_456, "limit_breaches": 0},
        "identities": dict.fromkeys(["trial_balance", "mark_view", "cash_view", "cash", "components"], 0),
        "data": {"option_quote: rows": 254_590, "option_quote: pre-open": 123},
        "policies": {
            "quoting": {"name": "fixed_width", "file": "fixed_width.py", "parameters": {"size": 10}, "compiled": True},
            "hedging": {"name": "delta_band", "file": "delta_band.py", "parameters": {"band": 5.0}, "compiled": True},
        },
        "notes": ["The latency is below the data's resolution."],
        "reproduce": "mmsim run scenarios/synthetic/market_maker_day.yaml --seed 7",
    }
    table = pd.DataFrame({"path": range(paths), **{b: draws.normal(10, 50, paths) for b in [*BUCKETS, "total"]}})
    if paths > 1:
        summary["monte_carlo"] = {
            bucket: {"mean": table[bucket].mean(), "sd": table[bucket].std(), "se": table[bucket].std() / paths**0.5}
            for bucket in [*BUCKETS, "total"]
        }
    every_mark = pd.concat([*frames, desk], ignore_index=True)
    summary["risk"] = _risk(summary, table["total"].to_numpy() if paths > 1 else np.array([last["total"]]), every_mark)
    breaches = pd.DataFrame(columns=["ts", "path", "limit", "instrument", "value"])
    dealt = all_fills.loc[all_fills["kind"] == "client"]
    return SimpleNamespace(
        summary=summary,
        markouts_by=lambda by=None: markouts.summary(markouts.cells([_markouts(dealt)]), by),
        marks=every_mark,
        fills=all_fills,
        deals=all_fills[all_fills["path"] == every_mark["path"].min()],
        pieces=lambda table, columns: iter([{"fills": all_fills}[table][columns]]),
        options=options,
        positions=_positions(options, every_mark),
        breaches=breaches,
        quotes=tables.empty("quotes"),
        smiles=tables.empty("smiles"),
        paths=table,
    )


def _markouts(fills: pd.DataFrame) -> pd.DataFrame:
    """Mark-outs of made-up fills: a third of the edge is lost at once, and twice as much by the end."""
    size, micros = fills["size"].to_numpy(float), (fills["edge"].to_numpy(float) * 1e6).astype(np.int64)
    lost = {"1s": micros // 3, "10m": micros // 3, "end": 2 * (micros // 3)}
    found = [
        pd.DataFrame(
            {
                "client": fills["client"].astype(str),
                "side": fills["side"].astype(str),
                "size": size,
                "horizon": horizon,
                "delta": np.linspace(-0.9, 0.9, len(fills)),
                "edge_micros": micros,
                "markout_micros": micros - impact,
                "impact_micros": impact,
                "hedged_markout_micros": micros - impact // 2,
            }
        )
        for horizon, impact in lost.items()
    ]
    rows = pd.concat(found, ignore_index=True)
    return rows.assign(horizon=pd.Categorical(rows["horizon"], list(lost), ordered=True))


def _risk(summary: dict[str, Any], totals: np.ndarray, marks: pd.DataFrame) -> dict[str, Any]:
    """Figures of risk of made-up totals: the marks below theo by as much on every path."""
    equity, zero = summary["equity"], np.zeros(len(totals))
    ends = {"theo": "closing", "mid": "at_mid", "liquidation": "at_liquidation"}
    of_marks = {mark: totals + equity[end] - equity["closing"] for mark, end in ends.items()}
    made = measured.Totals(of_marks, zero + 100.0, zero - 10.0, zero - 5.0, zero + equity["opening"], zero + 9)
    span = measured.Span(START.value, 1 / (365 * 86_400e9))
    return measured.risk(made, measured.Dealt(120.0, 6_000.0, 9_000.0, 900_000.0), marks, 1, span)


def _walk(draws: np.random.Generator, length: int, step: float, drift: float = 0.0) -> np.ndarray:
    """Cumulative amounts to the micro-unit, from zero."""
    return np.concatenate([[0.0], draws.normal(drift, step, length - 1).cumsum()]).round(6)


def _book(draws: np.random.Generator, symbol: str, times: pd.DatetimeIndex) -> pd.DataFrame:
    n = len(times)
    book = pd.DataFrame({"ts": times, "path": 0, "underlying": symbol})
    book["spot"] = (100 + _walk(draws, n, 0.08)).round(2)
    book["pending"] = book["unexplained"] = 0.0
    for name, step in {"hedge": 12, "net_delta": 4, "gamma": 2, "vega": 4000, "theta": 90_000}.items():
        book[name] = _walk(draws, n, step)
    book["spread_capture"] = np.abs(_walk(draws, n, 6)).cumsum().round(6) / 10
    book["convexity"], book["drift"] = _walk(draws, n, 11, 2), _walk(draws, n, 3)
    book["gamma"] = book["gamma_pnl"] = book["convexity"] + book["drift"]
    steps = {
        "delta": (4, 0),
        "theta_pnl": (1, -2),
        "vega_pnl": (9, 0),
        "rates": (0, 0),
        "dividends": (0, 0),
        "carry": (0.1, 0.02),
    }
    for name, (step, drift) in (steps | {"basis": (0, 0), "hedge_cost": (0.1, -0.3), "fees": (0, -0.2)}).items():
        book[name] = _walk(draws, n, step, drift)
    book["carry_options_cash"] = book["carry"]
    book[["carry_hedge_cash", "carry_borrow", "carry_dividends"]] = 0.0
    book["total"] = book[["theta_pnl" if b == "theta" else "vega_pnl" if b == "vega" else b for b in BUCKETS]].sum(
        axis=1
    )
    return book


def _desk(books: list[pd.DataFrame], times: pd.DatetimeIndex, draws: np.random.Generator) -> pd.DataFrame:
    desk = sum(book.drop(columns=["ts", "path", "underlying"]) for book in books).round(6)
    desk.insert(0, "ts", times)
    desk["path"], desk["underlying"], desk["spot"] = 0, "", np.nan
    desk["equity"] = desk["total"]
    desk["options_component"] = _walk(draws, len(times), 90)
    desk["equity_at_mid"] = desk["equity"] - np.abs(_walk(draws, len(times), 3))
    desk["equity_at_liquidation"] = desk["equity_at_mid"] - np.abs(_walk(draws, len(times), 9))
    return desk


def _options(draws: np.random.Generator, symbols: tuple[str, ...], fills: int) -> pd.DataFrame:
    terms = (
        [(s, strike, right) for s in symbols for strike in range(80, 121, 2) for right in ("call", "put")]
        if fills
        else []
    )
    expiry = pd.Timestamp("2026-01-16T21:00:00Z")
    rows = pd.DataFrame(
        {
            "path": 0,
            "underlying": [s for s, _, _ in terms],
            "option": [f"{s} 2026-01-16 {right[0].upper()}{strike}" for s, strike, right in terms],
            "strike": [float(strike) for _, strike, _ in terms],
            "expiry": pd.Series([expiry] * len(terms), dtype="datetime64[ns, UTC]"),
            "right": [right for _, _, right in terms],
            "multiplier": 100.0,
            "client": "flow",
        }
    )
    for name in ("contracts_bought", "contracts_sold"):
        rows[name] = draws.integers(0, 40, len(rows)).astype(float)
    rows["position"] = rows["contracts_bought"] - rows["contracts_sold"]
    amounts = ["spread_capture", "gamma", "theta", "vega", "rates", "dividends", "carry", "fees"]
    for name in amounts:
        rows[name] = draws.normal(0, 60, len(rows)).round(6)
    rows["total"] = rows[amounts].sum(axis=1)
    return rows


def _positions(options: pd.DataFrame, marks: pd.DataFrame) -> pd.DataFrame:
    """What is held of the options at the end, with Greeks of one unit that are the same for all."""
    held = options[["path", "underlying", "option", "strike", "expiry", "right", "multiplier", "position"]]
    last = marks.loc[marks["underlying"] != ""].groupby("underlying").last()
    greeks = {"delta": 0.4, "gamma": 0.05, "vega": 11.0, "theta": -9.0, "implied_volatility": 0.2, "years": 0.03}
    prices = {"theo": 2.0, "bid": 1.9, "ask": 2.2, "mid": 2.05}
    spot = held["underlying"].map(last["spot"]).astype(float)
    return held.assign(ts=marks["ts"].max(), spot=spot, **prices, **greeks)


def _client_fills(
    draws: np.random.Generator, options: pd.DataFrame, times: pd.DatetimeIndex, number: int
) -> pd.DataFrame:
    which = draws.integers(0, max(len(options), 1), number)
    return pd.DataFrame(
        {
            "ts": times[np.sort(draws.integers(0, len(times), number))],
            "path": 0,
            "kind": "client",
            "instrument": options["option"].to_numpy()[which],
            "client": "flow",
            "side": draws.choice(["buy", "sell"], number),
            "size": draws.integers(1, 10, number).astype(float),
            "price": 2.0,
            "spot": np.full(number, 100.0),
            "theo": 2.03,
            "policy_fair": 2.02,
            "quoted": 1.99,
            "edge": 1.0,
        }
    )


def _hedge_fills(draws: np.random.Generator, book: pd.DataFrame, symbol: str, number: int) -> pd.DataFrame:
    at = np.sort(draws.integers(0, len(book), number))
    side = draws.choice(["buy", "sell"], number)
    spot = book["spot"].to_numpy()[at]
    return pd.DataFrame(
        {
            "ts": book["ts"].array[at],
            "path": 0,
            "kind": "hedge",
            "instrument": symbol,
            "side": side,
            "size": draws.integers(1, 60, number).astype(float),
            "price": spot + np.where(side == "buy", 0.01, -0.01),
            "spot": spot,
        }
    )


@pytest.fixture(scope="session")
def make_run() -> Callable[..., Any]:
    """``make_run(marks=..., fills=..., hedges=..., paths=..., symbols=..., seed=...)`` gives a made-up run."""
    return made_up_run

"""A made-up day of recorded quotes and trades, in the layout of real ones: replay with nothing downloaded.

Stock XYZ and 36 American options on it, 2 March 2026, 09:30 to 16:00 in New York, in one-minute bars. The day has what
real days have: bars with one side only, indicative quotes before the open, trades in options that nobody quotes, and a
few rows that are wrong.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from mmsim import pricing
from mmsim.market.streams import generator
from mmsim.units import UNITS_NS, day_time_ns

SYMBOL, DAY, ZONE = "XYZ", dt.date(2026, 3, 2), "America/New_York"
OPEN, CLOSE = dt.time(9, 30), dt.time(16, 0)
EXPIRIES = (dt.date(2026, 3, 6), dt.date(2026, 3, 20))
STRIKES = np.arange(90.0, 111.0, 2.5)
PRE_OPEN_MINUTES, MINUTES = 5, 390
SPOT, VOLATILITY, RATE = 100.0, 0.25, 0.04
TICK = 0.05  # of the options
QUIET = 0.25  # share of sides that do not change in a minute
TRADES_A_MINUTE = 1.0
WRONG_OF_A_KIND = 3

README = """\
# A generated day

Made up by `mmsim new`: no market ever traded like this. Replace it with your own recordings in the same layout.

- `option_quote.parquet`: `ts_utc` (the end of the bar, when it is known: a timestamp with the zone UTC), `bid`,
  `bid_size`, `ask`, `ask_size`, `cp` (C or P), `strike`, `expiry` (date) and `underlying` or `root`. An empty bid or
  ask is one that did not change, a 0 beside the other's price one that is not there.
- `underlying_quote.parquet`: the same with `symbol` in place of the option.
- `option_trade.parquet`: `ts_utc`, `close`, `volume` and the option.

With `bar_start_utc`, bars that began before the clock's start are left out, and a row known before its bar
began is wrong. Other columns are not read.
"""

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def write_sample(folder: Path, seed: int = 0) -> None:
    """Write the three Parquet files of a made-up day, and a README, into ``folder``; a seed makes equal bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    spot = _spot(seed)
    chain = _chain()
    bid, ask = _markets(_fair(chain, spot))
    stock_bid, stock_ask = spot[:, None] - 0.01, spot[:, None] + 0.01
    stock = pd.DataFrame({"symbol": [SYMBOL]})
    quotes = _quote_bars(chain, bid, ask, seed, "options")
    _write(folder / "option_quote.parquet", pd.concat([quotes, *_wrong_quotes(quotes, seed)]))
    _write(folder / "underlying_quote.parquet", _quote_bars(stock, stock_bid, stock_ask, seed, "stock"))
    _write(folder / "option_trade.parquet", _trades(chain, bid, ask, seed))
    (folder / "README.md").write_text(README, encoding="utf-8")


def _draws(seed: int, name: str) -> np.random.Generator:
    return generator(seed, f"sample:{name}", 0)


def _spot(seed: int) -> Floats:
    """The stock's mid at the end of each bar, pre-open bars first, shape (bars,)."""
    step = VOLATILITY * np.sqrt(1.0 / (365.0 * 24.0 * 60.0)) * 1.6  # busier than volatility on calendar time implies
    moves = _draws(seed, "spot").standard_normal(PRE_OPEN_MINUTES + MINUTES) * step
    spot: Floats = np.round(SPOT * np.exp(np.cumsum(moves)), 2)
    return spot


def _chain() -> pd.DataFrame:
    """The options listed, a row each."""
    keys = [(cp, strike, expiry) for expiry in EXPIRIES for strike in STRIKES for cp in ("C", "P")]
    names = pd.DataFrame({"root": SYMBOL, "style": "american"}, index=range(len(keys)))
    chain = names.join(pd.DataFrame(keys, columns=["cp", "strike", "expiry"]))
    return chain.assign(expiry=pd.to_datetime(chain["expiry"]).astype("datetime64[us]"))


def _fair(chain: pd.DataFrame, spot: Floats) -> Floats:
    """What the options are worth at the end of each bar, with a smile, shape (bars, options)."""
    strike = chain["strike"].to_numpy()
    settled = np.array([day_time_ns(day.date(), CLOSE, ZONE) for day in chain["expiry"]])
    years = (settled[None, :] - _ends()[:, None]) / (365.0 * UNITS_NS["d"])
    smile = VOLATILITY - 0.2 * np.log(strike / SPOT) + 0.6 * np.log(strike / SPOT) ** 2
    return pricing.price(
        spot=spot[:, None],
        strike=strike[None, :],
        years=years,
        volatility=smile[None, :],
        rate=RATE,
        right=np.where(chain["cp"] == "C", 1.0, -1.0)[None, :],
    )


def _ends() -> npt.NDArray[np.int64]:
    """The ends of the bars, nanoseconds UTC."""
    first = day_time_ns(DAY, OPEN, ZONE) - PRE_OPEN_MINUTES * UNITS_NS["m"]
    return first + UNITS_NS["m"] * np.arange(1, PRE_OPEN_MINUTES + MINUTES + 1)


def _markets(fair: Floats) -> tuple[Floats, Floats]:
    """Bid and ask around fair value, wider before the open; no bid for what is worth less than a tick."""
    half_spread = 0.03 + 0.01 * fair
    half_spread[:PRE_OPEN_MINUTES] *= 20.0
    bid = np.floor((fair - half_spread) / TICK) * TICK
    ask = np.ceil((fair + half_spread) / TICK) * TICK
    return np.where(bid > 0, bid, np.nan).round(2), ask.round(2)


def _quote_bars(instruments: pd.DataFrame, bid: Floats, ask: Floats, seed: int, name: str) -> pd.DataFrame:
    """Bars of prices given at their ends, (bars, instruments): a side that did not change is empty."""
    draws = _draws(seed, f"quotes:{name}")
    columns, told = {}, np.zeros(bid.shape, np.bool_)
    for side, close in (("bid", bid), ("ask", ask)):
        opened = np.vstack([close[:1], close[:-1]])
        changed = ~np.isnan(close) & ((close != opened) | (draws.random(close.shape) > QUIET))
        size = np.where(changed, draws.integers(1, 50, close.shape), 0)
        both = {"open": opened, "high": np.fmax(opened, close), "low": np.fmin(opened, close)}
        columns.update({f"{side}_{part}": np.where(changed, price, np.nan) for part, price in both.items()})
        columns.update({side: np.where(changed, close, np.nan), f"{side}_size": size})
        told |= changed
    return _bars(instruments, told, columns)


def _bars(instruments: pd.DataFrame, told: Flags, columns: dict[str, npt.NDArray[np.generic]]) -> pd.DataFrame:
    """The bars of (bars, instruments) arrays where ``told``, by time and then by instrument."""
    bar, instrument = np.nonzero(told)
    ends = pd.to_datetime(_ends()[bar], utc=True).as_unit("us")
    starts = ends - pd.Timedelta(minutes=1)
    clock = {
        "bar_start_utc": starts,
        "ts_utc": ends,
        "ms": (starts.tz_convert(ZONE) - pd.Timestamp(DAY, tz=ZONE)) // pd.Timedelta(milliseconds=1),
    }
    values = {name: column[told] for name, column in columns.items()}
    return pd.DataFrame(clock | values).join(instruments.iloc[instrument].reset_index(drop=True))


def _wrong_quotes(quotes: pd.DataFrame, seed: int) -> list[pd.DataFrame]:
    """Rows as they should not be: crossed, negative, twice."""
    two_sided = quotes[quotes["bid"].notna() & quotes["ask"].notna() & (quotes["ms"] >= 36_000_000)]  # from 10:00 on
    chosen = two_sided.iloc[_draws(seed, "wrong").choice(len(two_sided), (3, WRONG_OF_A_KIND), replace=False).ravel()]
    crossed, negative, twice = (chosen[n : n + WRONG_OF_A_KIND] for n in range(0, len(chosen), WRONG_OF_A_KIND))
    return [crossed.assign(bid=crossed["ask"] + TICK), negative.assign(bid=-negative["bid"]), twice]


def _trades(chain: pd.DataFrame, bid: Floats, ask: Floats, seed: int) -> pd.DataFrame:
    """Trades at, between or beyond the quotes of the bar before, most near the money, some in unquoted options."""
    draws = _draws(seed, "trades")
    weight = np.exp(-(((chain["strike"].to_numpy() - SPOT) / 5.0) ** 2))
    happens = draws.random(bid.shape) < TRADES_A_MINUTE * weight / weight.sum()
    happens[: PRE_OPEN_MINUTES + 1] = False
    before_bid, before_ask = np.roll(bid, 1, axis=0), np.roll(ask, 1, axis=0)
    between = np.round((before_bid + before_ask) / (2.0 * TICK)) * TICK
    where = draws.choice(5, bid.shape, p=[0.1, 0.35, 0.1, 0.35, 0.1])
    price = np.choose(where, [before_bid - TICK, before_bid, between, before_ask, before_ask + TICK]).round(2)
    happens &= ~np.isnan(price) & (price > 0)
    prices = dict.fromkeys(("open", "high", "low", "close"), price)
    trades = _bars(chain, happens, prices | {"volume": draws.integers(1, 20, bid.shape)})
    unquoted = trades.iloc[:: max(len(trades) // WRONG_OF_A_KIND, 1)].assign(strike=2.0 * SPOT)
    return pd.concat([trades, unquoted])


def _write(file: Path, bars: pd.DataFrame) -> None:
    ordered = bars.sort_values("ts_utc", kind="stable", ignore_index=True)
    pq.write_table(pa.Table.from_pandas(ordered, preserve_index=False).replace_schema_metadata(), file)

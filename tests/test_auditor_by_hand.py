"""The auditor against books kept by hand: each docstring is the whole calculation.

At zero volatility and rates a unit is worth its intrinsic value. At the money with zero rates and s = σ√T it is worth
S·(2N(s/2) − 1): of 100, 15.8519419 at s = 0.4, 11.9235385 at 0.3, 7.9655675 at 0.2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.auditor import BUCKETS, Audit, audit
from tests.auditor.lots import Lots

HOUR = 3600 * 10**9
DAY = 24 * HOUR
YEAR = 365 * DAY
UNDERLYING = {"symbol": "ABC", "kind": "stock", "multiplier": 1.0, "lot": 1.0, "dividend_yield": 0.0}
OPTION = {
    "name": "CALL",
    "underlying": 0,
    "right": 1,
    "strike": 90.0,
    "expiry_ns": YEAR,
    "last_trade_ns": 0,
    "multiplier": 100.0,
    "premium": "upfront",
    "exercise": "european",
    "settlement": "cash",
    "settlement_price": np.nan,
    "tick_levels": (0.0,),
    "tick_steps": (0.01,),
}
RATES = {
    "options_cash": 0.0,
    "hedge_cash": 0.0,
    "pricing": 0.0,
    "borrow": 0.0,
    "borrowing_spread": 0.0,
    "funding": "gross",
    "compounding": "continuous",
}
FEES = {"option": 0.0, "hedge": 0.0, "exercise": 0.0}
EVENT = {"side": 0, "client": -1, "instrument": -1, "bid": np.nan, "ask": np.nan, "value": np.nan}
ORDER = {"price": np.nan, "size": 0.0}


def spot(ts: int, bid: float, ask: float | None = None) -> dict[str, Any]:
    return {"ts": ts, "kind": "SPOT", "instrument": 0, "bid": bid, "ask": bid if ask is None else ask}


def volatility(ts: int, level: float) -> list[dict[str, Any]]:
    return [{"ts": ts, "kind": kind, "instrument": 0, "value": level} for kind in ("VOLATILITY", "FAIR_VOLATILITY")]


def order(ts: int, side: int, size: float, price: float) -> dict[str, Any]:
    return {"ts": ts, "kind": "ORDER", "instrument": 0, "client": 0, "side": side, "size": size, "price": price}


def grid(*times: int) -> list[dict[str, Any]]:
    return [{"ts": ts, "kind": "MARK"} for ts in times]


def client(ts: int, size: float, price: float) -> dict[str, Any]:
    return {"ts": ts, "kind": "client", "instrument": 0, "client": 0, "size": size, "price": price}


def hedge(ts: int, size: float, price: float) -> dict[str, Any]:
    return {"ts": ts, "kind": "hedge", "instrument": 0, "client": -1, "size": size, "price": price}


def expiry(ts: int, size: float, price: float) -> dict[str, Any]:
    return {"ts": ts, "kind": "expiry", "instrument": 0, "client": -1, "size": size, "price": price}


def settings_of(end: int, *, rates: dict[str, Any], fees: dict[str, float], **changes: Any) -> dict[str, Any]:
    """From time 0 to ``end``, with a mark at both and nowhere between."""
    return {
        "start_ns": 0,
        "end_ns": end,
        "volatility_days": 365,
        "interest_days": 365,
        "rates": RATES | rates,
        "fees": FEES | fees,
        "hedge_at": "mid",
        "spot_dividends": False,
        "early": {"own": True, "assigned": True},
        "matching": "lifo",
        "latency": {"hedge": 0},
        "marks": {"every_ns": end, "spot": 1e9, "vol": 1e9},
        "opening": {"options": [], "hedges": []},
        "hedge_instruments": {},
        "dividends": [],
        "scripted_deltas": None,
        "exact": True,
    } | changes


def book(
    end: int,
    events: list[dict[str, Any]],
    fills: list[dict[str, Any]],
    *,
    underlying: dict[str, Any] | None = None,
    option: dict[str, Any] | None = None,
    rates: dict[str, Any] | None = None,
    fees: dict[str, float] | None = None,
    **settings: Any,
) -> Audit:
    """One underlying and one option."""
    terms = {
        "underlyings": pd.DataFrame([UNDERLYING | (underlying or {})]),
        "options": pd.DataFrame([OPTION | (option or {})]),
    }
    rows = pd.DataFrame([EVENT | ORDER | row for row in events])
    table = pd.DataFrame(fills, columns=["ts", "kind", "instrument", "client", "size", "price", "event"])
    table["event"] = table["event"].astype(object).where(table["event"].notna(), None)
    return audit(terms, rows, table, settings_of(end, rates=rates or {}, fees=fees or {}, **settings))


def accounts(result: Audit) -> dict[str, float]:
    """What is not zero, in currency, debits positive."""
    amounts = result.accounts["amount"] / 1e6
    return {str(name): amount for name, amount in amounts.items() if amount}


def test_a_stock_hedged_at_the_touch() -> None:
    """A call struck at 90 is worth 10 with the stock at 100. The desk buys 2 × 100 at 9.00: edge 200.00, fee 1.00.
    It sells 200 shares at the bid, 99.99: cost 2.00, fee 2.00. The stock rises to 110: options +2,000, hedge −2,000.

    Cash:Options −1,800 − 1; Cash:Hedge 19,998 − 2; options 4,000; hedge −22,000: 195 = 200 − 2 − 3.
    """
    events = [
        spot(0, 99.99, 100.01), *volatility(0, 0.0), order(0, -1, 2, 9.0), *grid(0),
        spot(HOUR, 110.0), *grid(HOUR),
    ]  # fmt: skip
    fills = [client(0, 2, 9.0), hedge(0, -200, 99.99)]
    result = book(HOUR, events, fills, hedge_at="touch", fees={"option": 0.5, "hedge": 0.01})
    assert result.violations == []
    assert accounts(result) == {
        "Assets:Cash:Options": -1801.0,
        "Assets:Cash:Hedge": 19996.0,
        "Assets:Options": 4000.0,
        "Assets:Hedge": -22000.0,
        "Income:SpreadCapture:Market": -200.0,
        "Expenses:HedgeCost": 2.0,
        "Expenses:Fees:Options": 1.0,
        "Expenses:Fees:Hedge": 2.0,
    }
    assert result.equity["change"] == result.equity["at_mid"] == 195.0
    assert result.cash_view == {
        "premium": -1800.0,
        "rebalancing": 0.0,
        "carry": 0.0,
        "fees": -3.0,
        "settlement": 0.0,
        "inventory": 1998.0,  # options 4,000; 200 shares short, sold for 19,998 and worth 22,000
        "total": 195.0,
    }


def test_a_future_pays_variation_margin_and_interest_on_it() -> None:
    """Two futures of 50 bought at 3,000. They settle at 3,010 on the first noon: 1,000.00 of cash; then fall to 3,005.

    Two contracts cost 2.50 in fees. At 3.65 % simple daily, 0.01 % a day: −2.50 for 12 hours and 997.50 for 12 earn
    0.04975; the next day 997.54975 earn 0.099754975; the last 12 hours 997.649504975 earn 0.049882475: 0.19938745.
    """
    noon = 12 * HOUR
    events = [
        spot(0, 3000.0), *grid(0), spot(noon, 3010.0), {"ts": noon, "kind": "SETTLEMENT"},
        spot(2 * noon, 3005.0), *grid(noon + 2 * DAY),
    ]  # fmt: skip
    result = book(
        noon + 2 * DAY,
        events,
        [hedge(0, 100, 3000.0)],
        underlying={"kind": "future", "multiplier": 50.0},
        rates={"hedge_cash": 0.0365, "compounding": "simple_daily"},
        fees={"hedge": 1.25},
    )
    assert result.violations == []
    assert accounts(result) == {
        "Assets:Cash:Hedge": pytest.approx(997.69938745, abs=1e-6),
        "Assets:Hedge": -500.0,
        "Income:Delta": -500.0,
        "Income:Carry:Hedge": pytest.approx(-0.19938745, abs=1e-6),
        "Expenses:Fees:Hedge": 2.5,
    }
    assert result.cash_view["inventory"] == 500.0
    assert result.cash_view["rebalancing"] == 0.0


def test_physical_expiry_delivers_the_shares_at_the_settlement_price() -> None:
    """A put struck at 100, bought at 8 with the stock at 95 (worth 5: edge −300), expires with it at 90.

    It pays 1,000 less a fee of 1, and 100 shares are sold at 90 into the hedge: 9,000 of cash, −9,000 of stock.
    Nothing was hedged: the −100 of delta that the fill brought earned 500. 199 = −300 + 500 − 1.
    """
    events = [
        spot(0, 95.0), *volatility(0, 0.0), order(0, -1, 1, 8.0), *grid(0),
        spot(HOUR, 90.0), *grid(DAY), {"ts": DAY, "kind": "EXPIRY", "instrument": 0},
    ]  # fmt: skip
    put = {"right": -1, "strike": 100.0, "expiry_ns": DAY, "settlement": "physical"}
    result = book(DAY, events, [client(0, 1, 8.0), expiry(DAY, -1, 10.0)], option=put, fees={"exercise": 1.0})
    assert result.violations == []
    assert accounts(result) == {
        "Assets:Cash:Options": 199.0,
        "Assets:Cash:Hedge": 9000.0,
        "Assets:Hedge": -9000.0,
        "Income:SpreadCapture:Market": 300.0,
        "Income:Delta": -500.0,
        "Expenses:Fees:Options": 1.0,
    }
    assert result.lots == [[(-100.0, -9_000_000_000)]]
    assert result.cash_view == {
        "premium": -800.0,
        "rebalancing": 0.0,
        "carry": 0.0,
        "fees": -1.0,
        "settlement": 1000.0,
        "inventory": 0.0,
        "total": 199.0,
    }


def test_interest_on_a_premium_received_for_a_year() -> None:
    """100.00 at 5 % continuously for a year: 100·(e^0.05 − 1) = 5.127110, whatever is marked meanwhile."""
    events = [
        spot(0, 91.0), *volatility(0, 0.0), order(0, 1, 1, 1.0), *grid(0),
        {"ts": 100 * DAY, "kind": "SETTLEMENT"}, *grid(YEAR),
    ]  # fmt: skip
    result = book(YEAR, events, [client(0, -1, 1.0)], option={"expiry_ns": 2 * YEAR}, rates={"options_cash": 0.05})
    assert result.violations == []
    assert result.carry["options_cash"] == pytest.approx(5.127110, abs=1e-6)


def test_a_quantity_filled_inside_an_interval_earns_only_what_came_after_it() -> None:
    """At the money, σ = 0.2: s falls from 0.4 over 0.3 (years 4, 2.25, 1). One unit bought at theo at 0.3, one held
    from the start: theta (7.9655675 − 15.8519419) + (7.9655675 − 11.9235385) = −7.8863744 − 3.9579710.
    """
    call = {"strike": 100.0, "expiry_ns": 4 * YEAR, "multiplier": 1.0, "tick_steps": (1e-9,)}
    bought = int(1.75 * YEAR)
    theta = 11.923538474
    events = [
        spot(0, 100.0), *volatility(0, 0.2), *grid(0), order(bought, -1, 1, theta), *grid(3 * YEAR),
    ]  # fmt: skip
    opening = {"options": [(0, 1.0, 15.0)], "hedges": []}
    result = book(3 * YEAR, events, [client(bought, 1, theta)], option=call, opening=opening)
    assert result.violations == []
    assert result.bucket("theta") == pytest.approx(-7.8863744 - 3.9579710, abs=2e-6)
    assert result.bucket("vega") == pytest.approx(0.8519419, abs=1e-6)  # opened at 15.00, worth 15.8519419
    assert result.bucket("spread_capture") == pytest.approx(0.0, abs=1e-6)
    assert result.equity["opening"] == 15.0


def test_spot_pnl_splits_into_convexity_drift_and_delta() -> None:
    """An at-the-money straddle's half: 100 calls at s = 0.2, Δ = N(0.1) = 0.5398278, hedged once with −54 shares.

    The stock moves 100 → 101 → 102. The first move earns X₁ = 53.98278 whatever the desk does; the second is at the
    delta of 101: d₁ = ln(1.01)/0.2 + 0.1 = 0.1497517, N = 0.5595198: X₂ = 55.95198. The hedge answers to 53.98278
    throughout: Y = 107.96556, Z = −108. Drift = X − Y = 1.96920; Delta = Y + Z = −0.03444.
    """
    call = {"strike": 100.0, "multiplier": 100.0}
    events = [
        spot(0, 100.0), *volatility(0, 0.2), order(0, -1, 1, 8.0), *grid(0), spot(1, 101.0), spot(2, 102.0), *grid(3),
    ]  # fmt: skip
    result = book(3, events, [client(0, 1, 8.0), hedge(0, -54, 100.0)], option=call)
    assert result.violations == []
    value_at_102 = 9.0844942  # d₁ = 0.1990131, d₂ = −0.0009869: 102·0.5788739 − 100·0.4996063
    spot_step = 100 * (value_at_102 - 7.9655675)
    booked = accounts(result)
    assert -booked["Income:Gamma:Drift"] == pytest.approx(1.96920, abs=2e-5)
    assert -booked["Income:Delta"] == pytest.approx(-0.03444, abs=2e-5)
    assert -booked["Income:Gamma:Convexity"] == pytest.approx(spot_step - 53.98278 - 55.95198, abs=2e-5)


def test_a_dividend_moves_from_the_hedge_to_its_cash() -> None:
    """2.00 will go ex, so a call struck at 90 is worth 98 − 90 with the stock at 100. The desk buys 100 at 8.00 and
    sells 100 shares. At the ex-date it pays 200 on them, and they are worth 200 less; the call is worth what it was.
    """
    events = [
        spot(0, 100.0), *volatility(0, 0.0), order(0, -1, 1, 8.0), *grid(0),
        {"ts": HOUR, "kind": "DIVIDEND", "instrument": 0, "value": 2.0}, spot(HOUR, 98.0), *grid(DAY),
    ]  # fmt: skip
    result = book(DAY, events, [client(0, 1, 8.0), hedge(0, -100, 100.0)], dividends=[(0, HOUR, 2.0)])
    assert result.violations == []
    assert result.bucket("dividends") == 200.0
    assert result.carry["dividends"] == -200.0
    assert result.bucket("delta") == result.bucket("gamma") == 0.0
    assert result.equity["change"] == 0.0


def test_an_option_on_a_dividend_that_nobody_hedges() -> None:
    """A put struck at 105, worth 105 − 98, keeps its 7.00 when the stock goes from 100 to 98 ex 2.00; a further fall
    to 97 earns 1.00 a unit, all of it delta.
    """
    put = {"right": -1, "strike": 105.0}
    events = [
        spot(0, 100.0), *volatility(0, 0.0), order(0, -1, 1, 7.0), *grid(0),
        {"ts": HOUR, "kind": "DIVIDEND", "instrument": 0, "value": 2.0}, spot(HOUR, 97.0), *grid(DAY),
    ]  # fmt: skip
    result = book(DAY, events, [client(0, 1, 7.0)], option=put, dividends=[(0, HOUR, 2.0)])
    assert result.violations == []
    assert accounts(result) == {
        "Assets:Cash:Options": -700.0,
        "Assets:Options": 800.0,
        "Income:Delta": -100.0,
    }


@pytest.mark.parametrize(("matching", "realised"), [("lifo", 2_000_000), ("fifo", -2_000_000), ("average", 0)], ids=str)
def test_lots(matching: str, realised: int) -> None:
    """A share bought at 102 and one at 98; one sold at 100 earns 2 against the last, −2 against the first."""
    lots = Lots(matching)
    lots.trade(1, 102_000_000)
    lots.trade(1, 98_000_000)
    assert lots.trade(-1, -100_000_000) == realised
    assert lots.trade(-2, -200_000_000) == -realised  # closes the other and opens a short of one
    assert lots.open == [(-1, -100_000_000)]


def test_illegal_fills_are_named() -> None:
    """A price beyond the limit and off the tick, more than was ordered; a hedge away from the mid, in half shares."""
    events = [spot(0, 99.0, 101.0), *volatility(0, 0.0), order(0, -1, 1, 9.0), *grid(0, HOUR)]
    fills = [client(0, 2, 9.005) | {"event": 3}, hedge(0, -10.5, 99.0) | {"event": 3}]
    assert book(HOUR, events, []).violations == []
    found = "\n".join(book(HOUR, events, fills).violations)
    for words in ("exceeds the order's", "is on no tick", "is not the mid", "no whole number"):
        assert words in found
    cheap = [client(0, 1, 8.99) | {"event": 3}]
    assert "beyond the client's 9.0" in book(HOUR, events, cheap).violations[0]


@pytest.mark.parametrize("seed", range(12))
def test_the_auditors_own_books_close(seed: int) -> None:
    """Random trades in a random market: every time's postings sum to zero, and three views give one total."""
    draw = np.random.default_rng(seed)
    kind = ("stock", "future", "index")[seed % 3]
    option = {
        "strike": 100.0,
        "expiry_ns": 20 * DAY,
        "right": 1 - 2 * (seed % 2),
        "settlement": ("cash", "physical")[seed // 2 % 2],
        "premium": "futures_style" if seed % 4 == 1 else "upfront",
        "settlement_price": 101.0 if seed % 5 == 0 else np.nan,
    }
    price, events, fills, held = 100.0, [spot(0, 100.0), *volatility(0, 0.3), *grid(0)], [], 3
    for hour in range(1, 20 * 24):
        ts = hour * HOUR
        if hour == 200 and kind == "stock":
            events.append({"ts": ts, "kind": "DIVIDEND", "instrument": 0, "value": 1.0})
            price -= 1.0
        price = round(price * np.exp(0.01 * draw.standard_normal()), 2)
        events.append(spot(ts, price - 0.02, price + 0.02))
        if draw.random() < 0.3:
            events.append(volatility(ts, draw.uniform(0.2, 0.4))[0])
        if draw.random() < 0.2:
            size, deal = int(draw.integers(-5, 6)) or 1, round(draw.uniform(1, 4), 2)
            fills.append(client(ts, size, deal) | {"event": len(events)})
            held += size
            events.append(order(ts, -int(np.sign(size)), abs(size), deal))
        if draw.random() < 0.3:
            units = float(draw.integers(-200, 200))
            cause = len(events)
            events.append({"ts": ts, "kind": "TIMER"})
            fills.append(hedge(ts, units, price + 0.02 if units > 0 else price - 0.02) | {"event": cause})
        if hour % 24 == 0:
            events.append({"ts": ts, "kind": "SETTLEMENT"})
    end = 20 * DAY
    events += [*grid(end), {"ts": end, "kind": "EXPIRY", "instrument": 0}]
    fills += [expiry(end, -held, max(option["right"] * (price - 100.0), 0.0))] * (held != 0)
    result = book(
        end,
        events,
        fills,
        underlying={"kind": kind},
        option=option,
        rates={"options_cash": 0.05, "hedge_cash": 0.03, "pricing": 0.04, "borrow": 0.01, "borrowing_spread": 0.02},
        fees={"option": 0.65, "hedge": 0.01, "exercise": 1.0},
        hedge_at="touch",
        matching=("lifo", "fifo", "average")[seed % 3],
        marks={"every_ns": end, "spot": 0.005, "vol": 0.02},
        opening={"options": [(0, 3.0, 2.5)], "hedges": [(0, -50.0, 99.0)]},
        dividends=[(0, 200 * HOUR, 1.0)] if kind == "stock" else [],
    )
    assert result.violations == []
    assert (result.journal.groupby("ts")["amount"].sum() == 0).all()
    buckets = sum(result.bucket(name) for name in BUCKETS)
    assert buckets == pytest.approx(result.equity["change"], abs=1e-9)
    by_tranche = result.tranches[["theta", "vega"]].sum()
    assert by_tranche["theta"] == pytest.approx(result.bucket("theta"), abs=2e-6 * result.marks_posted[0])
    assert by_tranche["vega"] == pytest.approx(result.bucket("vega"), abs=2e-6 * result.marks_posted[0])
    assert result.cash_view["total"] == pytest.approx(result.equity["change"], abs=2e-6)

"""A bit of everything that models can make: two underlyings, expiries within the run, latencies, an opening book."""

from __future__ import annotations

from typing import Any

HOURS = {"start": "2026-03-02T14:30:00Z", "end": "2026-03-02T17:30:00Z"}
DRAWN = {"model": "gbm", "start": 100, "volatility": 0.3, "step": "1m", "half_spread": 0.01}
MIXED: dict[str, Any] = {
    "name": "mixed",
    "seed": 3,
    "clock": HOURS,
    "rates": {"options_cash": 0.04, "hedge_cash": 0.04},
    "underlyings": [{"symbol": "ABC"}, {"symbol": "XYZ", "lot": 10}],
    "options": [
        {"underlying": "ABC", "strikes": [95, 100], "expiry": "2026-03-20T20:00:00Z"},
        {"underlying": "XYZ", "strikes": [100], "expiry": "2026-03-02T17:00:00Z", "settlement": "physical"},
        {"underlying": "ABC", "strikes": [105], "expiry": "2026-03-02T17:00:00Z"},
    ],
    "market": {"spot": DRAWN, "volatility": {"model": "constant", "level": 0.3}},
    "clients": [
        {"name": "flow", "model": "poisson", "per_hour": 60, "reservation_ticks": 8, "sizes": [1, 5]},
        {
            "name": "script",
            "model": "scripted",
            "orders": [
                {
                    "at": f"2026-03-02T15:{n:02}:00Z",
                    "option": "ABC 2026-03-20 C100",
                    "side": s,
                    "size": 2,
                    "price": 5 * n,
                }
                for n, s in enumerate(("buy", "sell", "buy", "sell"))
            ],
        },
    ],
    "quoting": {"policy": "inventory_skew", "lean_vol_per_vega": 1e-6},
    "hedging": {"policy": "delta_band", "band": 20},
    "latency": {"quote": "10s", "hedge": "5s"},
    "opening": {
        "options": [{"option": "ABC 2026-03-20 P95", "size": 5}, {"option": "XYZ 2026-03-02 C100", "size": -5}]
    },
    "report": {"mark_every": "10m"},
}

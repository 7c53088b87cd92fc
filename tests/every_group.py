"""Groups of clients of every model whose orders are drawn, and who else quotes, for the scenario `MIXED`."""

from __future__ import annotations

from typing import Any

from tests.mixed import MIXED

BUSY: dict[str, Any] = {"per_hour": 40, "reservation_ticks": 20}
CHAIN = {"from": 85, "to": 115, "step": 5}
GROUPS: list[dict[str, Any]] = [
    {"name": "flow", "model": "poisson", "hawkes": {"branching": 0.5, "decay": "2m"}, **BUSY},
    {"name": "retail", "model": "retail", "shape": "u_shape", **BUSY},
    {"name": "funds", "model": "hedger", "per_hour": 20, "days": [0, 120], "package": "vertical"},
    {"name": "users", "model": "customer_net_buyer", "sweep": 2, **BUSY},
    {"name": "knowing", "model": "informed", "probability": 0.5, "horizon": "10m", **BUSY},
    {"name": "guessing", "model": "vol_trader", "per_hour": 60, "error": 0.05, "threshold": 0.002},
    {"name": "fast", "model": "sniper", "share": 0.3, "reaction": "1s", "looks": 3},
    {"name": "pairs", "model": "poisson", "package": "straddle", **BUSY},
]
EVERY_GROUP: dict[str, Any] = MIXED | {
    "options": [
        {"underlying": "ABC", "strikes": CHAIN, "expiry": "2026-03-20T20:00:00Z"},
        {"underlying": "XYZ", "strikes": [100], "expiry": "2026-03-02T17:00:00Z", "settlement": "physical"},
        {"underlying": "ABC", "strikes": CHAIN, "expiry": "2026-03-02T17:00:00Z"},
    ],
    "market": MIXED["market"] | {"maker": {"half_spread_vol": 0.01, "allocation": "price_time"}},
    "sessions": {"open": "14:00", "close": "18:00", "zone": "UTC"},
    "clients": GROUPS,
}

"""What no single key can tell: checks across the parts of a scenario."""

from mmsim.scenario.checks import (  # each registers its own
    clients,
    clock,
    desk,
    execution,
    instruments,
    market,
    money,
    protection,
)
from mmsim.scenario.checks.registry import ERROR_TYPE, Mistake, mistakes

__all__ = [
    "ERROR_TYPE",
    "Mistake",
    "clients",
    "clock",
    "desk",
    "execution",
    "instruments",
    "market",
    "mistakes",
    "money",
    "protection",
]

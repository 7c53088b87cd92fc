"""What no single key can tell: checks across the parts of a scenario."""

from mmsim.scenario.checks import clients, clock, desk, execution, instruments, market, money  # each registers its own
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
]

"""What no single key can tell: checks across the parts of a scenario."""

from mmsim.scenario.checks import clients, clock, desk, instruments, market, money, variants  # each registers its own
from mmsim.scenario.checks.registry import ERROR_TYPE, Mistake, mistakes

_REGISTERED = (clients, clock, desk, instruments, market, money, variants)

__all__ = ["ERROR_TYPE", "Mistake", "mistakes"]

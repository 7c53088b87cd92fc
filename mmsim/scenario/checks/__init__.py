"""What no single key can tell: checks across the parts of a scenario."""

from mmsim.scenario.checks import (  # each registers its own
    clients,
    clock,
    desk,
    execution,
    instruments,
    market,
    models,
    money,
    protection,
    variants,
)
from mmsim.scenario.checks.registry import ERROR_TYPE, Mistake, mistakes

_REGISTERED = (clients, clock, desk, execution, instruments, market, models, money, protection, variants)

__all__ = ["ERROR_TYPE", "Mistake", "mistakes"]

"""A check of the variants; each is also read as the scenario that it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mmsim.scenario.checks.registry import Mistake, reads

if TYPE_CHECKING:
    from mmsim.scenario.model import Scenario

MAX_VARIANTS = 200
_WHOLE = ("variants", "name", "currency", "paths")  # what all variants have in common


@reads("variants")
def _variants(s: Scenario) -> Iterator[Mistake]:
    if len(s.variants) > MAX_VARIANTS:
        yield Mistake(("variants",), f"has {len(s.variants)}: at most {MAX_VARIANTS}")
    for name, changes in s.variants.items():
        for key in changes:
            if key.partition(".")[0] in _WHOLE:
                yield Mistake(("variants", name, key), "is one for all variants")

"""The checks across keys: how they are registered, and the mistakes that they find."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING, NamedTuple

from pydantic_core import InitErrorDetails, PydanticCustomError

from mmsim.strict_yaml import KeyPath

if TYPE_CHECKING:
    from mmsim.scenario.model import Scenario


ERROR_TYPE = "cross_check"


class Mistake(NamedTuple):
    """A mistake found across keys, and the key that it is reported at."""

    path: KeyPath
    message: str
    suggestion: str = ""

    def as_pydantic(self) -> InitErrorDetails:
        """The same as a line of a pydantic error."""
        context = {"message": self.message, "suggestion": self.suggestion}
        return InitErrorDetails(type=PydanticCustomError(ERROR_TYPE, "{message}", context), loc=self.path, input=None)  # type: ignore[typeddict-item]


Check = Callable[["Scenario"], Iterator[Mistake]]
_CHECKS: list[tuple[frozenset[str], Check]] = []


def mistakes(scenario: Scenario, sound: Collection[str] | None = None) -> list[Mistake]:
    """Every mistake of the checks that read only ``sound`` top-level keys (None: all are sound)."""
    return [m for parts, check in _CHECKS if sound is None or parts <= set(sound) for m in check(scenario)]


def reads(*parts: str) -> Callable[[Check], Check]:
    """Registers a check with the top-level keys that it reads."""

    def register(check: Check) -> Check:
        _CHECKS.append((frozenset(parts), check))
        return check

    return register

"""The variants of a scenario: what `compare` plays beside it, or instead of it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import StringConstraints

VariantName = Annotated[str, StringConstraints(strict=True, max_length=60, pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._+-]*$")]
Variants = dict[VariantName, dict[str, Any]]

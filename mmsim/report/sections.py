"""What a page is made of: sections of figures and tables, set in one of the templates."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from mmsim.report import palette
from mmsim.report.exhibits import Exhibit
from mmsim.report.tables import Table


class Section(NamedTuple):
    """A heading, notes, two columns (on a phone one after the other), and above and below what needs all the width."""

    key: str
    title: str
    left: Sequence[Exhibit | Table] = ()
    right: Sequence[Exhibit | Table] = ()
    wide: Sequence[Table] = ()
    text: Sequence[str] = ()
    top: Sequence[Table] = ()

    def items(self) -> Sequence[Exhibit | Table]:
        """All that stands in it, from the top."""
        return (*self.top, *self.left, *self.right, *self.wide)


def fill(template: str, **content: Any) -> str:
    """A page as HTML: ``template`` extends base.html.j2, whose names ``content`` has, and those of its own."""
    style, script = file("style.css"), file("sort.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return render(template, **content, style=style, script=script, script_hash=f"sha256-{digest}")


def render(template: str, **content: Any) -> str:
    """One of the templates as HTML; besides ``content`` it has the colours."""
    return _templates().get_template(template).render(**content, light=palette.LIGHT, dark=palette.DARK)


def exhibits(sections: Iterable[Section]) -> dict[str, Exhibit]:
    """The figures of a page by their keys, in the order in which they stand."""
    items = (item for section in sections for item in section.items())
    return {item.key: item for item in items if isinstance(item, Exhibit)}


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("mmsim.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def file(name: str) -> Markup:
    """A file of this package, which stands in a page as it is."""
    return Markup(resources.files("mmsim.report").joinpath(name).read_text(encoding="utf-8"))  # noqa: S704

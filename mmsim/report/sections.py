"""What a page is made of: sections of figures and tables, set in one of the templates."""

from __future__ import annotations

from collections.abc import Sequence
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


def fill(template: str, **content: Any) -> str:
    """A page as HTML: ``template`` extends base.html.j2, whose names ``content`` has, and those of its own."""
    page = _templates().get_template(template)
    return page.render(**content, light=palette.LIGHT, dark=palette.DARK, style=Markup(_style()))  # noqa: S704  (ours)


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("mmsim.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _style() -> str:
    return resources.files("mmsim.report").joinpath("style.css").read_text(encoding="utf-8")

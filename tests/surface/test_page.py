"""The page about surfaces is run."""

import doctest
import re
from pathlib import Path

from mmsim.surface import QuoteStatus, SliceStatus


def test_the_page_shows_what_python_answers(root: Path) -> None:
    page = (root / "docs/surface.md").read_text()
    (block,) = re.findall(r"^```python\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
    session = doctest.DocTestParser().get_doctest(block, {}, "surface", "surface.md", 0)
    assert session.examples
    assert doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(session).failed == 0


def test_the_page_names_every_status(root: Path) -> None:
    page = (root / "docs/surface.md").read_text()
    assert [status for kind in (QuoteStatus, SliceStatus) for status in kind if f"`{status}`" not in page] == []

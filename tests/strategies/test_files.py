"""What every file of strategies/ keeps to, so that a user's copy of it works anywhere."""

import ast
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "strategies").glob("*/*.py"))


def policy_class(file: Path) -> type:
    module = importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
    method = {"quoting": "quote", "hedging": "hedge"}[file.parent.name]
    (found,) = [
        c for c in vars(module).values() if getattr(c, "__module__", "") == module.__name__ and hasattr(c, method)
    ]
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda f: f"{f.parent.name}/{f.stem}")
class TestFile:
    def test_imports_only_what_a_policy_needs(self, file):
        tree = ast.parse(file.read_text())
        modules = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
        modules |= {name.name for n in ast.walk(tree) if isinstance(n, ast.Import) for name in n.names}
        assert modules <= {"typing", "enum", "math", "numpy", "numpy.typing", "mmsim"}

    def test_says_what_it_does_and_where_it_is_from(self, file):
        assert "Source: " in policy_class(file).__doc__

    def test_names_the_unit_of_every_parameter(self, file):
        parameters = [n for n in ast.walk(ast.parse(file.read_text())) if isinstance(n, ast.AnnAssign)]
        lines = file.read_text().splitlines()
        assert all("  # " in lines[n.lineno - 1] for n in parameters)

    def test_every_quoting_policy_has_a_size(self, file):
        if file.parent.name == "quoting":
            assert "size" in policy_class(file)._fields

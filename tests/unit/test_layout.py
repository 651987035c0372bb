"""Where tests lie: each module in a folder; what modules share is in tests/helpers or a fixture of a conftest.py."""

import ast
import re

from helpers.checkout import ROOT

TESTS = ROOT / "tests"
MODULES = sorted(TESTS.rglob("test_*.py"))
FILES = [file for file in sorted(TESTS.rglob("*.py")) if file.parent != TESTS / "hostile"]


def imported(file):
    """The parts of every name that a file imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {part for name in names for part in name.split(".")}


def test_nobody_imports_a_module_of_tests_or_a_conftest():
    shared = {"conftest", *(file.stem for file in MODULES)}
    found = {str(file.relative_to(ROOT)): imported(file) & shared for file in FILES}
    assert {file: names for file, names in found.items() if names} == {}


def test_no_test_silences_the_linter_for_a_fixture():
    silenced = [str(file.relative_to(ROOT)) for file in MODULES if re.search("noqa: .*F(401|811)", file.read_text())]
    assert silenced == []


def test_every_module_of_tests_lies_in_a_folder_and_has_a_name_of_its_own():
    names = [file.stem for file in MODULES]
    assert len(names) > 50 and len(names) == len(set(names))
    assert {file.parent.parent for file in MODULES} == {TESTS}

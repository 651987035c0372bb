"""Public functions say what they take and give; mypy, which `make lint` runs, holds the package to it."""

import ast
import tomllib
from fnmatch import fnmatch

from helpers.checkout import ROOT

PACKAGE = ROOT / "workflow/isobudget"


def unchecked():
    """The patterns of modules that mypy is told to pass over."""
    overrides = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]["overrides"]
    return [pattern for each in overrides if each.get("ignore_errors") for pattern in each["module"]]


def public(body):
    """The functions of a module and of its classes whose names begin with no underscore, and __init__; (name, node)."""
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from ((f"{node.name}.{name}", method) for name, method in public(node.body))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (
            not node.name.startswith("_") or node.name == "__init__"
        ):
            yield node.name, node


def untyped(node):
    """What of a function has no type: names of arguments, and `return`."""
    taken = node.args
    arguments = [*taken.posonlyargs, *taken.args, *taken.kwonlyargs, *filter(None, (taken.vararg, taken.kwarg))]
    found = [each.arg for each in arguments if each.annotation is None and each.arg not in ("self", "cls")]
    return found + ["return"] * (node.returns is None and node.name != "__init__")


def test_every_public_function_says_what_it_takes_and_gives():
    seen, found = 0, {}
    for file in sorted(PACKAGE.rglob("*.py")):
        module = ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
        if any(fnmatch(module, pattern) or fnmatch(f"{module}.", pattern) for pattern in unchecked()):
            continue
        for name, node in public(ast.parse(file.read_text()).body):
            seen += 1
            if lacking := untyped(node):
                found[f"{module}.{name}"] = lacking
    assert found == {}
    assert seen > 300


def test_a_function_without_a_type_is_found():
    source = """
class Kept:
    def find(self, keys: list, *more) -> dict: ...
def load(path: str): ...
def _own(path): ...
"""
    found = {name: untyped(node) for name, node in public(ast.parse(source).body)}
    assert found == {"Kept.find": ["more"], "load": ["return"]}

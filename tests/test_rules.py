"""What the rules say of code: a cheap stage is run again after an edit of any module that it imports."""

import ast
import re

import pytest
from test_reruns import ROOT

# what all stages share and none's figures come from: how they begin, name files, read and write them
SHARED = {"__init__", "choosers", "errors", "leftovers", "paths", "rows", "stage"}
# beside those: verdicts kept, which the reference solutions do without; the engine, which a plain ranker leaves closed
UNUSED = {"references": {"execution/__init__", "execution/kept"}, "rank": {"engines", "ranking/__init__"}}


def modules_of(name):
    """The files of the package that a dotted name may stand for."""
    place = ROOT.joinpath("workflow", *name.split("."))
    return {file for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file()}


def imported_by(file):
    """The package's files that a file imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    return {file for name in names if name.split(".")[0] == "isobudget" for file in modules_of(name)}


def is_among(module, parts):
    """Whether a module is one of the parts, each of which is a module or a folder of some."""
    return any(module == part or module.startswith(f"{part}/") for part in parts)


RULES = {
    text.partition(":")[0]: text
    for file in sorted(ROOT.glob("rules/*.smk"))
    for text in re.split(r"^(?:rule|checkpoint) ", file.read_text(), flags=re.MULTILINE)[1:]
}
CODED = [rule for rule, text in RULES.items() if "code=code(" in text]


@pytest.mark.parametrize("rule", [*CODED, "rank"])
def test_a_cheap_rule_is_run_again_after_an_edit_of_any_module_that_its_stage_imports(rule):
    text = RULES[rule] if rule != "rank" else (ROOT / "rules/rank.smk").read_text()
    parts = re.findall(r'"([\w/]+)"', re.search(r"\bcode\(([^()]*)\)", text)[1])
    name = re.search(r"python -m (isobudget[\w.]*)", text)[1]
    todo, seen, missing = {*modules_of(name), *modules_of(f"{name}.__main__")}, set(), set()
    while todo:
        seen.add(file := todo.pop())
        module = str(file.relative_to(ROOT / "workflow/isobudget").with_suffix(""))
        if not is_among(module, SHARED | UNUSED.get(rule, set())):
            missing |= set() if is_among(module, parts) else {module}
            todo |= imported_by(file) - seen
    assert not missing

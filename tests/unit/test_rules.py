"""What the rules say of code: a cheap stage is run again after an edit of any module that it imports."""

import ast
import re
import shutil

import pytest
import yaml

from helpers.checkout import ROOT
from isobudget.run import code_checksum
from isobudget.run.code_checksum import KEPT, LEFT_OUT, PACKAGE, code_files
from isobudget.study.stages import STAGES
from isobudget.study.units import UNITS


def modules_of(name):
    """The files of the package that a dotted name may stand for."""
    place = ROOT.joinpath("workflow", *name.split("."))
    files = {file for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file()}
    return {file for file in files if file.parent != PACKAGE and counts(file.relative_to(PACKAGE))}


def counts(file):
    return file.parts[0] not in LEFT_OUT or "/".join(file.parts[:2]) in KEPT


def imported_by(file):
    """The package's files that a file imports, wherever in it, by Python's own reading."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    return {file for name in names if name.split(".")[0] == "isobudget" for file in modules_of(name)}


RULES = {
    text.partition(":")[0]: text
    for file in sorted(ROOT.glob("rules/*.smk"))
    for text in re.split(r"^(?:rule|checkpoint) ", file.read_text(), flags=re.MULTILINE)[1:]
}
CODED = [rule for rule, text in RULES.items() if re.search(r"\bcode\(\"", text)]


def test_the_rules_are_the_stages_and_every_cheap_one_is_run_again_after_an_edit_of_its_code():
    assert set(RULES) - {"weights"} == set(STAGES) - {"weights"}
    # what is read once from the user or the hub, and what waits for prices
    assert set(STAGES) - set(CODED) - {"collect", "model", "prices"} == {
        row.name for row in STAGES.values() if row.dear
    }


@pytest.mark.parametrize("rule", CODED)
def test_a_cheap_rule_is_run_again_after_an_edit_of_any_module_that_its_stage_imports(rule):
    text = RULES[rule]
    (name,) = re.findall(r"python -m (isobudget[\w.]*)", text)
    assert re.search(r"\bcode\(\"(\w+)\"", text)[1] == rule
    assert STAGES[rule].module == name
    todo, seen = {*modules_of(name), *modules_of(f"{name}.__main__")}, set()
    while todo:
        seen.add(file := todo.pop())
        todo |= imported_by(file) - seen
    assert seen and not seen - code_files(name)


def test_files_that_a_stage_reads_are_part_of_its_code():
    assert {file.suffix for file in code_files("isobudget.store")} == {".py", ".sql"}
    assert PACKAGE / "sandbox/inside/server.py" in code_files("isobudget.execution")
    assert {".css", ".html", ".js"} <= {file.suffix for file in code_files("isobudget.report")}


def test_an_edit_of_a_module_changes_the_code_of_the_stages_that_import_it_alone(tmp_path, monkeypatch):
    shutil.copytree(PACKAGE, tmp_path / "isobudget", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(code_checksum, "PACKAGE", tmp_path / "isobudget")

    def sums():
        for cached in (
            code_checksum.code_checksum,
            code_checksum._content,
            code_checksum._needed,
            code_checksum._files_of,
        ):
            cached.cache_clear()
        beside = {"costs": [unit.function for unit in UNITS.values()]}  # as rules/cost.smk has it
        names = ("costs", "estimates", "execution")
        return {name: code_checksum.code_checksum(f"isobudget.{name}", *beside.get(name, ())) for name in names}

    try:
        before = sums()
        for edited, of in (
            ("statistics/unbiased.py", "estimates"),
            ("costs/flops.py", "costs"),
            ("sandbox/inside/stdio.py", "execution"),
        ):
            with open(tmp_path / "isobudget" / edited, "a") as file:
                file.write("# an edit\n")
            after = sums()
            assert [name for name in before if after[name] != before[name]] == [of]
            before = after
        with open(tmp_path / "isobudget/files/stage.py", "a") as file:
            file.write("# what all stages share\n")
        assert sums() == before
    finally:
        monkeypatch.undo()
        sums()


@pytest.mark.parametrize("name", ["core", "vllm"])
def test_an_environment_that_snakemake_makes_names_every_locked_package_itself(name):
    """Snakemake copies the file of an environment, and nothing beside it."""
    packages = yaml.safe_load((ROOT / f"envs/{name}.yaml").read_text())["dependencies"][-1]["pip"]
    locked = re.findall(r"^([\w.-]+==[^ ;]+)", (ROOT / "envs/requirements.txt").read_text(), re.MULTILINE)
    assert [one for one in packages if not one.startswith("vllm==")] == locked
    (vllm,) = [one for one in packages if one.startswith("vllm==")] or [None] if name == "core" else packages[-1:]
    assert vllm in (None, f"vllm=={re.search('VLLM_VERSION := (.*)', (ROOT / 'Makefile').read_text())[1]}")

"""MBPP (Austin et al., 2021), whole or sanitized: 3-shot, the test split.

A problem's tests are its asserts as they stand, but where they need more of the program than one function that takes
and gives plain data (see `_tests`).
"""

import ast
import builtins
import warnings
from collections.abc import Iterable
from typing import Any

from isobudget.files.errors import StudyError
from isobudget.problems import hub

REPOSITORY = "google-research-datasets/mbpp"
REVISION = "4bb6404fdc6cacfda99d4ac4205087b89d32030c"
PINNED = {
    benchmark: {
        "repository": REPOSITORY,
        "revision": REVISION,
        "files": [f"{folder}/{split}-00000-of-00001.parquet" for split in ("prompt", "test")],
    }
    for benchmark, folder in {"mbpp": "full", "mbpp-sanitized": "sanitized"}.items()
}
COLUMNS = ("task_id", ("text", "prompt"), "code", "test_list")
EXAMPLES = (2, 3, 4)  # the tasks that stand solved in every prompt
# task ids of each split, the last included (google-research/mbpp, README)
SPLITS = {"prompt": (1, 10), "test": (11, 510), "validation": (511, 600), "train": (601, 974)}
# the function that evaluates a call where the program lives
IN_PROGRAM = "\ndef in_program(call):\n    return eval(call, globals())\n"


def problems(benchmark: str, data: str | None = None) -> list[dict[str, Any]]:
    """The test split, in the order of task ids: 500 problems, or 257 of the sanitized ones.

    Args:
        benchmark: mbpp or mbpp-sanitized.
        data: a local file of the same schema, or None for the hub.

    Returns:
        One dict a problem (rows.SCHEMAS["problems"]).

    Raises:
        StudyError: the dataset cannot be read, or a record's tests call no function that its code defines.
    """
    where = data or f"{REPOSITORY}@{REVISION[:7]}"
    return as_problems(hub.records(benchmark, PINNED[benchmark], data, COLUMNS), where, split="test")


def source(benchmark: str, data: str | None = None) -> dict[str, str]:
    """What the problems were made from, for the metadata of their file."""
    return hub.source(PINNED[benchmark], data)


def as_problems(records: Iterable[dict[str, Any]], where: str, split: str | None = None) -> list[dict[str, Any]]:
    """The records of a split as problems, in the order of task ids.

    Args:
        records: dicts of the columns of `full` or `sanitized` on the hub, of all splits.
        where: what to call their file in messages.
        split: a key of SPLITS, or None for all records.

    Raises:
        StudyError: a record is not what MBPP has, is there twice, or calls no function that its code defines; or the
            examples of the prompt are not there.
    """
    records = sorted(hub.each(records, "task_id", where, _clean), key=lambda record: record["task_id"])
    examples = [record for record in records if record["task_id"] in EXAMPLES]
    if len(examples) < len(EXAMPLES):
        raise StudyError(f"{where}: the tasks 2, 3 and 4, which stand in every prompt, are not all there; add them.")
    shots = "".join(f"{_ask(example)}{example['code']}\n[DONE]\n\n" for example in examples)
    wanted = [record for record in records if split in (None, _split(record))]
    with warnings.catch_warnings(action="ignore"):  # of escapes in the records' own texts
        return hub.each(wanted, "task_id", where, lambda record: _problem(record, shots))


def _split(record):
    task_id = record["task_id"]
    return next((split for split, (first, last) in SPLITS.items() if first <= task_id <= last), "other")


def _clean(record):
    """One record with the names of `full`, lines ending as Python's do."""
    text = record.get("text") or record.get("prompt")
    if not isinstance(record["test_list"], list):
        raise TypeError("test_list is no list")
    return {
        "task_id": int(record["task_id"]),
        "text": _lines(text).strip(),
        "code": _lines(record["code"]).strip("\n"),
        "imports": [_lines(line) for line in record.get("test_imports") or []],
        "setup": _lines(record.get("test_setup_code") or "").strip(),
        "tests": [_lines(test).strip() for test in record["test_list"]],
    }


def _lines(text):
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _ask(record):
    """A task as the model reads it (Austin et al., 2021; google-research/mbpp, README), up to where code begins."""
    tests = "\n".join(record["tests"])
    return (
        f"You are an expert Python programmer, and here is your task: {record['text']} "
        f"Your code should pass these tests:\n\n{tests}\n[BEGIN]\n"
    )


def _problem(record, shots):
    name, tests = _tests(record)
    return {
        "task_id": f"Mbpp/{record['task_id']}",  # as evalplus calls it, so that samples of others are known
        "prompt": shots + _ask(record),
        "tests": tests,
        "kind": "call",
        "entry_point": name,
        "reference": record["code"],
        "split": _split(record),
    }


def _tests(record):
    """(entry_point, tests) of a record.

    Nearly all asserts call one function with plain data and compare what it gives. What else they need is provided for:

    - A module that the reference imports (task 596 asks sys) is imported beside the tests.
    - Where an assert hands over what is no plain data (classes of the program and objects of them in tasks 367, 601 and
      927, a type in 533) or asks only whether an answer is true (a match object in 737), the calls are evaluated from
      their source where the program lives, after the program and the record's setup. The value comes back, or its
      truth; what it must be stays with the tests.
    """
    code, tests = ast.parse(record["code"]), ast.parse("\n".join(record["tests"]))
    functions = {node.name for node in code.body if isinstance(node, ast.FunctionDef)}
    called = {call.func.id for call in _calls(tests)} & functions
    if len(called) != 1:
        raise StudyError(f"its tests call {len(called)} of the functions that its code defines, not one")
    (name,) = called
    beside = list(record["imports"])
    known = {name, *dir(builtins), *_imported(ast.parse("\n".join(beside)))}
    for node in code.body:
        if isinstance(node, ast.Import | ast.ImportFrom) and _imported(node) & (_used(tests) - known):
            beside.append(ast.unparse(node))
            known |= _imported(node)
    evaluated = _Evaluated(name)
    moved = evaluated.visit(ast.parse("\n".join(record["tests"])))
    lines, head = record["tests"], ""
    if evaluated.needed or not _used(tests) <= known:
        lines = [ast.unparse(statement) for statement in moved.body]
        head = f"AFTER = {record['setup'] + IN_PROGRAM!r}\n"
    return name, head + "".join(f"{line}\n" for line in [*beside, *lines])


def _used(tree):
    """Names that are read and not set."""
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    return {n.id for n in names if isinstance(n.ctx, ast.Load)} - {n.id for n in names if isinstance(n.ctx, ast.Store)}


def _calls(tree):
    """Calls of functions by their names."""
    return [n for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]


def _imported(tree):
    """Names that import statements in `tree` bind."""
    found = [alias for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names]
    return {(alias.asname or alias.name).partition(".")[0] for alias in found}


class _Evaluated(ast.NodeTransformer):
    """Turn each call of a function into a call of in_program with its source; `needed` says that one must be."""

    def __init__(self, name):
        self.name = name
        self.needed = False

    def visit_Assert(self, node):
        truth = node.test.operand if isinstance(node.test, ast.UnaryOp) else node.test
        if isinstance(truth, ast.Call) and isinstance(truth.func, ast.Name) and truth.func.id == self.name:
            self.needed = True
            call = ast.Call(ast.Name("bool", ast.Load()), [truth], [])
            asked = _in_program(call)
            node.test = ast.UnaryOp(node.test.op, asked) if isinstance(node.test, ast.UnaryOp) else asked
            return ast.fix_missing_locations(node)
        return self.generic_visit(node)

    def visit_Call(self, node):
        if not isinstance(node.func, ast.Name) or node.func.id != self.name:
            return self.generic_visit(node)
        handed = {n.id for argument in node.args for n in ast.walk(argument) if isinstance(n, ast.Name)}
        self.needed |= bool(handed - {call.func.id for argument in node.args for call in _calls(argument)})
        return ast.fix_missing_locations(_in_program(node))


def _in_program(call):
    return ast.Call(ast.Name("in_program", ast.Load()), [ast.Constant(ast.unparse(call))], [])

"""APPS (Hendrycks et al., 2021), its test split by difficulty: 2-shot, all tests of a problem.

A problem either reads standard input and prints (kind `stdio`), or asks for a function or a method (kind `call`).
"""

import json
import re
import sys
import warnings
from contextlib import contextmanager
from typing import Any

from isobudget.files.errors import StudyError
from isobudget.problems import apps_shots, hub

PINNED = {
    "repository": "codeparrot/apps",
    "revision": "21e74ddf8de1a21436da12e3e653065c5213e9d1",
    "files": ["test.jsonl"],
}
COLUMNS = (("problem_id", "id"), "question", "solutions", "input_output", "difficulty", "starter_code")
SOLUTIONS = 8  # of a problem, that may be tried before it is left out
# How APPS looks for the function of a call-based problem: a method of Solution, where the program has such a class.
AFTER = "if 'Solution' in globals():\n    {name} = Solution().{name}\n"
# How APPS compares what a call gave: a tuple is a list; the answer may be wrapped in a list of one; keys that JSON
# turned into text are numbers again. The names are ones that no function under test has.
COMPARE = """
def _plain(value):
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return {key: _plain(item) for key, item in value.items()} if isinstance(value, dict) else value


def _keyed(value):
    if isinstance(value, list):
        return [_keyed(item) for item in value]
    if isinstance(value, dict) and all(key.lstrip("-").isdigit() for key in value):
        return {int(key): item for key, item in value.items()}
    return value


def _compare(function):
    inputs, outputs = _keyed(_cases["inputs"]), _keyed(_cases["outputs"])
    for number, (given, wanted) in enumerate(zip(inputs, outputs), 1):
        answer = _plain(function(*given))
        if answer != wanted and not (isinstance(wanted, list) and wanted and answer == wanted[0]):
            raise AssertionError(f"test {number} of {len(inputs)}: {answer!r:.60} is wrong")


"""


def problems(benchmark: str, data: str | None = None) -> list[dict[str, Any]]:
    """The problems of one difficulty, in the order of their numbers.

    Args:
        benchmark: apps-introductory, apps-interview or apps-competition.
        data: a local file of the same schema, or None for the hub.

    Returns:
        One dict a problem (rows.SCHEMAS["problems"]).

    Raises:
        StudyError: the dataset cannot be read, or a record's tests are not what APPS has.
    """
    level = benchmark.partition("-")[2]
    where = data or f"{PINNED['repository']}@{PINNED['revision'][:7]}"
    records = hub.records(benchmark, PINNED, data, COLUMNS)
    # one record at a time: the tests of all levels together are more than a gigabyte
    key = "problem_id" if "problem_id" in records.column_names else "id"
    found = hub.each(records, key, where, lambda record: as_problem(record) if record["difficulty"] == level else None)
    if not found:
        raise StudyError(f"{where}: no record has the difficulty {level!r}; give {benchmark} a file that has some.")
    return sorted(found, key=lambda problem: int(problem["task_id"].rpartition("/")[2]))


def source(benchmark: str, data: str | None = None) -> dict[str, str]:
    """What the problems were made from, for the metadata of their file."""
    return hub.source(PINNED, data)


def as_problem(record: dict[str, Any]) -> dict[str, Any]:
    """One record of APPS as a problem.

    Args:
        record: a dict of the columns of the hub's test.jsonl.

    Raises:
        StudyError, AttributeError, KeyError, TypeError, ValueError: the record is not what APPS has.
    """
    number = int(record["problem_id"] if "problem_id" in record else record["id"])
    with _integers_of_any_length():
        solutions = json.loads(record["solutions"] or "[]")
        cases = json.loads(record["input_output"] or "{}")
        if not isinstance(solutions, list) or not all(isinstance(text, str) for text in solutions):
            raise TypeError("its solutions are no list of texts")
        inputs, outputs = cases.get("inputs", []), cases.get("outputs", [])
        if len(inputs) != len(outputs):
            raise ValueError(f"it has {len(inputs)} inputs and {len(outputs)} outputs")
        name = cases.get("fn_name")
        tests = _calls(name, inputs, outputs) if name else _stdio(inputs, outputs)
    return {
        "task_id": f"APPS/{number}",
        "prompt": apps_shots.prompt(record["question"], record["starter_code"] or "", bool(name)),
        "tests": tests,
        "kind": "call" if name else "stdio",
        "entry_point": name or "",
        "reference": _reference(solutions),
        "split": "test",
    }


@contextmanager
def _integers_of_any_length():
    """Some tests of APPS have more digits than Python reads and writes by itself since 3.11."""
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        yield
    finally:
        sys.set_int_max_str_digits(before)


def _reference(solutions):
    """The first solutions that are Python, to be tried in turn: where several answers are right, most miss the one."""
    found: list[str] = []
    for text in dict.fromkeys(solutions):
        if len(found) < SOLUTIONS and "\f" not in text and _compiles(text):
            found.append(text)
    return "\f".join(found or solutions[:1])


def _compiles(text):
    with warnings.catch_warnings(action="ignore"):
        try:
            compile(text, "<solution>", "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


def _calls(name, inputs, outputs):
    if not inputs:
        return ""
    cases = json.dumps({"inputs": inputs, "outputs": outputs})
    head = f"AFTER = {AFTER.format(name=name)!r}\nimport json as _json\n\n"
    if re.search(rf"\d{{{sys.int_info.default_max_str_digits + 1}}}", cases):
        head += "import sys as _sys\n\n_sys.set_int_max_str_digits(0)\n"
    return f"{head}_cases = _json.loads({cases!r})\n{COMPARE}_compare({name})\n"


def _stdio(inputs, outputs):
    if not inputs:
        return ""
    return json.dumps({"inputs": [*map(_text, inputs)], "outputs": [*map(_text, outputs)]})


def _text(part):
    """APPS has some inputs and outputs as lists of lines."""
    return "\n".join(map(str, part)) if isinstance(part, list) else str(part)

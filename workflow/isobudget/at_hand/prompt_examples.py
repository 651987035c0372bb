"""Write the examples that the prompts show: what the function is called with, and what the prompt says it gives.

In the prompt is what the model reads and no more: the docstring of HumanEval, the asserts of MBPP, the examples in
an APPS statement, those of the few solved problems before it left out. MBPP's asserts are the ones that judge, too
(form `assert`), and APPS' are often among them: rankers take the inputs of examples, and leave what they should give.
"""

import argparse
import ast
import collections
import warnings
from typing import Any

from isobudget.at_hand import cases
from isobudget.files import stage
from isobudget.files.tables import read_metadata, read_rows, write_rows

# of problems/mbpp.py and problems/apps_shots.py: where the last question of a few-shot prompt begins and ends
_MBPP = ("Your code should pass these tests:", "[BEGIN]")
_APPS = ("\nQ: ", "\nA:\n```python")


def examples(question: dict[str, Any]) -> list[cases.Case]:
    """The examples in one problem's prompt.

    Args:
        question: a row of questions.

    Returns:
        A list of cases.Case, none where the prompt shows none that can be read.
    """
    prompt, name = question["prompt"], question["entry_point"]
    if question["kind"] == "stdio":
        return cases.of_stdio(_between(prompt, *_APPS))
    if prompt.rstrip().endswith(_MBPP[1]):
        return cases.of_asserts(_between(prompt, *_MBPP), name)
    if prompt.endswith(_APPS[1] + "\n"):
        text = _between(prompt, *_APPS)
        return cases.of_docstring(text, name, _parameters(text + "\n", name))
    function = _function(prompt, name)
    if function is None:
        return []
    given = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    return cases.of_docstring(ast.get_docstring(function) or "", name, given)


def _between(prompt, begins, ends):
    """The last question of a prompt."""
    return prompt.rpartition(begins)[2].rpartition(ends)[0]


def _function(prompt, name):
    """The last definition of a function in a prompt that is Python; None if there is none."""
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(prompt)
    except (SyntaxError, ValueError):
        return None
    found = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == name]
    return found[-1] if found else None


def _parameters(text, name):
    """The names between the brackets of `def name(`, where text has such a line."""
    _, found, rest = text.rpartition(f"def {name}(")
    head = rest.partition("\n")[0].rpartition(")")[0]
    return [part.partition(":")[0].partition("=")[0].strip() for part in head.split(",")] if found else []


def write_examples(args: argparse.Namespace) -> None:
    """One row an example, in the order of problems."""
    questions = read_rows(args.questions, "questions").to_pylist()
    rows = [
        {"task_id": question["task_id"], "example": number, "times": 1, **case._asdict()}
        for question in questions
        for number, case in enumerate(examples(question))
    ]
    note = {key: value for key, value in read_metadata(args.questions, "questions").items() if key != "kind"}
    forms = collections.Counter(row["form"] for row in rows)
    bare = sorted({question["task_id"] for question in questions} - {row["task_id"] for row in rows})
    write_rows(args.output, "examples", rows, note | {"forms": forms, "without": bare})


if __name__ == "__main__":
    parser = stage.arguments(__doc__)
    parser.add_argument("--questions", required=True, help="the questions, Parquet")
    stage.run(write_examples, parser)

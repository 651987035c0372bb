"""Draw one block of tests that a model writes for each problem: completions that begin with an assert.

The model is asked as CodeT asks (Chen et al., 2022, arXiv 2207.10397): the function without a body, a comment, and the
word assert. Completion models and chat models are asked alike. What is drawn is kept raw, as samples are; reading
asserts in it is execution's part. The stage is given questions, which hold no tests.
"""

import argparse
import importlib
from typing import Any

from isobudget.engines.base import prepare
from isobudget.files import stage
from isobudget.files.errors import StudyError
from isobudget.files.settings import WriteSettings
from isobudget.files.tables import read_metadata, read_rows, write_rows
from isobudget.study.engines import ENGINES

# of problems/mbpp.py: what stands around the description of the task that is asked last
_TASK = ("here is your task: ", " Your code should pass these tests:")


def prompt(question: dict[str, Any]) -> str:
    """What a model continues with asserts.

    The prompt as it is where it is code, its examples included: they are the user's to show. MBPP's says what the
    function should do and shows the very asserts that judge: of it the words are taken, and the asserts are left out.

    Args:
        question: a row of questions.
    """
    name, head = question["entry_point"], question["prompt"]
    if _TASK[1] in head:
        words = head.rpartition(_TASK[0])[2].partition(_TASK[1])[0]
        head = f'def {name}(*args):\n    """{words}"""\n'
    return f"{head.rstrip()}\n    pass\n\n# check the correctness of {name}\nassert"


def write_tests(args: argparse.Namespace) -> None:
    """One block: completions numbered `block * n` to `block * n + n - 1` of every problem."""
    questions = read_rows(args.questions, "questions").to_pylist()
    asked = [{"task_id": question["task_id"], "prompt": prompt(question)} for question in questions]
    where = {"benchmark": args.benchmark, "model": args.model, "decoding": "tests", "block": args.block}
    if args.recording:
        _same_form(args.recording, args.settings["form"])
    engine = importlib.import_module(ENGINES[args.settings["engine"]].sampling)
    rows, metadata = engine.samples(asked, args.settings, where, args.recording, args.output)
    write_rows(args.output, "samples", rows, where | {"asked": args.settings["form"]} | metadata)


def _same_form(recording, form):
    asked = read_metadata(recording, "samples").get("asked")
    if asked != form:
        raise StudyError(
            f"{recording}: its tests were asked for in the form {asked!r}, the study asks in {form!r}; "
            "restore the file from git or write tests anew with engine: vllm."
        )


def main() -> None:
    parser = stage.arguments(__doc__, WriteSettings)
    parser.add_argument("--questions", required=True)
    parser.add_argument("--benchmark", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--block", required=True, type=int)
    parser.add_argument("--recording", help="engine recorded: the file to replay")
    prepare(parser.parse_args().settings)
    stage.run(write_tests, parser)


if __name__ == "__main__":
    main()

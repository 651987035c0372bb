"""The tests at hand: fewer than those that judge, to choose by where nobody has the judge's.

Written as a problems file whose tests are those at hand, so that the very checker which judges runs them. A problem
without any takes whatever program loads.
"""

import argparse
import ast
import json
from typing import Any

from isobudget.files import stage, tables
from isobudget.files.errors import StudyError
from isobudget.files.settings import TestsSettings
from isobudget.study import rankers

AGREED = 2  # of the tests that a model writes those count that it wrote so often: many that it wrote once are wrong


def write_tests(args: argparse.Namespace) -> None:
    """Write the problems with the tests of one source in place of their own.

    settings: source, of config.Study.at_hand.
    """
    source = args.settings["source"]
    problems = tables.read_rows(args.problems, "problems").to_pylist()
    if args.cases:
        cases: dict[str, list[dict[str, Any]]] = {problem["task_id"]: [] for problem in problems}
        least = AGREED if rankers.author(source) else 1
        for case in tables.read_rows(args.cases, "examples").to_pylist():
            if case["times"] >= least:
                cases[case["task_id"]].append(case)
        found = [problem | {"tests": of_cases(problem, cases[problem["task_id"]])} for problem in problems]
    else:
        number = int(source.removeprefix("assert:"))
        found = [problem | {"tests": one_assert(problem, number)} for problem in problems]
    note = {"benchmark": tables.read_metadata(args.problems, "problems")["benchmark"], "source": source}
    note["without"] = [problem["task_id"] for problem in found if not problem["tests"]]
    tables.write_rows(args.output, "problems", found, note)
    stage.say(f"{source}: {len(found) - len(note['without'])} of {len(found)} problems have tests at hand")


def of_cases(problem: dict[str, Any], cases: list[dict[str, Any]]) -> str:
    """Tests that ask for what cases say: as JSON for a program that reads input, else a line of Python each.

    Args:
        problem: a row of problems.
        cases: rows of examples, of this problem; one that says nothing of what should come out tests nothing.

    Returns:
        Text in the form of the problem's own tests; "" without a case.
    """
    cases = [case for case in cases if case["expected"] is not None]
    if not cases:
        return ""
    if problem["kind"] == "stdio":
        columns = {"inputs": "call", "outputs": "expected"}
        return json.dumps({name: [case[column] for case in cases] for name, column in columns.items()})
    return "".join(f"assert ({case['call']}) == ({case['expected']})\n" for case in cases)


def one_assert(problem: dict[str, Any], number: int) -> str:
    """One of the asserts that judge a problem, with what else its tests hold.

    Args:
        problem: a row of problems, as MBPP's are.
        number: which, counted from 1.

    Raises:
        StudyError: the problem has fewer.
    """
    text = problem["tests"]
    statements = ast.parse(text).body
    asserts = [statement for statement in statements if isinstance(statement, ast.Assert)]
    if number > len(asserts):
        raise StudyError(
            f"at_hand: {problem['task_id']} has {len(asserts)} asserts and no 'assert:{number}'; ask for another."
        )
    kept = [one for one in statements if not isinstance(one, ast.Assert) or one is asserts[number - 1]]
    # as they stand in the source, not unparsed: what is judged by must read as it did
    return "".join(f"{ast.get_source_segment(text, one)}\n" for one in kept)


if __name__ == "__main__":
    parser = stage.arguments("Put the tests at hand in place of those that judge.", TestsSettings)
    parser.add_argument("--problems", required=True, help="the problems, Parquet")
    parser.add_argument("--cases", help="the examples that a source consists of, Parquet")
    stage.run(write_tests, parser)

"""Run the programs of one block on inputs, in the sandbox, and write what each made of each: nobody judges.

The job is given questions and inputs, and no file that holds a test or a reference.
"""

import argparse
import json
from collections.abc import Iterable
from typing import Any

from isobudget.at_hand import cases
from isobudget.execution.blocks import IDENTITY, extracted
from isobudget.execution.judging import code_of, judge, script
from isobudget.files import stage, tables
from isobudget.files.errors import StudyError
from isobudget.files.settings import RunSettings
from isobudget.sandbox import Program

# How APPS looks for its function: a method of Solution, where the program has such a class and no such function.
METHOD = "\nif 'Solution' in globals() and {name!r} not in globals():\n    {name} = Solution().{name}\n"


def program_for(
    question: dict[str, Any], source: str, examples: Iterable[dict[str, Any]], settings: RunSettings
) -> tuple[Program, dict[str, tuple[int, dict[str, int]]]]:
    """What the sandbox runs: a program and the inputs of a problem's examples, each distinct input once.

    Args:
        question: a row of questions.
        source: the program's text.
        examples: rows of examples, of this problem.
        settings: `before` of benchmarks.BENCHMARKS.

    Returns:
        (sandbox.Program, {call: (its place, {what it may equal: the place of that})}).
    """
    calls: dict[str, dict[str, int]] = {}
    for example in examples:
        wanted = calls.setdefault(example["call"], {})
        if example["expected"] is not None:
            wanted.setdefault(example["expected"], len(wanted))
    places = {call: (number, wanted) for number, (call, wanted) in enumerate(calls.items())}
    tests = json.dumps([[call, list(wanted)] for call, wanted in calls.items()])
    source = script(source, settings)
    if question["kind"] == "stdio":
        return Program(source, tests, "", kind="observe-stdio"), places
    if "class Solution" in source:
        source += METHOD.format(name=question["entry_point"])
    return Program(source, tests, question["entry_point"], kind="observe"), places


def observe(args: argparse.Namespace) -> None:
    """Write `behaviours` rows, in the samples' order; each distinct program runs once, and none that is kept."""
    settings = args.settings
    questions = {row["task_id"]: row for row in tables.read_rows(args.questions, "questions").to_pylist()}
    examples: dict[str, list[dict[str, Any]]] = {}
    for example in tables.read_rows(args.examples, "examples").to_pylist():
        question = questions[example["task_id"]]
        if question["kind"] == "call" and not cases.safe(example["call"], question["entry_point"]):
            raise StudyError(
                f"{args.examples}: {example['call']!r} of {example['task_id']} does more than call "
                f"{question['entry_point']}; delete the file and run again to make it anew."
            )
        examples.setdefault(example["task_id"], []).append(example)
    drawn = tables.read_metadata(args.samples, "samples")
    numbers: dict[Program, int] = {}
    plan = []
    for sample in tables.read_rows(args.samples, "samples").to_pylist():
        question = questions[sample["task_id"]]
        asked = examples.get(sample["task_id"], [])
        code = code_of(question, settings)
        source, _ = extracted(drawn, code, sample["text"] or "", settings, question["entry_point"])
        if source is None or not asked:
            continue
        program, places = program_for(question, source, asked, settings)
        plan.append((sample, asked, numbers.setdefault(program, len(numbers)), places))
    outcomes, facts = judge(list(numbers), settings, args.workers, "observe", args.verdicts)
    answers = [json.loads(outcome.detail) for outcome in outcomes]
    found = []
    for sample, asked, number, places in plan:
        for example in asked:
            call, wanted = places[example["call"]]
            ended, value, equal = answers[number][call]
            passed = example["expected"] is not None and equal[wanted[example["expected"]]]
            row = {key: sample[key] for key in ("task_id", "sample")} | {"example": example["example"]}
            found.append(row | {"ended": ended, "value": value, "passed": passed})
    note = {key: value for key, value in drawn.items() if key in IDENTITY}
    tables.write_rows(args.output, "behaviours", found, {**note, **facts, "distinct": len(numbers)})


if __name__ == "__main__":
    parser = stage.arguments(__doc__, RunSettings)
    parser.add_argument("--questions", required=True, help="the questions, Parquet")
    parser.add_argument("--examples", required=True, help="the inputs, Parquet")
    parser.add_argument("--samples", required=True, help="the samples, Parquet")
    parser.add_argument("--verdicts", help="what is kept by content, SQLite; without it every program runs")
    parser.add_argument("--workers", type=int, default=1, help="programs at once")
    stage.run(observe, parser)

"""Seconds from samples to rank-score@k by agreement: 164 problems, 40 candidates each, 20 inputs, on two workers.

The candidates are recorded ones. The inputs are the examples in the prompts, and the same calls with other numbers
and letters in them until there are twenty.
"""

import ast
import json
import time

import numpy as np

from helpers.checkout import ROOT
from isobudget import extraction
from isobudget.at_hand import prompt_examples
from isobudget.execution import behaviours
from isobudget.execution.judging import judge
from isobudget.files import tables
from isobudget.problems import humaneval
from isobudget.ranking.votes import agreement, vote
from isobudget.statistics.votes import voted_rank_score_at_k
from isobudget.study.benchmarks import PYTHON_STOPS

CANDIDATES, INPUTS, WORKERS = 40, 20, 2
RECORDED = ROOT / "recordings/samples/humaneval"


def main():
    """Returns {"agreement_matrix_seconds": wall seconds for the whole matrix, its votes and their estimates}."""
    problems = humaneval.problems()
    texts = {}
    for file in sorted(RECORDED.glob("*/sampled/*.parquet")):
        for row in tables.read_rows(file, "samples").to_pylist():
            texts.setdefault(row["task_id"], []).append(row["text"])
    started = time.monotonic()
    numbers, cells = {}, []
    for problem in problems:
        asked = [
            {"call": call, "expected": None, "example": number, "times": 1}
            for number, call in enumerate(inputs(problem))
        ]
        for text in texts[problem["task_id"]][:CANDIDATES]:
            source, _ = extraction.from_completion(problem["prompt"], text, PYTHON_STOPS)
            if source is None or not asked:
                cells.append(None)
                continue
            program, _ = behaviours.program_for(problem, source, asked, {})
            cells.append((numbers.setdefault(program, len(numbers)), asked))
    outcomes, facts = judge(list(numbers), {"engine": "auto"}, WORKERS, "observe")
    ran = time.monotonic() - started
    answers = [json.loads(outcome.detail) for outcome in outcomes]
    scores, names = [], []
    for cell in cells:
        number, asked = cell or (0, [])
        told = zip(asked, answers[number], strict=False)
        mine = [{"example": each["example"], "ended": ended, "value": value} for each, (ended, value, _) in told]
        score, cluster = vote(agreement, mine, {})
        scores.append(score)
        names.append(cluster)
    clusters = np.unique([name or "" for name in names], return_inverse=True)[1]
    clusters = np.where([name is None for name in names], -1, clusters).reshape(-1, CANDIDATES)
    shape = clusters.shape
    passed = np.zeros(shape, bool)  # whoever passes, the work is the same
    k = np.arange(1, CANDIDATES // 2 + 1)
    voted_rank_score_at_k(passed, np.reshape(scores, shape), clusters, np.ones(shape, bool), k)
    seconds = time.monotonic() - started
    asked = sum(len(cell[1]) for cell in cells if cell)
    print(
        f"{len(problems)} problems, {len(cells):,} candidates, {asked:,} cells; {len(numbers):,} distinct programs ran "
        f"in the {facts['engine']} sandbox in {ran:.1f} s on {WORKERS} workers; votes, estimates {seconds - ran:.1f} s"
    )
    return {"agreement_matrix_seconds": seconds}


def inputs(problem):
    """INPUTS calls: those in a problem's prompt, then others like them; fewer where no more can be made, or shown."""
    shown = list(dict.fromkeys(case.call for case in prompt_examples.examples(problem)))
    others = (
        ast.unparse(_Other(step).visit(ast.parse(call, mode="eval"))) for step in range(1, 3 * INPUTS) for call in shown
    )
    return list(dict.fromkeys([*shown, *others]))[:INPUTS]


class _Other(ast.NodeTransformer):
    """Other numbers and letters, the same shape."""

    def __init__(self, step):
        self.step = step

    def visit_Constant(self, node):
        if type(node.value) is int:  # at 0, or at the 20th prime Fibonacci number, right programs loop
            return ast.Constant((node.value - 1 + self.step) % (abs(node.value) + 3) + 1)
        if type(node.value) is float:
            return ast.Constant(node.value + self.step / 4)
        if type(node.value) is str and node.value:
            turn = self.step % len(node.value)
            return ast.Constant(node.value[turn:] + node.value[:turn] + node.value[-1] * (self.step // len(node.value)))
        return node


if __name__ == "__main__":
    main()

"""A small study of rankers that let the candidates vote, end to end: what they choose, cost and see."""

import itertools
import json
import shutil

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest

from helpers.recorded_study import STUDY
from helpers.sandboxes import engine_or_skip
from helpers.snakemake_runs import planned, snakemake
from isobudget.files import paths, tables
from isobudget.study import stage_settings
from isobudget.study.config import load

pytestmark = pytest.mark.slow

RANKERS = ["random", "agreement:examples", "agreement:self", "codet:self", "codet-sqrt:small", "mbr-exec:self"]
AGREEING = STUDY | {
    "models": {"small": {"engine": "recorded", "samples": 8}},
    "rankers": RANKERS,
    "budgets": {"flops": [1, 4, 6, 8, 9, 20]},
    "sandbox": {"engine": "bubblewrap"},
}
# of three problems of HumanEval: candidates that differ, and tests of which some are wrong
BODIES = (
    ["return True", "return False", "return numbers[9]", "return None"],
    ["return []", "return [paren_string]"],
    None,
)
WRITTEN = {
    "has_close_elements": " has_close_elements([1.0, 1.1], 0.5) == True\nassert has_close_elements([], 1) == False\n",
    "separate_paren_groups": " separate_paren_groups('()') == ['()']\nassert separate_paren_groups('') == []\n",
    "truncate_number": " truncate_number(3.5) == 0.5\nassert truncate_number(1.25) == 1\nassert os.abort() == 0\n",
}


@pytest.fixture(scope="module")
def study(base, tmp_path_factory):
    """The base study with other candidates, tests that the model wrote, and its own run of everything behind them."""
    engine_or_skip("bubblewrap")
    root = tmp_path_factory.mktemp("agreement") / "study"
    shutil.copytree(base, root, ignore=shutil.ignore_patterns("results", ".snakemake"))
    questions = {row["task_id"]: row for row in _rows(base, paths.PROBLEMS, "problems", benchmark="humaneval")}
    for block in range(4):
        where = {"benchmark": "humaneval", "model": "small", "decoding": "sampled", "block": block}
        file = root / paths.below("recordings", paths.SAMPLES, **where)
        samples, metadata = tables.read_rows(file, "samples").to_pylist(), tables.read_metadata(file, "samples")
        for number, row in enumerate(samples):
            bodies = BODIES[list(questions).index(row["task_id"])]
            if bodies and number % 3:
                row["text"] = f"    {bodies[(number + block) % len(bodies)]}\n"
            row["finish_reason"] = "length" if number == 5 else "stop"
        tables.write_rows(file, "samples", samples, metadata)
    settings = json.loads(stage_settings.written(load(AGREEING), "humaneval", "small"))
    where = {"benchmark": "humaneval", "model": "small", "block": 0}
    written = [
        {"task_id": row["task_id"], "sample": n, "text": WRITTEN[row["entry_point"]], "prompt_tokens": 90}
        | {"completion_tokens": 25, "logprob": -1.0, "finish_reason": "stop"}
        for row in questions.values()
        for n in range(4)
    ]
    note = where | {"decoding": "tests", "engine": "vllm", "protocol": 1, "n": 4, "settings": settings["decoding"]}
    tables.write_rows(
        root / paths.below("recordings", paths.WRITTEN, **where), "samples", written, note | {"asked": "assert-1"}
    )
    done = snakemake(root, study=AGREEING)
    assert done.returncode == 0, done.stderr[-4000:]
    return root


def _rows(root, template, kind, **keys):
    return tables.read_rows(root / paths.below("results", template, **keys), kind).to_pylist()


def _blocks(root, template, kind, **keys):
    """{(task_id, sample): row} of both blocks."""
    keys |= {"benchmark": "humaneval", "model": "small", "decoding": "sampled"}
    found = [row for block in (0, 1) for row in _rows(root, template, kind, block=block, **keys)]
    return {(row["task_id"], row["sample"]): row for row in found}


@pytest.mark.parametrize("ranker", RANKERS)
def test_rank_score_is_that_of_every_subset(study, ranker):
    kind = "scores" if ranker == "random" else "votes"
    scores = _blocks(study, paths.SCORES, kind, ranker=ranker)
    verdict = {key: row["verdict"] == "passed" for key, row in _blocks(study, paths.OUTCOMES, "outcomes").items()}
    estimates = _rows(study, paths.ESTIMATES, "estimates", benchmark="humaneval", model="small")
    found = {row["k"]: row["value"] for row in estimates if row["ranker"] == ranker}
    assert sorted(found) == [1, 2, 3, 4]
    for k, value in found.items():
        total = []
        for task_id in {task_id for task_id, _ in scores}:
            for subset in itertools.combinations(range(8), k):
                able = [scores[task_id, s] for s in subset if scores[task_id, s]["kept"]]
                drawn = [row.get("cluster") for row in able]
                worth = [row["score"] * (drawn.count(c) if c else 1) for row, c in zip(able, drawn, strict=True)]
                best = [row for row, each in zip(able, worth, strict=True) if each == min(worth)]
                total.append(np.mean([verdict[task_id, row["sample"]] for row in best]) if best else 0.0)
        assert value == pytest.approx(np.mean(total), abs=1e-12)


def test_the_rankers_differ_from_luck_and_from_each_other(study):
    estimates = _rows(study, paths.ESTIMATES, "estimates", benchmark="humaneval", model="small")
    at_four = {row["ranker"]: round(row["value"], 6) for row in estimates if row["ranker"] and row["k"] == 4}
    assert len(set(at_four.values())) > 2, at_four


def test_a_wrong_test_of_a_model_is_read_and_an_evil_one_is_not(study):
    found = _rows(study, paths.ASSERTS, "examples", model="small", benchmark="humaneval")
    asserts = {(row["call"], row["expected"]): row["times"] for row in found if row["task_id"] == "HumanEval/2"}
    assert asserts == {("truncate_number(3.5)", "0.5"): 4, ("truncate_number(1.25)", "1"): 4}


def test_the_tests_are_paid_for_once_a_problem(study):
    with duckdb.connect(str(study / "results/isobudget.duckdb"), read_only=True) as database:
        bought = database.execute("SELECT ranker, budget, k FROM rank_score_at_budget WHERE unit = 'flops'").fetchall()
        written = database.execute("SELECT written / generation FROM costs WHERE unit = 'flops'").fetchone()[0]
    assert written == 4  # four completions
    found = {ranker: {budget: k for one, budget, k in bought if one == ranker} for ranker in RANKERS}
    assert found["agreement:examples"] == found["random"] == {1: 1, 4: 4}
    for ranker in RANKERS[2:]:
        assert found[ranker] == {6: 2, 8: 4}  # less the four of the tests; five candidates have no score


def test_blocks_that_are_added_leave_votes_as_they_are(study):
    more = AGREEING | {"models": {"small": {"engine": "recorded", "samples": 12}}}
    fresh = {"sample": 1, "execute": 1, "rank": 1, "observe": 2, "vote": 5, "estimate": 1, "aggregate": 1, "report": 1}
    assert planned(study, more) == fresh | {"all": 1}


def test_no_ranker_is_given_a_test_or_a_reference(study):
    """The jobs that make inputs, behaviours and votes read questions, and nothing that was made of tests."""
    done = snakemake(study, "--dry-run", "--forceall", "--printshellcmds", study=AGREEING)
    lines = [line for line in done.stdout.splitlines() if "python -m isobudget." in line]
    modules = ("at_hand.prompt_examples", "sampling.written", "at_hand.written_asserts", "execution.behaviours")
    modules += ("ranking.votes",)
    rankers = [line for line in lines if any(f"isobudget.{module} " in line for module in modules)]
    assert len(rankers) == 1 + 1 + 1 + 2 * 2 + 5 * 2
    assert not [line for line in rankers if "results/problems/" in line or "references" in line or "outcomes" in line]


def test_tests_that_judge_have_no_say(study, tmp_path):
    """With all tests and references replaced by a canary, every vote is the same, and the canary is nowhere."""
    root = tmp_path / "study"
    made = ("questions", "examples", "asserts", "behaviours", "scores")
    shutil.copytree(study, root, ignore=shutil.ignore_patterns(*made, "verdicts.sqlite"))
    file = root / paths.below("results", paths.PROBLEMS, benchmark="humaneval")
    problems, note = tables.read_rows(file, "problems").to_pylist(), tables.read_metadata(file, "problems")
    canary = "assert 'canary-0c5e' == 1\n"
    tables.write_rows(file, "problems", [row | {"tests": canary, "reference": canary} for row in problems], note)
    keys = {"benchmark": "humaneval", "model": "small", "decoding": "sampled"}
    wanted = [paths.below("results", paths.SCORES, ranker=r, block=b, **keys) for r in RANKERS[1:] for b in (0, 1)]
    done = snakemake(root, *wanted, study=AGREEING)
    assert done.returncode == 0, done.stderr[-4000:]
    assert tables.read_rows(file, "problems")["tests"].to_pylist() == [canary] * 3
    for name in wanted:
        assert tables.read_rows(root / name, "votes") == tables.read_rows(study / name, "votes")
    files = [each for part in made for each in (root / "results" / part).rglob("*.parquet")]
    assert len(files) == 1 + 1 + 1 + 4 + 10
    assert not [each for each in files if "canary" in str(pq.read_table(each).to_pylist())]

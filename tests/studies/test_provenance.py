"""Results that came without Snakemake's records of them, or with a copy: other settings and other code are noticed."""

import fcntl
import json
import shutil
import subprocess
import sys

import duckdb
import pytest

from helpers.recorded_study import STUDY
from helpers.snakemake_runs import ENDING, jobs, planned, repository, snakemake
from isobudget.run import provenance, results_lock
from isobudget.study.config import load

pytestmark = pytest.mark.slow

DEARER = STUDY | {"budgets": {"flops": [1, 2, 4], "seconds": [1]}}


def budgets(root):
    with duckdb.connect(str(root / "results/isobudget.duckdb"), read_only=True) as connection:
        query = "SELECT DISTINCT budget FROM pass_at_budget WHERE unit = 'flops' ORDER BY 1"
        return [budget for (budget,) in connection.execute(query).fetchall()]


def test_a_new_budget_is_seen_where_the_records_of_the_results_did_not_come_along(study):
    """Moved alone, shared, mounted into a container: the tables and the report are made anew, and no more."""
    shutil.rmtree(study / ".snakemake")
    assert planned(study) == {}
    assert planned(study, DEARER) == ENDING and 4 not in budgets(study)
    done = snakemake(study, study=DEARER)
    assert jobs(done) == ENDING and 4 in budgets(study)
    assert "isobudget: results/isobudget.duckdb: made with other settings, run in " in done.stderr
    assert planned(study, DEARER) == {}
    # and from here on they are on record
    assert planned(study) == ENDING


def test_a_new_sandbox_runs_the_programs_again_and_no_model(study):
    shutil.rmtree(study / ".snakemake")
    done = snakemake(study, study=STUDY | {"sandbox": {"timeout": 4}})
    assert jobs(done) == {"references": 1, "execute": 5, "estimate": 2} | ENDING


@pytest.mark.parametrize(
    ("changes", "places"),
    [
        (
            {"decoding": {"temperature": 0.2}},
            "results/samples/humaneval/small/sampled: made with other settings, run in ",
        ),
        ({"problems": 2}, "results/problems/humaneval.parquet: made with other settings"),
    ],
)
def test_what_only_a_model_makes_is_not_drawn_anew_unasked(study, changes, places):
    shutil.rmtree(study / ".snakemake")
    for arguments in ((), ("--dry-run",)):
        done = snakemake(study, *arguments, study=STUDY | changes)
        said = done.stdout + done.stderr
        assert done.returncode == 1 and "Traceback" not in said
        assert places in said and "give it another `results`, or delete these" in said, said
    assert planned(study) == {}


def test_a_copy_of_the_records_does_not_vouch_for_what_the_other_folder_made(study, tmp_path):
    """Two folders with one name for their records, one results folder: what the one made anew the other sees."""
    copy = repository(tmp_path / "copy")
    shutil.copytree(study / ".snakemake", copy / ".snakemake")
    for name in ("results", "recordings"):
        (copy / name).symlink_to(study / name)
    assert jobs(snakemake(study, study=DEARER)) == ENDING
    assert jobs(snakemake(copy)) == ENDING
    assert jobs(snakemake(study, study=DEARER)) == ENDING
    source = copy / "workflow/isobudget/statistics/unbiased.py"
    source.write_text(source.read_text() + "\n")
    done = snakemake(copy, study=DEARER)
    assert done.returncode == 1 and f"another version of isobudget made files there, run in {study}" in done.stderr


def test_results_have_one_spelling(study):
    for spelling in ("./results", "results/", "a/../results"):
        assert planned(study, STUDY | {"results": spelling}) == {}
        assert planned(study, DEARER | {"results": spelling}) == ENDING


@pytest.mark.parametrize(
    "state", ['{"made": null, "settings": []}', '{"made": {"x": 1}, "settings": {"made": {}}}', '{"made": {"x": {}}}']
)
def test_a_claim_that_is_damaged_is_as_none(tmp_path, monkeypatch, state):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results").mkdir()
    (tmp_path / "results/.claim").write_text(state)
    found = results_lock.Claim("results")
    found.vet("code")
    assert found.compare(dict) is None
    found.insist("code", {"a": "1"})
    assert json.loads((tmp_path / "results/.claim").read_text())["settings"]["made"] == {"a": "1"}


def test_while_another_run_is_at_work_its_files_are_left_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = tmp_path / "results/isobudget.duckdb"
    made.parent.mkdir()
    made.touch()
    before = made.stat().st_mtime
    first = results_lock.Claim("results")
    first.insist("code", {"isobudget.duckdb": "1"})
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    second = results_lock.Claim("../results")
    assert second.notice and second.compare(lambda: {"isobudget.duckdb": "2"}) is None
    assert made.stat().st_mtime == before
    fcntl.flock(first._file, fcntl.LOCK_UN)
    assert "../results/isobudget.duckdb: made" in results_lock.Claim("../results").compare(
        lambda: {"isobudget.duckdb": "2"}
    )
    assert made.stat().st_mtime == 1


def test_every_kind_of_file_with_settings_has_a_place_and_what_follows_from_n_once_it_is_known():
    models = {name: {"engine": "vllm", "weights": name, "samples": 8} for name in ("a", "b")}
    config = {"benchmarks": ["humaneval", "mbpp"], "rankers": ["nll:*", "combined", "shortest"]}
    live = load(config | {"models": models, "at_hand": ["examples"]})
    found, known = provenance.settings(live, None), provenance.settings(live, live)
    assert {place.split("/")[0] for place in set(known) - set(found)} == {
        "estimates",
        "scores",
        "isobudget.duckdb",
        "report",
    }
    assert {place.split("/")[0] for place in found} == {
        "models",
        "calibrations",
        "costs",
        "scores",
        "problems",
        "references",
        "outcomes",
        "at_hand",
        "behaviours",
        "samples",
    }


def test_a_folder_that_may_not_be_written_to_is_one_sentence(tmp_path):
    """Snakemake keeps its records where it runs, wherever results go."""
    script = (
        "import os, sys\n"
        "from isobudget.run import results_lock\n"
        "from isobudget.files.errors import StudyError\n"
        "os.chdir(sys.argv[1])\n"
        "os.setuid(65534)\n"
        "try: results_lock._records()\n"
        "except StudyError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True)
    assert f"{tmp_path}: nothing can be written there (Permission denied)" in done.stdout, done.stderr

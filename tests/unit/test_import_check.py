"""What is said of an import before any job: a config that cannot be meant, a file that is gone, small, or another."""

import hashlib
import os
import shutil
from types import SimpleNamespace

import pytest

from helpers.imported_samples import IDS, PROBLEMS, json_lines, model
from isobudget.files import paths, tables
from isobudget.files.errors import StudyError
from isobudget.sampling.imported.__main__ import collect
from isobudget.sampling.imported.check import check, fingerprint
from isobudget.study.benchmarks import BENCHMARKS
from isobudget.study.config import load


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"models": model(path=None)}, "models.theirs: engine import needs 'path'"),
        ({"models": model(path="")}, "models.theirs.path: '' is no path; name a file or folder."),
        ({"models": model(greedy=" ")}, "models.theirs.greedy: ' ' is no path"),
        ({"models": model(path="a{x}.jsonl")}, "models.theirs.path: 'a{x}.jsonl' holds braces, which mean something"),
        ({"models": model(greedy="{benchmark}}")}, "models.theirs.greedy: '{benchmark}}' holds braces"),
        ({"models": model(format="csv")}, "models.theirs.format: 'csv' is not 'human-eval', 'evalplus',"),
        ({"models": model(weights="a/b")}, "takes no 'weights'; 'config' gives it FLOPs"),
        ({"models": model(price={"prompt": 1, "completion": 1})}, "give 'cost: {usd: ...}'"),
        ({"models": model(config="a/b", cost={"flops": 1e12})}, "'config' and 'cost.flops' both say"),
        ({"models": model(cost={"flops": 0})}, "models.theirs.cost.flops: 0 is wrong"),
        ({"models": {"m": {"engine": "recorded", "path": "x", "samples": 1}}}, "models.m: 'path' is for engine import"),
        ({"models": model(), "rankers": ["nll:theirs"]}, "rankers: 'nll:theirs' needs a model that reads"),
    ],
)
def test_a_model_that_cannot_be_imported_is_refused(config, words):
    with pytest.raises(StudyError) as caught:
        load(config, "study.yaml")
    assert words in str(caught.value)


def test_a_study_of_two_benchmarks_names_them_in_the_path(monkeypatch):
    monkeypatch.setitem(BENCHMARKS, "other", BENCHMARKS["humaneval"])
    benchmarks = ["humaneval", "other"]
    with pytest.raises(StudyError, match="models.theirs.path: there are 2 benchmarks and one file; write {benchmark}"):
        load({"benchmarks": benchmarks, "models": model()})
    study = load({"benchmarks": benchmarks, "models": model(path="{benchmark}/s.jsonl")})
    assert study.source("other", "theirs", "sampled") == "other/s.jsonl"


def test_a_file_that_is_not_there_is_refused_before_any_job(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    study = load({"models": model(greedy="g.jsonl")})
    with pytest.raises(StudyError, match="models.theirs.path: there is no s.jsonl; paths start where snakemake is run"):
        check(study)
    (tmp_path / "s.jsonl").write_text("")
    with pytest.raises(StudyError, match="models.theirs.greedy: there is no g.jsonl"):
        check(study)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder to run a study in, with the problems."""
    monkeypatch.chdir(tmp_path)
    tables.write_rows("problems.parquet", "problems", PROBLEMS, {"benchmark": "humaneval", "whole": len(PROBLEMS)})
    return tmp_path


KEPT = paths.below("results", paths.IMPORTED, benchmark="humaneval", model="theirs", decoding="sampled")


def gather(source):
    """Run the import stage as the study below would."""
    args = {"problems": "problems.parquet", "source": source, "least": 1, "output": KEPT}
    collect(SimpleNamespace(**args, settings={"format": None, "greedy": False}))


def samples(name, n, text="x", age=0):
    """Write n samples a problem; `age` is how many seconds older than the import the file is."""
    json_lines(name, [{"task_id": task_id, "completion": text} for task_id in IDS for _ in range(n)])
    made = name.stat().st_mtime - age
    os.utime(name, (made, made))


def test_a_file_that_was_read_before_and_holds_too_few_is_refused(folder):
    samples(folder / "s.jsonl", 4)
    gather("s.jsonl")
    check(load({"models": model()}))
    for source in ("s.jsonl", "./s.jsonl"):
        with pytest.raises(StudyError, match="s.jsonl: holds 4 samples a problem, and the study needs 20"):
            check(load({"models": model(path=source, samples=20)}))
    os.utime("s.jsonl")
    with pytest.raises(StudyError, match="holds 4 samples a problem"):
        check(load({"models": model(samples=20)}))


def test_the_count_of_one_file_says_nothing_of_another_even_an_older_one(folder):
    samples(folder / "s.jsonl", 4)
    gather("s.jsonl")
    samples(folder / "b.jsonl", 20, age=1000)
    check(load({"models": model(path="b.jsonl", samples=20)}))
    shutil.copy2("b.jsonl", "s.jsonl")
    check(load({"models": model(samples=20)}))


def test_an_older_file_in_the_place_of_the_one_that_was_read_is_noticed(folder):
    samples(folder / "s.jsonl", 4)
    samples(folder / "older.jsonl", 4, text="y", age=1000)
    gather("s.jsonl")
    before = fingerprint("s.jsonl", KEPT)
    os.replace("older.jsonl", "s.jsonl")
    assert fingerprint("s.jsonl", KEPT) != before


def test_a_copy_or_a_touch_is_no_edit_and_nothing_to_do_reads_no_file(folder, monkeypatch):
    samples(folder / "s.jsonl", 4)
    before = fingerprint("s.jsonl", KEPT)
    gather("s.jsonl")
    assert fingerprint("s.jsonl", KEPT) == before
    os.utime("s.jsonl", (1, 1))
    assert fingerprint("s.jsonl", KEPT) == before
    gather("s.jsonl")
    monkeypatch.setattr(hashlib, "file_digest", None)
    assert fingerprint("s.jsonl", KEPT) == before


def test_a_folder_is_told_by_what_its_programs_are(folder):
    for task_id in IDS:
        (folder / "s" / task_id.replace("/", "_")).mkdir(parents=True)
        (folder / "s" / task_id.replace("/", "_") / "0.py").write_text("first")
    gather("s")
    before = fingerprint("s", KEPT)
    shutil.copytree("s", "t", copy_function=shutil.copy)
    assert fingerprint("t", KEPT) == before
    file = folder / "s/HumanEval_1/0.py"
    file.write_text("other")
    os.utime(file, (1, 1))
    assert fingerprint("s", KEPT) != before


def test_what_an_earlier_version_kept_is_read_again_and_refuses_nothing(folder):
    samples(folder / "s.jsonl", 4)
    gather("s.jsonl")
    note = tables.read_metadata(KEPT, "imported")
    for key in ("kind", "seen", "sha256"):
        del note[key]
    tables.write_rows(KEPT, "imported", tables.read_rows(KEPT, "imported"), note)
    check(load({"models": model(samples=20)}))
    assert fingerprint("s.jsonl", KEPT) == fingerprint("s.jsonl", "none")


def test_what_cannot_be_read_is_one_sentence(folder):
    (folder / "s/HumanEval_0/0.py").mkdir(parents=True)
    with pytest.raises(StudyError, match=r"s/HumanEval_0/0.py: cannot be read \(Is a directory\)"):
        fingerprint("s", KEPT)

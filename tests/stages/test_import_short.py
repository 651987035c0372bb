"""Ten samples and blocks of four: the last block of an import is as long as what is left, and no sample is lost."""

from types import SimpleNamespace

import pytest

from helpers.imported_samples import IDS, PROBLEMS, json_lines, model
from isobudget.estimates.samples import read_outcomes
from isobudget.files import tables
from isobudget.files.errors import StudyError
from isobudget.run.inputs import Inputs
from isobudget.sampling import from_import
from isobudget.sampling.imported.__main__ import collect
from isobudget.study import stage_settings
from isobudget.study.config import load

WHERE = {"benchmark": "humaneval", "model": "theirs", "decoding": "sampled"}


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """What reading a file of ten samples a problem leaves."""
    monkeypatch.chdir(tmp_path)
    json_lines(tmp_path / "s.jsonl", [{"task_id": t, "completion": f"{t} {n}"} for n in range(10) for t in IDS])
    tables.write_rows("problems.parquet", "problems", PROBLEMS, {"benchmark": "humaneval", "whole": len(PROBLEMS)})
    args = {"problems": "problems.parquet", "source": "s.jsonl", "output": "kept.parquet"}
    collect(SimpleNamespace(**args, least=10, settings={"format": None, "greedy": False}))
    return "kept.parquet"


def test_a_study_of_ten_samples_needs_ten_in_the_file_and_three_blocks(tmp_path):
    study = load({"models": model(samples=10)})
    least = Inputs(study, tmp_path).least_samples(SimpleNamespace(**WHERE))
    assert (least, study.blocks("humaneval", "theirs")) == (10, 3)


def test_blocks_before_the_last_are_whole_and_the_last_holds_the_rest(kept):
    blocks = [from_import.samples(PROBLEMS, {"n": 4}, WHERE | {"block": block}, kept) for block in range(3)]
    assert [[row["sample"] for row in rows if row["task_id"] == IDS[1]] for rows, _ in blocks] == [
        [0, 1, 2, 3],
        [4, 5, 6, 7],
        [8, 9],
    ]
    assert [note["n"] for _, note in blocks] == [4, 4, 2]
    assert all(row["text"] == f"{row['task_id']} {row['sample']}" for rows, _ in blocks for row in rows)


def test_a_block_that_the_file_says_nothing_of_is_refused(kept):
    with pytest.raises(StudyError, match="s.jsonl: holds 10 samples a problem, and the study needs 13; lower the mod"):
        from_import.samples(PROBLEMS, {"n": 4}, WHERE | {"block": 3}, kept)


def test_no_job_is_told_that_the_last_block_is_short():
    """The settings of a block name `block` alone: more samples in the file draw no other block anew."""
    ten, twelve = (load({"models": model(samples=n)}) for n in (10, 12))
    settings = [stage_settings.sample(study, "humaneval", "theirs", "sampled") for study in (ten, twelve)]
    assert settings[0] == settings[1] == '{"engine": "import", "n": 4}'


def test_estimates_count_the_samples_of_a_short_block(kept, tmp_path):
    files = []
    for block in range(3):
        rows, _ = from_import.samples(PROBLEMS, {"n": 4}, WHERE | {"block": block}, kept)
        judged = [
            {"task_id": row["task_id"], "sample": row["sample"], "program_sha256": None, "cpu_seconds": 0.0}
            | {"verdict": "passed" if row["sample"] > 7 else "failed", "detail": ""}
            for row in rows
        ]
        files.append(tmp_path / f"{block}.parquet")
        tables.write_rows(files[-1], "outcomes", judged)
    task_ids, passed = read_outcomes(files)
    assert passed.shape == (3, 10) and passed.sum(axis=1).tolist() == [2, 2, 2]

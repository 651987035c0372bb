"""Files between stages are whole or absent, and a foreign one is named."""

import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from isobudget.files.errors import StudyError
from isobudget.files.tables import read_json, read_metadata, read_rows, whole_file, write_json, write_rows

ROW = {"task_id": "HumanEval/0", "sample": 3, "score": 0.5, "kept": True}


@pytest.fixture
def scores(tmp_path):
    path = tmp_path / "deep" / "0.parquet"
    write_rows(path, "scores", [ROW], {"ranker": "random"})
    return path


def test_rows_and_metadata_come_back_as_they_were_written(scores):
    assert read_rows(scores, "scores").to_pylist() == [ROW]
    assert read_metadata(scores, "scores") == {"kind": "scores", "ranker": "random"}


def test_a_block_that_fails_leaves_the_old_file_and_nothing_else(scores):
    before = scores.read_bytes()
    with pytest.raises(RuntimeError), whole_file(scores) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert scores.read_bytes() == before
    assert os.listdir(scores.parent) == ["0.parquet"]


def test_ctrl_c_leaves_no_half_file(tmp_path):
    with pytest.raises(KeyboardInterrupt), whole_file(tmp_path / "x.json") as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert os.listdir(tmp_path) == []


def test_a_truncated_file_is_named(scores):
    scores.write_bytes(scores.read_bytes()[:-20])
    with pytest.raises(StudyError, match=r"0\.parquet: not a whole Parquet file .* delete it and run again"):
        read_rows(scores, "scores")


def test_a_file_that_is_no_parquet_is_named(scores):
    scores.write_text("hello")
    with pytest.raises(StudyError, match=r"0\.parquet: not a whole Parquet file"):
        read_metadata(scores, "scores")


def test_a_parquet_file_of_another_kind_is_named(scores):
    with pytest.raises(StudyError, match=r"0\.parquet: no samples file of isobudget, column 'text'"):
        read_rows(scores, "samples")


def test_a_parquet_file_of_someone_else_is_named(tmp_path):
    path = tmp_path / "theirs.parquet"
    pq.write_table(
        pa.Table.from_pylist([ROW | {"sample": 3}]).cast(
            pa.schema([("task_id", pa.string()), ("sample", pa.int32()), ("score", pa.float64()), ("kept", pa.bool_())])
        ),
        path,
    )
    with pytest.raises(StudyError, match="its metadata lacks the isobudget key"):
        read_rows(path, "scores")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(StudyError, match=r"none\.parquet: there is no such file; it should hold scores"):
        read_rows(tmp_path / "none.parquet", "scores")


def test_json_that_is_none_is_named(tmp_path):
    path = tmp_path / "m.json"
    write_json(path, {"b": 1, "a": "é"})
    assert read_json(path) == {"b": 1, "a": "é"}
    path.write_text("[1]")
    with pytest.raises(StudyError, match="m.json: a JSON object was expected"):
        read_json(path)
    path.write_text("{")
    with pytest.raises(StudyError, match="m.json: not JSON"):
        read_json(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")
def test_a_full_disk_is_one_sentence_and_keeps_whole_files(tmp_path):
    import subprocess

    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "none", tmp_path], capture_output=True)
    if mounted.returncode:
        pytest.skip("this machine lets nobody mount a tmpfs")
    try:
        write_rows(tmp_path / "kept.parquet", "scores", [ROW])
        rows = {"task_id": [str(i * 7919) for i in range(60_000)], "sample": range(60_000)}
        rows |= {"score": [hash(str(i)) / 7 for i in range(60_000)], "kept": [True] * 60_000}
        with pytest.raises(StudyError, match=r"big\.parquet: the disk is full; free some space and run again"):
            write_rows(tmp_path / "big.parquet", "scores", {name: list(column) for name, column in rows.items()})
        assert os.listdir(tmp_path) == ["kept.parquet"]
        assert read_rows(tmp_path / "kept.parquet", "scores").num_rows == 1
    finally:
        subprocess.run(["umount", tmp_path], check=True)

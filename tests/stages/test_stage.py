"""A stage ends in a file or in one sentence."""

import json
import signal
import subprocess
import sys

import pytest

from helpers.stages import run
from isobudget.files.errors import StudyError
from isobudget.files.tables import read_rows, write_rows
from isobudget.sampling import from_recording


def test_problems_are_the_benchmarks_own_in_their_order(tmp_path):
    output = tmp_path / "humaneval.parquet"
    done = run(
        "isobudget.problems", "--settings", json.dumps({"benchmark": "humaneval", "first": None}), "--output", output
    )
    assert done.returncode == 0, done.stderr
    rows = read_rows(output, "problems").to_pylist()
    assert [row["task_id"] for row in rows] == [f"HumanEval/{number}" for number in range(164)]
    assert rows[0]["entry_point"] == "has_close_elements"
    assert "def check(candidate)" in rows[0]["tests"]


def test_an_error_is_one_sentence_in_the_terminal_and_in_the_log(tmp_path):
    problems = tmp_path / "p.parquet"
    problems.write_text("not parquet")
    keys = [
        "--benchmark",
        "b",
        "--model",
        "m",
        "--decoding",
        "greedy",
        "--block",
        "0",
        "--settings",
        '{"engine":"recorded","n":1}',
    ]
    output, log = tmp_path / "out.parquet", tmp_path / "logs" / "x.log"
    done = run("isobudget.sampling", "--problems", problems, *keys, "--output", output, "--log", log)
    assert done.returncode == 1
    assert done.stderr.startswith(f"isobudget: {problems}: not a whole Parquet file")
    assert done.stderr.count("\n") == 1
    assert log.read_text() == done.stderr
    assert not output.exists()


def test_a_bug_leaves_its_traceback_in_the_log_and_a_line_in_the_terminal(tmp_path):
    log = tmp_path / "x.log"
    settings = json.dumps({"benchmark": "of-no-table"})
    done = run("isobudget.problems", "--settings", settings, "--output", tmp_path / "out", "--log", log)
    assert done.returncode == 1
    assert (
        done.stderr
        == f"isobudget: {tmp_path}/out could not be made: KeyError: 'of-no-table', the whole traceback is in {log}\n"
    )
    assert "Traceback" in log.read_text()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "argument --settings: ProblemsSettings: benchmark lacking"),
        ({"benchmark": "humaneval", "frist": 3, "n": 1}, "argument --settings: ProblemsSettings: frist, n unknown"),
        (["humaneval"], "argument --settings: a JSON object was expected"),
    ],
)
def test_settings_that_no_study_makes_are_refused_before_anything_is_done(tmp_path, settings, words):
    log = tmp_path / "x.log"
    done = run("isobudget.problems", "--settings", json.dumps(settings), "--output", tmp_path / "out", "--log", log)
    assert done.returncode == 2
    assert done.stderr.rstrip().endswith(words) and not log.exists()


SLEEPS = "print('ready', file=stage.terminal(), flush=True); time.sleep(60)"
# DuckDB does so where the interrupt meets it in the schema of a table in memory
SWALLOWED = f"""
        try:
            {SLEEPS}
        except KeyboardInterrupt as error:
            raise ValueError('what a library makes of it') from error"""


@pytest.mark.parametrize("sleeps", [SLEEPS, SWALLOWED], ids=["plainly", "inside a library"])
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_stage_says_so_and_leaves_no_file(tmp_path, sent, sleeps):
    program = (
        "import time; from isobudget.files import stage; from isobudget.files.tables import whole_file\n"
        "def work(args):\n"
        "    with whole_file(args.output) as t:\n"
        f"        t.write_text('half'); {sleeps}\n"
        "stage.run(work, stage.arguments('x'))"
    )
    output = tmp_path / "out.json"
    command = [sys.executable, "-c", program, "--output", output, "--log", tmp_path / "logs" / "l"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr.readline() == "ready\n"
        process.send_signal(sent)
        said = process.stderr.read()
    assert process.returncode == 130
    assert said == f"isobudget: interrupted; {output} was not written, run again to go on from there.\n"
    assert [file.name for file in tmp_path.iterdir()] == ["logs"]


def test_a_folder_that_may_not_be_made_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("no folder")
    output, log = tmp_path / "file" / "humaneval.parquet", tmp_path / "x.log"
    settings = json.dumps({"benchmark": "humaneval", "first": 1})
    done = run("isobudget.problems", "--settings", settings, "--output", output, "--log", log)
    assert done.returncode == 1
    assert done.stderr.startswith(f"isobudget: {output} could not be made: ") and done.stderr.count("\n") == 1


SETTINGS = {"engine": "recorded", "protocol": 1, "n": 2, "decoding": {"temperature": 0.8, "stop": ["\ndef "]}}
WHERE = {"benchmark": "humaneval", "model": "m", "decoding": "sampled", "block": 1}
PROBLEMS = [{"task_id": "t/0"}, {"task_id": "t/1"}]


@pytest.fixture
def recording(tmp_path):
    def write(samples=(2, 3), **changes):
        path = tmp_path / "1.parquet"
        rows = [
            {
                "task_id": task,
                "sample": number,
                "text": "x",
                "prompt_tokens": 1,
                "completion_tokens": 1,
                "logprob": -1.0,
                "finish_reason": "stop",
            }
            for task in ("t/0", "t/1", "t/2")
            for number in samples
        ]
        metadata = WHERE | {"protocol": 1, "n": 2, "settings": SETTINGS["decoding"], "engine": "vllm", "seconds": 1.0}
        write_rows(path, "samples", rows, metadata | changes)
        return path

    return write


def test_a_recording_gives_the_rows_of_the_studys_problems(recording):
    rows, metadata = from_recording.samples(PROBLEMS, SETTINGS, WHERE, recording())
    assert [(row["task_id"], row["sample"]) for row in rows] == [("t/0", 2), ("t/0", 3), ("t/1", 2), ("t/1", 3)]
    assert (metadata["engine"], metadata["recorded_engine"]) == ("recorded", "vllm")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"block": 2}, "recorded with block 2, the study asks for 1"),
        ({"n": 4}, "recorded with n 4, the study asks for 2"),
        ({"protocol": 0}, "recorded with protocol 0, the study asks for 1"),
        (
            {"settings": {"temperature": 0.6, "stop": ["\ndef "]}},
            "recorded with temperature 0.6, the study asks for 0.8",
        ),
    ],
)
def test_a_recording_drawn_another_way_is_refused(recording, changes, words):
    with pytest.raises(StudyError, match=words):
        from_recording.samples(PROBLEMS, SETTINGS, WHERE, recording(**changes))


def test_a_recording_that_lacks_a_sample_is_refused(recording):
    with pytest.raises(StudyError, match=r"t/0 has samples \[2\], 2 to 3 were expected; restore the file from git"):
        from_recording.samples(PROBLEMS, SETTINGS, WHERE, recording(samples=(2,)))
    with pytest.raises(StudyError, match=r"t/9 has samples \[\]"):
        from_recording.samples([{"task_id": "t/9"}], SETTINGS, WHERE, recording())

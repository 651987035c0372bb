"""Stages that ask a server, run as the rules run them, against the small server of answering.py; and its config."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from helpers.answering import answer, answering
from helpers.snakemake_runs import repository, snakemake
from isobudget.files.errors import StudyError
from isobudget.files.tables import read_metadata, read_rows, write_rows
from isobudget.study import stage_settings
from isobudget.study.config import load

DECODING = {"temperature": 0.8, "top_p": 0.95, "max_tokens": 24, "stop": ["\nclass "]}
SETTINGS = {"engine": "endpoint", "protocol": 1, "n": 2, "served": "small", "decoding": DECODING}
THEIRS = {"engine": "endpoint", "url": "http://host:8000/v1", "served": "large-coder", "samples": 4}
KEY = "sk-0123456789"


@pytest.fixture
def problems(tmp_path):
    fields = dict.fromkeys(("tests", "entry_point", "reference", "split"), "x") | {"kind": "call"}
    rows = [{"task_id": f"T/{index}", "prompt": f"def f{index}():\n"} | fields for index in range(6)]
    write_rows(tmp_path / "problems.parquet", "problems", rows, {"benchmark": "humaneval"})
    return tmp_path / "problems.parquet"


def command(stage, problems, told, folder, settings=SETTINGS, **reach):
    arguments = ["--problems", problems, "--server", told.file(folder, **reach), "--settings", json.dumps(settings)]
    arguments += ["--output", folder / "out", "--log", folder / "log"]
    return [sys.executable, "-m", f"isobudget.{stage}", *map(str, arguments)]


def sampling(*given, block=1, **reach):
    where = ["--benchmark", "humaneval", "--model", "theirs", "--decoding", "sampled", "--block", str(block)]
    return command("sampling", *given, **reach) + where


def run(line):
    return subprocess.run(line, capture_output=True, text=True, env=os.environ | {"THEIR_KEY": KEY})


def test_a_block_is_numbered_on_and_says_how_it_was_drawn(problems, tmp_path):
    with answering() as told:
        done = run(sampling(problems, told, tmp_path))
    assert done.returncode == 0, done.stderr
    assert "humaneval theirs sampled 1: 100%" in done.stderr
    rows = read_rows(tmp_path / "out", "samples").to_pylist()
    assert [(row["task_id"], row["sample"]) for row in rows] == [(f"T/{p}", s) for p in range(6) for s in (2, 3)]
    metadata = read_metadata(tmp_path / "out", "samples")
    wanted = {"engine": "endpoint", "url": told.url, "served": "small", "settings": DECODING, "n": 2, "block": 1}
    assert metadata.items() >= (wanted | {"without": [], "repeated": 0, "concurrency": 4}).items()
    assert metadata["hardware"] == {"kind": "endpoint", "name": told.url, "requests": 4}


def test_a_key_is_sent_and_stands_in_no_file_and_no_log_even_if_the_server_repeats_it(problems, tmp_path):
    with answering() as told:
        assert run(sampling(problems, told, tmp_path, key_env="THEIR_KEY")).returncode == 0
        assert set(told.keys) == {f"Bearer {KEY}"}
        told.say = lambda body, number: (500, {"error": {"message": f"no luck with {KEY}"}})
        done = run(sampling(problems, told, tmp_path, block=2, key_env="THEIR_KEY", retries=1))
    assert done.returncode == 1
    assert "no luck with ***" in done.stderr
    assert KEY not in done.stderr + done.stdout
    written = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert len(written) >= 4
    assert [file for file in written if KEY.encode() in file.read_bytes()] == []


@pytest.mark.parametrize("kill", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_job_that_was_killed_asks_for_the_rest_when_it_runs_again(problems, tmp_path, kill):
    def say(body, number):
        if number >= 3:
            time.sleep(30)
        return answer(body)

    with answering(say) as told:
        line = sampling(problems, told, tmp_path, concurrency=1)
        with subprocess.Popen(line, stderr=subprocess.PIPE, text=True) as process:
            while len(told.bodies) < 4:
                time.sleep(0.05)
                assert process.poll() is None
            process.send_signal(kill)
            said = process.stderr.read()
        if kill != signal.SIGKILL:
            assert process.returncode == 130, said
            assert f"interrupted; {tmp_path / 'out'} was not written, run again to go on from there" in said
        assert not (tmp_path / "out").exists()
        told.say = lambda body, number: answer(body)
        told.bodies.clear()
        assert run(line).returncode == 0
    assert [body["prompt"] for body in told.bodies] == ["def f3():\n", "def f4():\n", "def f5():\n"]
    assert len(read_rows(tmp_path / "out", "samples")) == 12
    assert not list(tmp_path.glob(".out*"))


def test_a_calibration_counts_what_the_server_counts(problems, tmp_path):
    given = SETTINGS | {"prompts": 4, "n": 3, "score": False}
    with answering() as told:
        line = command("sampling.calibration", problems, told, tmp_path, given) + ["--model", "theirs", "--run", "1"]
        done = run(line)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "out").read_text())
    assert (found["engine"], found["prompts"], found["generations"], found["scored"]) == ("endpoint", 4, 12, 0)
    # this server does not say which sample has how many tokens, and its count of all of them is enough
    assert (found["prompt_tokens"], found["completion_tokens"]) == (12 * 7, 12 * 5)
    assert found["generation_seconds"] > 0
    assert found["hardware"]["requests"] == 4


def test_a_calibration_without_token_counts_is_refused(problems, tmp_path):
    given = SETTINGS | {"prompts": 4, "n": 3, "score": False}
    with answering(lambda body, number: (200, {"choices": answer(body)[1]["choices"]})) as told:
        line = command("sampling.calibration", problems, told, tmp_path, given) + ["--model", "theirs", "--run", "1"]
        done = run(line)
    assert done.returncode == 1
    assert "counts no tokens, so what a generation costs cannot be calibrated; give it by hand" in done.stderr


def ranked(folder, rows):
    """What the rank stage makes of one block of samples with these log-probabilities: (rows, metadata)."""
    fields = {"text": "x", "prompt_tokens": 1, "completion_tokens": 2, "finish_reason": "stop"}
    samples = [{"task_id": "T/0", "sample": number, "logprob": one} | fields for number, one in enumerate(rows)]
    where = {"benchmark": "humaneval", "model": "theirs", "decoding": "sampled", "block": 0}
    write_rows(folder / "samples", "samples", samples, where)
    line = [sys.executable, "-m", "isobudget.ranking", "--problems", "none", "--samples", folder / "samples"]
    line += ["--settings", '{"ranker": "nll:self", "scorer": null}', "--output", folder / "scores"]
    done = subprocess.run([str(part) for part in line], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return read_rows(folder / "scores", "scores").to_pylist(), read_metadata(folder / "scores", "scores")


def test_a_sample_without_a_log_probability_is_not_chosen_and_a_block_without_any_has_no_scores(tmp_path):
    some, note = ranked(tmp_path, [-2.0, None])
    assert [(row["score"], row["kept"]) for row in some] == [(1.0, True), (None, False)] and "unscored" not in note
    assert ranked(tmp_path, [None, None])[0] == []
    assert ranked(tmp_path, [None, None])[1]["unscored"] == "no sample has what nll:self goes by"


def test_the_shortest_is_counted_in_characters_whether_the_server_counted_a_blocks_tokens_or_not(problems, tmp_path):
    models = {"theirs": THEIRS, "old": {"engine": "recorded", "samples": 4}}
    study = load({"models": models, "rankers": ["shortest", "random"]})
    # alone in their answers, the samples have the tokens that are counted there
    with answering(lambda body, number: answer(body)) as server:
        assert run(sampling(problems, server, tmp_path, SETTINGS | {"n": 1})).returncode == 0
    samples = read_rows(tmp_path / "out", "samples").to_pylist()
    assert {sample["completion_tokens"] for sample in samples} == {5}
    line = [sys.executable, "-m", "isobudget.ranking", "--problems", problems, "--samples", tmp_path / "out"]
    given = stage_settings.rank(study, "shortest", "theirs", "")
    assert run([*map(str, line), "--settings", given, "--output", str(tmp_path / "scores")]).returncode == 0
    scores = read_rows(tmp_path / "scores", "scores").to_pylist()
    assert [row["score"] for row in scores] == [len(sample["text"]) for sample in samples]
    assert "unit" not in json.loads(stage_settings.rank(study, "shortest", "old", ""))
    assert "unit" not in json.loads(stage_settings.rank(study, "random", "theirs", ""))


def wrong(**changes):
    with pytest.raises(StudyError) as caught:
        load({"models": {"theirs": {key: value for key, value in (THEIRS | changes).items() if value is not ...}}})
    return str(caught.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"url": ...}, "engine endpoint needs 'url': the server's base URL"),
        ({"served": ...}, "engine endpoint needs 'served'"),
        ({"url": "host:8000"}, "models.theirs.url: this is no address of a server; write one such as http"),
        ({"url": "http://host:port/v1"}, "models.theirs.url: this is no address of a server"),
        ({"concurrency": 0}, "models.theirs.concurrency: 0 is wrong"),
        ({"timeout": float("inf")}, "models.theirs.timeout: inf is wrong"),
        ({"retries": -1}, "models.theirs.retries: -1 is wrong"),
        ({"requests_per_minute": 0.5}, "models.theirs.requests_per_minute: 0.5 is wrong"),
        ({"weights": "org/large"}, "engine endpoint loads no model here and takes no 'weights'"),
        ({"tensor_parallel": 2}, "takes no 'tensor_parallel'"),
        ({"path": "samples.jsonl"}, "'path' is for engine import"),
        ({"engine": "vllm", "weights": "org/large"}, "'url' is for engine endpoint; leave the key out"),
        ({"config": "org/large", "cost": {"flops": 1e12}}, "'config' and 'cost.flops' both say"),
        ({"price": {"prompt": 1, "completion": 2}, "cost": {"seconds": 1}}, "give 'cost.usd' instead of 'price'"),
    ],
)
def test_a_model_that_no_server_can_have_is_refused(changes, words):
    assert words in wrong(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"url": f"http://me:{KEY}@host:8000/v1"},
        {"url": f"http://host:8000/v1?key={KEY}"},
        {"key_env": KEY},
        {"api_key": KEY},
    ],
)
def test_a_key_in_the_config_is_refused_and_not_repeated(changes):
    assert KEY not in wrong(**changes)


def test_where_a_server_is_and_how_it_is_reached_is_no_part_of_what_samples_depend_on():
    moved = THEIRS | {"url": "https://other/v1", "key_env": "KEY", "concurrency": 8, "timeout": 5, "retries": 0}
    one, other = (load({"models": {"theirs": given}, "rankers": ["nll:theirs"]}) for given in (THEIRS, moved))
    assert stage_settings.sample(one, "humaneval", "theirs", "sampled") == stage_settings.sample(
        other, "humaneval", "theirs", "sampled"
    )
    assert stage_settings.rank(one, "nll:theirs", "theirs", "") == stage_settings.rank(
        other, "nll:theirs", "theirs", ""
    )
    assert stage_settings.calibrate(one, "theirs") != stage_settings.calibrate(other, "theirs")
    renamed = load({"models": {"theirs": THEIRS | {"served": "larger"}}})
    assert stage_settings.sample(renamed, "humaneval", "theirs", "greedy") != stage_settings.sample(
        one, "humaneval", "theirs", "greedy"
    )


def test_rankers_that_cannot_read_a_servers_samples_leave_them_out():
    models = {
        "theirs": THEIRS,
        "silent": THEIRS | {"logprobs": False},
        "live": {"engine": "vllm", "weights": "org/small", "samples": 4},
        "old": {"engine": "recorded", "samples": 4},
    }
    study = load({"models": models, "rankers": ["nll:self", "nll:live", "nll:old", "nll:silent", "random"]})
    assert study.rankers_of("theirs") == ("nll:self", "nll:live", "nll:silent", "random")
    assert study.rankers_of("silent") == ("nll:live", "random")
    assert study.rankers_of("live") == ("nll:self", "nll:live", "nll:silent", "random")


@pytest.mark.slow
def test_a_job_in_a_pod_which_sees_no_file_of_the_main_process_asks_the_server(tmp_path):
    """The flags are those that Snakemake gives the jobs it spawns: nothing in onstart runs there."""
    root = repository(tmp_path / "pod")
    spawned = ["--force", "--no-hooks", "--nolock", "--mode", "remote"]
    with answering() as told:
        theirs = THEIRS | {"url": told.url, "samples": 2}
        study = {"problems": 1, "block": 2, "models": {"theirs": theirs}, "rankers": ["shortest"]}
        for target in ("problems/humaneval.parquet", "samples/humaneval/theirs/sampled/0.parquet"):
            done = snakemake(root, f"results/{target}", *spawned, study=study)
            assert done.returncode == 0, done.stderr[-4000:]
        assert len(told.bodies) == 1
    noted = root / "results/servers/theirs.json"
    before = noted.stat().st_ino
    done = snakemake(root, "results/problems/humaneval.parquet", *spawned, study=study)
    assert done.returncode == 0 and noted.stat().st_ino == before

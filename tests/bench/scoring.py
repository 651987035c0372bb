"""Tokens a second of our scoring over bare vLLM prompt log-probabilities of the same texts, loading aside.

The same texts twice: one completion a problem, where nothing repeats; then all that a block holds, several
completions of each prompt and some of them alike, which is what a ranking job is given. Each runs in a process of its
own, on the same threads and in the same dtype. The bare one is what a careful user of vLLM writes: one call,
prompt_logprobs=0.
Tokens are those of the texts given, prompt and completion, for both; so a text that need not be read again counts.
"""

import json
import os
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

from sampling import run, weights

from isobudget import paths
from isobudget.config import load
from isobudget.rows import read_metadata, read_rows, write_rows

ROOT = Path(__file__).parent.parent.parent
PROBLEMS, ROUNDS = 24, 2
MODEL = "qwen2.5-coder-1.5b"  # whose recorded samples the 0.5B reads

BARE = textwrap.dedent("""
    import json, sys, time
    from vllm import LLM, SamplingParams, TokensPrompt

    given = json.load(sys.stdin)
    llm = LLM(model=given["weights"], dtype=given["dtype"], max_model_len=given["longest"], seed=0)
    tokenizer = llm.get_tokenizer()
    prompts = [
        TokensPrompt(prompt_token_ids=tokenizer(head).input_ids + tokenizer(tail, add_special_tokens=False).input_ids)
        for head, tail in given["pairs"]
    ]
    parameters = SamplingParams(max_tokens=1, temperature=0.0, prompt_logprobs=0, detokenize=False)
    llm.generate(["def main():"], SamplingParams(max_tokens=4), use_tqdm=False)
    started = time.monotonic()
    outputs = llm.generate(prompts, parameters, use_tqdm=False)
    seconds = time.monotonic() - started
    assert all(len(one.prompt_logprobs) == len(one.prompt_token_ids) for one in outputs)
    print("FIGURES", json.dumps([sum(len(one["prompt_token_ids"]) for one in prompts), seconds]))
""")


def main():
    """Returns scoring_vs_vllm (nothing repeats) and scoring_repeats_vs_vllm, or nothing where vLLM or weights lack."""
    folder = weights()
    if folder is None:
        print("left out: it needs vLLM and the 0.5B's weights; `make live PROBLEMS=1` brings both")
        return {}
    models = {"small": {"engine": "vllm", "weights": str(folder), "samples": 4}}
    models[MODEL] = {"engine": "recorded", "samples": 4}
    settings = load({"models": models, "rankers": ["nll:small"]}).rank_settings("nll:small", MODEL)
    ratios = {}
    with tempfile.TemporaryDirectory() as scratch:
        problems = Path(scratch, "problems.parquet")
        first = json.dumps({"benchmark": "humaneval", "first": PROBLEMS})
        run("isobudget.problems", "--settings", first, "--output", problems)
        for name, samples in (("scoring_vs_vllm", 1), ("scoring_repeats_vs_vllm", 4)):
            found = []
            for turn in range(ROUNDS):
                block = cut(problems, samples, Path(scratch, f"{name}-{turn}.parquet"))
                seconds, dtype = ours(problems, block, settings, Path(scratch, f"{name}-{turn}-scores.parquet"))
                tokens, bare = theirs(problems, block, json.loads(settings)["weights"], dtype)
                found.append(bare / seconds)
                print(
                    f"{name}, round {turn}: {tokens / seconds:.0f} tokens a second ours, {tokens / bare:.0f} bare, "
                    f"ratio {found[-1]:.2f}"
                )
            ratios[name] = sum(found) / len(found)
    return ratios


def cut(problems, samples, file):
    """A block of the first problems with so many samples of each, from recordings/."""
    keys = {"benchmark": "humaneval", "model": MODEL, "decoding": "sampled", "block": 0}
    recorded = ROOT / paths.below("recordings", paths.SAMPLES, **keys)
    asked = set(read_rows(problems, "problems")["task_id"].to_pylist())
    kept = [
        row for row in read_rows(recorded, "samples").to_pylist() if row["task_id"] in asked and row["sample"] < samples
    ]
    write_rows(file, "samples", kept, keys)
    return file


def ours(problems, block, settings, output):
    """(seconds, dtype) of a ranking job, as its file's metadata have them."""
    arguments = ["--problems", problems, "--samples", block, "--settings", settings]
    run("isobudget.ranking", *arguments, "--output", output, "--log", f"{output}.log")
    metadata = read_metadata(output, "scores")
    return metadata["seconds"], metadata["dtype"]


def theirs(problems, block, folder, dtype):
    """(tokens, seconds) of the bare call on every sample of the block."""
    from isobudget.engines import vllm

    prompts = {row["task_id"]: row["prompt"] for row in read_rows(problems, "problems").to_pylist()}
    samples = read_rows(block, "samples").to_pylist()
    pairs = [(prompts[row["task_id"]], row["text"]) for row in samples]
    given = {"weights": folder, "dtype": dtype, "pairs": pairs}
    named = [(row["task_id"], head + tail) for row, (head, tail) in zip(samples, pairs, strict=True)]
    given["longest"] = max(vllm.count_tokens({"weights": folder, "revision": None}, named, 1)) + 16
    environment = vllm.environment(os.environ)
    command = [sys.executable, "-c", BARE]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, env=environment)
    lines = [line for line in done.stdout.splitlines() if line.startswith("FIGURES")]
    if not lines:
        raise RuntimeError(f"bare vLLM failed: {done.stderr[-2000:]}")
    return json.loads(lines[0].removeprefix("FIGURES"))

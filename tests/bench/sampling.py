"""Generations a second of our sampling job over bare `LLM.generate`, loading aside.

Both draw the same number of completions of the same prompts with the same decoding, in the
same dtype, on the same threads, in processes of their own and in turn. The bare one is what
a careful user of vLLM writes: one call, n samples a prompt, stop sequences, log-probabilities.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import bare

from helpers.checkout import ROOT
from isobudget.files.tables import read_metadata, read_rows
from isobudget.study import stage_settings
from isobudget.study.config import load

PROMPTS, SAMPLES, ROUNDS = 64, 4, 2

BARE = textwrap.dedent("""
    import json, sys, time
    from vllm import LLM, SamplingParams

    given = json.load(sys.stdin)
    llm = LLM(model=given["weights"], dtype=given["dtype"], max_model_len=given["longest"], seed=given["seed"])
    decoding = given["decoding"]
    parameters = SamplingParams(
        n=given["n"], temperature=decoding["temperature"], top_p=decoding["top_p"],
        max_tokens=decoding["max_tokens"], stop=decoding["stop"], include_stop_str_in_output=True, logprobs=0,
    )
    llm.generate(["def main():"], SamplingParams(max_tokens=4), use_tqdm=False)
    started = time.monotonic()
    outputs = llm.generate(given["prompts"], parameters, use_tqdm=False)
    seconds = time.monotonic() - started
    flat = [one for output in outputs for one in output.outputs]
    print("FIGURES", json.dumps([len(flat), sum(len(one.token_ids) for one in flat), seconds]))
""")


def weights():
    """A folder that vLLM loads, made by the rule `weights` of a live study, or None."""
    for folder in sorted((ROOT / "results").glob("*/weights/qwen2.5-coder-0.5b")):
        return folder
    return None


def main():
    """Returns {"sampling_vs_vllm": ratio of tokens a second}, or nothing where vLLM or weights are missing."""
    folder = weights()
    if folder is None:
        print("left out: it needs vLLM and the 0.5B's weights; `make live PROBLEMS=1` brings both")
        return {}
    config = {"models": {"small": {"engine": "vllm", "weights": str(folder), "samples": SAMPLES}}, "block": SAMPLES}
    settings = stage_settings.sample(load(config), "humaneval", "small", "sampled")
    ratios = []
    with tempfile.TemporaryDirectory() as scratch:
        problems = Path(scratch, "problems.parquet")
        first = json.dumps({"benchmark": "humaneval", "first": PROMPTS})
        run("isobudget.problems", "--settings", first, "--output", problems)
        for turn in range(ROUNDS):
            ours, block = job(problems, settings, scratch, turn)
            theirs = generate(problems, json.loads(settings), block["dtype"], turn)
            ratios.append(ours / theirs)
            print(f"round {turn}: {ours:.1f} tokens a second ours, {theirs:.1f} bare, ratio {ours / theirs:.2f}")
    return {"sampling_vs_vllm": statistics.median(ratios)}


def job(problems, settings, scratch, turn):
    output = Path(scratch, f"{turn}.parquet")
    keys = ["--benchmark", "humaneval", "--model", "small", "--decoding", "sampled", "--block", str(turn)]
    arguments = ["--problems", problems, *keys, "--settings", settings, "--output", output, "--log", f"{output}.log"]
    run("isobudget.sampling", *arguments)
    metadata = read_metadata(output, "samples")
    tokens = sum(read_rows(output, "samples")["completion_tokens"].to_pylist())
    return tokens / metadata["seconds"], metadata


def generate(problems, settings, dtype, turn):
    prompts = read_rows(problems, "problems")["prompt"].to_pylist()
    given = {
        "weights": settings["weights"],
        "dtype": dtype,
        "longest": bare.longest(settings["weights"], prompts, settings["decoding"]["max_tokens"]),
        "seed": turn,
        "decoding": settings["decoding"],
        "n": settings["n"],
        "prompts": prompts,
    }
    _, tokens, seconds = bare.figures(BARE, given)
    return tokens / seconds


def run(module, *arguments):
    subprocess.run([sys.executable, "-m", module, *map(str, arguments)], check=True)

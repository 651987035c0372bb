"""Tokens a second of our scoring over bare vLLM prompt log-probabilities of the same texts, loading aside.

Two jobs: one completion of each prompt, where nothing repeats; then twelve of each, some of them alike, which is what
a ranking job is given. Each runs in a process of its own, on the same threads and in the same dtype. The bare one is
what a careful user of vLLM writes: one call, prompt_logprobs=0. Tokens are those of the texts given, prompt and
completion, for both; so a text that need not be read again counts.
"""

import json
import tempfile
import textwrap
from pathlib import Path

import bare
from sampling import run, weights

from helpers.checkout import ROOT
from isobudget.files import paths
from isobudget.files.tables import read_metadata, read_rows, write_rows
from isobudget.study import stage_settings
from isobudget.study.config import load

JOBS = {"scoring_vs_vllm": (64, 1), "scoring_repeats_vs_vllm": (24, 12)}  # problems, and samples of each
ROUNDS = 2
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
    settings = stage_settings.rank(load({"models": models, "rankers": ["nll:small"]}), "nll:small", MODEL, "")
    ratios = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name, (first, samples) in JOBS.items():
            problems = Path(scratch, f"{name}-problems.parquet")
            first = json.dumps({"benchmark": "humaneval", "first": first})
            run("isobudget.problems", "--settings", first, "--output", problems)
            found = []
            for turn in range(ROUNDS):
                block = cut(problems, samples, Path(scratch, f"{name}-{turn}.parquet"))
                seconds, dtype = ours(problems, block, settings, Path(scratch, f"{name}-{turn}-scores.parquet"))
                tokens, alone = theirs(problems, block, json.loads(settings)["weights"], dtype)
                found.append(alone / seconds)
                print(
                    f"{name}, round {turn}: {tokens / seconds:.0f} tokens a second ours, {tokens / alone:.0f} bare, "
                    f"ratio {found[-1]:.2f}"
                )
            ratios[name] = sum(found) / len(found)
    return ratios


def cut(problems, samples, file):
    """One block of so many samples of each problem, out of the blocks of recordings/."""
    keys = {"benchmark": "humaneval", "model": MODEL, "decoding": "sampled"}
    asked = set(read_rows(problems, "problems")["task_id"].to_pylist())
    kept, block = [], 0
    while len(kept) < samples * len(asked):
        recorded = ROOT / paths.below("recordings", paths.SAMPLES, block=block, **keys)
        rows = read_rows(recorded, "samples").to_pylist()
        kept += [row for row in rows if row["task_id"] in asked and row["sample"] < samples]
        block += 1
    write_rows(file, "samples", kept, keys | {"block": 0})
    return file


def ours(problems, block, settings, output):
    """(seconds, dtype) of a ranking job, as its file's metadata have them."""
    arguments = ["--problems", problems, "--samples", block, "--settings", settings]
    run("isobudget.ranking", *arguments, "--output", output, "--log", f"{output}.log")
    metadata = read_metadata(output, "scores")
    return metadata["seconds"], metadata["dtype"]


def theirs(problems, block, folder, dtype):
    """(tokens, seconds) of the bare call on every sample of the block."""
    prompts = {row["task_id"]: row["prompt"] for row in read_rows(problems, "problems").to_pylist()}
    samples = read_rows(block, "samples").to_pylist()
    pairs = [(prompts[row["task_id"]], row["text"]) for row in samples]
    given = {"weights": folder, "dtype": dtype, "pairs": pairs}
    given["longest"] = bare.longest(folder, [head + tail for head, tail in pairs], 16)
    return bare.figures(BARE, given)

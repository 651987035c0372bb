"""Samples from a model that runs now."""

from collections.abc import Mapping, Sequence
from typing import Any

from isobudget.engines import vllm
from isobudget.engines.base import Completion
from isobudget.files.settings import CalibrateSettings, SampleSettings
from isobudget.sampling.prompts import WARM_UP, pairs, prompts


def samples(
    problems: list[dict[str, Any]],
    settings: SampleSettings,
    where: Mapping[str, Any],
    source: str | None = None,
    output: str | None = None,
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Draw a block.

    Args:
        problems: rows of the problems file.
        settings: protocol, n, decoding, chat (the form of the prompts) for a chat model, and what loads the model.
        where: benchmark, model, decoding, block.

    Returns:
        (rows, metadata) of the samples file.
    """
    decoding, n, block = settings["decoding"], settings["n"], where["block"]
    asked = prompts(problems, settings)
    named = [(problem["task_id"], prompt) for problem, prompt in zip(problems, asked, strict=True)]
    counts = vllm.count_tokens(settings, named, decoding["max_tokens"])
    # each block has a seed of its own, or it would draw the block before once more
    longest = max(counts) + decoding["max_tokens"]
    engine = vllm.load(settings, longest, seed=block, top_p=decoding["top_p"], texts=len(asked))
    name = f"{where['benchmark']} {where['model']} {where['decoding']} {block}"
    completions, seconds = vllm.generate(engine, asked, decoding, n, name, "chat" in settings)
    rows = [
        {"task_id": problem["task_id"], "sample": block * n + number, **completion._asdict()}
        for problem, drawn in zip(problems, completions, strict=True)
        for number, completion in enumerate(drawn)
    ]
    return rows, {
        "engine": "vllm",
        "protocol": settings["protocol"],
        "n": n,
        "settings": decoding,
        **({"chat": settings["chat"]} if "chat" in settings else {}),
        "weights": settings["weights"],
        "revision": settings["revision"],
        "seed": block,
        "seconds": round(seconds, 3),
        **vllm.facts(engine),
    }


def timed(
    problems: list[dict[str, Any]],
    asked: Sequence[str | list[int]],
    settings: CalibrateSettings,
    model: str,
    run: int,
    source: str | None = None,
) -> tuple[list[list[Completion]], float, float | None, dict[str, Any]]:
    """Time the model in this process.

    Args:
        problems: rows of the problems file.
        asked: what the model reads for each.
        settings: decoding, n, score, texts, and what loads the model.
        model: its name in the study.
        run: number of the run.

    Returns:
        (completions a problem, seconds of drawing, seconds of scoring or None, what the run's file says of the engine).
    """
    decoding = settings["decoding"]
    named = [(problem["task_id"], prompt) for problem, prompt in zip(problems, asked, strict=True)]
    counts = vllm.count_tokens(settings, named, decoding["max_tokens"])
    # read back, a completion may be cut into a few more tokens than it was written in, and scoring adds one
    longest = max(counts) + decoding["max_tokens"] + 64
    engine = vllm.load(settings, longest, seed=run, top_p=decoding["top_p"], texts=settings["texts"])
    vllm.generate(engine, [WARM_UP], decoding | {"max_tokens": 16}, 8, "warm-up")
    name = f"{model} calibration {run}"
    drawn, seconds = vllm.generate(engine, asked, decoding, settings["n"], name, "chat" in settings)
    scoring_seconds = None
    if settings["score"]:
        # the engine still holds the prompts; a ranking job begins without them, and so does this
        engine.llm.reset_prefix_cache()
        _, scoring_seconds = vllm.score(engine, pairs(problems, drawn), f"{name}, scoring")
    return drawn, seconds, scoring_seconds, vllm.facts(engine)

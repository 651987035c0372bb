"""Samples from a model that runs now."""

from isobudget.engines import vllm
from isobudget.sampling.prompts import prompts


def samples(problems, settings, where, recording=None):
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

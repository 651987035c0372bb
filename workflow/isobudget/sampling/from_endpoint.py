"""Samples from a model behind a server."""

from isobudget.engines import answer_log, endpoint
from isobudget.files.tables import read_json
from isobudget.sampling.prompts import prompts


def samples(problems, settings, where, server, output):
    """Draw a block.

    Args:
        problems: rows of the problems file.
        settings: protocol, n, decoding, chat (the form of the prompts) for a chat model, and served.
        where: benchmark, model, decoding, block.
        server: the file that says where the server is.
        output: the block's own file; beside it lies what came back, until the block is whole.

    Returns:
        (rows, metadata) of the samples file.
    """
    decoding, n, first = settings["decoding"], settings["n"], where["block"] * settings["n"]
    engine = endpoint.load(settings, read_json(server), where["model"])
    completions, seconds = endpoint.generate(
        engine,
        prompts(problems, settings),
        decoding,
        n,
        f"{where['benchmark']} {where['model']} {where['decoding']} {where['block']}",
        "chat" in settings,
        first,
        [problem["task_id"] for problem in problems],
        answer_log.beside(output),
    )
    rows = [
        {"task_id": problem["task_id"], "sample": first + number, **completion._asdict()}
        for problem, drawn in zip(problems, completions, strict=True)
        for number, completion in enumerate(drawn)
    ]
    return rows, {
        "engine": "endpoint",
        "protocol": settings["protocol"],
        "n": n,
        "settings": decoding,
        **({"chat": settings["chat"]} if "chat" in settings else {}),
        "seconds": round(seconds, 3),
        **endpoint.facts(engine),
    }

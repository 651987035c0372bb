"""Samples from a model behind a server."""

from collections.abc import Mapping, Sequence
from typing import Any

from isobudget.engines import answer_log, endpoint, shortfalls
from isobudget.engines.base import Completion
from isobudget.files import stage
from isobudget.files.errors import StudyError
from isobudget.files.settings import CalibrateSettings, SampleSettings
from isobudget.files.tables import read_json
from isobudget.sampling.prompts import WARM_UP, pairs, prompts
from isobudget.study.units import needing


def samples(
    problems: list[dict[str, Any]],
    settings: SampleSettings,
    where: Mapping[str, Any],
    source: str,
    output: str,
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Draw a block.

    Args:
        problems: rows of the problems file.
        settings: protocol, n, decoding, chat (the form of the prompts) for a chat model, and served.
        where: benchmark, model, decoding, block.
        source: the file that says where the server is.
        output: the block's own file; beside it lies what came back, until the block is whole.

    Returns:
        (rows, metadata) of the samples file.
    """
    decoding, n, first = settings["decoding"], settings["n"], where["block"] * settings["n"]
    engine = endpoint.load(settings, read_json(source), where["model"])
    asked: Sequence[Any] = prompts(problems, settings)  # str: a server has the chat template itself
    # the terminal is told once, by the first job of a model
    tell = stage.say if where["decoding"] == "sampled" and where["block"] == 0 else print
    told = {}

    def glance(completions):
        if engine.server.logprobs and all(one.logprob is None for one in completions):
            told["unscored"] = 0
            tell(
                f"models.{where['model']}: {engine.server.url} gives no log-probabilities, so nll:self leaves this "
                "model out; 'logprobs: false' asks for none."
            )

    completions, seconds = endpoint.generate(
        engine,
        asked,
        decoding,
        n,
        f"{where['benchmark']} {where['model']} {where['decoding']} {where['block']}",
        "chat" in settings,
        first,
        [problem["task_id"] for problem in problems],
        answer_log.beside(output),
        glance,
    )
    note = endpoint.facts(engine) | shortfalls.of_block(completions, decoding)
    for sentence in shortfalls.sentences(where["model"], note | told):
        tell(sentence)
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
        **note,
    }


def timed(
    problems: list[dict[str, Any]],
    asked: Sequence[str],
    settings: CalibrateSettings,
    model: str,
    run: int,
    source: str,
) -> tuple[list[list[Completion]], float, float | None, dict[str, Any]]:
    """Time the model behind its server, with as many requests in flight as the study lets it have.

    Args and returns as from_vllm.timed; `source` is the file that says where the server is.

    Raises:
        StudyError: the server counts no tokens.
    """
    decoding = settings["decoding"]
    engine = endpoint.load(settings, read_json(source), model)
    endpoint.generate(engine, [WARM_UP], decoding | {"max_tokens": 16}, 1, "warm-up", "chat" in settings)
    name = f"{model} calibration {run}"
    names = [problem["task_id"] for problem in problems]
    n, before = settings["n"], engine.server.written
    drawn, seconds = endpoint.generate(engine, asked, decoding, n, name, "chat" in settings, run * n, names)
    written, scoring_seconds = engine.server.written - before, None
    if not written or any(one.prompt_tokens is None for completions in drawn for one in completions):
        by_hand = " and ".join(needing("calibrations", "tokens"))
        raise StudyError(
            f"models.{model}: {engine.server.url} counts no tokens, so what a generation costs cannot be "
            f"calibrated; give it by hand in models.{model}.cost, {by_hand}."
        )
    if settings["score"]:
        _, scoring_seconds = endpoint.score(engine, pairs(problems, drawn), f"{name}, scoring")
    # of an answer's samples together, which is what is paid: not every server counts them one by one
    return drawn, seconds, scoring_seconds, endpoint.facts(engine) | {"completion_tokens": written}

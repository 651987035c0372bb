"""What every engine that runs a model offers, and what it is asked by.

An engine's file in engines/ has these functions:

    load(settings, ...)                        open a model; nothing is drawn yet
    generate(engine, prompts, decoding, n)     draw completions, each a Completion
    score(engine, pairs)                       read completions back and tell how likely they were
    read_back(settings, texts, ...)            `load` and `score` in one, for rankers: see `read_back` below
    facts(engine)                              what a file says of the engine that made it
    prepare()                                  where its row says `loads`: start the process anew as it must start
"""

import importlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from isobudget.study.engines import ENGINES


class Completion(NamedTuple):
    """One generation: raw text, tokens read and written, summed log-probability in nats, why it ended."""

    text: str
    prompt_tokens: int | None
    completion_tokens: int | None
    logprob: float | None
    finish_reason: str


def prepare(settings: Mapping[str, Any]) -> None:
    """Start this process again as the engine of these settings needs it; return if it needs nothing or has it already.

    Args:
        settings: of a stage; `engine` names the row.
    """
    row = ENGINES.get(settings.get("engine", ""))
    if row and row.loads:
        assert row.reading is not None  # what loads a model can read, too
        importlib.import_module(row.reading).prepare()


def read_back(
    settings: Mapping[str, Any],
    texts: list[tuple[str, str]],
    names: list[str],
    what: str,
    model: str,
    server: str | None,
) -> tuple[list[tuple[float, int]], float, dict[str, Any]]:
    """How likely each completion is under a model, given its prompt.

    Args:
        settings: what opens the model; `engine` names the row.
        texts: list of (prompt, completion), both str.
        names: what messages call each.
        what: the progress bar's name.
        model: its name in the study.
        server: of a model behind a server, the file that says where it is.

    Returns:
        (scores, seconds, facts): a list of (logprob in nats summed over completion tokens, number of completion
        tokens), the wall time, and what the file says of the engine.
    """
    reading = ENGINES[settings["engine"]].reading
    assert reading is not None
    return importlib.import_module(reading).read_back(settings, texts, names, what, model, server)

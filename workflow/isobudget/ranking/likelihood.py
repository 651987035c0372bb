"""Negative log-likelihood: the mean over completion tokens of -log p, prompt left out (Hassid et al., 2024)."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from isobudget.engines.base import read_back
from isobudget.files.errors import StudyError
from isobudget.files.settings import RankSettings
from isobudget.files.tables import read_metadata, read_rows


def mean_nll(logprob: float, tokens: int) -> float:
    """Nats a token; a completion without tokens was certain, 0.

    Args:
        logprob: summed log-probability in nats.
        tokens: number of completion tokens.
    """
    return -logprob / tokens if tokens else 0.0


def kept(samples: list[dict[str, Any]], function: Callable[[float, int], float] = mean_nll) -> list[float | None]:
    """Scores under the model that drew the samples, from the log-probabilities that sampling kept.

    Args:
        samples: rows of the samples file.
        function: makes a score of a log-probability and a number of tokens.

    Returns:
        A list of float; None of a sample whose log-probability the server did not give.
    """
    return [
        None if sample["logprob"] is None else function(sample["logprob"], sample["completion_tokens"])
        for sample in samples
    ]


def behind(prompt: str, program: str) -> str:
    """What of a whole program stands behind the prompt; all of it where it begins in another way."""
    # bigcode's harness strips the prompts that it gives and keeps
    start = next((start for start in (prompt, prompt.strip()) if program.startswith(start)), "")
    return program[len(start) :]


def by_model(
    samples: list[dict[str, Any]],
    prompts: Mapping[str, str],
    settings: RankSettings,
    where: Mapping[str, Any],
    server: str | None = None,
    function: Callable[[float, int], float] = mean_nll,
) -> tuple[list[float], dict[str, Any]]:
    """Scores under another model, read now; each distinct completion of a problem once.

    Args:
        samples: rows of the samples file.
        prompts: task_id to prompt.
        settings: scorer, and what opens it.
        where: benchmark, model, decoding, block.
        server: of a scorer behind a server, the file that says where it is.
        function: makes a score of a log-probability and a number of tokens.

    Returns:
        (scores, metadata): a list of float, and how they were had.
    """
    pairs = list(dict.fromkeys((sample["task_id"], sample["text"]) for sample in samples))
    texts = [(prompts[task], text) for task, text in pairs]
    name = f"{where['benchmark']} {settings['ranker']} of {where['model']} {where['block']}"
    scorer = settings["scorer"]
    assert scorer is not None
    scores, seconds, facts = read_back(settings, texts, [task for task, _ in pairs], name, scorer, server)
    found = {pair: function(*score) for pair, score in zip(pairs, scores, strict=True)}
    return [found[sample["task_id"], sample["text"]] for sample in samples], {
        "scorer": scorer,
        "distinct": len(pairs),
        "seconds": round(seconds, 3),
        **facts,
    }


def replay(
    samples: list[dict[str, Any]], recording: str | Path, where: Mapping[str, Any]
) -> tuple[list[float], dict[str, Any]]:
    """Scores that another model gave when recordings/ were made.

    Args:
        samples: rows of the samples file.
        recording: the scores file to replay.
        where: benchmark, model, decoding, block; the recording must be of the same.

    Returns:
        (scores, metadata), as `by_model`.
    """
    metadata = read_metadata(recording, "scores")
    for key, wanted in where.items():
        if metadata.get(key) != wanted:
            raise StudyError(
                f"{recording}: these are scores of {key} {metadata.get(key)!r}, not {wanted!r}; restore it from git."
            )
    found = {(row["task_id"], row["sample"]): row["score"] for row in read_rows(recording, "scores").to_pylist()}
    for sample in samples:
        if (sample["task_id"], sample["sample"]) not in found:
            raise StudyError(
                f"{recording}: {sample['task_id']} sample {sample['sample']} has no score; restore the file from git."
            )
    kept_keys = ("scorer", "distinct", "seconds", "dtype", "compiled", "versions", "hardware")
    return [found[sample["task_id"], sample["sample"]] for sample in samples], {
        key: metadata[key] for key in kept_keys if key in metadata
    }

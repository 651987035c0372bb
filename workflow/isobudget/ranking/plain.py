"""Rankers that need no model: they say how much of a ranking is no more than length or luck."""

from typing import Any


def shortest(samples: list[dict[str, Any]], unit: str | None = None) -> list[float]:
    """Completion tokens: the shortest answer first; characters of a model behind a server, and of an import.

    A server may count the tokens of one sample and not of the next, an import brings no counts. Lengths are compared
    across the blocks of a model, so the study says the unit and no block does.

    Args:
        samples: rows of the samples file.
        unit: characters, or None for tokens, which are counted in all samples of a model or in none.

    Returns:
        A list of float, one a sample.
    """
    if unit == "characters" or any(sample["completion_tokens"] is None for sample in samples):
        return [float(len(sample["text"])) for sample in samples]
    return [float(sample["completion_tokens"]) for sample in samples]


def random(samples: list[dict[str, Any]], unit: str | None = None) -> list[float]:
    """All tie. Ties are averaged exactly, so this is the expectation over random picks, without noise."""
    return [0.0 for _ in samples]

"""Rankers that need no model: they say how much of a ranking is no more than length or luck."""


def shortest(samples):
    """Completion tokens: the shortest answer first; characters where an import brought no token counts.

    Args:
        samples: rows of the samples file.

    Returns:
        A list of float, one a sample.
    """
    if any(sample["completion_tokens"] is None for sample in samples):
        return [float(len(sample["text"])) for sample in samples]
    return [float(sample["completion_tokens"]) for sample in samples]


def random(samples):
    """All tie. Ties are averaged exactly, so this is the expectation over random picks, without noise."""
    return [0.0 for _ in samples]


RANKERS = {"shortest": shortest, "random": random}

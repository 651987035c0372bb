"""Choosing by the tests at hand, judged by others: the first of k samples that those accept, and whether it is right.

Stroebl, Kapoor, Narayanan, "The Limits of Inference Scaling Through Resampling" (arXiv 2411.17501). Tests at hand
accept a sample that passes all of them. Of n samples of a problem, drawn without replacement in random order, `right`
are accepted and pass the judge's tests too, `wrong` are accepted and fail them (false positives), `missed` are not
accepted though they are right, and the rest is neither. The estimators are means over all ordered draws of k of the n,
and so without bias for k new samples, as pass@k is.
"""

import numpy as np

from isobudget.statistics.unbiased import none_passes

WRONG_COSTS = (1, 2, 4)  # what handing over a wrong answer costs, a right one being worth 1 and none 0


def first_accepted(n: int, right: np.ndarray, wrong: np.ndarray, k: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How likely the first accepted of k samples is right, and how likely it is wrong, for each problem.

        right / (right + wrong) * (1 - C(n - right - wrong, k) / C(n, k)), and the same of wrong

    for the first accepted sample in a random order is as likely any of those accepted. With none accepted, none is
    handed over: both are 0. In terms of a new sample's chances p and q to be accepted and right, and wrong, the first
    estimates p * sum_{j<k} (1 - p - q)^j, which rises with k to p / (p + q) and no further.

    Args:
        n: int, samples a problem.
        right, wrong: ints, shape (problems,).
        k: ints, shape (ks,), 1 <= k <= n.

    Returns:
        Two arrays of floats in 0..1, each of shape (problems, ks).

    Raises:
        ValueError: k or a count is out of range.
    """
    right, wrong = _counts(n, right, wrong)
    accepted = right + wrong
    some = 1.0 - _none(n, accepted, k)
    return _share(right, accepted)[:, None] * some, _share(wrong, accepted)[:, None] * some


def otherwise_any(n: int, right: np.ndarray, wrong: np.ndarray, missed: np.ndarray, k: np.ndarray) -> np.ndarray:
    """How likely none of k samples is accepted and one of them, taken at random, is right all the same.

        C(n - right - wrong, k) / C(n, k) * missed / (n - right - wrong)

    Added to the first of `first_accepted` it is the chance to be right for who always hands over a sample.

    Args:
        n, right, wrong, k: as in `first_accepted`.
        missed: ints, shape (problems,).

    Returns:
        Floats in 0..1, shape (problems, ks).

    Raises:
        ValueError: k or a count is out of range.
    """
    right, wrong, missed = _counts(n, right, wrong, missed)
    return _none(n, right + wrong, k) * _share(missed, n - right - wrong)[:, None]


def ceilings(n: int, right: np.ndarray, wrong: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What no number of samples lifts `first_accepted` above, as far as n samples show it, for each problem.

    Its limit is p / (p + q), and right / (right + wrong) estimates that without bias where a sample was accepted at
    all. Where none was, the limit is unknown, so there are two ends: `reached` counts such a problem as 0, `most` as 1.
    The mean of `most` estimates no less than the true ceiling, whatever those problems hide; the mean of `reached` is
    the score at k = n.

    Args:
        n, right, wrong: as in `first_accepted`.

    Returns:
        reached and most, floats in 0..1, each of shape (problems,).

    Raises:
        ValueError: a count is out of range.
    """
    right, wrong = _counts(n, right, wrong)
    reached = _share(right, right + wrong)
    return reached, np.where(right + wrong > 0, reached, 1.0)


def best_k(right: np.ndarray, wrong: np.ndarray, cost: float) -> tuple[np.ndarray, np.ndarray]:
    """The number of samples after which more hurt: where right@k - cost * wrong@k is highest, the fewest if several.

    A wrong answer that is handed over costs `cost` right ones; handing over none is worth 0, and so is drawing none.
    With no such cost more samples never hurt: right@k only rises.

    Args:
        right, wrong: floats, shape (..., K), of k = 1..K: estimates, or their replicates.
        cost: float, 0 or more.

    Returns:
        k, ints, shape (...), 0 where no number of samples is worth more than none; and what it is worth there, floats.
    """
    worth = np.asarray(right) - cost * np.asarray(wrong)
    worth = np.concatenate([np.zeros((*worth.shape[:-1], 1)), worth], axis=-1)
    best = worth.max(axis=-1, keepdims=True)
    k = (worth >= best - 1e-12).argmax(axis=-1)  # the first within rounding
    return k, best[..., 0]


def _share(part, whole):
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)


def _none(n, accepted, k):
    k = np.atleast_1d(np.asarray(k, int))
    if k.size and (k.min() < 1 or k.max() > n):
        raise ValueError(f"k must be between 1 and n = {n}")
    return none_passes(n, accepted, k.max(initial=0))[:, k]


def _counts(n, *counts):
    found = [np.atleast_1d(np.asarray(count, int)) for count in counts]
    if any(count.size and count.min() < 0 for count in found) or (sum(found) > n).any():
        raise ValueError(f"counts must be 0 or more, and n = {n} at most together")
    return found

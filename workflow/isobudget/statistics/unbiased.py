"""pass@k, samples until the first pass, rank-score@k: unbiased over all subsets of k of n samples, as plain numpy.

pass@k and rank-score@k come from Hassid et al., "The Larger the Better?", COLM 2024 (arXiv 2404.00725); pass@k is that
of Chen et al. 2021 (arXiv 2107.03374).
"""

import math

import numpy as np

FORGIVEN = 1 + 1e-9  # as in store/sql/schema.sql: a budget of exactly four buys four, whatever its division rounds to


def most_k(n: int) -> int:
    """The largest k that is estimated from n samples a problem: n/2, beyond which an estimate rests on few subsets.

    Of one sample it is 1: pass@1 is the mean of c / n, without bias whatever n is, and its interval is one over
    problems.
    """
    return max(n // 2, 1)


def pass_at_k(n: int, c: np.ndarray, k: np.ndarray) -> np.ndarray:
    """The share of subsets of k samples that hold at least one that passes, for each problem.

        1 - C(n - c, k) / C(n, k) = 1 - prod_{j=0}^{k-1} (n - c - j) / (n - j)

    The product form neither overflows nor cancels; at k > n - c it holds a factor 0 and gives exactly 1.

    Args:
        n: int, samples a problem.
        c: ints, shape (problems,), samples that pass, 0 <= c <= n.
        k: ints, shape (ks,), sizes of the subset, 1 <= k <= n.

    Returns:
        Floats in 0..1, shape (problems, ks).

    Raises:
        ValueError: n, c or k is out of range.
    """
    k = sizes(n, k)
    return 1.0 - none_passes(n, c, k.max(initial=0))[:, k]


def samples_until_pass(n: int, c: np.ndarray, k: np.ndarray) -> np.ndarray:
    """How many samples are drawn if one stops at the first that passes, or after k, in expectation for each problem.

        E min(T, k) = sum_{j=0}^{k-1} C(n - c, j) / C(n, j),   T the place of the first pass

    Drawn without replacement from n samples of which c pass, T is negative hypergeometric and P(T > j) is the ratio
    of the sum, which estimates the chance (1 - p)^j of j failures without bias; so the sum estimates without bias what
    stopping early costs with new samples. Without the cap k there is no such estimator, and the cost is infinite
    wherever a problem cannot be solved.

    Args:
        n, c, k: as in `pass_at_k`.

    Returns:
        Floats in 1..k, shape (problems, ks).

    Raises:
        ValueError: n, c or k is out of range.
    """
    k = sizes(n, k)
    return np.cumsum(none_passes(n, c, k.max(initial=0)), axis=1)[:, k - 1]


def none_passes(n: int, c: np.ndarray, most: int) -> np.ndarray:
    """The share of subsets of j samples in which none passes, for each problem: C(n - c, j) / C(n, j), j = 0..most.

    Args:
        n: int, samples a problem.
        c: ints, shape (problems,), samples that pass, 0 <= c <= n.
        most: int, the largest subset, at most n.

    Returns:
        Floats in 0..1, shape (problems, most + 1).

    Raises:
        ValueError: c is out of range.
    """
    c = np.atleast_1d(np.asarray(c))
    if c.size and (c.min() < 0 or c.max() > n):
        raise ValueError(f"c must be between 0 and n = {n}")
    distinct, where = np.unique(c, return_inverse=True)
    j = np.arange(most)
    factors = np.ones((len(distinct), most + 1))
    factors[:, 1:] = np.clip((n - distinct[:, None] - j) / (n - j), 0.0, 1.0)
    return np.cumprod(factors, axis=1)[where]


def rank_score_at_k(passed: np.ndarray, scores: np.ndarray, kept: np.ndarray, k: np.ndarray) -> np.ndarray:
    """The share of subsets of k samples whose best-ranked one passes, for each problem.

        sum_{i=1}^{n-k+1} C(n - i, k - 1) * pass_i / C(n, k),   pass_i in ranker order, best first

    Ties are exact: each pass_i is replaced by the mean of its tie group. With ties broken by an order drawn at
    random, the estimate is linear in the pass_i, and the expectation of pass_i over the orders of its group is that
    mean; so this is the expectation over all orders. It is also what breaking ties inside each subset at random
    gives, for a random order of the group is a random order of any part of it.

    A sample that is not kept (it hit the token limit) is never chosen, yet it was paid for: it stays one of the n
    drawn and the k bought, ranks behind all that are kept, and counts as wrong where nothing else was drawn. To drop
    it from n instead would give its tokens away for free.

    Args:
        passed: bools, shape (problems, n).
        scores: floats, shape (problems, n), lower is better; those not kept are not looked at.
        kept: bools, shape (problems, n).
        k: ints, shape (ks,), sizes of the subset, 1 <= k <= n.

    Returns:
        Floats in 0..1, shape (problems, ks).

    Raises:
        ValueError: shapes differ, k is out of range, or a kept score is no finite number.
    """
    passed, kept = np.asarray(passed, bool), np.asarray(kept, bool)
    scores = np.asarray(scores, float)
    if not passed.shape == scores.shape == kept.shape or passed.ndim != 2:
        raise ValueError("passed, scores and kept must have one shape (problems, n)")
    if not np.isfinite(scores[kept]).all():
        raise ValueError("the score of a kept sample must be a finite number")
    k = sizes(passed.shape[1], k)
    # the weights of a k sum to 1 but for rounding, which must not lift a share above 1
    return np.minimum(_ranked_passes(passed, scores, kept) @ _chosen(passed.shape[1], k), 1.0)


def samples_within(budget: float, cost: float) -> int:
    """The most samples that a budget pays for: floor(budget / cost), in the same unit.

    A billionth is forgiven, so that a budget of exactly four samples gives four whatever its division rounds to.

    Raises:
        ValueError: cost is not positive, or budget is negative or no finite number.
    """
    if not cost > 0 or not 0 <= budget < math.inf:
        raise ValueError("a budget must be finite and a cost positive")
    return math.floor(budget / cost * FORGIVEN)


def _ranked_passes(passed: np.ndarray, scores: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """pass_i in ranker order, tie groups averaged: floats, shape (problems, n)."""
    problems, n = passed.shape
    scores = np.where(kept, scores, np.inf)
    order = np.argsort(scores, axis=1)
    scores = np.take_along_axis(scores, order, axis=1)
    worth = np.take_along_axis(passed & kept, order, axis=1)
    first = np.ones((problems, n), bool)
    first[:, 1:] = scores[:, 1:] != scores[:, :-1]
    group = np.cumsum(first.ravel()) - 1  # numbered on across problems
    mean = np.bincount(group, weights=worth.ravel()) / np.bincount(group)
    return mean[group].reshape(problems, n)


def _chosen(n: int, k: np.ndarray) -> np.ndarray:
    """How likely the i-th ranked of n is the best of k: C(n - i, k - 1) / C(n, k), floats, shape (n, ks)."""
    i = np.arange(1, n)[:, None]
    weights = np.empty((n, len(k)))
    weights[0] = k / n
    weights[1:] = np.clip((n - i - k + 1) / (n - i), 0.0, 1.0)  # C(n-i-1, k-1) / C(n-i, k-1)
    return np.cumprod(weights, axis=0, out=weights)


def sizes(n: int, k: np.ndarray) -> np.ndarray:
    """Sizes of subsets as an array of ints; ValueError for one that is not between 1 and n."""
    k = np.atleast_1d(np.asarray(k, int))
    if k.size and (k.min() < 1 or k.max() > n):
        raise ValueError(f"k must be between 1 and n = {n}")
    return k

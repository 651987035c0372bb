"""rank-score@k of rankers that let the candidates vote: what a sample is worth depends on which others were drawn.

A score from all n samples would be charged for k and know n. So the votes are counted among the k that are drawn: the
share of subsets of k samples whose choice passes, exactly, or over many seeded draws where n is large.
"""

import math

import numpy as np

from isobudget.statistics.unbiased import sizes

EXACT = 100  # samples a problem up to which subsets are summed; the work grows with the fourth power
DRAWS = 4_000  # orders drawn beyond that: a standard error of at most 0.008 a problem, 0.0007 over 164 of them


def voted_rank_score_at_k(
    passed: np.ndarray, scores: np.ndarray, clusters: np.ndarray, kept: np.ndarray, k: np.ndarray, seed: int = 0
) -> np.ndarray:
    """The share of subsets of k samples whose best one passes, where samples of one cluster add up, for each problem.

    In a subset a sample is worth its score times the samples of its cluster that were drawn and kept, and without a
    cluster its score; the lowest is chosen, and ties are averaged over samples. With -1 for every score it is the
    largest cluster that is chosen, with -|S_y| CodeT's.

    A subset's choice depends on how many it holds of each cluster alone. So for each value v that the best may have,
    the number of subsets is the coefficient of x^k in a product over clusters of sum_j C(n_i, j) x^j over the j that
    are worth less than v, and of y^j C(n_i, j) x^j for the j worth v itself; y counts the samples that tie. Of those
    of cluster i the share c_i / n_i passes in expectation. Beyond EXACT samples the mean over DRAWS orders of the
    samples, each cut off after every k, takes its place.

    Args:
        passed: bools, shape (problems, n).
        scores: floats, shape (problems, n), lower is better; below 0 and the same within a cluster of kept samples.
        clusters: ints, shape (problems, n), numbers from 0; -1 for a sample without a cluster.
        kept: bools, shape (problems, n); others are paid for, and neither vote nor are chosen.
        k: ints, shape (ks,), sizes of the subset, 1 <= k <= n.
        seed: of the draws.

    Returns:
        Floats in 0..1, shape (problems, ks).

    Raises:
        ValueError: shapes differ, k is out of range, or a score is not as above.
    """
    passed, kept = np.asarray(passed, bool), np.asarray(kept, bool)
    scores, clusters = np.asarray(scores, float), np.asarray(clusters, int)
    if not passed.shape == kept.shape == scores.shape == clusters.shape or passed.ndim != 2:
        raise ValueError("passed, scores, clusters and kept must have one shape (problems, n)")
    if not np.isfinite(scores[kept]).all():
        raise ValueError("the score of a kept sample must be a finite number")
    n = passed.shape[1]
    k = sizes(n, k)
    one = _exactly if n <= EXACT else _drawn
    found = np.zeros((len(passed), len(k)))
    known: dict[tuple, np.ndarray] = {}
    for problem in range(len(passed)):
        groups = _groups(passed[problem], scores[problem], clusters[problem], kept[problem])
        if groups not in known:
            known[groups] = one(groups, n, k, (seed, problem))  # draws of their own, or errors would add up
        found[problem] = known[groups]
    return np.minimum(found, 1.0)


def _groups(passed, scores, clusters, kept):
    """((score, votes, size, passing), ...) of the samples that are alike; votes: whether they add up."""
    found: dict[tuple, tuple] = {}
    for one in np.flatnonzero(kept):
        key = (clusters[one], None) if clusters[one] >= 0 else (-1, scores[one])
        score, size, passing = found.get(key, (scores[one], 0, 0))
        if clusters[one] >= 0 and (score != scores[one] or score >= 0):
            raise ValueError("the score of a cluster must be one, and below 0")
        found[key] = score, size + 1, passing + int(passed[one])
    return tuple(sorted((float(s), key[0] >= 0, n, c) for key, (s, n, c) in found.items()))


def _exactly(groups, n, k, seed=None):
    most = int(k.max(initial=0))
    values = np.array(sorted({v for group in groups for v in _worths(group)}))
    if not len(values):
        return np.zeros(len(k))
    # ways[v, t, x]: of choosing x samples of which t are worth v and none is worth more; right: of these the expected
    # number that passes, added up
    ways = np.zeros((len(values), most + 1, most + 1))
    ways[:, 0, 0] = 1
    right = np.zeros_like(ways)
    unkept = n - sum(size for *_, size, _ in groups)
    for group in [*groups, (math.inf, False, unkept, 0)]:
        _, _, size, passing = group
        more, more_right = ways.copy(), right.copy()  # none of this group
        for j, worth in enumerate(_worths(group)[: min(size, most)], 1):
            count = math.comb(size, j)
            less, equal = values < worth, values == worth
            more[less, :, j:] += count * ways[less, :, :-j]
            more_right[less, :, j:] += count * right[less, :, :-j]
            before = ways[equal, :-j, :-j]
            more[equal, j:, j:] += count * before
            more_right[equal, j:, j:] += count * (right[equal, :-j, :-j] + j * passing / size * before)
        ways, right = more, more_right
    chosen = (right[:, 1:] / np.arange(1, most + 1)[:, None]).sum(axis=(0, 1))
    return np.array([chosen[size] / math.comb(n, int(size)) for size in k])


def _worths(group):
    """What a sample of a group is worth with 1, 2, ... of them drawn."""
    score, votes, size, _ = group
    return [score * j if votes else score for j in range(1, size + 1)]


def _drawn(groups, n, k, seed):
    random = np.random.default_rng(seed)
    owner = np.repeat(np.arange(len(groups) + 1), [*(size for *_, size, _ in groups), n])[:n]
    passes = np.concatenate([np.arange(size) < passing for *_, size, passing in groups] + [np.zeros(n, bool)])[:n]
    scores = np.array([*(score for score, *_ in groups), math.inf])
    votes = np.array([*(votes for _, votes, *_ in groups), False])
    orders = random.permuted(np.tile(np.arange(n, dtype=np.int32), (DRAWS, 1)), axis=1)
    every = np.arange(DRAWS)
    count, right = np.zeros((2, DRAWS, len(scores)), int)
    best, tied, tied_right = np.full(DRAWS, math.inf), np.zeros(DRAWS, int), np.zeros(DRAWS, int)
    found = np.zeros(int(k.max(initial=0)) + 1)
    for size in range(1, len(found)):
        sample = orders[:, size - 1]
        group = owner[sample]
        count[every, group] += 1
        right[every, group] += passes[sample]
        # more votes are worth more, so that of all groups only this one can change places with the best
        adds = votes[group]
        worth = scores[group] * np.where(adds, count[every, group], 1)
        many = np.where(adds, count[every, group], 1)
        good = np.where(adds, right[every, group], passes[sample])
        better, equal = worth < best, (worth == best) & (worth < math.inf)
        best = np.where(better, worth, best)
        tied = np.where(better, many, tied + np.where(equal, many, 0))
        tied_right = np.where(better, good, tied_right + np.where(equal, good, 0))
        found[size] = np.mean(tied_right / np.maximum(tied, 1))
    return found[k]

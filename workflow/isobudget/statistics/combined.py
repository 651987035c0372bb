"""Several rankers' scores made one, by a logistic regression that never saw the problem whose samples it scores."""

import functools
import itertools
import math

import numpy as np

from isobudget.statistics.unbiased import sizes

FOLDS = 10
DRAWS = (
    2000  # subsets a problem and k, where there are more: a standard error of at most 0.011, 0.0009 over 164 problems
)
LARGE, FEW = 100, 200  # of more samples a problem than LARGE, so few subsets
RIDGE = 1.0  # on slopes of features whose standard deviation is 1: next to nothing beside a hundred problems
STEPS = 50


def combined(
    features: np.ndarray, clusters: np.ndarray, kept: np.ndarray, passed: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """How unlikely each sample is to pass, as a regression on other problems has it.

    The problems are put into ten folds. For each fold a regression is fitted on the others, of whether a sample passes
    on its scores. Its slopes are those inside a problem: scores are centred at their mean there, and the logit of the
    problem's own pass rate is given as an offset, so that short programs of easy problems teach nothing about length.
    One intercept then makes the chances of the training problems right on average. Means and deviations by which
    scores are scaled are those of the training problems, too.

    Where samples vote, one more feature is which share of the others drawn is in a sample's cluster. To learn from, it
    is that among all n, of which the share among any number of others drawn is an unbiased estimate.

    Args:
        features: floats, shape (problems, n, rankers); of samples not kept they are not looked at.
        clusters: ints, shape (problems, n, votes), numbers from 0, -1 for a sample without a cluster; votes may be 0.
        kept: bools, shape (problems, n).
        passed: bools, shape (problems, n).
        seed: int, of the folds, which depend on it and on the number of problems alone.

    Returns:
        scores, floats, shape (problems, n): minus the log odds to pass, without what votes add, 0 where not kept; and
        weights, floats, shape (problems, votes), what the share of each vote adds to the log odds.
    """
    problems, _, plain = features.shape
    shares = [_shares(clusters[..., vote], kept) for vote in range(clusters.shape[-1])]
    features = np.concatenate([features, *(share[..., None] for share in shares)], axis=-1)
    weights = np.zeros((problems, len(shares)))
    fold = np.random.default_rng(seed).permutation(problems) % FOLDS
    scores = np.zeros(kept.shape)
    for each in np.unique(fold):
        mine, others = fold == each, fold != each
        if not kept[others].any():
            continue  # nothing to learn from, and every sample ties
        slopes, intercept = fit(features[others], kept[others], passed[others])
        line = np.where(kept[mine, :, None], features[mine, :, :plain], 0.0) @ slopes[:plain] + intercept
        scores[mine] = np.where(kept[mine], -line, 0.0)
        weights[mine] = slopes[plain:]
    return scores, weights


def _shares(clusters, kept):
    """Which share of the other kept samples of a problem is in the cluster of each, floats, shape (problems, n)."""
    found = np.zeros(kept.shape)
    for problem, (cluster, alive) in enumerate(zip(clusters, kept, strict=True)):
        alike = (cluster[:, None] == cluster) & (cluster >= 0) & alive & alive[:, None]
        found[problem] = (alike.sum(axis=1) - alike.diagonal()) / max(alive.sum() - 1, 1)
    return found


def combined_rank_score_at_k(
    passed: np.ndarray,
    scores: np.ndarray,
    weights: np.ndarray,
    clusters: np.ndarray,
    kept: np.ndarray,
    k: np.ndarray,
    seed: int = 0,
) -> np.ndarray:
    """The share of subsets of k samples whose best one passes, where the share of the subset that agrees counts, too.

    In a subset a sample is worth minus its score and, for each vote, its weight times the share of the others drawn and
    kept that are in its cluster. The highest is chosen, and ties are averaged over samples. All subsets where there
    are no more than DRAWS; else the mean over as many seeded ones, other ones for each problem.

    Args:
        passed, kept: bools, shape (problems, n).
        scores, weights: as `combined` returns them; clusters: as it takes them.
        k: ints, shape (ks,), sizes of the subset, 1 <= k <= n.
        seed: of the draws.

    Returns:
        Floats in 0..1, shape (problems, ks).

    Raises:
        ValueError: k is out of range.
    """
    problems, n = passed.shape
    k = sizes(n, k)
    draws = DRAWS if n <= LARGE else FEW
    found = np.zeros((problems, len(k)))
    for problem in range(problems):
        cluster = [np.where(kept[problem] & (c >= 0), c, -1) for c in clusters[problem].T]
        members = [(c[:, None] == np.arange(c.max(initial=0) + 1)).astype(float) for c in cluster]
        places = np.random.default_rng([seed, problem]).random((draws, n)).argsort(axis=1).argsort(axis=1)
        for at, size in enumerate(k):
            drawn = _every(n, int(size)) if math.comb(n, int(size)) <= draws else places < size
            alive = drawn & kept[problem]
            others = np.maximum(alive.sum(axis=1) - 1, 1)[:, None]
            worth = np.broadcast_to(-scores[problem], alive.shape).copy()
            for weight, one, member in zip(weights[problem], cluster, members, strict=True):
                worth += weight * np.where(one >= 0, (alive @ member)[:, one] - 1, 0) / others
            worth = np.where(alive, worth, -np.inf)
            best = alive & (worth >= worth.max(axis=1, keepdims=True) - 1e-12)
            found[problem, at] = (best @ passed[problem].astype(float) / np.maximum(best.sum(axis=1), 1)).mean()
    return found


@functools.lru_cache
def _every(n, size):
    """All subsets of `size` of n, bools, shape (subsets, n)."""
    chosen = np.array(list(itertools.combinations(range(n), size)))
    found = np.zeros((len(chosen), n), bool)
    np.put_along_axis(found, chosen, True, axis=1)
    return found


def fit(features: np.ndarray, kept: np.ndarray, passed: np.ndarray) -> tuple[np.ndarray, float]:
    """Slopes and intercept of the chance to pass, logistic(features @ slopes + intercept).

    Args:
        features, kept, passed: as in `combined`, of the problems to learn from.

    Returns:
        slopes, floats, shape (rankers,), and intercept, a float.
    """
    values = features[kept]
    mean, deviation = values.mean(axis=0), values.std(axis=0)
    deviation = np.where(deviation > 1e-12 * (1 + np.abs(mean)), deviation, 1.0)
    scaled = np.where(kept[..., None], (features - mean) / deviation, 0.0)
    count = kept.sum(axis=1)
    right = (passed & kept).sum(axis=1)
    mixed = (right > 0) & (right < count)  # where all pass or none, nothing tells one sample from another
    centre = scaled.sum(axis=1) / np.maximum(count, 1)[:, None]
    rows = kept & mixed[:, None]
    rate = np.divide(right, count, out=np.full(len(count), 0.5), where=mixed)
    offset = np.broadcast_to(np.log(rate / (1 - rate))[:, None], kept.shape)[rows]
    slopes = regression((scaled - centre[:, None])[rows], passed[rows], offset, RIDGE)
    line = scaled[kept] @ slopes
    # one of either kind is added, so that all right or all wrong gives a chance, and not a certainty
    share = (passed[kept].sum() + 1) / (kept.sum() + 2)
    intercept = _level(line, share)
    return slopes / deviation, intercept - float(mean @ (slopes / deviation))


def regression(rows: np.ndarray, labels: np.ndarray, offset: np.ndarray, ridge: float) -> np.ndarray:
    """Slopes of a logistic regression without an intercept, by Newton's method.

    Maximises sum log P(label) - ridge / 2 |slopes|^2 with P(true) = logistic(rows @ slopes + offset).

    Args:
        rows: floats, shape (samples, features); labels: bools, shape (samples,); offset: floats, shape (samples,).
        ridge: float above 0, which gives one maximum whatever the rows are.

    Returns:
        Floats, shape (features,).
    """
    slopes = np.zeros(rows.shape[1])
    value = _objective(slopes, rows, labels, offset, ridge)
    for _ in range(STEPS):
        chance = logistic(rows @ slopes + offset)
        gradient = rows.T @ (labels - chance) - ridge * slopes
        curvature = (rows * (chance * (1 - chance))[:, None]).T @ rows + ridge * np.eye(len(slopes))
        step = np.linalg.solve(curvature, gradient)
        while (after := _objective(slopes + step, rows, labels, offset, ridge)) < value - 1e-12 * abs(value):
            step /= 2  # a whole step may overshoot where chances are near 0 or 1
        slopes, value = slopes + step, after
        if np.abs(step).max(initial=0.0) < 1e-10:
            break
    return slopes


def logistic(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), without overflow."""
    return 0.5 * (1 + np.tanh(np.asarray(x) / 2))


def _objective(slopes, rows, labels, offset, ridge):
    line = rows @ slopes + offset
    return -np.logaddexp(0, np.where(labels, -line, line)).sum() - ridge / 2 * slopes @ slopes


def _level(line, share):
    """The intercept with which the mean chance is `share`, by halving: the mean rises with it."""
    low, high = -40.0 - line.max(), 40.0 - line.min()
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if logistic(line + middle).mean() < share else (low, middle)
    return (low + high) / 2

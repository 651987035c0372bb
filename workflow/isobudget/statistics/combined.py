"""Several rankers' scores made one, by a logistic regression that never saw the problem whose samples it scores."""

import numpy as np

FOLDS = 10
RIDGE = 1.0  # on slopes of features whose standard deviation is 1: next to nothing beside a hundred problems
STEPS = 50


def combined(features, kept, passed, seed):
    """How unlikely each sample is to pass, as a regression on other problems has it.

    The problems are put into ten folds. For each fold a regression is fitted on the others, of whether a sample passes
    on its scores. Its slopes are those inside a problem: scores are centred at their mean there, and the logit of the
    problem's own pass rate is given as an offset, so that short programs of easy problems teach nothing about length.
    One intercept then makes the chances of the training problems right on average. Means and deviations by which
    scores are scaled are those of the training problems, too.

    Args:
        features: floats, shape (problems, n, rankers); of samples not kept they are not looked at.
        kept: bools, shape (problems, n).
        passed: bools, shape (problems, n).
        seed: int, of the folds, which depend on it and on the number of problems alone.

    Returns:
        scores, floats in -1..0, shape (problems, n): minus the chance to pass, 0 where not kept.
    """
    problems = len(features)
    fold = np.random.default_rng(seed).permutation(problems) % FOLDS
    scores = np.zeros(kept.shape)
    for each in np.unique(fold):
        mine, others = fold == each, fold != each
        if not kept[others].any():
            continue  # nothing to learn from, and every sample ties
        slopes, intercept = fit(features[others], kept[others], passed[others])
        chance = logistic(np.where(kept[mine, :, None], features[mine], 0.0) @ slopes + intercept)
        scores[mine] = np.where(kept[mine], -chance, 0.0)
    return scores


def fit(features, kept, passed):
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


def regression(rows, labels, offset, ridge):
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


def logistic(x):
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

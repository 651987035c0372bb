"""Percentile bootstrap over problems (Efron 1979), with resamples that all models of a benchmark share."""

import numpy as np


def resamples(problems, count, seed):
    """How often each problem is drawn in each resample, with replacement.

    Depends on its arguments alone: two models over the same problems in the same order meet the same resamples, so
    the difference of their replicates is a paired bootstrap of the difference.

    Args:
        problems: int, how many there are and how many a resample draws.
        count: int, how many resamples.
        seed: int.

    Returns:
        Floats holding counts, shape (count, problems); each row sums to `problems`.
    """
    drawn = np.random.default_rng(seed).integers(problems, size=(count, problems))
    drawn += problems * np.arange(count)[:, None]
    return np.bincount(drawn.ravel(), minlength=count * problems).reshape(count, problems).astype(float)


def replicates(values, counts):
    """The mean over the problems of each resample.

    Args:
        values: floats, shape (problems, metrics).
        counts: as `resamples` returns them, shape (resamples, problems).

    Returns:
        Floats, shape (resamples, metrics).
    """
    return counts @ values / counts.shape[1]


def interval(replicates):
    """The 95 % percentile interval: the 2.5th and 97.5th percentiles, linear between order statistics.

    Args:
        replicates: floats, shape (resamples, metrics).

    Returns:
        low and high, floats, each of shape (metrics,).
    """
    low, high = np.percentile(replicates, [2.5, 97.5], axis=0)
    return low, high

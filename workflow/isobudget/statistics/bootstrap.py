"""Bootstrap over problems (Efron 1979), with resamples that all models of a benchmark share."""

import math
from statistics import NormalDist

import numpy as np

_NORMAL = NormalDist()
_Z = _NORMAL.inv_cdf(0.975)


def resamples(problems: int, count: int, seed: int) -> np.ndarray:
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


def replicates(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The mean over the problems of each resample.

    Args:
        values: floats, shape (problems, metrics).
        counts: as `resamples` returns them, shape (resamples, problems).

    Returns:
        Floats, shape (resamples, metrics).
    """
    return counts @ values / counts.shape[1]


def interval(
    replicates: np.ndarray, problems: int, acceleration: np.ndarray | float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """The 95 % interval of a mean over problems, or of a difference of two: BCa, widened for few problems.

    The percentile interval with its levels moved for skewness (Efron 1987, "Better bootstrap confidence intervals")
    and for the t distribution (Hesterberg 2015, arXiv 1411.5279):

        level = Phi(a + (a + z) / (1 - a (a + z))),   z = -/+ sqrt(P / (P - 1)) t(0.975, P - 1)

    For a mean BCa's bias correction equals its acceleration a to first order, so that a stands for both: taken from the
    values it adds none of the noise of counting replicates. Percentile intervals alone miss more often below than above
    where most problems are solved; tests/unit/test_coverage.py measures both.

    Args:
        replicates: floats, shape (resamples, metrics).
        problems: int, P, over how many problems each replicate is a mean.
        acceleration: floats, shape (metrics,), as `acceleration` gives them, or 0 for what is nearly symmetric, as the
            difference of two models is.

    Returns:
        low and high, floats, each of shape (metrics,).
    """
    ordered = np.sort(replicates, axis=0)
    a = np.broadcast_to(np.asarray(acceleration, float), ordered.shape[1:])
    z = widening(problems) * _Z
    return _quantile(ordered, _levels(a, -z)), _quantile(ordered, _levels(a, z))


def acceleration(values: np.ndarray) -> np.ndarray:
    """By how much the spread of a mean changes with the mean: a sixth of its skewness, sum d^3 / (6 (sum d^2)^1.5).

    Args:
        values: floats, shape (problems, metrics); d are their distances from the mean.

    Returns:
        Floats, shape (metrics,); 0 where all values are the same.
    """
    centred = values - values.mean(axis=0)
    square, cube = (centred**2).sum(axis=0), (centred**3).sum(axis=0)
    # a spread of rounding errors is none; and beyond a quarter, that is of a handful of problems, levels make no sense
    varies = square > 1e-20 * len(values)
    return np.clip(np.divide(cube, 6 * np.where(varies, square, 1.0) ** 1.5) * varies, -0.25, 0.25)


def around(values: np.ndarray, errors: np.ndarray | float, problems: int) -> tuple[np.ndarray, np.ndarray]:
    """The 95 % interval of `values` from their standard errors, widened for few problems: low and high."""
    half = _Z * widening(problems) * np.asarray(errors)
    return values - half, values + half


def band(replicates: np.ndarray, values: np.ndarray, problems: int) -> tuple[np.ndarray, np.ndarray]:
    """A 95 % band that holds all of several means at once: sup-t over the replicates, widened for few problems.

    Args:
        replicates: floats, shape (resamples, metrics).
        values: floats, shape (metrics,), the estimates.
        problems: int, over how many problems each is a mean.

    Returns:
        low and high, floats, each of shape (metrics,).
    """
    error = replicates.std(axis=0)
    varies = error > 0
    if not varies.any():
        return values.copy(), values.copy()
    distance = np.abs(replicates[:, varies] - values[varies]) / error[varies]
    half = np.quantile(distance.max(axis=1), 0.95) * widening(problems) * error
    return values - half, values + half


def widening(problems: int) -> float:
    """By how much few problems widen a normal interval: sqrt(P / (P - 1)) t(0.975, P - 1) / z(0.975).

    The quantile of t is its expansion in 1 / (P - 1) (Abramowitz and Stegun 26.7.5), within 0.1 % from 8 problems on.
    """
    freedom = max(problems - 1, 1)
    z3, z5, z7 = _Z**3, _Z**5, _Z**7
    t = _Z + (z3 + _Z) / (4 * freedom) + (5 * z5 + 16 * z3 + 3 * _Z) / (96 * freedom**2)
    t += (3 * z7 + 19 * z5 + 17 * z3 - 15 * _Z) / (384 * freedom**3)
    return math.sqrt(1 + 1 / freedom) * t / _Z


def _levels(a: np.ndarray, z: float) -> np.ndarray:
    shifted = a + (a + z) / (1 - a * (a + z))
    return np.array([_NORMAL.cdf(each) for each in shifted])


def _quantile(ordered: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Each column's quantile at its own level, linear between order statistics."""
    place = np.clip(levels, 0, 1) * (len(ordered) - 1)
    below = np.floor(place).astype(int)
    above = np.minimum(below + 1, len(ordered) - 1)
    column = np.arange(ordered.shape[1])
    low, high = ordered[below, column], ordered[above, column]
    return low + (place - below) * (high - low)

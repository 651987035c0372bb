"""The metrics of choosing by the tests at hand, from what those say of each sample and what the judge says."""

import numpy as np

from isobudget.statistics.at_hand import ceilings, first_accepted, otherwise_any
from isobudget.statistics.unbiased import most_k


def metrics(accepted: np.ndarray, passed: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Every metric of one source of tests, as values of single problems.

    Args:
        accepted: bools, shape (problems, n): the sample passes the tests at hand.
        passed: bools of the same shape: it passes the tests that judge.

    Returns:
        {metric: (k, values)}: ints, shape (ks,), and floats, shape (problems, ks), of which the metric is the mean.
    """
    n = passed.shape[1]
    k = np.arange(1, most_k(n) + 1)
    right = (accepted & passed).sum(axis=1)
    wrong = (accepted & ~passed).sum(axis=1)
    missed = (~accepted & passed).sum(axis=1)
    is_right, is_wrong = first_accepted(n, right, wrong, k)
    reached, most = ceilings(n, right, wrong)
    everything = np.array([n])
    return {
        "at_hand_right_at_k": (k, is_right),
        "at_hand_wrong_at_k": (k, is_wrong),
        "at_hand_anyway_at_k": (k, is_right + otherwise_any(n, right, wrong, missed, k)),
        "at_hand_ceiling_reached": (everything, reached[:, None]),
        "at_hand_ceiling_most": (everything, most[:, None]),
    }


def false_positives(right: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    """The share of answers handed over that are wrong: wrong / (right + wrong), 0 where none is handed over.

    A ratio of two means, each without bias; of replicates it is taken one by one.

    Args:
        right, wrong: floats of one shape, means over problems.
    """
    handed = right + wrong
    return np.divide(wrong, handed, out=np.zeros_like(handed), where=handed > 0)

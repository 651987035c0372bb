"""Models compared over all budgets at once: a score over budget is a step function, so finitely many budgets say all.

A budget b buys floor(b / cost) samples. Between two breakpoints, the multiples of the costs, no count changes, and so
nothing else does.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from isobudget.statistics.bootstrap import band, interval
from isobudget.statistics.unbiased import FORGIVEN


class Curve(NamedTuple):
    """What one way of spending a budget scores, over how many samples it buys.

    cost: of one sample, above 0. values: floats, shape (K,), the score with 1..K samples. drawn: the replicates of
    the same, shape (resamples, K), over resamples that all curves share. once: what is paid before any sample.
    """

    cost: float
    values: np.ndarray
    drawn: np.ndarray
    once: float = 0.0

    def price(self, k: np.ndarray | int) -> Any:
        """What k samples cost, a float or floats of its shape."""
        return self.once + self.cost * k

    def bought(self, budget: np.ndarray | float) -> np.ndarray:
        """How many samples a budget buys, an int or ints of its shape."""
        return np.maximum(np.floor((budget - self.once) / self.cost * FORGIVEN), 0).astype(int)


class Margins(NamedTuple):
    """One curve less another, a step from each budget to the next; arrays of shape (steps,), and `end`, a float.

    A step holds from its budget up to the next one's, the last up to `end`, the first budget that buys more samples of
    one of the two than have a score. low..high is the 95 % interval at one budget; low_all..high_all holds the margins
    at all budgets at once.
    """

    budgets: np.ndarray
    end: float
    k: np.ndarray
    other_k: np.ndarray
    values: np.ndarray
    low: np.ndarray
    high: np.ndarray
    low_all: np.ndarray
    high_all: np.ndarray


class Crossover(NamedTuple):
    """From which budget on one of two curves is above the other, to the end of what can be compared.

    ahead: 1 where the first curve ends above, -1 where the second does, 0 for a tie. budget: the smallest from which it
    is above at every budget, None for a tie. low and high: the 95 % interval; None: not before the end, by which the
    other, or neither, is above. crossings: how often the lead changes hands in between.
    """

    ahead: int
    budget: float | None
    low: float | None
    high: float | None
    crossings: int


def breakpoints(curves: Sequence[Curve]) -> tuple[np.ndarray, np.ndarray]:
    """Every budget at which a count of samples changes, ascending, those that differ by rounding taken as one.

    Args:
        curves: a list of Curve.

    Returns:
        budgets, floats, shape (steps,), the last of each curve the first that buys more samples than have a score; and
        counts, ints, shape (curves, steps), how many samples each budget buys.
    """
    every = np.sort(np.concatenate([curve.price(np.arange(1, len(curve.values) + 2)) for curve in curves]))
    apart = np.ones(len(every), bool)
    apart[1:] = every[1:] > every[:-1] * FORGIVEN
    budgets = every[apart]
    return budgets, np.array([curve.bought(budgets) for curve in curves])


def margins(first: Curve, second: Curve, problems: int) -> Margins | None:
    """`first` less `second` at every budget at which both have a score.

    Args:
        first, second: Curve.
        problems: int, over how many problems both are means.

    Returns:
        Margins, or None where no budget buys both a number of samples that has a score.
    """
    compared = _compared(first, second)
    if compared is None:
        return None
    budgets, end, k, other_k = compared
    drawn = first.drawn[:, k - 1] - second.drawn[:, other_k - 1]
    values = first.values[k - 1] - second.values[other_k - 1]
    ends = (*interval(drawn, problems), *band(drawn, values, problems))
    return Margins(budgets, end, k, other_k, values, *ends)


def crossover(first: Curve, second: Curve) -> Crossover | None:
    """The smallest budget from which one of two curves is above the other for as far as they can be compared.

    Both are step functions, so the lead may change hands several times: what counts is the last change. Before it the
    curves may have met, or the same one may have led for a while. The interval is of that budget for the curve that
    ends above: percentiles of the same budget in each paired replicate, where a replicate in which that curve does not
    end above counts as "not before the end". Its ends are budgets of the grid: the nearest order statistic outwards.

    Args:
        first, second: Curve.

    Returns:
        Crossover, or None where no budget buys both a number of samples that has a score.
    """
    compared = _compared(first, second)
    if compared is None:
        return None
    budgets, _, k, other_k = compared
    lead = _signs(first.values[k - 1] - second.values[other_k - 1])
    led = lead[lead != 0]
    crossings = int((led[1:] != led[:-1]).sum())
    ahead = int(lead[-1])
    if ahead == 0:
        return Crossover(0, None, None, None, crossings)
    leads = _signs(first.drawn[:, k - 1] - second.drawn[:, other_k - 1])
    settled = _settled(leads, ahead)
    low = int(np.quantile(settled, 0.025, method="lower"))
    high = int(np.quantile(settled, 0.975, method="higher"))

    def budget(place):
        return float(budgets[place]) if place < len(budgets) else None

    return Crossover(ahead, budget(_settled(lead[None], ahead)[0]), budget(low), budget(high), crossings)


def _compared(first, second):
    budgets, counts = breakpoints([first, second])
    both = (counts >= 1).all(axis=0) & (counts[0] <= len(first.values)) & (counts[1] <= len(second.values))
    if not both.any():
        return None
    end = budgets[np.flatnonzero(both)[-1] + 1]
    return budgets[both], float(end), counts[0][both], counts[1][both]


def _signs(difference):
    return np.where(np.abs(difference) < 1e-12, 0, np.sign(difference)).astype(np.int8)


def _settled(leads, ahead):
    """In each row the first place from which all signs are `ahead`; the length of a row where the last is not."""
    reverse = leads[:, ::-1] != ahead
    steps = leads.shape[1]
    return np.where(reverse.any(axis=1), steps - reverse.argmax(axis=1), 0)

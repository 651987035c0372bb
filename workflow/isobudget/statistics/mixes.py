"""The best mix of models at a budget, chosen on one half of the problems and scored on the other.

A mix draws k_m samples of model m, the cheapest model's first, and solves a problem if any passes. Zhang et al.,
"Scaling LLM Inference with Optimized Sample Compute Allocation" (OSCA, arXiv 2410.22480), choose such counts by hill
climbing, every sample at one price. Here samples have costs, and every mix that a budget buys is looked at.
"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from isobudget.statistics.unbiased import FORGIVEN, most_k, none_passes

LIMIT = 50_000  # mixes that are looked at; where there are more, fewer models are mixed
_CONTENDERS = 60  # mixes beside the best that other problems might choose, at each budget
_RESAMPLES = 200  # enough for a standard error
_CELLS = 4_000_000  # mixes times problems held in memory at once


class Samples(NamedTuple):
    """One model's samples: what one costs, above 0, n a problem, and c of them that pass, ints, shape (problems,)."""

    cost: float
    n: int
    c: np.ndarray


class Choice(NamedTuple):
    """What one budget buys. counts: ints, shape (models,), the mix that is best over all problems; single: likewise of
    one model alone. value and single_value: floats, shape (problems,), each problem's score by what was chosen without
    it, mean over the splits. error: the standard error of their mean difference, the choice included. spent: what the
    mix costs in expectation if one stops at the first pass.
    """

    counts: np.ndarray
    value: np.ndarray
    single: np.ndarray
    single_value: np.ndarray
    error: float
    spent: float


def allocations(
    costs: Sequence[float], most: Sequence[int], budget: float, models: int | None = None, limit: int = LIMIT
) -> np.ndarray | None:
    """Every mix that a budget buys, cheapest first.

    Args:
        costs: floats, of one sample of each model.
        most: ints, the most samples of each.
        budget: float, in the unit of the costs.
        models: the most models in one mix; all of them without it.
        limit: how many mixes are too many.

    Returns:
        Ints, shape (mixes, models), each with a sample at least; or None where there are more than `limit`.
    """
    found = np.zeros((1, 0), int)
    for cost, largest, spent in zip(costs, most, range(len(costs)), strict=True):
        left = budget * FORGIVEN - found @ np.asarray(costs[:spent], float)
        room = np.minimum(np.floor(left / cost).astype(int), largest) + 1
        if models is not None:
            room = np.where((found > 0).sum(axis=1) < models, room, 1)
        if room.sum() > limit + 1:
            return None
        begin = np.repeat(np.cumsum(room) - room, room)
        found = np.column_stack([np.repeat(found, room, axis=0), np.arange(room.sum()) - begin])
    found = found[found.any(axis=1)]
    return found[np.argsort(found @ np.asarray(costs, float), kind="stable")]


def scores(samples: Sequence[Samples], counts: np.ndarray) -> np.ndarray:
    """Whether any sample of a mix passes, for each problem: 1 - prod_m C(n_m - c_m, k_m) / C(n_m, k_m), unbiased.

    Args:
        samples: a list of Samples over the same problems.
        counts: ints, shape (mixes, models), k_m <= n_m.

    Returns:
        Floats in 0..1, shape (mixes, problems).
    """
    return 1 - _product(
        [none_passes(each.n, each.c, k.max()) for each, k in zip(samples, counts.T, strict=True)], counts
    )


def expected_costs(samples: Sequence[Samples], counts: np.ndarray) -> np.ndarray:
    """What a mix costs if one stops at the first pass, models in the order given, for each problem; unbiased.

        sum_m cost_m E min(T_m, k_m) prod_{l < m} C(n_l - c_l, k_l) / C(n_l, k_l)

    Args:
        samples, counts: as in `scores`.

    Returns:
        Floats, shape (mixes, problems).
    """
    total = np.zeros((len(counts), len(samples[0].c)))
    reached = np.ones_like(total)
    for each, k in zip(samples, counts.T, strict=True):
        missed = none_passes(each.n, each.c, k.max())
        drawn = np.cumsum(missed, axis=1) - missed  # E min(T, k): the chances that the j-th is drawn, j < k
        total += each.cost * reached * drawn[:, k].T
        reached *= missed[:, k].T
    return total


def best(
    samples: Sequence[Samples],
    budgets: Sequence[float],
    drawn: np.ndarray,
    splits: int = 10,
    seed: int = 0,
    stop: bool = False,
    limit: int = LIMIT,
) -> tuple[list[Choice | None], int]:
    """The best mix at each budget, and the best model alone chosen in the same way, both scored on held-out problems.

    Half of the problems choose, the other half scores, then the other way round; again for each split. What is chosen
    maximises the mean of 1 - prod_m (1 - c_m / n_m)^k_m, OSCA's objective: over halves of some eighty problems it
    chooses a little better than the unbiased score, which varies more. What scores is the unbiased `scores`.

    That other problems might have chosen otherwise is most of what is uncertain about the difference of the two, so its
    error is that of the whole procedure: all halves choose again in each resample of the problems, copies of a problem
    on one side. For that the mixes are those that come closest to the best.

    Args:
        samples: a list of Samples, the cheapest model first.
        budgets: floats, in the unit of the costs.
        drawn: as `bootstrap.resamples` returns them, shape (resamples, problems); the first 200 are used.
        splits, seed: how many ways to halve the problems, and what draws them.
        stop: False: a budget pays for all samples of a mix. True: it bounds what a problem costs in expectation if one
            stops at the first pass, by `expected_costs` over the problems that choose.
        limit: how many mixes are looked at.

    Returns:
        A list of Choice or None, one a budget: None where no sample can be paid for; and the most models that a mix
        could have. With `stop`, all None where the mixes are more than `limit`.
    """
    mixes, models = _grid(samples, budgets, stop, limit)
    if mixes is None or not len(mixes):
        return [None] * len(budgets), models
    sides = _halves(len(samples[0].c), splits, seed)
    worth, price = _means(samples, mixes, np.vstack([sides, np.ones_like(sides[:1])]).T, stop)
    near = _contenders(mixes, worth[:, -1], price[:, -1], budgets)
    errors = _errors(samples, mixes[near], budgets, drawn[:_RESAMPLES], sides, stop)
    found: list[Choice | None] = []
    for budget, error in zip(budgets, errors, strict=True):
        pair = [_chosen(mixes, worth, price, budget, alone) for alone in (False, True)]
        if any(chosen is None for chosen in pair):
            found.append(None)
            continue
        counts, single = (mixes[chosen[-1]] for chosen in pair)
        value, single_value = (_held_out(samples, mixes[chosen[:-1]], sides) for chosen in pair)
        spent = float(expected_costs(samples, counts[None])[0].mean())
        found.append(Choice(counts, value, single, single_value, float(error), spent))
    return found, models


def _grid(samples, budgets, stop, limit):
    """The mixes to look at, or None, and how many models one may have."""
    most = [most_k(each.n) for each in samples]  # as for one model: beyond half of the samples estimates are poor
    costs = [each.cost for each in samples]
    # stopping early, what a mix may cost at most is no limit; and half a grid says nothing about the other half
    budget = np.dot(costs, most) if stop else max(budgets)
    for models in range(len(samples), 0, -1):
        mixes = allocations(costs, most, budget, models, limit)
        if mixes is not None or stop:
            return mixes, models
    return None, 1


def _chosen(mixes, worth, price, budget, alone):
    """The place of the best mix for each side, ints; None where a side can pay for none."""
    able = price <= budget * FORGIVEN
    if alone:
        able &= ((mixes > 0).sum(axis=1) == 1)[:, None]
    return np.where(able, worth, -1.0).argmax(axis=0) if able.any(axis=0).all() else None


def _contenders(mixes, worth, price, budgets):
    """The mixes that other problems might choose, the first few at each budget or one a little off: places, sorted."""
    alone, near = (mixes > 0).sum(axis=1) == 1, set()
    for limit, few in itertools.product(np.outer(budgets, (0.8, 1.0, 1.25)).ravel() * FORGIVEN, (alone, ~alone)):
        able = np.flatnonzero((price <= limit) & few)
        near.update(able[np.argsort(-worth[able], kind="stable")[:_CONTENDERS]].tolist())
    return np.array(sorted(near), int)


def _errors(samples, mixes, budgets, drawn, sides, stop):
    """The standard error of the margin of mix over single at each budget, all choices made again in each resample."""
    worth_each, price_each = _each(samples, mixes, stop)
    scored, column = scores(samples, mixes), np.arange(len(sides))
    margins = np.full((len(drawn), len(budgets)), np.nan)
    for resample, weights in enumerate(drawn):
        learn, score = (sides * weights).T, (~sides * weights).T
        if not learn.any(axis=0).all():  # of a handful of problems, all copies may be on one side
            continue
        worth, price = np.round(_weighed(worth_each, learn), 12), _weighed(price_each, learn)
        value = scored @ score
        for place, budget in enumerate(budgets):
            pair = [_chosen(mixes, worth, price, budget, alone) for alone in (False, True)]
            if all(chosen is not None for chosen in pair):
                margins[resample, place] = (value[pair[0], column] - value[pair[1], column]).sum()
    margins /= len(sides) / 2 * len(samples[0].c)
    held = ~np.isnan(margins)
    return [margins[held[:, place], place].std() if held[:, place].any() else 0.0 for place in range(len(budgets))]


def _halves(problems, splits, seed):
    """The problems that choose: bools, shape (2 splits, problems); row 2s + 1 is the complement of row 2s."""
    rng = np.random.default_rng(seed)
    sides = np.zeros((2 * splits, problems), bool)
    for split in range(splits):
        sides[2 * split, rng.permutation(problems)[: problems // 2]] = True
        sides[2 * split + 1] = ~sides[2 * split]
    return sides


def _means(samples, mixes, sides, stop):
    """OSCA's objective and the price of each mix over each side: floats, shape (mixes, sides)."""
    worth, price = np.empty((2, len(mixes), sides.shape[1]))
    block = max(1, _CELLS // len(sides))
    for start in range(0, len(mixes), block):
        part = slice(start, start + block)
        worth[part], price[part] = (_weighed(each, sides) for each in _each(samples, mixes[part], stop))
    return np.round(worth, 12), price  # rounded, so that mixes alike are equal, and the first, the cheaper, is taken


def _each(samples, mixes, stop):
    """OSCA's objective and the price of each mix for each problem: floats, shape (mixes, problems)."""
    powers = [
        (1 - each.c / each.n)[:, None] ** np.arange(most + 1)
        for each, most in zip(samples, mixes.max(axis=0), strict=True)
    ]
    worth = 1 - _product(powers, mixes)
    if stop:
        return worth, expected_costs(samples, mixes)
    paid = mixes @ np.array([each.cost for each in samples])
    return worth, np.broadcast_to(paid[:, None], worth.shape)


def _weighed(each, weights):
    """Means over problems weighted so: floats, shape (mixes, columns)."""
    return each @ (weights / weights.sum(axis=0))


def _held_out(samples, chosen, sides):
    """Each problem's score by the mixes that the halves without it chose, mean over splits: floats, (problems,)."""
    distinct, which = np.unique(chosen, axis=0, return_inverse=True)
    scored = scores(samples, distinct)[which.ravel()]
    return np.where(sides, 0.0, scored).sum(axis=0) / (len(sides) / 2)


def _product(missed, counts):
    """prod_m missed_m[problem, k_m]: floats, shape (mixes, problems); missed_m has shape (problems, most + 1)."""
    product = np.ones((len(counts), len(missed[0])))
    for each, k in zip(missed, counts.T, strict=True):
        product *= each[:, k].T
    return product

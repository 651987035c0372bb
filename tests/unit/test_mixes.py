"""Mixes of models: enumeration on small cases, simulation on large ones, OSCA as a reference on held-out problems."""

import itertools
import json
from pathlib import Path
from statistics import mean

import numpy as np
import pytest

from isobudget.statistics.bootstrap import resamples
from isobudget.statistics.mixes import Samples, allocations, best, expected_costs, scores


def enumerated(passed, costs, counts):
    """Score and expected cost of a mix on one problem, over every order of each model's samples."""
    solved, spent = [], []
    for orders in itertools.product(*(itertools.permutations(row) for row in passed)):
        cost, done = 0.0, False
        for order, price, k in zip(orders, costs, counts, strict=True):
            for sample in order[:k]:
                if not done:
                    cost += price
                    done = done or bool(sample)
        solved.append(done)
        spent.append(cost)
    return mean(solved), mean(spent)


def test_scores_and_expected_costs_equal_enumeration_of_every_order():
    costs, n = (1.0, 2.5), (4, 3)
    cases = list(itertools.product(range(5), range(4)))
    samples = [Samples(costs[m], n[m], np.array([case[m] for case in cases])) for m in (0, 1)]
    counts = np.array([pair for pair in itertools.product(range(5), range(4)) if any(pair)])
    value, spent = scores(samples, counts), expected_costs(samples, counts)
    for row, mix in enumerate(counts):
        for column, case in enumerate(cases):
            passed = [[i < case[m] for i in range(n[m])] for m in (0, 1)]
            assert (value[row, column], spent[row, column]) == pytest.approx(enumerated(passed, costs, mix), abs=1e-12)


def test_scores_and_expected_costs_equal_a_simulation_of_new_samples():
    rng = np.random.default_rng(0)
    chances, n, k, costs, count = (0.1, 0.3, 0.6), (32, 24, 12), (7, 3, 2), (1.0, 2.0, 5.0), 200_000
    samples = [
        Samples(cost, size, rng.binomial(size, p, count)) for cost, size, p in zip(costs, n, chances, strict=True)
    ]
    first = [np.minimum(rng.geometric(p, count), most + 1) for p, most in zip(chances, k, strict=True)]
    spent, missed = np.zeros(count), np.ones(count, bool)
    for place, most, cost in zip(first, k, costs, strict=True):
        spent += cost * np.where(missed, np.minimum(place, most), 0)
        missed &= place > most
    mix = np.array([k])
    assert scores(samples, mix).mean() == pytest.approx(1 - missed.mean(), abs=0.004)
    assert expected_costs(samples, mix).mean() == pytest.approx(spent.mean(), abs=0.04)


def drawn(samples):
    """Few resamples: where only what is chosen matters."""
    return resamples(len(samples[0].c), 10, 0)


@pytest.mark.parametrize("models", [1, 2, 3])
def test_allocations_are_every_mix_within_the_budget(models):
    costs, most = (1.0, 1.5, 4.0), (5, 4, 2)
    found = allocations(costs, most, 8.0, models)
    expected = [
        mix
        for mix in itertools.product(*(range(k + 1) for k in most))
        if 0 < np.dot(mix, costs) <= 8 and sum(k > 0 for k in mix) <= models
    ]
    assert sorted(map(tuple, found.tolist())) == sorted(expected)
    spent = found @ np.array(costs)
    assert (np.diff(spent) >= 0).all()


def test_too_many_mixes_are_refused_and_a_budget_below_any_price_buys_none():
    assert allocations((1.0, 1.0), (10, 10), 20.0, limit=100) is None
    assert len(allocations((1.0, 1.0), (10, 10), 20.0, limit=120)) == 120
    assert len(allocations((1.0, 2.0), (10, 10), 0.5)) == 0
    assert allocations((0.1,), (9,), 0.3).tolist() == [[1], [2], [3]]  # 0.3 / 0.1 is a little below 3 in binary


def test_where_the_grid_is_too_large_fewer_models_are_mixed():
    rng = np.random.default_rng(0)
    samples = [Samples(cost, 40, rng.integers(0, 20, 30)) for cost in (1.0, 1.1, 1.2)]
    assert best(samples, [12.0], drawn(samples))[1] == 3
    pairs = len(allocations([1.0, 1.1, 1.2], [20] * 3, 12.0, 2))
    choices, models = best(samples, [12.0], drawn(samples), limit=pairs)
    assert models == 2
    assert (choices[0].counts > 0).sum() <= 2
    assert best(samples, [12.0], drawn(samples), limit=3)[0] == [None]
    assert best(samples, [12.0], drawn(samples), limit=pairs, stop=True)[0] == [None], (
        "half a grid says nothing about the other half"
    )


@pytest.mark.parametrize("stop", [False, True])
def test_the_choice_is_that_of_trying_every_mix_on_every_half(stop):
    rng = np.random.default_rng(3)
    samples = [Samples(1.0, 8, rng.integers(0, 9, 20)), Samples(2.2, 6, rng.integers(0, 7, 20))]
    grid = np.array([mix for mix in itertools.product(range(5), range(4)) if any(mix)])
    exact, spent = scores(samples, grid), expected_costs(samples, grid)
    missed = [(1 - each.c / each.n) ** k[:, None] for each, k in zip(samples, grid.T, strict=True)]
    plug = 1 - missed[0] * missed[1]
    halves = np.random.default_rng(7)
    sides = []
    for _ in range(3):
        chosen = halves.permutation(20)[:10]
        sides += [set(chosen.tolist()), set(range(20)) - set(chosen.tolist())]

    def pick(problems, budget, alone):
        price = spent[:, problems].mean(axis=1) if stop else grid @ [1.0, 2.2]
        able = [m for m in range(len(grid)) if price[m] <= budget and (not alone or (grid[m] > 0).sum() == 1)]
        return max(able, key=lambda m: (round(plug[m, problems].mean(), 12), -(grid[m] @ [1.0, 2.2])))

    budgets = [1.0, 2.0, 3.0, 4.4, 6.5]
    choices, _ = best(samples, budgets, drawn(samples), splits=3, seed=7, stop=stop)
    for budget, choice in zip(budgets, choices, strict=True):
        everyone = list(range(20))
        assert choice.counts.tolist() == grid[pick(everyone, budget, False)].tolist()
        assert choice.single.tolist() == grid[pick(everyone, budget, True)].tolist()
        assert choice.spent == pytest.approx(spent[pick(everyone, budget, False)].mean())
        for value, alone in ((choice.value, False), (choice.single_value, True)):
            held_out = np.zeros(20)
            for side in sides:
                chosen = pick(sorted(side), budget, alone)
                for problem in set(everyone) - side:
                    held_out[problem] += exact[chosen, problem] / 3
            np.testing.assert_allclose(value, held_out, atol=1e-12)


@pytest.mark.parametrize("stop", [False, True])
def test_the_error_of_a_margin_is_that_of_choosing_and_scoring_again_on_resampled_problems(stop):
    rng = np.random.default_rng(4)
    samples = [Samples(1.0, 8, rng.integers(0, 9, 20)), Samples(2.2, 6, rng.integers(0, 7, 20))]
    counts, budgets = resamples(20, 30, 1), [2.2, 5.0]
    choices, _ = best(samples, budgets, counts, splits=2, seed=7, stop=stop)
    grid = np.array(
        sorted((m for m in itertools.product(range(5), range(4)) if any(m)), key=lambda m: m[0] + 2.2 * m[1])
    )
    exact, spent = scores(samples, grid), expected_costs(samples, grid)
    plug = 1 - np.prod([(1 - s.c / s.n) ** k[:, None] for s, k in zip(samples, grid.T, strict=True)], axis=0)
    halves, sides = np.random.default_rng(7), []
    for _ in range(2):
        order = halves.permutation(20)
        sides += [order[:10], order[10:]]
    for budget, choice in zip(budgets, choices, strict=True):
        margins = []
        for weights in counts:
            copies = np.repeat(np.arange(20), weights.astype(int))
            margin = 0.0
            for side in sides:
                learnt, scored = copies[np.isin(copies, side)], copies[~np.isin(copies, side)]
                price = spent[:, learnt].mean(axis=1) if stop else grid @ [1.0, 2.2]
                worth = np.where(price <= budget * (1 + 1e-9), np.round(plug[:, learnt].mean(axis=1), 12), -1)
                mix, single = worth.argmax(), np.where((grid > 0).sum(axis=1) == 1, worth, -1).argmax()
                margin += (exact[mix, scored] - exact[single, scored]).sum() / 40
            margins.append(margin)
        assert choice.error == pytest.approx(np.std(margins), abs=1e-12)


def test_models_that_solve_different_problems_are_mixed_and_the_mix_is_worth_it():
    c = np.repeat([8, 0], 50)  # each model always solves the half that the other never does
    samples = [Samples(1.0, 8, c), Samples(1.0, 8, 8 - c)]
    choices, _ = best(samples, [1.0, 2.0, 4.0], drawn(samples))
    assert [choice.counts.tolist() for choice in choices][1:] == [[1, 1], [1, 1]]
    assert [choice.value.mean() for choice in choices][1:] == [1.0, 1.0]
    # a half that has more of the one kind chooses the model that solves fewer of the other half
    assert all(0.4 < choice.single_value.mean() <= 0.5 for choice in choices)


def test_of_mixes_that_score_alike_the_cheapest_is_taken():
    sure = np.full(30, 8)
    samples = [Samples(1.0, 8, sure), Samples(2.0, 8, sure)]
    choices, _ = best(samples, [6.0], drawn(samples))
    assert choices[0].counts.tolist() == choices[0].single.tolist() == [1, 0]


# --- OSCA, from its paper (arXiv 2410.22480): every sample costs one, and counts are learnt by hill climbing ----------


def osca(shares, most, affordable, rng):
    """The mix that hill climbing ends at: from a random one, a sample at a time goes to another model while that helps.

    shares: of the samples that pass, shape (models, problems), over the training problems. affordable: whether a mix
    may be had; in the paper, that it has a given number of samples.
    """

    def worth(counts):
        return (1 - np.prod((1 - shares) ** np.array(counts)[:, None], axis=0)).mean()

    every = [mix for mix in itertools.product(*(range(k + 1) for k in most)) if affordable(mix)]
    if not every:
        return None
    counts = every[rng.integers(len(every))]
    while True:
        steps = []
        for source, target in itertools.permutations(range(len(most)), 2):
            moved = list(counts)
            moved[source] -= 1
            moved[target] += 1
            if tuple(moved) in every:
                steps.append(tuple(moved))
        better = max(steps, key=worth, default=counts)
        if worth(better) <= worth(counts) + 1e-12:
            return counts
        counts = better


def world(rng, spreads, levels, n, problems=164, shared=0.8):
    """Counts of passes of models that find the same problems hard, each in its own way."""
    hardness = rng.normal(size=problems)
    counts = []
    for spread, level, size in zip(spreads, levels, n, strict=True):
        own = shared * hardness + np.sqrt(1 - shared**2) * rng.normal(size=problems)
        counts.append(rng.binomial(size, 1 / (1 + np.exp(-(level + spread * own)))))
    return counts


def held_out(samples, budgets, theirs, splits, seed):
    """Ours, and that of another way to choose, on the problems that did not choose; floats, shape (budgets, problems).

    theirs(learnt, budget, rng) gives a mix, or None, from the problems `learnt`.
    """
    problems = len(samples[0].c)
    choices, _ = best(samples, budgets, drawn(samples), splits=splits, seed=seed)
    halves, rng = np.random.default_rng(seed), np.random.default_rng(seed + 1)
    other = np.zeros((len(budgets), problems))
    for _ in range(splits):
        order = halves.permutation(problems)
        half = problems // 2
        for learnt, scored in ((order[:half], order[half:]), (order[half:], order[:half])):
            for row, budget in enumerate(budgets):
                mix = theirs(learnt, budget, rng)
                if mix is not None:
                    other[row, scored] += scores(samples, np.array([mix]))[0, scored] / splits
    return np.array([choice.value for choice in choices]), other


def recorded():
    file = Path(__file__).with_name("recorded_counts.json")
    return [(each["n"], np.array(each["c"])) for each in json.loads(file.read_text())["models"].values()]


def worlds(n, spreads, levels, count):
    return [list(zip(n, world(np.random.default_rng(seed), spreads, levels, n), strict=True)) for seed in range(count)]


@pytest.mark.parametrize(
    "counts",
    [recorded(), *worlds((16, 16), (3.5, 1.5), (-0.2, 0.2), 3), *worlds((8, 6, 6), (3, 2.5, 2), (-0.8, 0, 0.8), 2)],
    ids=["recorded", *(f"two models {i}" for i in range(3)), *(f"three models {i}" for i in range(2))],
)
def test_osca_is_nowhere_better_on_held_out_problems_at_its_one_price(counts):
    samples = [Samples(1.0, n, c) for n, c in counts]
    most = [n // 2 for n, _ in counts]
    shares = np.array([c / n for n, c in counts])

    def theirs(learnt, total, rng):
        return osca(shares[:, learnt], most, lambda mix: sum(mix) == total, rng)

    budgets = list(range(1, sum(most) + 1))
    ours, other = (each.mean(axis=1) for each in held_out(samples, budgets, theirs, splits=6, seed=5))
    assert (ours >= other - 1e-9).all(), np.round(ours - other, 5)


def test_where_samples_differ_in_cost_osca_is_nowhere_better_beyond_chance_on_the_recorded_study():
    (n, small), (m, large) = recorded()
    costs = (1.0, 2.31)  # seconds
    samples = [Samples(costs[0], n, small), Samples(costs[1], m, large)]
    shares = np.array([small / n, large / m])

    def theirs(learnt, budget, rng):
        # it knows no costs: of its mixes of 1, 2, 3 ... samples the budget pays for the largest it can
        for total in range(8, 0, -1):
            mix = osca(shares[:, learnt], (n // 2, m // 2), lambda mix, total=total: sum(mix) == total, rng)
            if np.dot(mix, costs) <= budget:
                return mix
        return None

    ours, other = held_out(samples, [1, 2, 2.31, 3, 4, 4.62, 6, 7, 8], theirs, splits=10, seed=0)
    ahead = (ours - other).mean(axis=1)
    # some mixes are within a point of each other, and what one half of the problems prefers the other half does not
    chance = (ours - other).std(axis=1, ddof=1) / np.sqrt(len(small))
    assert (ahead >= -2 * chance - 1e-9).all(), np.round([ahead, chance], 5)
    assert ahead[1:].mean() > 0.008, "costs are worth knowing"


def test_where_samples_differ_in_cost_osca_is_nowhere_better_among_three_models():
    costs = (1.0, 1.95, 5.08)
    for counts in worlds((8, 6, 6), (3, 2.5, 2), (-0.8, 0, 0.8), 2):
        samples = [Samples(cost, n, c) for cost, (n, c) in zip(costs, counts, strict=True)]
        shares = np.array([c / n for n, c in counts])

        def theirs(learnt, budget, rng, shares=shares):
            for total in range(10, 0, -1):
                mix = osca(shares[:, learnt], (4, 3, 3), lambda mix, total=total: sum(mix) == total, rng)
                if np.dot(mix, costs) <= budget:
                    return mix
            return None

        budgets = [1, 2, 4, 6, 8, 12, 16, 20]
        ours, other = (each.mean(axis=1) for each in held_out(samples, budgets, theirs, splits=4, seed=0))
        assert (ours >= other - 1e-9).all(), np.round(ours - other, 5)


def test_osca_told_of_costs_finds_no_mix_that_is_better_where_it_learns():
    costs = (1.0, 1.95, 5.08)
    for seed, counts in enumerate(worlds((16, 12, 8), (3, 2.5, 2), (-0.8, 0, 0.8), 3)):
        samples = [Samples(cost, n, c) for cost, (n, c) in zip(costs, counts, strict=True)]
        shares, rng = np.array([c / n for n, c in counts]), np.random.default_rng(seed)
        budgets = [2.0, 4.0, 8.0, 16.0]
        choices, _ = best(samples, budgets, drawn(samples), splits=1)
        for budget, choice in zip(budgets, choices, strict=True):
            mix = osca(shares, (8, 6, 4), lambda mix, budget=budget: any(mix) and np.dot(mix, costs) <= budget, rng)
            missed = [np.prod((1 - shares) ** np.array(k)[:, None], axis=0).mean() for k in (choice.counts, mix)]
            assert missed[0] <= missed[1] + 1e-12

"""How often a 95 % interval holds the truth: many studies simulated at our size, each with problems and samples anew.

The truth is the score over all problems that the simulated ones were drawn from, with fresh samples. The resamples are
those of the product, seed 0. A share over 2,000 studies is known to within 0.5 points, one standard error.
"""

import numpy as np
import pytest

from isobudget.statistics.bootstrap import acceleration, around, band, interval, replicates, resamples
from isobudget.statistics.mixes import Samples, best
from isobudget.statistics.steps import Curve, crossover
from isobudget.statistics.unbiased import pass_at_k, samples_until_pass

PROBLEMS, STUDIES = 164, 2000
ALL = 400_000  # problems that stand for all of them
WORLDS = {  # spread and level of a model's log-odds over problems; shares of what each shares with the others
    "small": (2.5, -0.6),
    "large": (2.5, 0.3),
    "sure of itself": (5.0, 0.8),
    "weak": (2.0, -2.5),
}


def chances(rng, spread, level, hardness):
    """The chance that a sample passes, for problems of a given hardness."""
    own = 0.8 * hardness + 0.6 * rng.normal(size=hardness.shape)
    return 1 / (1 + np.exp(-(level + spread * own)))


def per_problem(score, n, p, k, rng):
    """The estimates of one k for drawn samples of problems with chances p: the shape of p."""
    table = score(n, np.arange(n + 1), [k])[:, 0]
    return table[rng.binomial(n, p)]


def covered(values, truth, skewed=True):
    """How often the interval holds the truth, misses it below and above; values has shape (problems, studies)."""
    drawn = replicates(values, resamples(PROBLEMS, 1000, 0))
    low, high = interval(drawn, PROBLEMS, acceleration(values) if skewed else 0)
    return ((low <= truth) & (truth <= high)).mean(), (truth < low).mean(), (truth > high).mean()


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize(("n", "k"), [(12, 1), (12, 6), (32, 16)])
def test_intervals_of_scores_hold_the_truth_95_times_in_100(name, n, k):
    rng = np.random.default_rng(n + k)
    p = chances(rng, *WORLDS[name], rng.normal(size=(PROBLEMS, STUDIES)))
    every = chances(rng, *WORLDS[name], rng.normal(size=ALL))
    inside, below, above = covered(per_problem(pass_at_k, n, p, k, rng), (1 - (1 - every) ** k).mean())
    assert 0.93 <= inside <= 0.97
    assert 0.012 <= below <= 0.042, "neither tail is left out"
    assert 0.012 <= above <= 0.042


@pytest.mark.parametrize(("ours", "theirs"), [("small", "large"), ("weak", "sure of itself"), ("small", "small")])
@pytest.mark.parametrize(("n", "k", "m", "j"), [(32, 16, 12, 6), (12, 3, 12, 1)])
def test_intervals_of_margins_hold_the_truth_95_times_in_100(ours, theirs, n, k, m, j):
    rng = np.random.default_rng(n + k + m)
    hardness, every = rng.normal(size=(PROBLEMS, STUDIES)), rng.normal(size=ALL)
    margin, truth = 0.0, 0.0
    for sign, name, size, bought in ((1, ours, n, k), (-1, theirs, m, j)):
        margin = margin + sign * per_problem(pass_at_k, size, chances(rng, *WORLDS[name], hardness), bought, rng)
        truth += sign * (1 - (1 - chances(rng, *WORLDS[name], every)) ** bought).mean()
    assert 0.93 <= covered(margin, truth, skewed=False)[0] <= 0.97


@pytest.mark.parametrize("name", ["small", "large"])
def test_intervals_of_what_stopping_early_costs_hold_the_truth_95_times_in_100(name):
    rng = np.random.default_rng(4)
    p = chances(rng, *WORLDS[name], rng.normal(size=(PROBLEMS, STUDIES)))
    every = chances(rng, *WORLDS[name], rng.normal(size=ALL))
    truth = sum(((1 - every) ** j).mean() for j in range(6))
    assert 0.93 <= covered(per_problem(samples_until_pass, 12, p, 6, rng), truth)[0] <= 0.97


def test_percentiles_alone_would_miss_below_far_more_often_than_above():
    rng = np.random.default_rng(48)
    p = chances(rng, *WORLDS["sure of itself"], rng.normal(size=(PROBLEMS, STUDIES)))
    every = chances(rng, *WORLDS["sure of itself"], rng.normal(size=ALL))
    values, truth = per_problem(pass_at_k, 32, p, 16, rng), (1 - (1 - every) ** 16).mean()
    low, high = np.percentile(replicates(values, resamples(PROBLEMS, 1000, 0)), [2.5, 97.5], axis=0)
    assert (truth < low).mean() > 2 * (truth > high).mean()
    _, below, above = covered(values, truth)
    assert below < 1.6 * above


def test_a_band_holds_a_whole_curve_of_margins_95_times_in_100():
    rng = np.random.default_rng(8)
    studies, k = 400, np.arange(1, 7)
    hardness, every = rng.normal(size=(studies, PROBLEMS)), rng.normal(size=ALL)
    curves, truth = 0.0, 0.0
    for sign, name in ((1, "large"), (-1, "small")):
        c = rng.binomial(12, chances(rng, *WORLDS[name], hardness))
        curves = curves + sign * pass_at_k(12, np.arange(13), k)[c]
        truth = truth + sign * (1 - (1 - chances(rng, *WORLDS[name], every))[:, None] ** k).mean(axis=0)
    counts = resamples(PROBLEMS, 1000, 0)
    inside = 0
    for values in curves:
        low, high = band(replicates(values, counts), values.mean(axis=0), PROBLEMS)
        inside += ((low <= truth) & (truth <= high)).all()
    assert 0.92 <= inside / studies <= 0.98


# costs of a sample, n, then each model's world: where the truth crosses inside of what is compared
CROSSINGS = {
    "late": ((1.0, 1.94), (32, 12), (2.0, -0.6), (4.0, 0.6)),
    "close throughout": ((1.0, 1.94), (32, 12), (2.5, -0.6), (2.5, 0.2)),
}


@pytest.mark.parametrize("name", CROSSINGS)
def test_intervals_of_crossovers_hold_the_truth_at_least_95_times_in_100(name):
    # at least: the truth is one of a few budgets, and an interval that must end at one of them is a little too wide
    costs, n, *models = CROSSINGS[name]
    rng, studies, counts = np.random.default_rng(2), 300, resamples(PROBLEMS, 400, 0)
    hardness, every = rng.normal(size=(studies, PROBLEMS)), rng.normal(size=ALL)
    curves, truths = [], []
    for cost, size, model in zip(costs, n, models, strict=True):
        k = np.arange(1, size // 2 + 1)
        missed = np.ones(ALL)
        p, mean = 1 - chances(rng, *model, every), []
        for _ in k:
            missed *= p
            mean.append(1 - missed.mean())
        truths.append(Curve(cost, np.array(mean), np.array([mean])))
        c = rng.binomial(size, chances(rng, *model, hardness))
        values = pass_at_k(size, np.arange(size + 1), k)[c]
        curves.append([Curve(cost, each.mean(axis=0), replicates(each, counts)) for each in values])
    truth = crossover(*truths)
    assert truth.budget > max(costs), "the truth crosses"
    inside = 0
    for pair in zip(*curves, strict=True):
        found = crossover(*pair)
        at = truth.budget if found.ahead == truth.ahead else np.inf  # the other model never leads for good
        low, high = (np.inf if end is None else end for end in (found.low, found.high))
        inside += low <= at <= high
    assert inside / studies >= 0.93


def test_intervals_of_what_mixing_gains_hold_its_mean_at_least_95_times_in_100():
    # the choice is made again in each resample, with fewer distinct problems to learn from: a little too wide
    rng, studies, counts = np.random.default_rng(6), 120, resamples(PROBLEMS, 200, 0)
    hardness = rng.normal(size=(studies, PROBLEMS))
    passes = [rng.binomial(n, chances(rng, *WORLDS[name], hardness)) for name, n in (("small", 32), ("large", 12))]
    gains, errors = [], []
    for small, large in zip(*passes, strict=True):
        (choice,), _ = best([Samples(1.0, 32, small), Samples(1.94, 12, large)], [8.0], counts)
        gains.append((choice.value - choice.single_value).mean())
        errors.append(choice.error)
    low, high = around(np.array(gains), errors, PROBLEMS)
    assert ((low <= np.mean(gains)) & (np.mean(gains) <= high)).mean() >= 0.93
    assert np.mean(errors) < 1.3 * np.std(gains), "nor is it far too wide"

"""rank-score@k of rankers that let the candidates vote, against every subset; examples by the papers' definitions."""

import itertools

import numpy as np
import pytest

from isobudget.statistics import votes
from isobudget.statistics.unbiased import rank_score_at_k
from isobudget.statistics.votes import voted_rank_score_at_k


def every_subset(passed, scores, clusters, kept, k):
    """The definition: for each subset, the mean of passed over the samples that are worth most in it."""
    total = []
    for subset in itertools.combinations(range(len(passed)), k):
        able = [s for s in subset if kept[s]]
        drawn = [clusters[s] for s in able]
        worth = {s: scores[s] * (drawn.count(clusters[s]) if clusters[s] >= 0 else 1) for s in able}
        best = [s for s in able if worth[s] == min(worth.values())]
        total.append(np.mean([passed[s] for s in best]) if best else 0.0)
    return np.mean(total)


def case(seed, n, weights):
    random = np.random.default_rng(seed)
    clusters = random.integers(-1, random.integers(1, 6), n)
    weight = random.choice(weights, 6)
    scores = np.where(clusters >= 0, -weight[clusters].astype(float), random.choice([0.0, -1.0, -2.0], n))
    return random.random(n) < 0.5, scores, clusters, random.random(n) < 0.85


@pytest.mark.parametrize("weights", [[1], [1, 2, 3, 4, 6], [1, 4, 9]], ids=["agreement", "codet", "codet-sqrt"])
def test_it_equals_enumeration_with_ties(weights):
    n, k = 9, np.arange(1, 10)
    cases = [case(seed, n, weights) for seed in range(25)]
    found = voted_rank_score_at_k(*(np.array(each) for each in zip(*cases, strict=True)), k)
    wanted = [[every_subset(*one, size) for size in k] for one in cases]
    assert np.abs(found - wanted).max() < 1e-12


def test_draws_agree_with_the_sum_over_subsets(monkeypatch):
    cases = [case(seed, 24, [1, 2, 3]) for seed in range(12)]
    columns = [np.array(each) for each in zip(*cases, strict=True)]
    k = np.arange(1, 13)
    exact = voted_rank_score_at_k(*columns, k)
    monkeypatch.setattr(votes, "EXACT", 0)
    drawn = voted_rank_score_at_k(*columns, k, seed=1)
    assert np.abs(exact - drawn).max() < 0.02  # four standard errors
    assert np.abs((exact - drawn).mean(axis=0)).max() < 0.006
    assert (drawn == voted_rank_score_at_k(*columns, k, seed=1)).all()


def test_without_votes_it_is_rank_score():
    random = np.random.default_rng(3)
    passed, kept = random.random((20, 12)) < 0.4, random.random((20, 12)) < 0.9
    scores = random.integers(0, 5, (20, 12)).astype(float)
    none = np.full((20, 12), -1)
    k = np.arange(1, 13)
    assert np.allclose(voted_rank_score_at_k(passed, scores, none, kept, k), rank_score_at_k(passed, scores, kept, k))


def test_only_those_drawn_vote():
    # two clusters of 3 and 2: of one sample drawn, nobody knows which is larger
    clusters = np.array([[0, 0, 0, 1, 1]])
    passed, kept = clusters == 0, np.ones((1, 5), bool)
    found = voted_rank_score_at_k(passed, -np.ones((1, 5)), clusters, kept, [1, 2, 5])[0]
    # of two: both of the large cluster 3/10, both of the small one 1/10, one of each 6/10 and a toss
    assert np.allclose(found, [3 / 5, 3 / 10 + 6 / 20, 1])


@pytest.mark.parametrize(
    "scores, clusters", [([[-1.0, -2.0]], [[0, 0]]), ([[0.0, 0.0]], [[0, 0]]), ([[np.nan, -1.0]], [[-1, 0]])]
)
def test_scores_that_are_no_votes_are_refused(scores, clusters):
    with pytest.raises(ValueError, match="score"):
        voted_rank_score_at_k([[True, False]], scores, clusters, [[True, True]], [1])

"""rank-score@k of rankers that let the candidates vote, against every subset; examples by the papers' definitions."""

import itertools
import pkgutil

import numpy as np
import pytest

from isobudget.ranking.votes import codet, vote
from isobudget.statistics import votes
from isobudget.statistics.unbiased import rank_score_at_k
from isobudget.statistics.votes import voted_rank_score_at_k
from isobudget.study.rankers import RANKERS, every

BALLOTS = {kind: pkgutil.resolve_name(RANKERS[kind].function) for kind in every("votes")}


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
    assert np.abs(exact - drawn).max() < 0.032  # four standard errors
    assert np.abs((exact - drawn).mean(axis=0)).max() < 0.01
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


def chosen(kind, rows, times, n):
    """How often each of n programs is chosen when all of them are there: its rank-score if it alone passed."""
    ballots = [vote(BALLOTS[kind], mine, times) for mine in rows]
    names = [cluster for _, cluster in ballots]
    clusters = [[names.index(name) if name else -1 for name in names]]
    scores = [[score for score, _ in ballots]]
    return [
        float(voted_rank_score_at_k([np.arange(n) == one], scores, clusters, np.ones((1, n), bool), [n])[0, 0])
        for one in range(n)
    ]


def behaviour(answers, passed=()):
    """Rows of behaviours of one program: what it made of each input, and which tests it passes."""
    return [
        {
            "example": n,
            "ended": "raised" if str(a).endswith("Error") else "returned",
            "value": str(a),
            "passed": n in passed,
        }
        for n, a in enumerate(answers)
    ]


def test_codet_chooses_the_consensus_set_of_the_largest_product():
    """The case of CodeT's section 2: "return the square of a number", rebuilt by the definition, not copied.

    x1 and x2 are right, x3 doubles, x4 does nothing. The tests, of which the model got some wrong: y1 f(1) == 1,
    y2 f(2) == 4, y3 f(3) == 9, y4 f(3) == 6, y5 f(4) == 8. x1 and x2 pass {y1, y2, y3}: 2 * 3 = 6. x3 passes
    {y2, y4, y5}: 1 * 3. x4 passes {y1}: 1.
    """
    right = behaviour([1, 4, 9, 9, 16], {0, 1, 2})
    doubles = behaviour([2, 4, 6, 6, 8], {1, 3, 4})
    nothing = behaviour([1, 2, 3, 3, 4], {0})
    once = dict.fromkeys(range(5), 1)
    assert [vote(codet, each, once)[0] for each in (right, doubles, nothing)] == [-3, -3, -1]
    assert chosen("codet", [right, right, doubles, nothing], once, 4) == [0.5, 0.5, 0, 0]
    # were x3 drawn twice too, its set would tie, 2 * 3; were one of its tests written twice, it would win, 2 * 4
    assert chosen("codet", [right, right, doubles, doubles], once, 4) == [0.25] * 4
    assert chosen("codet", [right, right, doubles, doubles], once | {3: 2}, 4) == [0, 0, 0.5, 0.5]
    # tests count for more under the root: 1 * 7 tests are fewer than 3 * 3, and more than sqrt(3) * 3
    passes_seven = behaviour(range(10), set(range(3, 10)))
    passes_three = behaviour(range(10, 20), {0, 1, 2})
    once = dict.fromkeys(range(10), 1)
    assert chosen("codet", [passes_three] * 3 + [passes_seven], once, 4) == pytest.approx([1 / 3] * 3 + [0])
    assert chosen("codet-sqrt", [passes_three] * 3 + [passes_seven], once, 4) == [0, 0, 0, 1]


def test_mbr_exec_chooses_where_the_risk_is_least():
    """Figure 1 of MBR-EXEC: of three programs, run on one test case, the first and the third agree.

    Their risk is 0 + 1 + 0, that of the second 1 + 0 + 1; either of the two can be chosen.
    """
    one, two = behaviour(["[1, 2]"]), behaviour(["[2, 1]"])
    assert chosen("mbr-exec", [one, two, one], {0: 1}, 3) == [0.5, 0, 0.5]


def test_the_hard_loss_is_the_largest_over_inputs_and_failures_match_nothing():
    def risk(mine, others):
        return sum(
            max(
                a["value"] != b["value"] or "raised" in (a["ended"], b["ended"])
                for a, b in zip(mine, other, strict=True)
            )
            for other in others
        )

    rows = [behaviour(answers) for answers in ([1, 2], [1, 2], [1, 3], [1, "TypeError"], [1, "TypeError"], [4, 3])]
    rows += [rows[3], rows[3]]
    risks = [risk(mine, rows) for mine in rows]
    wanted = [each == min(risks) for each in risks]
    assert wanted == [True, True] + [False] * 6
    assert chosen("mbr-exec", rows, {0: 1, 1: 1}, 8) == [0.5, 0.5] + [0] * 6
    # agreement takes an exception for an answer
    assert chosen("agreement", rows, {0: 1, 1: 1}, 8) == [0, 0, 0, 0.25, 0.25, 0, 0.25, 0.25]


@pytest.mark.parametrize("kind", ["agreement", "mbr-exec", "codet", "codet-sqrt"])
def test_who_returns_nothing_has_no_vote(kind):
    assert vote(BALLOTS[kind], [], {}) == (0.0, None)
    assert vote(BALLOTS[kind], behaviour(["NameError", "NameError"]), {0: 1, 1: 1}) == (0.0, None)

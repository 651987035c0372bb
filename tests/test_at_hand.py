"""Tests at hand accept, other tests judge: the estimators against every ordered draw."""

import itertools
from fractions import Fraction
from math import comb, factorial

import numpy as np
import pytest

from isobudget.statistics.at_hand import best_k, ceilings, first_accepted, otherwise_any

RIGHT, WRONG, MISSED, NEITHER = "right", "wrong", "missed", "neither"


def mixes(n):
    """Every way to make n of four kinds of samples."""
    counts = itertools.product(range(n + 1), repeat=3)
    return [(r, w, m, n - r - w - m) for r, w, m in counts if r + w + m <= n]


def enumerated(samples, k):
    """Over every ordered draw of k: (first accepted is right, it is wrong, right if else any of the k is taken)."""
    right = wrong = anyway = Fraction(0)
    draws = list(itertools.permutations(samples, k))
    for draw in draws:
        first = next((one for one in draw if one in (RIGHT, WRONG)), None)
        right += first == RIGHT
        wrong += first == WRONG
        anyway += Fraction(draw.count(MISSED), k) if first is None else first == RIGHT
    return right / len(draws), wrong / len(draws), anyway / len(draws)


@pytest.mark.parametrize("n", range(1, 6))
def test_estimates_equal_every_ordered_draw_of_every_mix(n):
    found = mixes(n)
    right, wrong, missed = (np.array([mix[i] for mix in found]) for i in range(3))
    sizes = range(1, n + 1)
    is_right, is_wrong = first_accepted(n, right, wrong, sizes)
    anyway = is_right + otherwise_any(n, right, wrong, missed, sizes)
    for row, mix in enumerate(found):
        samples = [kind for kind, count in zip((RIGHT, WRONG, MISSED, NEITHER), mix, strict=True) for _ in range(count)]
        for k in sizes:
            exact = enumerated(samples, k)
            estimate = is_right[row, k - 1], is_wrong[row, k - 1], anyway[row, k - 1]
            assert estimate == pytest.approx(tuple(map(float, exact)), abs=1e-14), (mix, k)


def test_over_all_outcomes_of_n_draws_the_estimates_are_those_of_k_new_samples():
    """Exact expectation over the multinomial, against p sum (1 - p - q)^j and its kin."""
    n, chances = 5, (Fraction(1, 4), Fraction(1, 6), Fraction(1, 8))
    p, q, m = chances
    found = mixes(n)
    weight = np.array(
        [
            float(
                Fraction(factorial(n), factorial(r) * factorial(w) * factorial(u) * factorial(o))
                * p**r * q**w * m**u * (1 - p - q - m) ** o
            )
            for r, w, u, o in found
        ]
    )  # fmt: skip
    right, wrong, missed = (np.array([mix[i] for mix in found]) for i in range(3))
    is_right, is_wrong = first_accepted(n, right, wrong, range(1, n + 1))
    rest = otherwise_any(n, right, wrong, missed, range(1, n + 1))
    for k in range(1, n + 1):
        drawn = sum((1 - p - q) ** j for j in range(k))
        assert weight @ is_right[:, k - 1] == pytest.approx(float(p * drawn), abs=1e-12)
        assert weight @ is_wrong[:, k - 1] == pytest.approx(float(q * drawn), abs=1e-12)
        assert weight @ rest[:, k - 1] == pytest.approx(float((1 - p - q) ** k * m / (1 - p - q)), abs=1e-12)
    reached, most = ceilings(n, right, wrong)
    limit, seen = float(p / (p + q)), float(1 - (1 - p - q) ** n)
    assert weight @ reached == pytest.approx(limit * seen, abs=1e-12)
    assert weight @ most == pytest.approx(limit * seen + 1 - seen, abs=1e-12)
    assert weight @ most > limit > weight @ reached


def test_the_ceiling_reached_is_the_score_of_all_n_and_no_k_is_above_it():
    rng = np.random.default_rng(0)
    right, wrong, _, _ = rng.multinomial(16, [0.3, 0.2, 0.1, 0.4], size=50).T
    reached, most = ceilings(16, right, wrong)
    is_right, _ = first_accepted(16, right, wrong, range(1, 17))
    np.testing.assert_allclose(is_right[:, -1], reached)
    assert (np.diff(is_right, axis=1) >= -1e-15).all()
    assert (reached <= most).all()


def test_tests_that_are_the_judge_give_pass_at_k():
    is_right, is_wrong = first_accepted(8, range(9), [0] * 9, range(1, 9))
    exact = [[1 - comb(8 - c, k) / comb(8, k) for k in range(1, 9)] for c in range(9)]
    np.testing.assert_allclose(is_right, exact, atol=1e-15)
    assert (is_wrong == 0).all()


def test_where_more_samples_hurt():
    # an easy problem that one sample solves, and a hard one whose tests at hand take a wrong answer sooner or later
    k = np.arange(1, 9)
    right, wrong = first_accepted(16, [16, 0], [0, 4], k)
    right, wrong = right.mean(axis=0), wrong.mean(axis=0)
    assert best_k(right, wrong, 0)[0] == 1  # more never hurt, and never help here
    assert best_k(right, wrong, 1)[0] == 1
    by_hand = [(0.5 - 4 * each, size) for each, size in zip(wrong, k, strict=True)]
    assert best_k(right, wrong, 4) == (0, 0.0) and max(by_hand)[0] <= 0  # a quarter wrong at once: abstain
    found, worth = best_k(np.array([right, [0.1] * 8]), np.array([wrong, [0.0] * 8]), 1)
    assert found.tolist() == [1, 1] and worth == pytest.approx([0.5 - wrong[0], 0.1])
    # a second sample helps with p = 0.5 and costs with q = 0.4, so that the cost decides
    right, wrong = first_accepted(10, [5], [4], range(1, 6))
    assert best_k(right, wrong, 1)[0].tolist() == [2]
    assert best_k(right, wrong, 2)[0].tolist() == [0]


@pytest.mark.parametrize("counts", [(-1, 0), (4, 5), (9, 0)])
def test_counts_out_of_range_are_refused(counts):
    with pytest.raises(ValueError, match="counts must be 0 or more, and n = 8 at most together"):
        first_accepted(8, [counts[0]], [counts[1]], [1])


def test_sizes_out_of_range_are_refused():
    for k in (0, 9):
        with pytest.raises(ValueError, match="k must be between 1 and n = 8"):
            first_accepted(8, [1], [1], [k])

"""Rankers see texts and likelihoods, never tests."""

import math

import pytest

from isobudget.ranking import likelihood, plain


def sample(**changes):
    return {"task_id": "t/0", "sample": 0, "completion_tokens": 4, "logprob": -2.0, "finish_reason": "stop"} | changes


def test_nll_is_the_mean_over_completion_tokens():
    assert likelihood.mean_nll(4 * math.log(0.5), 4) == pytest.approx(math.log(2))
    assert likelihood.kept([sample(), sample(logprob=-8.0)]) == [0.5, 2.0]


def test_a_completion_without_tokens_is_certain():
    assert likelihood.mean_nll(0.0, 0) == 0.0


def test_a_sample_without_log_probability_has_no_score():
    assert likelihood.kept([sample(sample=7, logprob=None), sample()]) == [None, 0.5]


def test_shortest_counts_tokens_and_random_ties_all():
    samples = [sample(completion_tokens=9), sample(completion_tokens=2)]
    assert plain.shortest(samples) == [9.0, 2.0]
    assert plain.random(samples) == [0.0, 0.0]

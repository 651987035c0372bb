"""Models compared over all budgets: steps by hand, a crossover that is known, and what is said where there is none."""

import numpy as np
import pytest

from isobudget.statistics.bootstrap import band, interval
from isobudget.statistics.steps import Curve, breakpoints, crossover, margins

SMALL = [0.50, 0.60, 0.65, 0.68, 0.69, 0.70]  # at 1 a sample
LARGE = [0.40, 0.62, 0.72]  # at 2 a sample: behind at 2 and 4, ahead from 6 on


def curve(cost, values, shifts=(0.0,)):
    """A curve whose replicates are itself, moved by each of the shifts."""
    values = np.array(values)
    return Curve(cost, values, values + np.array(shifts)[:, None])


def of_costs(costs, most):
    return [curve(cost, [0.0] * count) for cost, count in zip(costs, most, strict=True)]


def test_breakpoints_are_the_multiples_of_the_costs_up_to_the_first_without_a_score():
    budgets, counts = breakpoints(of_costs([1.0, 2.5], [3, 2]))
    assert budgets.tolist() == [1, 2, 2.5, 3, 4, 5, 7.5]
    assert counts.tolist() == [[1, 2, 2, 3, 4, 5, 7], [0, 0, 1, 1, 1, 2, 3]]


def test_budgets_that_differ_by_rounding_are_one():
    budgets, counts = breakpoints(of_costs([0.1, 0.1 + 0.2], [6, 2]))  # 0.30000000000000004 is three of 0.1
    assert len(budgets) == 8  # 1 to 7 of the one, 9 for three of the other
    assert counts.tolist() == [[1, 2, 3, 4, 5, 6, 7, 9], [0, 0, 1, 1, 1, 2, 2, 3]]


def test_what_is_paid_once_comes_before_any_sample():
    first, second = curve(1.0, [0.2, 0.3, 0.4]), curve(1.0, [0.5, 0.6])._replace(once=1.5)
    budgets, counts = breakpoints([first, second])
    assert budgets.tolist() == [1, 2, 2.5, 3, 3.5, 4, 4.5]
    assert counts.tolist() == [[1, 2, 2, 3, 3, 4, 4], [0, 0, 1, 1, 2, 2, 3]]
    compared = margins(second, first, 10)
    assert compared.budgets.tolist() == [2.5, 3, 3.5] and compared.end == 4
    np.testing.assert_allclose(compared.values, [0.5 - 0.3, 0.5 - 0.4, 0.6 - 0.4])


def test_a_known_crossover_is_found():
    # A: .60 .65 .68 .69 .70 at 2 to 6, B: .40 .40 .62 .62 .72; from 7 on A has no score
    found = crossover(curve(1, SMALL), curve(2, LARGE))
    assert found == (-1, 6.0, 6.0, 6.0, 1)
    mirrored = crossover(curve(2, LARGE), curve(1, SMALL))
    assert mirrored == (1, 6.0, 6.0, 6.0, 1)


def test_the_interval_of_a_crossover_is_that_of_its_replicates():
    # B must be .04 better to lead at 4 as well (.63 at 4 and 5: no, .68 - .62 = .06), so .065 more moves it to 4, and
    # .21 more to 2; .03 less and it never leads
    shifts = [0.0] * 90 + [0.08] * 4 + [0.3] * 3 + [-0.03] * 3
    found = crossover(curve(1, SMALL, [0.0] * 100), curve(2, LARGE, shifts))
    assert found == (-1, 6.0, 2.0, None, 1)
    fewer = [0.0] * 94 + [0.08] * 4 + [0.3] * 1 + [-0.03] * 1
    assert crossover(curve(1, SMALL, [0.0] * 100), curve(2, LARGE, fewer)) == (-1, 6.0, 4.0, 6.0, 1)


def test_of_several_crossings_the_last_counts():
    # differences of A less B: + at 1, - at 2, + at 3, - at 4 and 5
    found = crossover(curve(1, [0.5, 0.5, 0.7, 0.7, 0.7]), curve(1, [0.4, 0.6, 0.6, 0.8, 0.8]))
    assert (found.ahead, found.budget, found.crossings) == (-1, 4.0, 3)


def test_without_a_crossing_the_lead_holds_from_the_first_budget_that_buys_both():
    found = crossover(curve(1, SMALL), curve(3, [0.1, 0.2]))
    assert (found.ahead, found.budget, found.crossings) == (1, 3.0, 0)


def test_a_tie_at_the_end_has_no_crossover():
    assert crossover(curve(1, [0.2, 0.5]), curve(1, [0.3, 0.5])) == (0, None, None, None, 1 - 1)
    assert crossover(curve(1, [0.2, 0.4, 0.5]), curve(1, [0.3, 0.3, 0.5])) == (0, None, None, None, 1)


def test_models_that_no_budget_buys_both_are_not_compared():
    # two of the one cost 2, and 3 buys more of it than have a score
    assert crossover(curve(1, [0.5, 0.6]), curve(3, [0.9])) is None
    assert margins(curve(1, [0.5, 0.6]), curve(3, [0.9]), 10) is None


def test_margins_are_paired_differences_at_every_step():
    rng = np.random.default_rng(0)
    first = Curve(1.0, np.array(SMALL), np.array(SMALL) + rng.normal(0, 0.04, (200, 6)))
    second = Curve(2.0, np.array(LARGE), np.array(LARGE) + rng.normal(0, 0.04, (200, 3)))
    found = margins(first, second, 30)
    assert found.budgets.tolist() == [2, 3, 4, 5, 6]
    assert found.end == 7
    assert found.k.tolist() == [2, 3, 4, 5, 6]
    assert found.other_k.tolist() == [1, 1, 2, 2, 3]
    np.testing.assert_allclose(found.values, [0.20, 0.25, 0.06, 0.07, -0.02])
    drawn = first.drawn[:, [1, 2, 3, 4, 5]] - second.drawn[:, [0, 0, 1, 1, 2]]
    np.testing.assert_array_equal((found.low, found.high), interval(drawn, 30))
    np.testing.assert_array_equal((found.low_all, found.high_all), band(drawn, found.values, 30))


def test_a_band_holds_all_values_at_once_where_intervals_hold_each():
    rng = np.random.default_rng(1)
    truth, inside_each, inside_all, rounds = np.zeros(12), 0, 0, 400
    for _ in range(rounds):
        drawn = rng.normal(0, 1, (300, 12))
        values = rng.normal(0, 1, 12)
        low, high = band(drawn + values, values, 1000)
        inside_all += ((low <= truth) & (truth <= high)).all()
        low, high = interval(drawn + values, 1000)
        inside_each += ((low <= truth) & (truth <= high)).all()
    assert inside_all / rounds == pytest.approx(0.95, abs=0.035)
    assert inside_each / rounds < 0.65  # 0.95 ** 12 = 0.54


def test_a_band_of_what_never_varies_is_itself():
    low, high = band(np.full((50, 2), 0.4), np.full(2, 0.4), 20)
    assert low.tolist() == high.tolist() == [0.4, 0.4]

"""Tests at hand accept, other tests judge: the estimators against every ordered draw."""

import functools
import itertools
from argparse import Namespace
from fractions import Fraction
from html import unescape
from math import comb, factorial

import duckdb
import numpy as np
import pytest

from helpers.small_study import GREEDY, PASSED, SETTINGS, TASKS, aggregate, estimate, write_study
from isobudget.files.tables import read_json, write_json, write_rows
from isobudget.report import choosing, curves, families, table
from isobudget.report.__main__ import write_report
from isobudget.report.database import read_study
from isobudget.report.figures import tests_at_hand
from isobudget.statistics.at_hand import best_k, ceilings, first_accepted, otherwise_any
from isobudget.statistics.bootstrap import interval, replicates, resamples

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


# The tables of a small study, whose tests at hand accept what `accepts` says.


def accepts(model, task, sample):
    """Tests at hand: a pattern with every kind of sample, and one problem of which none is accepted."""
    return task != 2 and (sample + task + (model == "L")) % 3 != 2


def kinds(model, task):
    names = {(1, 1): RIGHT, (1, 0): WRONG, (0, 1): MISSED, (0, 0): NEITHER}
    return [names[accepts(model, task, s), passed] for s, passed in enumerate(PASSED[model][task])]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return write_choosing(tmp_path_factory.mktemp("at_hand") / "results", "examples")


def write_choosing(results, source, written=None):
    """A study that chooses by one source of tests; written: what S's tests cost a problem, {unit: number}."""
    write_study(results)
    costs = read_json(results / "costs/S.json")
    write_json(results / "costs/S.json", costs | ({"written": written} if written else {}))
    tests = [{"task_id": task_id, "tests": f"assert t({n}) == 1\n" * (n > 0)} for n, task_id in enumerate(TASKS)]
    write_rows(results / f"tests/{source}/humaneval.parquet", "tests", tests)
    for model, blocks in SETTINGS["models"].items():
        for block in range(blocks):
            rows = [
                {"task_id": TASKS[t], "sample": s, "verdict": "passed" if accepts(model, t, s) else "failed"}
                for t in range(len(TASKS))
                for s in range(4 * block, 4 * block + 4)
            ]
            write_rows(results / f"at_hand/{source}/humaneval/{model}/sampled/{block}.parquet", "at_hand", rows)
        estimate(results, model, at_hand=[source])
    done = aggregate(results, at_hand={"humaneval": [source]})
    assert done.returncode == 0, done.stderr
    return results


def ask(results, query, *given):
    with duckdb.connect(str(results / "isobudget.duckdb"), read_only=True) as connection:
        return connection.execute(query, given).fetchall()


@pytest.fixture
def database(results):
    return functools.partial(ask, results)


def by_problem(model, k):
    """(right, wrong, anyway) of each problem by enumeration, floats, shape (problems, 3)."""
    return np.array([[float(x) for x in enumerated(kinds(model, task), k)] for task in range(len(TASKS))])


def test_the_table_at_k_is_what_enumeration_gives(database):
    found = database("SELECT model, k, value, wrong, anyway, false_positives FROM at_hand_at_k ORDER BY ALL")
    assert [row[:2] for row in found] == [("L", 1), ("L", 2), ("S", 1), ("S", 2), ("S", 3), ("S", 4)]
    for model, k, *values in found:
        right, wrong, anyway = by_problem(model, k).mean(axis=0)
        assert values == pytest.approx([right, wrong, anyway, wrong / (right + wrong)])


def test_counts_and_tests_are_kept_as_rows(database):
    for model, n in (("S", 8), ("L", 4)):
        for task, task_id in enumerate(TASKS):
            drawn = kinds(model, task)
            counts = (n, *(drawn.count(kind) for kind in (RIGHT, WRONG, MISSED)))
            query = 'SELECT n, "right", wrong, missed FROM at_hand_counts WHERE (model, task_id) = (?, ?)'
            assert database(query, model, task_id) == [counts]
    assert database("SELECT task_id FROM tests_at_hand WHERE tests = ''") == [("T/0",)]


def test_budgets_buy_samples_and_the_tests_at_hand_cost_nothing(database):
    rows = database("SELECT model, unit, budget, k FROM at_hand_at_budget ORDER BY ALL")
    assert ("L", "flops", 4.0, 1) in rows and ("S", "flops", 4.0, 4) in rows and ("L", "seconds", 6.0, 2) in rows
    assert not [row for row in rows if row[:3] == ("S", "flops", 8.0)]  # k = 8 is more than n/2


def test_tests_that_a_model_writes_are_paid_for_once_a_problem_whoever_chooses_by_them(tmp_path):
    """A sample of S costs 1 TFLOPs, one of L 4, and S writes the tests for 2."""
    results = write_choosing(tmp_path / "results", "written:S", {"flops": 2e12, "seconds": None, "usd": None})
    costs = "SELECT model, unit, candidate, once FROM candidate_costs WHERE ranker = 'at_hand:written:S' ORDER BY ALL"
    assert ask(results, costs) == [
        ("L", "flops", 4e12, 2e12),
        ("S", "flops", 1e12, 2e12),
    ]  # of seconds nothing is known
    bought = dict(ask(results, "SELECT (model, budget), k FROM at_hand_at_budget"))
    # of budgets 1, 2, 4, 8, 16 and 64: L's first costs 6, and 3 are left of 16 for a second, S's fourth is paid at 6
    assert {(m, b): k for (m, b), k in bought.items()} == {("S", 4.0): 2, ("L", 8.0): 1}
    equal = "SELECT k, budget, equal_cost FROM against_one WHERE chooser = 'at_hand:written:S' AND model = 'S'"
    assert ask(results, f"{equal} AND other = 'L' AND single = 'greedy' ORDER BY k") == [
        (2, 4.0, True), (3, 5.0, False), (4, 6.0, False)
    ]  # fmt: skip
    study = read_study(results / "isobudget.duckdb")
    (small,) = [line for line in curves.at_hand_curves(study, "humaneval", "flops", "written:S") if line.model == "S"]
    assert small.x == pytest.approx([3e12, 4e12, 5e12, 6e12])
    (said,) = choosing.by_tests_at_hand(study, "humaneval", "flops")
    assert said.startswith(
        "Where tests that S wrote choose, the tests that judge kept away: for the FLOPs of L run once, "
    )
    with duckdb.connect(str(results / "isobudget.duckdb"), read_only=True) as connection:
        (family,) = [f for f in families.families(study, connection, "humaneval") if f["key"] == "hand"]
    assert {line["once"].get("flops") for line in family["lines"]} == {2e12}


def test_where_the_tests_leave_no_money_for_a_choice_the_report_says_so_and_what_one_costs(tmp_path):
    results = write_choosing(tmp_path / "results", "written:S", {"flops": 3e12, "seconds": None, "usd": None})
    (said,) = choosing.by_tests_at_hand(read_study(results / "isobudget.duckdb"), "humaneval", "flops")
    assert "the FLOPs of L run once do not pay for two samples of S to choose from" in said
    query = (
        "SELECT k, budget, 100 * value, 100 * margin FROM against_one WHERE chooser = 'at_hand:written:S'"
        " AND unit = 'flops' AND model = 'S' AND single = 'sampled' ORDER BY margin DESC, k LIMIT 1"
    )
    ((k, budget, value, margin),) = ask(results, query)
    assert f"S run {k} times, for {budget:g} generations: right on {value:.1f} % of problems" in said
    assert f"({margin:+.1f} points, paired" in said


def test_where_tests_accept_no_sample_the_report_says_that_and_no_share_of_nothing(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "accepts", lambda *where: False)
    study = read_study(write_choosing(tmp_path / "results", "examples") / "isobudget.duckdb")
    (said,) = choosing.by_tests_at_hand(study, "humaneval", "flops")
    assert "They accept no sample of S, so that none is handed over" in said
    assert "are wrong" not in said and "lifts" not in said


def test_ceilings_count_a_problem_without_an_accepted_sample_both_ways(database):
    for model, reached, most in database("SELECT model, reached, most FROM at_hand_ceilings"):
        shares = []
        for task in range(2):
            drawn = kinds(model, task)
            shares.append(drawn.count(RIGHT) / (drawn.count(RIGHT) + drawn.count(WRONG)))
        assert (reached, most) == pytest.approx((sum(shares) / 3, (sum(shares) + 1) / 3))


def margin_by_hand(values):
    """(value, low, high) of a mean over problems, from the resamples that the study shares."""
    counts = resamples(
        len(values), **{"count": SETTINGS["bootstrap"]["resamples"], "seed": SETTINGS["bootstrap"]["seed"]}
    )
    low, high = interval(replicates(np.array(values)[:, None], counts), len(values))
    return np.mean(values), low[0], high[0]


def test_against_one_output_is_paired_over_problems_and_begins_at_equal_cost(database):
    query = (
        "SELECT k, budget, equal_cost, margin, low, high FROM against_one WHERE unit = 'seconds' AND chooser = ?"
        " AND model = 'S' AND other = 'L' AND single = ? ORDER BY k"
    )
    for single, other in (("greedy", GREEDY["L"]), ("sampled", [np.mean(row) for row in PASSED["L"]])):
        found = database(query, "at_hand:examples", single)
        assert [row[:3] for row in found] == [(3, 3.0, True), (4, 4.0, False)]  # L costs three of S
        for k, _, _, *margin in found:
            assert margin == pytest.approx(margin_by_hand(by_problem("S", k)[:, 2] - other))
    # a ranker that another model reads for costs more a candidate: 0.5 s and 0.5 s of reading, and L 1.5 s
    assert [row[:3] for row in database(query, "nll:L", "greedy")] == [
        (1, 3.0, True), (2, 4.0, False), (3, 6.0, False), (4, 8.0, False)
    ]  # fmt: skip
    choosers = {name for (name,) in database("SELECT DISTINCT chooser FROM against_one")}
    assert choosers == {"tests", "at_hand:examples", "nll:L", "nll:self"}
    # one L for one S is never of equal cost: what is spent on S is less, and the row says so
    assert database("SELECT count(*) FROM against_one WHERE model = 'L' AND k = 1 AND equal_cost") == [(0,)]


def test_two_models_choosing_by_the_same_tests_are_compared_at_every_budget(database):
    query = (
        "SELECT budget, until, k, other_k, value, low, high FROM at_hand_margins"
        " WHERE unit = 'flops' AND model = 'S' AND other = 'L' ORDER BY budget"
    )
    (row,) = database(query)
    assert row[:4] == (4.0, 5.0, 4, 1)
    assert row[4:] == pytest.approx(margin_by_hand(by_problem("S", 4)[:, 2] - by_problem("L", 1)[:, 2]))


def test_the_best_k_is_the_highest_of_the_table_at_k(database):
    for model, most in (("S", 4), ("L", 2)):
        curve = database("SELECT k, value, wrong FROM at_hand_at_k WHERE model = ? ORDER BY k", model)
        for cost in (1, 2, 4):
            by_hand = max([(0.0, 0)] + [(round(right - cost * wrong, 12), -k) for k, right, wrong in curve])
            query = (
                "SELECT worth, -k, most_k, low <= k, k <= high FROM at_hand_best_k WHERE (model, wrong_costs) = (?, ?)"
            )
            (found,) = database(query, model, cost)
            assert found == (pytest.approx(by_hand[0]), by_hand[1], most, True, True)


def test_the_report_says_what_the_tables_hold(results, database):
    study = read_study(results / "isobudget.duckdb")
    (said,) = choosing.by_tests_at_hand(study, "humaneval", "flops")
    query = (
        "SELECT 100 * value, 100 * other_value, 100 * margin, 100 * low, 100 * high FROM against_one"
        " WHERE unit = 'flops' AND model = 'S' AND single = 'sampled' AND equal_cost AND chooser = ?"
    )
    ((value, other, margin, low, high),) = database(query, "at_hand:examples")
    assert f"S run 4 times is right on {value:.1f} % of problems, and L on {other:.1f} %" in said
    assert f"({margin:+.1f} points, paired 95 % interval {low:+.1f} to {high:+.1f})" in said
    ((_, _, judged, judged_low, _),) = database(query, "tests")
    assert f"With the tests that judge it was {judged:+.1f}." in said
    open_end = "So the lead of S is gone" if judged_low > 0 else "Neither leads."
    verdict = "S many times still wins." if low > 0 else "S many times loses." if high < 0 else open_end
    assert verdict in said
    assert "2 of 3 problems have such tests." in said
    ((most,),) = database("SELECT 100 * most FROM at_hand_ceilings WHERE model = 'S'")
    assert f"lifts S above {most:.1f} %" in said
    ((best, least, last),) = database("SELECT k, low, most_k FROM at_hand_best_k WHERE model = 'S' AND wrong_costs = 2")
    words = {0: "no answer at all is better", last: f"up to the {last} that can be scored"}
    assert words.get(best, f"more than {best} samples hurt (95 % interval {least}") in said


def test_the_report_says_whether_a_ranker_reaches_one_output(results, database):
    said = choosing.by_rankers(read_study(results / "isobudget.duckdb"), "humaneval", "flops")
    query = "SELECT k, 100 * value, 100 * margin FROM against_one WHERE unit = 'flops' AND model = 'S' AND equal_cost"
    # L reads for 4 TFLOPs a candidate, so that only the model's own likelihood has two to choose among
    ((k, value, margin),) = database(query + " AND single = 'greedy' AND chooser = 'nll:self'")
    assert f"the closest is nll:self, one of {k}: {value:.1f} %" in said or "the ranker nll:self of S's" in said
    assert f"({margin:+.1f} points" in said
    assert database(query + " AND chooser = 'nll:L'") == []


def test_the_figure_draws_the_table_and_the_page_and_the_terminal_say_the_sentence(results, database, tmp_path):
    study = read_study(results / "isobudget.duckdb")
    figure = tests_at_hand.draw(study, "humaneval", "seconds")
    drawn = {each.get_gid(): each for axes in figure.axes for each in axes.get_children() if each.get_gid()}
    for model, cost in (("S", 0.5), ("L", 1.5)):
        rows = database("SELECT k, anyway, false_positives FROM at_hand_at_k WHERE model = ? ORDER BY k", model)
        line, wrong = drawn[f"at_hand:{model}:examples"], drawn[f"wrong:{model}:examples"]
        assert list(line.get_xdata()) == pytest.approx([k * cost for k, *_ in rows])
        assert list(line.get_ydata()) == pytest.approx([100 * anyway for _, anyway, _ in rows])
        assert list(wrong.get_ydata()) == pytest.approx([100 * share for *_, share in rows])
        ends = database("SELECT 100 * reached, 100 * most FROM at_hand_ceilings WHERE model = ?", model)[0]
        assert tuple(drawn[f"ceiling:{model}:examples"].get_ydata()) == pytest.approx(ends)
    output = tmp_path / "index.html"
    write_report(Namespace(database=str(results / "isobudget.duckdb"), settings={}, output=str(output)))
    assert (tmp_path / "figures/humaneval/at_hand_at_flops.png").stat().st_size > 10_000
    (said,) = choosing.by_tests_at_hand(study, "humaneval", "flops")
    page = " ".join(unescape(output.read_text()).split())
    assert said in page and "Tests at hand over FLOPs" in page
    assert said in " ".join(table.table(study).split())

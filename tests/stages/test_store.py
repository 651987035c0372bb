"""The store: a small study, estimated and aggregated by the stages themselves, every table asked."""

import itertools
import json
import math
import shutil
from statistics import mean

import duckdb
import numpy as np
import pytest

from helpers.small_study import GREEDY, PASSED, SETTINGS, aggregate, score
from isobudget.files.tables import write_rows
from isobudget.statistics.bootstrap import interval


@pytest.fixture(scope="module")
def whole(small, tmp_path_factory):
    """The study's folder, aggregated once; tests only read it."""
    results = tmp_path_factory.mktemp("whole") / "results"
    shutil.copytree(small, results)
    # what a removed model, a larger n and a dropped ranker left behind
    write_rows(results / "problems/mbpp.parquet", "problems", [])
    for stale in ("outcomes/humaneval/gone/sampled/0", "outcomes/humaneval/L/sampled/1"):
        (results / f"{stale}.parquet").parent.mkdir(parents=True, exist_ok=True)
        (results / f"{stale}.parquet").write_text("not even Parquet")
    done = aggregate(results)
    assert done.returncode == 0, done.stderr
    assert [p.name for p in results.iterdir() if p.name.startswith(".")] == []
    return results


@pytest.fixture
def ask(whole):
    with duckdb.connect(str(whole / "isobudget.duckdb"), read_only=True) as connection:
        yield lambda query: connection.execute(query).fetchall()


def pass_at_k(model, k):
    """Mean over problems of the share of k-subsets with a pass, by enumeration."""
    return mean(mean(any(s) for s in itertools.combinations(row, k)) for row in PASSED[model])


def rank_score_at_k(model, ranker, k):
    shares = []
    for task, row in enumerate(PASSED[model]):
        values = [score(model, ranker, task, sample) for sample in range(len(row))]
        for subset in itertools.combinations(range(len(row)), k):
            best = min(values[i] for i in subset)
            shares.append(mean(row[i] for i in subset if values[i] == best))
    return mean(shares)


def test_the_tables_and_no_others_with_their_columns(ask):
    found = {}
    for table, column in ask(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal ORDER BY column_index"
    ):
        found.setdefault(table, []).append(column)
    keys = "benchmark model decoding block "
    budget = " unit budget budget_absolute k value low high"
    assert found == {
        name: columns.split()
        for name, columns in {
            "study": "key value",
            "problems": "benchmark task_id prompt tests kind entry_point reference split",
            "samples": keys + "task_id sample text prompt_tokens completion_tokens logprob finish_reason",
            "outcomes": keys + "task_id sample program_sha256 verdict detail cpu_seconds",
            "scores": keys + "ranker task_id sample score kept",
            "labels": "benchmark model decoding task_id sample passed",
            "label_disagreements": "benchmark model decoding task_id sample passed verdict detail program_sha256",
            "costs": "model unit generation scoring relative how flops_read_written written",
            "candidate_costs": "model ranker unit candidate once",
            "pass_at_k": "benchmark model k value low high",
            "pass_at_budget": "benchmark model" + budget,
            "greedy": "benchmark model value low high",
            "rank_score_at_k": "benchmark model ranker k value low high",
            "rank_score_at_budget": "benchmark model ranker" + budget,
            "winners": "benchmark unit budget budget_absolute model k value low high runner_up runner_up_k "
            "runner_up_value margin margin_low margin_high",
            "answers": "benchmark unit tests budget until budget_absolute model ranker k value low high runner_up "
            "runner_up_ranker runner_up_k runner_up_value margin margin_low margin_high capped",
            "margins": "benchmark unit model other budget until budget_absolute k other_k value low high "
            "low_all high_all",
            "crossovers": "benchmark unit model other tied budget low high crossings compared_from compared_until",
            "counts": "benchmark model task_id n c",
            "mixes": "benchmark unit budget budget_absolute early_stop mix value low high spent single single_k "
            "single_value margin margin_low margin_high most_models capped",
            "tests_at_hand": "benchmark source task_id tests",
            "at_hand": "benchmark model decoding block source task_id sample program_sha256 verdict detail cpu_seconds",
            "at_hand_counts": "benchmark model source task_id n right wrong missed",
            "at_hand_at_k": "benchmark model source k value low high wrong wrong_low wrong_high anyway anyway_low "
            "anyway_high false_positives false_positives_low false_positives_high",
            "at_hand_at_budget": "benchmark model source" + budget + " wrong anyway anyway_low anyway_high",
            "at_hand_ceilings": "benchmark model source n reached reached_low reached_high most most_low most_high",
            "at_hand_margins": "benchmark unit source model other budget until budget_absolute k other_k value low "
            "high",
            "at_hand_best_k": "benchmark model source wrong_costs k low high worth most_k",
            "against_one": "benchmark unit model chooser other single budget budget_absolute equal_cost k value "
            "other_value margin low high",
            "early_stop_at_k": "benchmark model k value low high solved",
            "early_stop_at_budget": "benchmark model" + budget + " spent spent_solved fixed_k fixed_value",
        }.items()
    }


def test_rows_carry_the_keys_of_their_paths_and_stale_files_stay_out(ask):
    counts = "SELECT model, decoding, block, count(*) FROM {} GROUP BY ALL ORDER BY ALL"
    sampled = [("L", "sampled", 0, 12), ("S", "sampled", 0, 12), ("S", "sampled", 1, 12)]
    both = sorted([*sampled, ("L", "greedy", 0, 3), ("S", "greedy", 0, 3)])
    assert ask(counts.format("samples")) == both
    assert ask(counts.format("outcomes")) == both
    assert ask(counts.format("scores")) == [(*row[:3], 24) for row in sampled]
    assert ask("SELECT DISTINCT benchmark FROM problems") == [("humaneval",)]
    assert ask("SELECT count(*) FROM problems") == [(3,)]
    assert ask("SELECT text FROM samples WHERE model = 'S' AND block = 1 AND task_id = 'T/2' AND sample = 6") == [
        ("S 2 6",)
    ]
    for model, ranker, task, sample in [("S", "nll:L", 1, 5), ("L", "nll:self", 2, 0)]:
        key = f"model = '{model}' AND ranker = '{ranker}' AND task_id = 'T/{task}' AND sample = {sample}"
        assert ask(f"SELECT score FROM scores WHERE {key}") == [(score(model, ranker, task, sample),)]


def test_outcomes_join_samples_and_give_back_the_verdicts(ask):
    found = ask(
        "SELECT model, task_id, sample, verdict = 'passed' FROM outcomes JOIN samples "
        "USING (benchmark, model, decoding, block, task_id, sample) WHERE decoding = 'sampled'"
    )
    assert len(found) == 36
    assert all(PASSED[model][int(task[2:])][sample] == passed for model, task, sample, passed in found)


def test_pass_at_k_is_enumeration_for_every_k_up_to_half(ask):
    found = ask("SELECT model, k, value, low <= value AND value <= high FROM pass_at_k")
    assert [(model, k) for model, k, _, _ in found] == [("L", 1), ("L", 2), ("S", 1), ("S", 2), ("S", 3), ("S", 4)]
    for model, k, value, inside in found:
        assert value == pytest.approx(pass_at_k(model, k), abs=1e-12)
        assert inside


def test_rank_score_at_k_is_enumeration(ask):
    found = ask("SELECT model, ranker, k, value FROM rank_score_at_k")
    assert len(found) == 2 * (2 + 4)
    for model, ranker, k, value in found:
        assert value == pytest.approx(rank_score_at_k(model, ranker, k), abs=1e-12)


def test_greedy_is_the_share_solved(ask):
    assert ask("SELECT model, value FROM greedy") == [("L", pytest.approx(2 / 3)), ("S", pytest.approx(1 / 3))]


def test_costs_are_relative_to_the_cheapest(ask):
    assert ask(
        "SELECT model, unit, generation, scoring, relative, flops_read_written FROM costs ORDER BY unit, model"
    ) == [
        ("L", "flops", 4e12, 4e12, 4.0, 7.5),
        ("S", "flops", 1e12, 1e12, 1.0, 7.5),
        ("L", "seconds", 1.5, 0.5, 3.0, None),
        ("S", "seconds", 0.5, 0.25, 1.0, None),
        ("L", "usd", None, None, None, None),
        ("S", "usd", None, None, None, None),
    ]


def test_a_budget_buys_what_fits_and_no_more_than_half_the_samples(ask):
    found = ask("SELECT model, unit, budget, budget_absolute, k, value FROM pass_at_budget")
    # flops: S costs 1, L costs 4; S has rows up to k = 4, L up to k = 2. 16 and 64 are beyond both.
    # seconds: S costs 1, L costs 3. No price, no usd.
    assert [row[:5] for row in found] == [
        ("S", "flops", 1, 1e12, 1),
        ("S", "flops", 2, 2e12, 2),
        ("L", "flops", 4, 4e12, 1),
        ("S", "flops", 4, 4e12, 4),
        ("L", "flops", 8, 8e12, 2),
        ("S", "seconds", 1, 0.5, 1),
        ("L", "seconds", 3, 1.5, 1),
        ("S", "seconds", 3, 1.5, 3),
        ("L", "seconds", 6, 3.0, 2),
    ]
    for model, _, _, _, k, value in found:
        assert value == pytest.approx(pass_at_k(model, k), abs=1e-12)


def test_a_ranked_candidate_costs_its_generation_and_its_ranking(ask):
    found = ask("SELECT ranker, model, unit, budget, k, value FROM rank_score_at_budget")
    # nll:self costs nothing beside the generation. nll:L on S: 1 + 4 = 5 in flops, 0.5 + 0.5 s = 2 in seconds;
    # nll:L on L itself costs nothing.
    assert sorted(row[:5] for row in found) == sorted(
        [
            ("nll:L", "S", "flops", 8, 1),
            ("nll:L", "S", "flops", 16, 3),
            ("nll:L", "L", "flops", 4, 1),
            ("nll:L", "L", "flops", 8, 2),
            ("nll:L", "S", "seconds", 3, 1),
            ("nll:L", "S", "seconds", 6, 3),
            ("nll:L", "L", "seconds", 3, 1),
            ("nll:L", "L", "seconds", 6, 2),
            ("nll:self", "S", "flops", 1, 1),
            ("nll:self", "S", "flops", 2, 2),
            ("nll:self", "S", "flops", 4, 4),
            ("nll:self", "L", "flops", 4, 1),
            ("nll:self", "L", "flops", 8, 2),
            ("nll:self", "S", "seconds", 1, 1),
            ("nll:self", "S", "seconds", 3, 3),
            ("nll:self", "L", "seconds", 3, 1),
            ("nll:self", "L", "seconds", 6, 2),
        ]
    )
    for ranker, model, _, _, k, value in found:
        assert value == pytest.approx(rank_score_at_k(model, ranker, k), abs=1e-12)


def test_winners_lead_their_runner_up_by_a_paired_margin(ask, whole):
    found = ask(
        "SELECT unit, budget, model, k, value, runner_up, runner_up_k, runner_up_value, "
        "margin, margin_low, margin_high FROM winners"
    )
    assert [row[:4] + row[5:7] for row in found] == [
        ("flops", 1, "S", 1, None, None),
        ("flops", 2, "S", 2, None, None),
        ("flops", 4, "L", 1, "S", 4),
        ("flops", 8, "L", 2, None, None),
        ("seconds", 1, "S", 1, None, None),
        ("seconds", 3, "L", 1, "S", 3),
        ("seconds", 6, "L", 2, None, None),
    ]
    drawn = np.random.default_rng(0).integers(3, size=(50, 3))
    for _, _, model, k, value, runner_up, runner_up_k, runner_up_value, margin, low, high in found:
        if runner_up is None:
            assert (runner_up_value, margin, low, high) == (None,) * 4
            continue
        assert margin == pytest.approx(value - runner_up_value, abs=1e-15)
        per_problem = [
            mean(any(s) for s in itertools.combinations(a, k))
            - mean(any(s) for s in itertools.combinations(b, runner_up_k))
            for a, b in zip(PASSED[model], PASSED[runner_up], strict=True)
        ]
        resampled = np.array(per_problem)[drawn].mean(axis=1)
        assert (low, high) == pytest.approx(tuple(np.ravel(interval(resampled[:, None], 3))), abs=1e-12)


def test_margins_are_paired_at_every_budget_that_buys_both_and_mirrored(ask):
    found = ask(
        "SELECT unit, model, other, budget, until, k, other_k, value, low, high, low_all, high_all FROM margins"
    )
    # S has scores for 1 to 4, L for 1 and 2: from L's price until five of S or three of L
    assert [row[:7] for row in found if row[1] == "S"] == [
        ("flops", "S", "L", 4, 5, 4, 1),
        ("seconds", "S", "L", 3, 4, 3, 1),
        ("seconds", "S", "L", 4, 5, 4, 1),
    ]
    for unit, model, other, budget, _, k, other_k, value, low, high, low_all, high_all in found:
        assert value == pytest.approx(pass_at_k(model, k) - pass_at_k(other, other_k), abs=1e-12)
        (mirror,) = ask(
            f"SELECT -value, -high, -low, -high_all, -low_all FROM margins WHERE unit = '{unit}' AND budget = {budget} "
            f"AND model = '{other}'"
        )
        assert (value, low, high, low_all, high_all) == pytest.approx(mirror, abs=1e-12)
        assert low_all <= value <= high_all


def test_crossovers_say_from_which_budget_on_a_model_leads(ask):
    found = ask("SELECT unit, model, other, tied, budget, crossings, compared_from, compared_until FROM crossovers")
    assert found == [
        ("flops", "L", "S", False, 4, 0, 4, 5),  # once 0.667, four of S 0.524
        ("seconds", "L", "S", False, 3, 0, 3, 5),
    ]


def test_answers_hold_from_one_breakpoint_to_the_next_with_the_same_winners(ask):
    found = ask(
        "SELECT unit, budget, until, model, k, value, low, high, runner_up, runner_up_k, margin, capped FROM answers "
        "WHERE tests"
    )
    assert [row[:5] + row[8:10] + row[11:] for row in found if row[0] == "flops"] == [
        ("flops", 1, 2, "S", 1, None, None, None),
        ("flops", 2, 3, "S", 2, None, None, None),
        ("flops", 3, 4, "S", 3, None, None, None),
        ("flops", 4, 5, "L", 1, "S", 4, None),
        ("flops", 5, 8, "L", 1, "S", 4, "S"),
        ("flops", 8, 12, "L", 2, "S", 4, "S"),
        ("flops", 12, math.inf, "L", 2, "S", 4, "L, S"),
    ]
    for _, _, _, model, k, value, low, high, runner_up, runner_up_k, margin, _ in found:
        assert value == pytest.approx(pass_at_k(model, k), abs=1e-12)
        assert (low, high) == ask(f"SELECT low, high FROM pass_at_k WHERE model = '{model}' AND k = {k}")[0]
        if runner_up:
            assert margin == pytest.approx(value - pass_at_k(runner_up, runner_up_k), abs=1e-12)
    winners = ask("SELECT unit, budget, model, k, margin_low, margin_high FROM winners WHERE margin IS NOT NULL")
    assert len(winners) == 2
    for unit, budget, *winner in winners:
        where = f"tests AND unit = '{unit}' AND budget <= {budget} AND {budget} < until"
        assert ask(f"SELECT model, k, margin_low, margin_high FROM answers WHERE {where}") == [tuple(winner)]


def test_answers_without_tests_take_each_models_best_ranker_or_its_greedy_output(ask):
    found = ask("SELECT unit, budget, model, ranker, k, value, runner_up, capped FROM answers WHERE NOT tests")
    costs = {"flops": {"S": 1, "L": 4}, "seconds": {"S": 1, "L": 3}}
    scoring = {"flops": 4, "seconds": 1}  # what reading one of S's with L adds
    for unit, budget, model, ranker, k, value, runner_up, _ in found:
        best = {}
        for name, price in costs[unit].items():
            ways = [mean(GREEDY[name])] if budget >= price else []
            for each in SETTINGS["rankers"]:
                candidate = price + (scoring[unit] if (name, each) == ("S", "nll:L") else 0)
                bought = min(int(budget / candidate + 1e-9), len(PASSED[name][0]) // 2)
                ways += [rank_score_at_k(name, each, bought)] if bought else []
            if ways:
                best[name] = max(ways)
        order = sorted(best, key=lambda name: -best[name])
        assert value == pytest.approx(best[order[0]], abs=1e-12)
        assert value == pytest.approx(best[model], abs=1e-12)
        assert runner_up == next((name for name in best if name != model), None)
        exact = mean(GREEDY[model]) if ranker == "greedy" else rank_score_at_k(model, ranker, k)
        assert value == pytest.approx(exact, abs=1e-12)
    assert [row[7] for row in found if row[0] == "seconds"][-1] == "L, S"


def test_counts_are_the_samples_and_the_passes_of_each_problem(ask):
    found = ask("SELECT model, task_id, n, c FROM counts")
    assert found == [
        (model, f"T/{task}", len(row), sum(row)) for model in ("L", "S") for task, row in enumerate(PASSED[model])
    ]


def until_pass(model, k):
    """Mean over problems and orders of how many samples are drawn up to the first pass, k at most."""
    firsts = []
    for row in PASSED[model]:
        places = list(itertools.combinations(range(len(row)), sum(row)))
        firsts.append(mean(min(min(place, default=len(row)) + 1, k) for place in places))
    return mean(firsts)


def test_early_stop_is_enumeration_and_puts_a_budget_to_the_expected_cost(ask):
    for model, k, value, low, high, solved in ask("SELECT model, k, value, low, high, solved FROM early_stop_at_k"):
        assert value == pytest.approx(until_pass(model, k), abs=1e-12)
        assert low <= value <= high
        assert solved == pytest.approx(pass_at_k(model, k), abs=1e-12)
    found = ask("SELECT unit, model, budget, k, value, spent, spent_solved, fixed_k FROM early_stop_at_budget")
    price = {("flops", "S"): 1, ("flops", "L"): 4, ("seconds", "S"): 1, ("seconds", "L"): 3}
    for unit, model, budget, k, value, spent, spent_solved, fixed_k in found:
        one = price[unit, model]
        assert spent == pytest.approx(one * until_pass(model, k))
        assert spent <= budget < one * until_pass(model, k + 1)
        assert value == pytest.approx(pass_at_k(model, k))
        assert spent_solved == pytest.approx(spent / value)
        assert fixed_k in (None, int(budget / one + 1e-9))
        assert fixed_k is None or k >= fixed_k
    expected = []
    for (unit, model), one in price.items():
        for (budget,) in ask(f"SELECT DISTINCT budget FROM pass_at_budget WHERE unit = '{unit}'"):
            fit = [k for k in range(1, len(PASSED[model][0]) + 1) if one * until_pass(model, k) <= budget]
            if fit and fit[-1] <= len(PASSED[model][0]) // 2:
                expected.append((unit, model, budget, fit[-1]))
    assert sorted(row[:4] for row in found) == sorted(expected)
    assert ("seconds", "S", 3, 4) in expected, "four are tried where the paper's fixed k draws three"


def test_mixes_beside_the_best_model_alone(ask):
    found = ask("SELECT unit, budget, mix, single, single_k, spent, capped FROM mixes WHERE NOT early_stop")
    assert [row[:2] for row in found] == [
        *(("flops", budget) for budget in (1, 2, 4, 8, 16, 64)),
        *(("seconds", budget) for budget in (1, 3, 6)),
    ]
    price = {"flops": 4, "seconds": 3}

    def worth(mix):
        return mean(
            1 - (1 - mean(s)) ** mix[0] * (1 - mean(t)) ** mix[1] for s, t in zip(*PASSED.values(), strict=True)
        )

    for unit, budget, mix, single, single_k, spent, _ in found:
        grid = [mix for mix in itertools.product(range(5), range(3)) if 0 < mix[0] + mix[1] * price[unit] <= budget]
        small, large = max(grid, key=lambda each: (round(worth(each), 12), -each[0] - price[unit] * each[1]))
        assert mix == " + ".join(f"{m} x {k}" for m, k in (("S", small), ("L", large)) if k)
        alone = max((each for each in grid if 0 in each), key=worth)
        assert (single, single_k) == (("S", alone[0]) if alone[0] else ("L", alone[1]))
        assert spent <= min(budget, small + price[unit] * large)
    assert [row[6] for row in found] == [None, None, None, "S", "S, L", "S, L", None, None, "S"]
    assert found[4][2] == "S x 4 + L x 2"
    for value, low, high, single_value, margin in ask("SELECT value, low, high, single_value, margin FROM mixes"):
        assert 0 <= low <= value <= high <= 1
        assert margin == pytest.approx(value - single_value, abs=1e-12)
    assert ask("SELECT DISTINCT mix FROM mixes WHERE early_stop AND unit = 'flops' AND budget = 16") == [
        ("S x 4 + L x 2",)
    ]


def test_where_the_settings_and_versions_came_from_is_kept(ask):
    kept = dict(ask("SELECT key, value FROM study"))
    assert json.loads(kept["settings"]) == SETTINGS
    assert json.loads(kept["versions"])["duckdb"] == duckdb.__version__

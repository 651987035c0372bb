"""`samples: auto`: n follows from the budgets, and a budget changes how many blocks there are and nothing of them."""

import json
import math
import shutil

import pytest
import yaml

from helpers.recorded_study import ARCHITECTURE, STUDY, record
from helpers.small_config import GOOD, model, wrong
from helpers.snakemake_runs import ENDING, planned, repository, snakemake
from isobudget.files import paths
from isobudget.files.errors import StudyError
from isobudget.files.tables import read_json, write_json
from isobudget.run.sized_study import needed, sized
from isobudget.study import stage_settings
from isobudget.study.config import load

AUTO = {"engine": "recorded", "samples": "auto"}
LIVE = {"engine": "vllm", "weights": "org/w", "samples": "auto"}
PRICES = {
    "flops": {"small": 2e12, "large": 5e12},
    "seconds": {"small": 0.1, "large": 0.9},
    "usd": {"small": None, "large": None},
}
WAITING = {"prices": 1} | ENDING


def study(budgets, models=("small", "large"), **changes):
    return load({"models": dict.fromkeys(models, LIVE), "block": 4, "budgets": budgets, **changes})


def ns(found):
    return {name: settings.samples for name, settings in found.models.items()}


def test_n_is_what_the_largest_budget_in_flops_needs_rounded_to_blocks():
    found, notes = sized(study({"flops": [1, 11], "seconds": []}), PRICES, {})
    # 11 generations of small, 22 TFLOPs, are 4 of large; k <= n/2 takes 22 and 8
    assert ns(found) == {"small": 24, "large": 8}
    assert notes == []


def test_n_is_what_the_largest_budget_in_seconds_needs():
    found, _ = sized(study({"flops": [], "seconds": [20]}), PRICES, {})
    assert ns(found) == {"small": 40, "large": 4}


def test_the_unit_that_buys_more_decides():
    assert needed(PRICES, {"flops": [10], "seconds": [18]}, "small") == (18, "seconds", 18)
    assert needed(PRICES, {"flops": [10], "seconds": [18]}, "large") == (4, "flops", 10)


def test_one_generation_of_each_model_is_among_the_budgets_as_in_the_tables():
    assert needed(PRICES, {"flops": [1], "seconds": [1]}, "small") == (9, "seconds", 9)
    assert needed(PRICES, {"flops": [1], "seconds": [1]}, "large") == (1, "seconds", 9)


def test_a_budget_of_exactly_so_many_buys_them_whatever_the_division_rounds_to():
    prices = {"seconds": {"small": 0.1, "large": 1.3}}
    assert needed(prices, {"seconds": [91]}, "large")[0] == 7
    assert math.floor(91 * 0.1 / 1.3) == 6, "else this shows nothing"


def test_a_cheaper_model_changes_the_unit():
    prices = {"flops": PRICES["flops"] | {"third": 1e12}}
    found, _ = sized(study({"flops": [12], "seconds": []}, ("small", "large", "third")), prices, {})
    assert ns(found) == {"small": 12, "large": 4, "third": 24}


def test_a_number_stays_a_number_beside_auto():
    models = {"small": LIVE, "large": LIVE | {"samples": 6}}
    found, _ = sized(load({"models": models, "budgets": {"flops": [4], "seconds": []}}), PRICES, {})
    assert ns(found) == {"small": 8, "large": 6}
    assert found.auto == []


def test_most_bounds_n_and_says_so():
    models = {"small": LIVE | {"samples": {"auto": True, "most": 10}}, "large": LIVE}
    found, notes = sized(load({"models": models, "budgets": {"flops": [100], "seconds": []}}), PRICES, {})
    assert ns(found) == {"small": 8, "large": 80}
    assert notes == [
        "models.small.samples: a budget of 100 (flops) buys 100 generations, for which 200 samples a problem would be "
        "drawn; 'most' is 10, so 8 are, and budgets that buy more than 4 have no score of small."
    ]


def test_most_that_fills_no_block_is_refused():
    message = wrong(**model(samples={"auto": True, "most": 3}), block=4)
    assert message == (
        "study.yaml: models.small.samples: 'most' is 3, and a job draws a block of 4; raise 'most', or lower 'block'."
    )
    assert "'most' is 2000" in wrong(**model(samples="auto"), block=2001)


def test_no_more_than_recordings_hold():
    found, notes = sized(study({"flops": [100], "seconds": []}), PRICES, {"small": 3})
    assert ns(found) == {"small": 12, "large": 80}
    assert "recordings/ hold 12, so 12 are" in notes[0]


def test_a_model_without_a_price_in_a_unit_that_has_budgets_is_an_error():
    with pytest.raises(StudyError, match=r"models\.small\.samples: auto takes n from the budgets, and what"):
        sized(study({"flops": [], "seconds": [3]}), PRICES | {"seconds": {"small": None, "large": None}}, {})


SERVED = {"engine": "endpoint", "url": "http://host:8000/v1", "served": "m", "samples": "auto"}


@pytest.mark.parametrize(
    ("changes", "budgets", "why"),
    [
        ({}, {"flops": [], "seconds": [], "usd": [1, 3]}, "small has no price in usd"),
        ({"cost": {"seconds": 1}}, {"flops": [1], "seconds": [], "usd": [1]}, "small has no price in flops or usd"),
        ({}, {"flops": [], "seconds": []}, "there are none"),
    ],
)
def test_budgets_that_can_buy_nothing_of_a_model_are_said_before_any_job(changes, budgets, why):
    assert wrong(models={"small": SERVED | changes}, budgets=budgets) == (
        f"study.yaml: models.small.samples: auto takes n from the budgets, and {why}; give a number, or a budget in a "
        "unit in which it has a price."
    )


@pytest.mark.parametrize(
    ("changes", "unit"),
    [
        ({}, "seconds"),
        ({"cost": {"usd": 0.1}}, "usd"),
        ({"price": {"prompt": 1, "completion": 2}}, "usd"),
        ({"cost": {"flops": 1e12}}, "flops"),
        ({"config": "org/small"}, "flops"),
    ],
)
def test_a_budget_in_one_unit_in_which_a_model_may_have_a_price_is_enough(changes, unit):
    load({"models": {"small": SERVED | changes}, "budgets": {"flops": [], "seconds": []} | {unit: [3]}})


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        ("all", "'all' is wrong: a whole number above 0 is needed, one a benchmark, or auto"),
        (True, "True is wrong"),
        ({}, "{} is wrong"),
        ({"auto": False}, "auto: False is wrong"),
        ({"auto": True, "most": 0}, "most: 0 is wrong"),
        ({"auto": True, "least": 3}, "there is no key 'least' beside 'auto'"),
        ({"humanevil": 3}, "there is no benchmark 'humanevil'"),
        ({"humaneval": 2.5}, "humaneval: 2.5 is wrong"),
        ({"mbpp": 3}, "there is no number for humaneval; add one"),
    ],
)
def test_samples_that_say_no_number_are_one_sentence(samples, words):
    message = wrong(**model(samples=samples))
    assert message.startswith("study.yaml: models.small.samples: ")
    assert words in message
    assert message.count("\n") == 0


def test_an_import_has_as_many_samples_as_its_file():
    message = wrong(models={"theirs": {"engine": "import", "path": "x.jsonl", "samples": "auto"}})
    assert "samples: auto is for models that draw" in message


def test_samples_may_differ_by_benchmark_and_plain_numbers_leave_settings_as_they_were():
    two = {"benchmarks": ["humaneval", "mbpp"]}
    one = load(GOOD | two | model(samples={"humaneval": 9, "mbpp": 6, "apps-interview": 1}))
    assert [one.blocks(benchmark, "small") for benchmark in one.benchmarks] == [3, 2]
    assert json.loads(stage_settings.aggregate(one))["models"] == {"small": {"humaneval": 3, "mbpp": 2}}
    assert json.loads(stage_settings.estimate(one, "mbpp", "small"))["blocks"] == 2
    same = load(GOOD | two | model(samples={"humaneval": 6, "mbpp": 5}))
    assert stage_settings.aggregate(same) == stage_settings.aggregate(load(GOOD | two))
    assert stage_settings.sample(one, "mbpp", "small", "sampled") == stage_settings.sample(
        load(GOOD | two), "mbpp", "small", "sampled"
    )


# Snakemake itself, on recordings that are made here: small costs 1, large 2.6 FLOPs, and both as many seconds.


def autos(*names, **changes):
    budgets = {"flops": [1, 4], "seconds": []}
    return STUDY | {"models": dict.fromkeys(names or ("small", "large"), AUTO), "budgets": budgets} | changes


def layers(root, model, count):
    file = root / paths.below("recordings", paths.MODELS, model=model)
    write_json(file, ARCHITECTURE | {"num_hidden_layers": count})


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A study of two models with samples: auto, run from nothing to its report, on blocks enough for six each."""
    root = repository(tmp_path_factory.mktemp("auto") / "study")
    for name, count in (("small", 2), ("large", 8), ("third", 1)):
        record(root, name, 6)
        layers(root, name, count)
    before = planned(root, autos())
    assert before == {"model": 2, "problems": 1, "calibrate": 2, "cost": 2} | WAITING, "until prices are known"
    done = snakemake(root, study=autos())
    assert done.returncode == 0, done.stderr[-4000:]
    return root


@pytest.mark.slow
def test_one_command_goes_from_prices_to_the_report(root):
    price = read_json(root / "results/prices.json")["flops"]
    assert 2 < price["large"] / price["small"] < 3
    held = {m: len(list((root / f"results/samples/humaneval/{m}/sampled").glob("*"))) for m in ("small", "large")}
    assert held == {"small": 2, "large": 1}, "4 of small take 8 samples, 1 of large takes 2, in blocks of 4"
    assert (root / "results/report/index.html").exists()
    assert planned(root, autos()) == {}


@pytest.mark.slow
def test_a_larger_budget_only_adds_blocks(root):
    # 8 of small take 16 samples, 3 of large take 6
    more = autos(budgets={"flops": [1, 8], "seconds": []})
    assert planned(root, more) == {"sample": 3, "execute": 3, "rank": 6, "estimate": 2} | ENDING


@pytest.mark.slow
def test_a_budget_in_another_unit_only_adds_blocks(root):
    # in seconds both cost the same: 6 of each take 12 samples
    more = autos(budgets={"flops": [1, 4], "seconds": [6]})
    assert planned(root, more) == {"sample": 3, "execute": 3, "rank": 6, "estimate": 2} | ENDING


@pytest.mark.slow
def test_a_smaller_budget_draws_nothing(root):
    assert planned(root, autos(budgets={"flops": [1, 2], "seconds": []})) == {"estimate": 1} | ENDING


@pytest.mark.slow
def test_more_than_was_recorded_is_said_in_one_sentence_and_the_rest_is_run(root):
    more = autos(budgets={"flops": [40], "seconds": []})
    assert planned(root, more)["sample"] == 9
    done = snakemake(root, "--dry-run", study=more)
    assert done.stderr.count("models.small.samples: a budget of 40 (flops) buys 40 generations") == 1
    assert "recordings/ hold 24, so 24 are" in done.stderr


@pytest.mark.slow
def test_a_cheaper_model_changes_the_unit_once_its_price_is_known(root, tmp_path):
    copy = shutil.copytree(root, tmp_path / "study", symlinks=True)
    with_third = autos("small", "large", "third")
    assert planned(copy, with_third) == {"model": 1, "calibrate": 1, "cost": 1} | WAITING
    done = snakemake(copy, "results/prices.json", study=with_third)
    assert done.returncode == 0, done.stderr[-4000:]
    price = read_json(copy / "results/prices.json")["flops"]
    bought = {name: math.floor(max(4 * price["third"], price["large"]) / cost) for name, cost in price.items()}
    assert bought == {"third": 4, "small": 2, "large": 1}
    # small is estimated from one of its two blocks; nothing is drawn but third's two and its greedy one
    assert planned(copy, with_third) == {"sample": 3, "execute": 3, "rank": 4, "estimate": 2} | ENDING


@pytest.mark.slow
def test_a_model_without_a_price_stops_the_run_in_a_sentence(root):
    done = snakemake(root, "--dry-run", study=autos(budgets={"flops": [], "seconds": [], "usd": [1]}))
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert "models.large.samples: auto takes n from the budgets, and large has no price in usd; give a number" in said
    assert "InputFunctionException" not in said


def test_every_auto_in_yaml_reads_alike():
    one, other = (yaml.safe_load(f"{{engine: vllm, weights: w, samples: {text}}}") for text in ("auto", "{auto: true}"))
    assert load({"models": {"m": one}}).models == load({"models": {"m": other}}).models

"""What each job reads: the input functions of rules/, without Snakemake."""

from types import SimpleNamespace

import pytest

from isobudget.run.inputs import Inputs
from isobudget.run.job_resources import engine_threads, gpus, places
from isobudget.study.config import load

PACKAGES = {"packages": "part{part}", "parts": 2, "version": "1", "sha256": "0" * 64}
SERVER = {"engine": "endpoint", "url": "http://host:1/v1", "served": "x"}
MODELS = {
    "kept": {"engine": "recorded", "samples": 8},
    "live": {"engine": "vllm", "weights": PACKAGES, "samples": 4, "tensor_parallel": 2},
    "hub": {"engine": "vllm", "weights": "org/hub", "samples": 4},
    "served": {**SERVER, "samples": 4},
    "theirs": {
        "engine": "import",
        "path": "{benchmark}.jsonl",
        "greedy": "greedy.jsonl",
        "samples": 4,
        "config": "org/x",
    },
}
RANKERS = ["nll:self", "nll:kept", "nll:live", "shortest", "combined", "agreement:examples", "codet:live"]


@pytest.fixture
def inputs():
    study = load({"models": MODELS, "rankers": RANKERS, "at_hand": ["examples", "written:live"]})
    return Inputs(study, "recordings")


def job(**wildcards):
    return SimpleNamespace(**{"benchmark": "humaneval", "decoding": "sampled", "block": "0"} | wildcards)


@pytest.mark.parametrize(
    ("model", "wanted"),
    [
        ("kept", {"recording": "recordings/samples/humaneval/kept/sampled/0.parquet"}),
        ("live", {"weights": "results/weights/live"}),
        ("hub", {"weights": []}),
        ("served", {}),
        ("theirs", {"recording": "results/imported/humaneval/theirs/sampled.parquet"}),
    ],
)
def test_a_block_of_samples_is_made_of_what_its_engine_needs(inputs, model, wanted):
    assert inputs.sample(job(model=model)) == wanted


def test_a_ranker_that_another_model_reads_for_is_given_that_model(inputs):
    def read(ranker, model="kept"):
        wildcards = SimpleNamespace(ranker=ranker, benchmark="humaneval", model=model, block="0")
        return inputs.rank(wildcards), inputs.scorer(wildcards)

    assert read("nll:live") == ({"weights": "results/weights/live"}, "live")
    assert read("nll:kept", "live") == (
        {"recording": "recordings/scores/nll:kept/humaneval/live/sampled/0.parquet"},
        "kept",
    )
    assert read("nll:live", "live") == read("shortest") == ({}, None)


def test_a_stage_is_told_what_it_replays_or_which_server_it_asks(inputs):
    assert inputs.handed({"recording": "a.parquet"}, "kept") == "--recording a.parquet"
    assert inputs.handed({}, "served") == "--server results/servers/served.json"
    assert inputs.handed({"problems": "recording"}, "live") == inputs.handed({}, None) == ""


def test_config_files_are_asked_for_of_models_that_have_one(inputs):
    assert inputs.architectures(MODELS) == [f"results/models/{name}.json" for name in MODELS if name != "served"]


def test_rankers_that_vote_read_behaviours_and_the_inputs_that_these_are_of(inputs):
    wildcards = SimpleNamespace(ranker="codet:live", benchmark="humaneval", model="kept", block="1")
    assert inputs.vote(wildcards) == {
        "behaviours": "results/behaviours/live/humaneval/kept/sampled/1.parquet",
        "examples": "results/asserts/live/humaneval.parquet",
    }
    wildcards.ranker = "agreement:examples"
    assert inputs.vote(wildcards)["examples"] == "results/examples/humaneval.parquet"


def test_tests_at_hand_are_made_of_examples_or_of_what_a_model_wrote(inputs):
    def made_of(source):
        return inputs.tests(SimpleNamespace(source=source, benchmark="humaneval"))

    assert made_of("examples") == {"cases": "results/examples/humaneval.parquet"}
    assert made_of("written:live") == {"cases": "results/asserts/live/humaneval.parquet"}
    assert made_of("assert:1") == {}


def test_the_estimates_of_a_model_are_made_of_all_its_verdicts_and_scores(inputs):
    cell = SimpleNamespace(benchmark="humaneval", model="kept")
    sampled = [f"results/outcomes/humaneval/kept/sampled/{block}.parquet" for block in (0, 1)]
    assert set(inputs.outcomes(cell)) == {*sampled, "results/outcomes/humaneval/kept/greedy/0.parquet"}
    names = {file.split("/")[2] for file in inputs.scores(cell)}
    assert names == {"nll:self", "nll:kept", "nll:live", "shortest", "combined", "agreement:examples", "codet:live"}
    assert len(inputs.scores(cell)) == 6 * 2 + 1 and len(inputs.at_hand(cell)) == 2 * 2
    # a ranker that learns is made of all others, and of the verdicts on sampled programs
    assert set(inputs.parts(cell)) == {*sampled, *(file for file in inputs.scores(cell) if "/combined/" not in file)}


def test_what_is_dear_is_what_models_draw_read_and_write(inputs):
    folders = {file.split("/")[1] for file in inputs.dear(None)}
    assert folders == {"samples", "models", "calibrations", "written", "scores"}
    read = {file.split("/")[2] for file in inputs.dear(None) if file.startswith("results/scores/")}
    assert read == {"nll:live"}  # recordings hold scores of recorded samples alone, and kept has its own likelihoods


def test_the_database_is_made_of_every_row_of_the_study(inputs):
    found = inputs.aggregate(None)
    assert {name for name, files in found.items() if files} == {
        *("problems", "tests", "imported", "samples", "outcomes", "scores", "at_hand", "estimates", "costs")
    }
    assert len(found["samples"]) == 2 + 1 + 4 * 2 and len(found["imported"]) == 2


def test_a_job_that_loads_a_model_is_given_its_devices_and_their_share_of_the_cores(inputs):
    study = inputs.study
    assert [gpus(study, model) for model in (*MODELS, None)] == [0, 2, 1, 0, 0, 0]
    assert [places(study, model) for model in (*MODELS, None)] == [0, 0, 0, 1, 0, 0]
    assert engine_threads(study, "live", 8, {"gpu": 4}) == 4
    assert engine_threads(study, "hub", 8, {"gpu": 4}) == 2
    assert engine_threads(study, "hub", 8, {}) == engine_threads(study, "hub", 8, {"gpu": 4}, alone=True) == 8
    assert engine_threads(study, "kept", 8, {"gpu": 4}) == engine_threads(study, "hub", None, {}) == 1

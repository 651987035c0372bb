"""The paper's figures as marks beside a user's curves: of the same weights drawn in the same way, and no others."""

import json

import pytest

from helpers.made_database import SIX, artists, build_database
from isobudget.report.database import read_study
from isobudget.report.figures import pass_at_k, rank_score
from isobudget.study import stage_settings
from isobudget.study.config import load

WEIGHTS = "codellama/CodeLlama-7b-hf"
SEVEN = {"engine": "vllm", "weights": WEIGHTS, "samples": 40}
BESIDE = {"humaneval": {"mine": "Code Llama 7B"}}


def drawn_beside(model=SEVEN, **changes):
    study = load({"models": {"mine": model, "other": SEVEN | {"weights": "org/other"}}} | changes)
    return json.loads(stage_settings.report(study)).get("published")


def test_the_same_weights_on_the_whole_benchmark_drawn_as_the_paper_drew_them():
    assert drawn_beside() == BESIDE
    assert drawn_beside(SEVEN | {"weights": WEIGHTS.lower()}) == BESIDE
    assert drawn_beside(benchmarks=["humaneval", "mbpp"]) == BESIDE, "of mbpp there is no table"


def test_an_import_of_the_same_weights():
    theirs = {"engine": "import", "path": "x.json", "samples": 40, "config": WEIGHTS}
    assert drawn_beside(theirs, rankers=["random"]) == BESIDE
    assert drawn_beside({key: value for key, value in theirs.items() if key != "config"}, rankers=["random"]) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"problems": 100},
        {"benchmarks": ["mbpp"]},
        {"decoding": {"temperature": 0.2}},
        {"decoding": {"top_p": 1.0}},
        {"decoding": {"own": {"humaneval": {"max_tokens": 256}}}},
        {"model": SEVEN | {"chat": True}},
        {"model": SEVEN | {"weights": "codellama/CodeLlama-7b-Instruct-hf"}},
    ],
)
def test_none_where_they_would_confuse(changes):
    assert drawn_beside(**changes) is None


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    return build_database(tmp_path_factory.mktemp("published") / "six.duckdb", SIX, resamples=20)


PUBLISHED = {"humaneval": {"code-llama-7b": "Code Llama 7B", "code-llama-70b": "Code Llama 70B"}}


@pytest.mark.parametrize(("unit", "cost"), [(None, 1), ("flops", 0.126), ("seconds", 0.62)])
def test_crosses_stand_at_the_cost_of_k_here_up_to_where_the_curves_end(database, unit, cost):
    study = read_study(database, published=PUBLISHED)
    drawn = artists(pass_at_k.draw(study, "humaneval", unit))
    crosses = {name.partition(":")[2]: artist for name, artist in drawn.items() if name.startswith("published:")}
    assert set(crosses) == {"code-llama-7b", "code-llama-70b"}
    x, y = crosses["code-llama-7b"].get_data()
    # the longest curve is of 20 samples, or of what 5 of the 70B cost, 52 of the 7B: 64 would lie beyond both
    assert list(x) == pytest.approx([k * cost for k in (1, 2, 4, 16)])
    assert list(y) == pytest.approx([28.2, 38.5, 48.9, 68.7])
    assert crosses["code-llama-7b"].get_color() == drawn["curve:code-llama-7b"].get_color()
    ends = max(drawn[f"curve:{name}"].get_xdata()[-1] for name in SIX)
    assert max(crosses["code-llama-70b"].get_xdata()) <= ends


def test_the_caption_says_what_a_cross_is_and_only_where_there_is_one(database):
    with_them, without = read_study(database, published=PUBLISHED), read_study(database)
    assert "A cross is what Hassid et al. (2024) published" in pass_at_k.caption(with_them, "humaneval", None)
    assert "published of code-llama-7b: 28.2 % at k = 1" in "; ".join(pass_at_k.phrases(with_them, "humaneval", None))
    for study, figure in ((without, pass_at_k), (with_them, rank_score)):
        assert "published" not in figure.caption(study, "humaneval", "flops")
    assert not [name for name in artists(pass_at_k.draw(without, "humaneval")) if name.startswith("published")]

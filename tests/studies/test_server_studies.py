"""Studies that go from reported servers to a report: what each of them costs a study, and what is said of it."""

from contextlib import ExitStack

import duckdb
import pytest

from helpers.answering import answering
from helpers.reported_servers import in_words, numbered, of_reasoning, of_tgi
from helpers.snakemake_runs import planned, repository, snakemake
from isobudget.files.tables import read_metadata

pytestmark = pytest.mark.slow

MODELS = {  # how its server answers, and what the study says of it
    "openai-word": (in_words, {"served": "length", "chat": True, "cost": {"flops": 2e9, "seconds": 2}}),
    "gemini-word": (in_words, {"served": "MAX_TOKENS", "chat": True, "cost": {"flops": 2e9, "seconds": 2}}),
    "thinks": (of_reasoning, {"chat": True, "logprobs": False, "greedy": False}),
    "tgi": (of_tgi, {}),
    "silent": (lambda body, number: numbered(body), {}),
    "cached": (lambda body, number: numbered(body, "    return True\n", logprobs=True), {}),
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The folder of a study of all these servers, run whole; and what it said, and was asked."""
    root = repository(tmp_path_factory.mktemp("servers") / "study")
    known = {"engine": "endpoint", "samples": 4, "cost": {"flops": 1e9, "seconds": 1}}
    with ExitStack() as servers, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(root / "none"))
        told = {model: servers.enter_context(answering(say)) for model, (say, _) in MODELS.items()}
        models = {m: known | {"served": "m", "url": told[m].url} | more for m, (_, more) in MODELS.items()}
        given = {"problems": 3, "models": models, "decoding": {"temperature": 1, "top_p": None, "max_tokens": 64}}
        given |= {"rankers": ["nll:self", "shortest", "combined"], "budgets": {"seconds": [1, 2]}}
        given |= {"bootstrap": {"resamples": 20}}
        done = snakemake(root, study=given)
        assert done.returncode == 0, done.stderr[-6000:]
        assert planned(root, given) == {}
    return root, " ".join((done.stdout + done.stderr).split()), told


def ask(ran, query):
    with duckdb.connect(str(ran[0] / "results/isobudget.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_cut_samples_are_never_chosen_whatever_the_word(ran):
    """servers/finish-max-tokens: the models differ in nothing but the word."""
    rows = "SELECT ranker, k, value FROM rank_score_at_k WHERE model = '{}' ORDER BY ALL"
    openai, gemini = (ask(ran, rows.format(model)) for model in ("openai-word", "gemini-word"))
    assert openai == gemini and {ranker for ranker, *_ in openai} == {"combined", "shortest"}
    cut = "SELECT model, count(*) FROM samples WHERE finish_reason = 'length' AND decoding = 'sampled' GROUP BY ALL"
    assert ask(ran, f"{cut} ORDER BY ALL") == [("gemini-word", 6), ("openai-word", 6)]


def test_a_reasoning_model_has_samples_and_no_greedy_ones(ran):
    assert {body["temperature"] for body in ran[2]["thinks"].bodies} == {1.0}
    assert not any("logprobs" in body for body in ran[2]["thinks"].bodies)
    drawn = "SELECT model, decoding, count(*) FROM samples WHERE model IN ('thinks', 'tgi') GROUP BY ALL ORDER BY ALL"
    assert ask(ran, drawn) == [("tgi", "greedy", 3), ("tgi", "sampled", 12), ("thinks", "sampled", 12)]
    assert "thinks" not in {model for (model,) in ask(ran, "SELECT model FROM greedy")}
    assert "thinks" in {model for (model,) in ask(ran, "SELECT model FROM pass_at_budget")}


def test_a_server_without_log_probabilities_costs_a_study_one_ranker_and_no_samples(ran):
    ranked = dict(ask(ran, "SELECT model, list(DISTINCT ranker ORDER BY ranker) FROM rank_score_at_k GROUP BY model"))
    assert ranked["silent"] == ranked["thinks"] == ["combined", "shortest"]
    assert ranked["tgi"] == ["combined", "nll:self", "shortest"]
    assert ask(ran, "SELECT DISTINCT ranker FROM scores WHERE model = 'silent' ORDER BY ALL") == [
        ("combined",),
        ("shortest",),
    ]
    url = ran[2]["silent"].url
    assert ran[1].count(f"models.silent: {url} gives no log-probabilities, so nll:self leaves this model out") == 1
    assert "silent: 15 of 15 samples came without log-probabilities, which nll:self goes by" in ran[1]
    page = " ".join((ran[0] / "results/report/index.html").read_text().split())
    assert "silent is not ranked by nll:self: no such log-probabilities of its samples are at hand." in page


def test_a_study_says_at_its_end_what_was_left_out_of_requests(ran):
    words = "thinks: {} does not take all that is asked, and requests went without max_tokens (max_completion_tokens is"
    assert words.format(ran[2]["thinks"].url) in ran[1]
    file = ran[0] / "results/samples/humaneval/thinks/sampled/0.parquet"
    assert read_metadata(file, "samples")["without"] == ["max_tokens"]


def test_identical_choices_are_said(ran):
    """servers/identical-choices."""
    words = "cached: 3 of the 3 times that a job drew several samples of a problem they are one and the same text"
    assert ran[1].count(words) == 2  # by the job, and at the end
    assert "tgi: 3 of the 3" not in ran[1]

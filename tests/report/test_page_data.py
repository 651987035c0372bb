"""What the page's script is given: escaped, bounded, and said to be so."""

import json

import duckdb
import pytest

from helpers import small_study
from helpers.made_database import ask, build_database, report
from isobudget.report import __main__ as writing
from isobudget.report import browser
from isobudget.report.data import in_script, page_data
from isobudget.report.database import read_study


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """Three problems that the stages wrote."""
    folder = tmp_path_factory.mktemp("data")
    small_study.write_study(folder)
    assert small_study.aggregate(folder).returncode == 0
    return folder / "isobudget.duckdb"


def given(database):
    return page_data(read_study(database), database)


@pytest.mark.parametrize("text", ["</script><script>", "<!--<script>", "]]>&lt;", "\u2028\u2029\x00", "\ud800 alone"])
def test_no_text_can_end_the_script_that_holds_it(text):
    held = in_script({"text": text})
    assert not set("<>&\u2028\u2029") & set(held)
    assert json.loads(held) == {"text": text}
    held.encode()


def test_every_family_is_its_table(database):
    families = {each["key"]: each for each in given(database)["benchmarks"][0]["families"]}
    assert list(families) == ["pass", "stop", "rank"]
    for key, query in (
        ("pass", "SELECT k, k, value, low, high FROM pass_at_k WHERE model = 'S' ORDER BY k"),
        ("stop", "SELECT k, e.value, p.value, p.low, p.high FROM early_stop_at_k e JOIN pass_at_k p USING (model, k) "
                 "WHERE model = 'S' ORDER BY k"),
        ("rank", "SELECT k, k, value, low, high FROM rank_score_at_k WHERE model = 'S' AND ranker = 'nll:L' "
                 "ORDER BY k"),
    ):  # fmt: skip
        line = next(line for line in families[key]["lines"] if line["model"] == 0)
        columns = [line["k"], line["draws"] or line["k"], line["value"], line["low"], line["high"]]
        assert list(zip(*columns, strict=True)) == [pytest.approx(row, abs=1e-6) for row in ask(database, query)]
    generation, scoring = small_study.COSTS["S"]["seconds"][0], small_study.COSTS["L"]["seconds"][1]
    assert families["pass"]["lines"][0]["cost"] == {"flops": 1e12, "seconds": generation}
    read_by_another = next(line for line in families["rank"]["lines"] if line["model"] == 0 and line["choice"] == 0)
    assert families["rank"]["choices"][0] == "nll:L"
    assert read_by_another["cost"]["seconds"] == generation + scoring
    assert families["rank"]["choices"][families["rank"]["first"]] == "nll:self"


def test_a_table_that_is_not_there_is_no_family(tmp_path):
    path = build_database(tmp_path / "isobudget.duckdb", problems=5, resamples=10, units=("flops",))
    assert [each["key"] for each in given(path)["benchmarks"][0]["families"]] == ["pass", "rank"]
    assert given(path)["benchmarks"][0]["problems"]["left_out"] == "The database holds no texts of samples."


def test_who_solves_what_is_counted_from_the_outcomes(database):
    problems = given(database)["benchmarks"][0]["problems"]
    assert problems["tasks"] == small_study.TASKS
    assert problems["n"] == {0: 8, 1: 4}
    assert problems["passed"] == {i: [sum(task) for task in small_study.PASSED[m]] for i, m in enumerate("SL")}
    assert problems["greedy"] == {0: small_study.GREEDY["S"], 1: small_study.GREEDY["L"]}


def test_of_each_model_one_sample_with_each_verdict_is_there_and_the_greedy_one(database):
    _, samples = given(database)["benchmarks"][0]["problems"]["texts"][0]
    assert [sample[:4] for sample in samples] == [
        [0, "greedy", 0, "passed"], [0, "sampled", 0, "passed"], [0, "sampled", 1, "failed"],
        [1, "greedy", 0, "passed"], [1, "sampled", 0, "passed"], [1, "sampled", 3, "failed"],
    ]  # fmt: skip
    assert samples[2][5] == "S 0 1"


def test_texts_are_bounded_and_the_page_says_what_is_left_out(database, monkeypatch, tmp_path):
    copy = tmp_path / "isobudget.duckdb"
    copy.write_bytes(database.read_bytes())
    with duckdb.connect(str(copy)) as connection:
        connection.execute("UPDATE samples SET text = repeat('x', 5000) WHERE model = 'S' AND task_id = 'T/0'")
    whole = given(copy)["benchmarks"][0]["problems"]
    assert "texts of" not in whole["left_out"]
    assert whole["texts"][0][1][0][5] == "x" * 4000 + "\n… (1,000 more letters)"
    monkeypatch.setattr(browser, "MOST_PROBLEMS", 2)
    fewer = given(copy)["benchmarks"][0]["problems"]
    assert list(fewer["texts"]) == [0, 2]
    assert "; texts of 2 of the 3 problems, evenly spread." in fewer["left_out"]
    monkeypatch.setattr(browser, "MOST_LETTERS", 100)
    assert list(given(copy)["benchmarks"][0]["problems"]["texts"]) == [0]


def test_drawings_beyond_the_bound_are_links_to_their_files(database, monkeypatch, tmp_path):
    monkeypatch.setattr(writing, "MOST_DRAWN", 60_000)
    page = report(database, tmp_path).read_text()
    assert 0 < page.count("<svg ") < 5
    assert '<a href="figures/humaneval/rank_score_at_seconds.svg">' in page
    assert (tmp_path / "figures/humaneval/rank_score_at_seconds.svg").exists()

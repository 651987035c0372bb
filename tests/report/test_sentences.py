"""What the report and the terminal say in words and tables of text."""

import re
import subprocess
import sys

from helpers.made_database import LARGE, SIX, SMALL, ask, build_database, report, rewritten
from isobudget.report import sentences, table
from isobudget.report.database import read_study
from isobudget.report.formatting import amount, digits, points, short_names


def test_the_terminal_table_is_the_winners_table(database):
    done = subprocess.run(
        [sys.executable, "-m", "isobudget.report.table", "--database", str(database)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 100
    query = "SELECT budget, budget_absolute, model, k, value, low, high, runner_up, runner_up_k, margin, margin_low, "
    rows = ask(database, query + "margin_high FROM winners WHERE unit = 'flops' ORDER BY budget")
    start = next(i for i, line in enumerate(lines) if line.startswith("budget"))
    heads = ["budget", "TFLOPs", "best", "solves %", "95 % int.", "runner-up", "margin", "95 % int.", "separated"]
    assert re.split(r"\s{2,}", lines[start]) == heads
    for line, row in zip(lines[start + 2 :], rows, strict=False):
        budget, absolute, model, k, value, low, high, other, other_k, *margins = row
        expected = [digits(budget), digits(absolute / 1e12), f"{model[-4:]} x {k}", f"{100 * value:.1f}"]
        expected.append(f"{100 * low:.1f}..{100 * high:.1f}")
        if other:
            margin, margin_low, margin_high = (f"{100 * each:+.1f}" for each in margins)
            expected += [f"{other[-4:]} x {other_k}", margin, f"{margin_low}..{margin_high}"]
            expected.append("yes" if margins[1] > 0 else "no")
        else:
            expected += ["-"] * 4
        assert re.split(r"\s{2,}", line.strip()) == expected
    assert "  budget 18 leaves out 0.5b: x 18 needs 36 samples, 32 were drawn" in lines
    assert "40 of its 164 problems" in lines[0]


def test_six_long_names_still_fit_a_hundred_columns(tmp_path):
    models = {f"{name}-instruct-{'x' * 12}-{name[:2]}": value for name, value in SIX.items()}
    study = read_study(build_database(tmp_path / "six.duckdb", models, problems=12, budgets=(2, 16), units=("flops",)))
    text = table.table(study)
    assert max(map(len, text.splitlines())) <= 100
    best = sentences.winners(study, "humaneval", "flops")[0]
    letter = "ABCDEF"[list(models).index(best.model)]
    assert f"{letter} x {best.k}" in text
    assert f"{letter} = {best.model}" in " ".join(text.split())


def test_an_interval_that_spans_zero_is_no_victory(database, tmp_path):
    study = rewritten(database, tmp_path, "UPDATE winners SET margin = 0.02, margin_low = -0.01, margin_high = 0.05")
    sentence = sentences.headline(study, "humaneval", "flops")
    assert sentence.startswith(
        "At the price of one generation of 1.5b (3.1 generations of 0.5b), 0.5b run 3 times and 1.5b run once are not "
        "separated"
    )
    assert "(+2.0 points, 95 % interval -1.0 to +5.0)" in sentence
    assert "beats" not in sentence


def test_an_interval_above_zero_is_one(database, tmp_path):
    study = rewritten(database, tmp_path, "UPDATE winners SET margin = 0.04, margin_low = 0.01, margin_high = 0.07")
    sentence = sentences.headline(study, "humaneval", "flops")
    assert "0.5b run 3 times beats 1.5b run once" in sentence
    assert "not separated" not in sentence


def test_a_budget_above_the_price_is_told_as_what_it_is(database, tmp_path):
    study = rewritten(database, tmp_path, "DELETE FROM winners WHERE budget = 3.1")
    sentence = sentences.headline(study, "humaneval", "flops")
    assert sentence.startswith(
        "At a budget of 4 generations of 0.5b, which buys 1.5b once (one costs 3.1), 0.5b run 4 times"
    )
    value = ask(database, f"SELECT value FROM pass_at_k WHERE model = '{SMALL}' AND k = 3")[0][0]
    assert f"for just the price of 1.5b once, 0.5b run 3 times solves {100 * value:.1f} %" in sentence


def test_no_budget_that_buys_the_large_model_is_said(database, tmp_path):
    study = rewritten(database, tmp_path, "DELETE FROM winners WHERE budget > 3")
    assert sentences.headline(study, "humaneval", "flops") == (
        "One generation of 1.5b costs 3.1 of 0.5b, and no budget of the study reaches that: add 4 to budgets.flops."
    )


def test_without_tests_no_winner_is_named(database):
    study = read_study(database)
    sentence = sentences.without_tests(study, "humaneval", "flops")
    greedy = ask(database, f"SELECT value FROM greedy WHERE model = '{LARGE}'")[0][0]
    assert f"one greedy output of 1.5b on {100 * greedy:.1f} %" in sentence
    assert "beats" not in sentence


def test_one_model_answers_nothing_but_is_shown(tmp_path):
    database = build_database(tmp_path / "isobudget.duckdb", {SMALL: (8, 0.5, 1.0)}, problems=8, units=("flops",))
    study = read_study(database, {"humaneval": 164})
    text = table.table(study)
    assert "Only qwen2.5-coder-0.5b has scores and a cost in FLOPs" in " ".join(text.split())
    assert "margin" not in text
    page = report(database, tmp_path, problems={"humaneval": 164}).read_text()
    assert "This study holds 8 of its 164 problems of humaneval" in page
    assert "no other model has a score at this budget" in page


def test_figures_are_told_as_a_person_reads_them():
    assert amount("flops", 3.95e11) == "395 GFLOPs"
    assert amount("flops", 3.95e11, 1.76e13) == "0.395 TFLOPs"
    assert amount("flops", 1.76e13) == "17.6 TFLOPs"
    assert amount("seconds", 0.062) == "62 ms"
    assert amount("seconds", 5605) == "5,605 s"
    assert amount("usd", 2.4e-5) == "$0.024/1,000"
    assert amount("usd", 1.5) == "$1.5"
    assert amount("seconds", None) == "unknown"
    assert [points(x) for x in (0.031, -0.0001, -0.02, None)] == ["+3.1", "0.0", "-2.0", "-"]
    assert [digits(x) for x in (1, 3.1234, 1640, 0.0000012)] == ["1", "3.12", "1,640", "0.0000012"]


def test_short_names_lose_only_what_all_share():
    assert short_names([SMALL, LARGE]) == {SMALL: "0.5b", LARGE: "1.5b"}
    assert short_names([SMALL]) == {SMALL: SMALL}
    assert short_names(["code-llama-7b", "llama-3-8b"]) == {
        "code-llama-7b": "code-llama-7b",
        "llama-3-8b": "llama-3-8b",
    }
    assert short_names(["a-b", "a-b-c"]) == {"a-b": "b", "a-b-c": "b-c"}

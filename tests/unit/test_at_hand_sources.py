"""Where tests at hand come from: examples, asserts that judge, a model of the study."""

import json
from argparse import Namespace

import pytest

from isobudget.at_hand.tests import of_cases, one_assert, write_tests
from isobudget.files.errors import StudyError
from isobudget.files.tables import read_rows, write_rows
from isobudget.study import stage_settings
from isobudget.study.config import load


def test_cases_become_tests_in_the_form_of_the_problem():
    cases = [{"call": "f(1)", "expected": "[2]"}, {"call": "f(2)", "expected": None}]
    assert of_cases({"kind": "call"}, cases) == "assert (f(1)) == ([2])\n"
    assert of_cases({"kind": "call"}, cases[1:]) == ""
    found = of_cases({"kind": "stdio"}, [{"call": "1\n", "expected": "2\n"}])
    assert json.loads(found) == {"inputs": ["1\n"], "outputs": ["2\n"]}


def test_of_a_models_tests_those_count_that_it_wrote_twice(tmp_path):
    problem = dict.fromkeys(["prompt", "tests", "entry_point", "reference", "split"], "x") | {"kind": "call"}
    write_rows(
        tmp_path / "problems",
        "problems",
        [problem | {"task_id": t} for t in ("T/0", "T/1")],
        {"benchmark": "humaneval"},
    )
    cases = [("T/0", "f(1)", "2", 1), ("T/0", "f(2)", "3", 2), ("T/0", "f(3)", "3", 5), ("T/1", "f(1)", "2", 1)]
    rows = [
        {"task_id": task_id, "example": number, "form": "assert", "call": call, "expected": expected, "times": times}
        for number, (task_id, call, expected, times) in enumerate(cases)
    ]
    write_rows(tmp_path / "asserts", "examples", rows)
    for source, wanted in (
        ("written:m", ["assert (f(2)) == (3)\nassert (f(3)) == (3)\n", ""]),
        ("examples", ["assert (f(1)) == (2)\nassert (f(2)) == (3)\nassert (f(3)) == (3)\n", "assert (f(1)) == (2)\n"]),
    ):
        paths = {"problems": tmp_path / "problems", "cases": tmp_path / "asserts", "output": tmp_path / "tests"}
        write_tests(Namespace(settings={"source": source}, **paths))
        assert read_rows(tmp_path / "tests", "problems")["tests"].to_pylist() == wanted


def test_one_assert_is_taken_as_it_stands_with_what_is_beside_it():
    tests = "AFTER = 'x = 1\\n'\nimport sys\nassert f(  1 ) == 2\nassert f('a\\\\b') == [3,\n  4]\n"
    problem = {"task_id": "Mbpp/11", "tests": tests}
    assert one_assert(problem, 1) == "AFTER = 'x = 1\\n'\nimport sys\nassert f(  1 ) == 2\n"
    assert one_assert(problem, 2) == "AFTER = 'x = 1\\n'\nimport sys\nassert f('a\\\\b') == [3,\n  4]\n"
    with pytest.raises(StudyError, match="at_hand: Mbpp/11 has 2 asserts and no 'assert:3'; ask for another"):
        one_assert(problem, 3)


def test_a_source_that_the_benchmark_lacks_is_named():
    study = {"models": {"m": {"engine": "recorded", "samples": 4}}}
    assert load(study | {"at_hand": ["examples"]}).sources("humaneval") == ("examples",)
    both = load(study | {"benchmarks": ["humaneval", "mbpp"], "at_hand": ["assert:2", "examples"]})
    assert (both.sources("humaneval"), both.sources("mbpp")) == (("examples",), ("assert:2",))
    with pytest.raises(StudyError, match="at_hand: 'assert:1' gives no tests for humaneval that are fewer than those"):
        load(study | {"at_hand": ["assert:1"]})
    # MBPP's examples are the asserts that judge
    with pytest.raises(
        StudyError, match="'examples' gives no tests for mbpp .* use assert:1, assert:2, assert:3 or written:m"
    ):
        load(study | {"benchmarks": ["mbpp"], "at_hand": ["examples"]})


def test_tests_of_a_model_are_at_hand_where_a_model_of_the_study_writes_them():
    study = {"models": {"m": {"engine": "recorded", "samples": 4}}, "at_hand": ["written:m"]}
    assert load(study).sources("humaneval") == ("written:m",) and load(study).writers() == ("m",)
    assert load(study | {"benchmarks": ["humaneval", "apps-interview"]}).sources("apps-interview") == ()
    with pytest.raises(
        StudyError, match="at_hand: 'written:n' gives no tests for humaneval .* use examples or written:m"
    ):
        load(study | {"at_hand": ["written:n"]})
    theirs = {"theirs": {"engine": "import", "path": "samples.jsonl", "samples": 4}}
    with pytest.raises(
        StudyError, match="at_hand: 'written:theirs' needs a model that writes tests, and theirs is imp"
    ):
        load({"models": study["models"] | theirs, "at_hand": ["written:theirs"]})


def test_a_study_without_tests_at_hand_is_told_nothing_new():
    study = load({"models": {"m": {"engine": "recorded", "samples": 4}}})
    assert "at_hand" not in stage_settings.estimate(study, "humaneval", "m") + stage_settings.aggregate(study)

"""Cases: the examples that prompts show, and the asserts that a model writes, read without running any."""

import pytest

from helpers.benchmark_files import FILES, needs_data
from isobudget.at_hand import cases
from isobudget.at_hand import prompt_examples as examples_stage
from isobudget.at_hand.cases import Case
from isobudget.at_hand.prompt_examples import examples
from isobudget.files import tables
from isobudget.problems import apps, humaneval, mbpp
from isobudget.problems.questions import write_questions
from isobudget.sandbox.inside import observing


@pytest.fixture(scope="module")
def humaneval_problems():
    return {problem["task_id"]: problem for problem in humaneval.problems()}


def shown(problem):
    return [(case.call, case.expected) for case in examples(problem)]


@pytest.mark.parametrize(
    "number, wanted",
    [
        (12, ("longest([])", "None")),  # a doctest that prints nothing
        (32, ("round(find_zero([1, 2]), 2)", "-0.5")),  # a comment behind it
        (67, ("fruit_distribution('5 apples and 6 oranges', 19)", "19 - 5 - 6")),
        (76, ("is_simple_power(1, 4)", "True")),  # true, in small letters
        (78, ("hex_key('AB')", "1.0")),  # For num = "AB" the output should be 1.
        (79, ("decimal_to_binary(15)", "'db1111db'")),  # in a comment
        (84, ("solve(1000)", "'1'")),
        (87, ("get_row([], 1)", "[]")),
        (98, ("count_upper('aBCdEf')", "1")),
        (99, ("closest_integer('-14.5')", "-15.0")),  # should return, with a line's end between
        (113, ("odd_count(['1234567'])", "['the number of odd elements 4n the str4ng 4 of the 4nput.']")),
        (120, ("maximum([-3, -4, 5], 3)", "[-4, -3, 5]")),  # Input: and Output:
        (137, ("compare_one(1, 2.5)", "2.5")),  # an arrow
        (141, ("file_name_check('1example.dll')", "'No'")),  # words behind it
        (145, ("order_by_points([])", "[]")),  # a doctest with == and no answer
    ],
)
def test_humaneval_examples_are_read_in_every_form(humaneval_problems, number, wanted):
    assert wanted in shown(humaneval_problems[f"HumanEval/{number}"])


def test_most_problems_of_humaneval_show_an_example(humaneval_problems):
    found = {task_id: shown(problem) for task_id, problem in humaneval_problems.items()}
    assert sum(map(len, found.values())) > 430
    assert len([task_id for task_id, some in found.items() if not some]) <= 11
    calls = {task_id: [call for call, _ in some] for task_id, some in found.items()}
    assert all(len(set(some)) == len(some) for some in calls.values())


def test_a_call_of_names_is_no_example():
    # is_happy(aa), fib4(n) -> fib4(n-1): nobody knows what aa and n are
    assert cases.of_docstring("is_happy(aa) => False\nis_happy(n) == is_happy(n - 1)", "is_happy") == []


def test_half_a_word_is_no_answer(humaneval_problems):
    # find_max(["aaaaaaa", "bb" ,"cc"]) == ""aaaaaaa"
    assert [call for call, _ in shown(humaneval_problems["HumanEval/158"])] == [
        "find_max(['name', 'of', 'string'])",
        "find_max(['name', 'enam', 'game'])",
    ]


def test_asserts_are_read_up_to_where_they_break_off():
    text = (
        'assert f(1) == 2\nassert f([1,\n 2]) == [3]\nassert f("a"), "words"\nassert not f("b")\n'
        "assert f(3) is None\nassert g(3) == 3\nassert 4 == f(4)\nassert f(x) == 1\nassert f([1, 2"
    )
    assert cases.of_asserts(text, "f") == [
        Case("assert", "f(1)", "2"),
        Case("assert", "f([1, 2])", "[3]"),
        Case("assert", "bool(f('a'))", "True"),
        Case("assert", "bool(f('b'))", "False"),
        Case("assert", "f(3)", "None"),
        Case("assert", "f(4)", "4"),
    ]
    assert len(cases.of_asserts(text, "f", most=2)) == 2


@pytest.mark.parametrize(
    "text",
    [
        "f(__import__('os').system('true'))",
        "f(open('/etc/passwd').read())",
        "f(1).__class__",
        "(lambda: f(1))()",
        "f([x for x in range(9)])",
        "f(2 ** 2 ** 30)",
        "f(*g)",
        "exec('f(1)')",
        "f(f'{1}')",
        "(f := 1)",
        "g(1)",
        "f(1",
    ],
)
def test_what_could_do_more_than_call_the_function_is_no_case(text):
    assert not cases.safe(text, "f")
    assert cases.of_asserts(f"assert {text} == 1", "f") == []


def test_the_checker_knows_the_names_that_cases_may_use_and_no_others():
    assert set(observing.SAFE) == cases.NAMES


@needs_data
def test_mbpp_shows_its_asserts_and_no_solved_problems():
    problems = mbpp.problems("mbpp", str(FILES["mbpp"]))
    found = {problem["task_id"]: examples(problem) for problem in problems}
    assert found["Mbpp/11"][0] == Case("assert", "remove_Occ('hello', 'l')", "'heo'")
    assert sum(len(some) for some in found.values()) > 1450
    assert all(problem["entry_point"] in case.call for problem in problems for case in found[problem["task_id"]])


@needs_data
def test_apps_shows_inputs_and_outputs():
    record = {
        "problem_id": 1,
        "solutions": "",
        "input_output": '{"inputs": ["canary"], "outputs": ["canary"]}',
        "starter_code": "",
        "question": "Add.\n\n-----Sample Input-----\n\n1 2\n\n-----Sample Output:-----\n3\n\nWords.\n-----Note-----\n",
    }
    assert examples(apps.as_problem(record)) == [Case("stdio", "1 2\n", "3\n")]
    record["question"] = "-----Examples-----\nInput\n1 2\n\n3\n\nOutput\n3\n\nInput\n4\nOutput\n5\n\n\n-----Note-----\n"
    assert examples(apps.as_problem(record))[0] == Case("stdio", "1 2\n\n3\n", "3\n")
    assert examples(apps.as_problem(record))[1] == Case("stdio", "4\n", "5\n")


def test_questions_hold_neither_tests_nor_references(tmp_path, humaneval_problems):
    canary = "canary-7f3a"
    problem = humaneval_problems["HumanEval/0"] | {"tests": canary, "reference": canary, "split": canary}
    tables.write_rows(tmp_path / "problems.parquet", "problems", [problem], {"benchmark": "humaneval"})

    class args:
        problems, output = tmp_path / "problems.parquet", tmp_path / "questions.parquet"

    write_questions(args)
    args.questions, args.output = args.output, tmp_path / "examples.parquet"
    examples_stage.write_examples(args)
    for name in ("questions", "examples"):
        file = tmp_path / f"{name}.parquet"
        table = tables.read_rows(file, name)
        assert canary not in str(table.to_pylist()) + str(tables.read_metadata(file, name))
        assert len(table) > 0

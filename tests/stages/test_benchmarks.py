"""MBPP and APPS: their problems as a model reads them, their references in both sandboxes, what is wrong and why."""

import json
import os
import subprocess
import sys

import pytest

from helpers.benchmark_files import FILES, needs_data
from helpers.sandboxes import ENGINES, engine_or_skip
from isobudget import extraction
from isobudget.execution.judging import code_of, program_for
from isobudget.files.errors import StudyError
from isobudget.files.tables import read_metadata, read_rows
from isobudget.problems import apps, hub, mbpp
from isobudget.sandbox import open_sandbox
from isobudget.study import stage_settings
from isobudget.study.benchmarks import BENCHMARKS
from isobudget.study.config import load


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """`datasets` keeps what it reads; not in the home of whoever runs the tests."""
    folder = str(tmp_path_factory.mktemp("hub"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HOME", folder)
        patch.setenv("HF_DATASETS_CACHE", folder)
        yield folder


@pytest.fixture(scope="module", params=ENGINES)
def sandbox(request):
    settings = {"engine": engine_or_skip(request.param), "timeout": 12, "memory": "1g"}
    with open_sandbox(settings, workers=2) as opened:
        yield opened


def judging_settings(benchmark):
    """What execution is told of a benchmark."""
    study = load({"benchmarks": [benchmark], "models": {"m": {"engine": "vllm", "weights": "w", "samples": 2}}})
    return json.loads(stage_settings.execute(study, benchmark))


def all_of_mbpp(benchmark):
    return mbpp.as_problems(list(hub.records(benchmark, mbpp.PINNED[benchmark], FILES[benchmark], ["code"])), "file")


def program(benchmark, problem, text):
    """What is run when a model answers `text`."""
    settings = judging_settings(benchmark)
    source = extraction.from_completion(code_of(problem, settings), text, settings["stop"]).program
    return program_for(problem, source, settings)


@needs_data
@pytest.mark.parametrize(("benchmark", "count", "test"), [("mbpp", 974, 500), ("mbpp-sanitized", 427, 257)])
def test_every_reference_of_mbpp_passes(sandbox, benchmark, count, test):
    problems = all_of_mbpp(benchmark)
    assert len(problems) == count
    assert sum(problem["split"] == "test" for problem in problems) == test == BENCHMARKS[benchmark].problems
    outcomes = sandbox.run([program(benchmark, problem, problem["reference"]) for problem in problems])
    assert {p["task_id"]: o for p, o in zip(problems, outcomes, strict=True) if o.verdict != "passed"} == {}


@needs_data
def test_a_reference_of_each_problem_of_apps_passes_but_two(sandbox):
    levels = ("apps-introductory", "apps-interview", "apps-competition")
    problems = [problem for level in levels for problem in apps.problems(level, FILES[level])]
    assert len(problems) == 150 and sum(problem["kind"] == "call" for problem in problems) == 12
    left, first = problems, None
    for attempt in range(apps.SOLUTIONS):
        left = [problem for problem in left if len(problem["reference"].split("\f")) > attempt]
        programs = [program(levels[0], problem, problem["reference"].split("\f")[attempt]) for problem in left]
        outcomes = dict(zip((problem["task_id"] for problem in left), sandbox.run(programs), strict=True))
        first = first or outcomes
        passed = {task_id for task_id, outcome in outcomes.items() if outcome.verdict == "passed"}
        problems = [problem for problem in problems if problem["task_id"] not in passed]
        left = [problem for problem in left if problem["task_id"] not in passed]
    # ../shared/DATA.md names a third, 2400, which the seventh of its solutions solves
    assert sorted(problem["task_id"] for problem in problems) == ["APPS/2036", "APPS/2398"]
    assert first["APPS/2398"][:2] == ("failed", "test 1 of 1: line 3, '3 2', is wrong")
    assert first["APPS/2036"].detail.startswith("test 1 of 17: SyntaxError: 'return' outside function")


WRONG = {
    "Mbpp/11": [
        (
            "def remove_Occ(s, ch):\n    return s",
            "failed",
            'AssertionError at: assert remove_Occ("hello","l") == "heo"',
        ),
        ("def remove_occ(s, ch):\n    return s", "error", "NameError: the program defines no remove_Occ"),
    ],
    # the class is the program's, and so are the objects that the tests make of it
    "Mbpp/367": [
        ("def is_tree_balanced(root):\n    return True", "error", "NameError: name 'Node' is not defined"),
        (
            "class Node:\n    def __init__(self, data):\n        self.left = self.right = None\n"
            "def is_tree_balanced(root):\n    return True",
            "failed",
            "AssertionError at: assert in_program('is_tree_balanced(root)') == False",
        ),
    ],
    # it need not import sys because its tests use it
    "Mbpp/596": [("def tuple_size(t):\n    return t.__sizeof__() + 16", "passed", "")],
}


@needs_data
@pytest.mark.parametrize("task_id", WRONG)
def test_a_wrong_answer_to_mbpp_fails_for_the_right_reason(sandbox, task_id):
    (problem,) = (problem for problem in all_of_mbpp("mbpp") if problem["task_id"] == task_id)
    outcomes = sandbox.run([program("mbpp", problem, f"{text}\n[DONE]\n\nYou are") for text, _, _ in WRONG[task_id]])
    assert [outcome[:2] for outcome in outcomes] == [tuple(case[1:]) for case in WRONG[task_id]]


RECORD = {
    "id": 7,
    "question": "Say how many.\n",
    "solutions": json.dumps(["class Solution:\n    def count(self, a):\n        return len(a)\n"]),
    "input_output": json.dumps({"fn_name": "count", "inputs": [[[1, 2]], [[]]], "outputs": [2, [0]]}),
    "difficulty": "introductory",
    "starter_code": "\nclass Solution:\n    def count(self, a: List[int]) -> int:\n        ",
}


@pytest.mark.parametrize(
    ("text", "verdict", "detail"),
    [
        ("class Solution:\n    def count(self, a: List[int]) -> int:\n        return len(a)\n```\n", "passed", ""),
        ("def count(a):\n    return len(a)", "passed", ""),
        ("def count(a):\n    return 2", "failed", "AssertionError: test 2 of 2: 2 is wrong at: raise"),
        (
            "class Solution:\n    def amount(self, a):\n        return 2",
            "error",
            "AttributeError: 'Solution' object has no",
        ),
        ("def count(a):\n    return math.floor(4.5) // len(a)", "error", "ZeroDivisionError: integer division"),
    ],
)
def test_answers_to_a_call_based_problem_of_apps(sandbox, text, verdict, detail):
    problem = apps.as_problem(RECORD)
    (outcome,) = sandbox.run([program("apps-introductory", problem, text)])
    assert outcome.verdict == verdict and outcome.detail.startswith(detail), outcome


@pytest.mark.parametrize(
    ("outputs", "value", "verdict"),
    [
        ([[1, 2]], "(1, 2)", "passed"),
        ([[[1, 2]]], "(1, 2)", "passed"),  # wrapped in a list of one
        ([[[1, 2], [3]]], "[(1, 2), (3,)]", "passed"),
        ([{"1": "a"}], "{1: 'a'}", "passed"),
        ([[1, 2]], "[2, 1]", "failed"),
        ([[1, 2]], "1", "passed"),  # as APPS has it: the first of what is wanted
        (["ab"], "['a', 'b']", "failed"),
    ],
)
def test_what_a_call_gives_is_compared_as_apps_does(sandbox, outputs, value, verdict):
    cases = {"fn_name": "check", "inputs": [[]], "outputs": outputs}
    problem = apps.as_problem(RECORD | {"input_output": json.dumps(cases)})
    (outcome,) = sandbox.run([program("apps-introductory", problem, f"def check():\n    return {value}")])
    assert outcome.verdict == verdict, outcome


def test_a_program_of_apps_finds_the_imports_it_uses_and_pays_for_no_other(sandbox):
    record = RECORD | {"input_output": json.dumps({"inputs": ["3 4", ["5", "12"]], "outputs": ["5", ["13"]]})}
    problem = apps.as_problem(record)
    assert problem["kind"] == "stdio" and json.loads(problem["tests"])["inputs"] == ["3 4", "5\n12"]
    text = "a, b = map(int, sys.stdin.read().split())\nprint(sqrt(a * a + b * b))"
    run = program("apps-introductory", problem, text)
    assert run.source.startswith("import sys\nfrom math import sqrt")
    assert "random" not in run.source and "numpy" not in run.source
    (outcome,) = sandbox.run([run])
    assert outcome.verdict == "passed", outcome


@needs_data
def test_the_prompt_of_mbpp_is_the_one_of_its_authors():
    (problem,) = (problem for problem in all_of_mbpp("mbpp") if problem["task_id"] == "Mbpp/11")
    ask = "You are an expert Python programmer, and here is your task: "
    parts = problem["prompt"].split(ask)
    assert parts[0] == "" and len(parts) == 5
    assert parts[1].startswith(
        "Write a function to find the similar elements from the given two tuple lists. Your code"
    )
    assert parts[2].endswith("[BEGIN]\nimport math\ndef is_not_prime(n):\n" + parts[2].partition("(n):\n")[2])
    assert all(part.endswith("\n[DONE]\n\n") for part in parts[1:4])
    assert parts[4] == (
        "Write a python function to remove first and last occurrence of a given character from the string. "
        'Your code should pass these tests:\n\nassert remove_Occ("hello","l") == "heo"\n'
        'assert remove_Occ("abcda","a") == "bcd"\nassert remove_Occ("PHP","P") == "H"\n[BEGIN]\n'
    )
    assert "\r" not in problem["prompt"] + problem["reference"]


def test_the_prompt_of_apps_has_two_solved_problems_of_its_kind():
    ask = "Q: Write a python code to solve the following coding problem that obeys the constraints and passes the "
    call = apps.as_problem(RECORD)["prompt"]
    assert call.count(ask) == call.count("use the provided function signature") == 3
    assert call.endswith("Say how many.\n\nclass Solution:\n    def count(self, a: List[int]) -> int:\nA:\n```python\n")
    reading = RECORD | {"input_output": json.dumps({"inputs": ["1"], "outputs": ["1"]}), "starter_code": ""}
    prompt = apps.as_problem(reading)["prompt"]
    assert prompt.count(ask) == prompt.count("read from and write to standard IO") == 3
    assert prompt.endswith("Please wrap your code answer using ```:\nSay how many.\nA:\n```python\n")


def test_the_solved_problems_of_the_apps_prompt_are_solved(sandbox):
    from isobudget.problems.apps_shots import CALL, STDIO

    cases = [(["4 10\n5 2 9 3\n"], ["3\n"]), (["3\nlevel\nabca\ncode\n"], ["YES\nYES\nNO\n"])]
    cases += [("largest_sum", [[[4, 1, 7, 2], 2]], [9]), ("firstDouble", [["balloon"], ["abc"]], ["l", ""])]
    programs = []
    for (_, solution), (*name, inputs, outputs) in zip(STDIO + CALL, cases, strict=True):
        given = {"inputs": inputs, "outputs": outputs} | ({"fn_name": name[0]} if name else {})
        problem = apps.as_problem(RECORD | {"input_output": json.dumps(given)})
        programs.append(program("apps-introductory", problem, solution))
    assert [outcome[:2] for outcome in sandbox.run(programs)] == [("passed", "")] * 4


def test_solutions_that_are_no_python_are_not_tried():
    python2 = "print 'x'"
    record = RECORD | {
        "solutions": json.dumps([python2, "print(1)", "print(1)", *(f"print({n})" for n in range(2, 20))])
    }
    assert apps.as_problem(record)["reference"].split("\f") == [f"print({n})" for n in range(1, 9)]
    assert apps.as_problem(RECORD | {"solutions": json.dumps([python2])})["reference"] == python2
    assert apps.as_problem(RECORD | {"solutions": ""})["reference"] == ""


def test_a_problem_without_tests_says_so():
    for cases in ("", "{}", json.dumps({"inputs": [], "outputs": []})):
        assert apps.as_problem(RECORD | {"input_output": cases})["tests"] == ""


TASK = {"task_id": 11, "text": "Add.", "code": "def f(): pass", "test_list": ["assert f() is None"]}
EXAMPLES = [TASK | {"task_id": number} for number in (2, 3, 4)]


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ([*EXAMPLES, TASK | {"test_list": ["assert g(1) == 2"]}], "task_id 11: its tests call 0 of the functions that"),
        (EXAMPLES[1:], "the tasks 2, 3 and 4, which stand in every prompt, are not all there"),
        ([*EXAMPLES, TASK, TASK], "task_id 11 is there twice; take one of the records out."),
        ([*EXAMPLES[:2], *EXAMPLES[:2]], "task_id 2 is there twice"),
        ([TASK | {"task_id": "Mbpp/2"}], "task_id Mbpp/2 is not what the benchmark has (ValueError: invalid literal"),
        (
            [TASK | {"test_list": "assert f() is None"}],
            "task_id 11 is not what the benchmark has (TypeError: test_list",
        ),
        ([*EXAMPLES, TASK | {"code": "def f(:"}], "task_id 11 is not what the benchmark has (SyntaxError: "),
        ([*EXAMPLES, TASK | {"code": "f = 1\0"}], "task_id 11 is not what the benchmark has ("),
        *(
            ([TASK | {key: None}], "task_id 11 is not what the benchmark has (")
            for key in ("text", "code", "test_list")
        ),
    ],
)
def test_a_record_that_is_not_what_mbpp_has_is_named(records, said):
    with pytest.raises(StudyError) as error:
        mbpp.as_problems(records, "file")
    assert str(error.value).startswith(f"file: {said}") and "\n" not in str(error.value)


def test_a_record_of_a_split_that_is_not_asked_for_need_be_no_problem():
    odd = TASK | {"task_id": 700, "code": "f = lambda: None"}
    assert [each["task_id"] for each in mbpp.as_problems([*EXAMPLES, TASK, odd], "file", "test")] == ["Mbpp/11"]


@pytest.mark.parametrize(
    ("records", "said"),
    [
        (
            [{"input_output": '{"inputs": ["1"], "outputs": []}'}],
            "7 is not what the benchmark has (ValueError: it has 1",
        ),
        ([{}, {}], "7 is there twice; take one of the records out."),
        ([{"id": "seven"}], "seven is not what the benchmark has (ValueError: invalid literal"),
        ([{"question": None}], "7 is not what the benchmark has (AttributeError: "),
        ([{"solutions": '"print(1)"'}], "7 is not what the benchmark has (TypeError: its solutions are no list of"),
        ([{"solutions": "[null]"}], "7 is not what the benchmark has (TypeError: its solutions are no list of texts"),
        ([{"input_output": "[]"}], "7 is not what the benchmark has (AttributeError: "),
        ([{"input_output": '{"inputs": null}'}], "7 is not what the benchmark has (TypeError: "),
    ],
)
def test_a_record_that_is_not_what_apps_has_is_named(tmp_path, records, said):
    data = tmp_path / "apps.jsonl"
    data.write_text("".join(json.dumps(RECORD | {"difficulty": "interview"} | record) + "\n" for record in records))
    with pytest.raises(StudyError) as error:
        apps.problems("apps-interview", str(data))
    assert str(error.value).startswith(f"{data}: id {said}") and "\n" not in str(error.value)


def test_tests_of_apps_may_have_integers_of_more_digits_than_python_reads_by_itself(sandbox):
    """Of a function and of a program that prints; neither need raise a limit that the benchmark's Python lacked."""
    big = 10**5000 + 7
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    call = json.dumps({"fn_name": "double", "inputs": [[big], [4]], "outputs": [2 * big, 8]})
    text = json.dumps({"inputs": [big], "outputs": [2 * big]})
    sys.set_int_max_str_digits(before)
    called = apps.as_problem(RECORD | {"input_output": call, "starter_code": ""})
    printing = apps.as_problem(RECORD | {"input_output": text, "starter_code": ""})
    reads = "import sys\n{}print(2 * int(input()))\n"
    programs = [
        program("apps-interview", called, "def double(x):\n    return 2 * x\n"),
        program("apps-interview", called, "def double(x):\n    return 2 * x if x < 9 else x\n"),
        program("apps-interview", printing, reads.format("sys.set_int_max_str_digits(0)\n")),
        program("apps-interview", printing, reads.format("")),
    ]
    assert [verdict for verdict, *_ in sandbox.run(programs)] == ["passed", "failed", "passed", "passed"]
    assert sys.get_int_max_str_digits() == before


def stage(folder, settings, **environment):
    command = [sys.executable, "-m", "isobudget.problems", "--settings", json.dumps(settings), "--output", "p.parquet"]
    return subprocess.run(
        [*command, "--log", "log"], cwd=folder, capture_output=True, text=True, env=os.environ | environment
    )


@needs_data
@pytest.mark.parametrize("benchmark", FILES)
def test_the_stage_writes_a_local_file_s_problems_and_what_it_read(tmp_path, benchmark):
    done = stage(tmp_path, {"benchmark": benchmark, "first": 3, "version": 1, "data": str(FILES[benchmark])})
    assert done.returncode == 0, done.stderr
    found = read_rows(tmp_path / "p.parquet", "problems").to_pylist()
    numbers = {
        "mbpp": 11,
        "mbpp-sanitized": 11,
        "apps-introductory": 2361,
        "apps-interview": 0,
        "apps-competition": 2000,
    }
    name = "Mbpp" if "mbpp" in benchmark else "APPS"
    assert len(found) == 3 and found[0]["task_id"] == f"{name}/{numbers[benchmark]}"
    note = read_metadata(tmp_path / "p.parquet", "problems")
    assert note["whole"] == (BENCHMARKS[benchmark].problems if "mbpp" in benchmark else 50)
    assert note["source"]["file"] == str(FILES[benchmark]) and len(note["source"]["sha256"]) == 64


@pytest.mark.parametrize("benchmark", ["mbpp", "apps-interview"])
def test_a_hub_that_cannot_be_reached_is_one_sentence(tmp_path, benchmark):
    done = stage(tmp_path, {"benchmark": benchmark, "first": None, "version": 1}, HF_ENDPOINT="http://127.0.0.1:9")
    assert done.returncode == 1 and not (tmp_path / "p.parquet").exists()
    *_, said = done.stderr.splitlines()
    module = mbpp if benchmark == "mbpp" else apps
    pinned = module.PINNED[benchmark] if benchmark == "mbpp" else module.PINNED
    where = f"isobudget: {benchmark}: {pinned['repository']} at {pinned['revision'][:7]} on the hub cannot be read ("
    assert said.startswith(where) and f"name a local file of the same schema as data.{benchmark} in the config" in said


def test_what_the_hub_would_be_asked_for_is_pinned_and_recorded():
    for module, benchmark in ((mbpp, "mbpp"), (mbpp, "mbpp-sanitized"), (apps, "apps-interview")):
        source = module.source(benchmark, None)
        assert len(source["revision"]) == 40 and source["repository"].count("/") == 1


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("x.csv", "task_id\n1\n", "x.csv ends in none of .jsonl, .json, .parquet"),
        ("x.jsonl", '{"task_id": 11}\n', "x.jsonl has no column text or prompt"),
        ("x.jsonl", "no json\n", "x.jsonl cannot be read ("),
    ],
)
def test_a_file_of_another_schema_is_one_sentence(tmp_path, name, text, said):
    (tmp_path / name).write_text(text)
    done = stage(tmp_path, {"benchmark": "mbpp", "first": None, "version": 1, "data": name})
    assert done.returncode == 1 and said in done.stderr.splitlines()[-1]
    assert "a file of the schema of google-research-datasets/mbpp" in done.stderr.splitlines()[-1]

"""What programs make of inputs, seen from outside the sandbox: who agrees with whom, and that nothing is forged."""

import json
from types import SimpleNamespace

import pytest

from helpers.sandboxes import ENGINES, engine_or_skip
from isobudget.at_hand import written_asserts
from isobudget.execution import behaviours
from isobudget.files import tables
from isobudget.files.errors import StudyError
from isobudget.sandbox import Program, open_sandbox, verdicts
from isobudget.sandbox.inside import observing


@pytest.fixture(scope="module", params=ENGINES)
def sandbox(request):
    engine_or_skip(request.param)
    with open_sandbox({"engine": request.param, "timeout": 3, "memory": "256m"}, workers=2) as opened:
        yield opened


def observed(sandbox, sources, cases, name="f", kind="observe"):
    """[[how it ended, value, [equals]], ...] of each program."""
    outcomes = sandbox.run([Program(source, json.dumps(cases), name, kind=kind) for source in sources])
    assert {outcome.verdict for outcome in outcomes} == {verdicts.OBSERVED}
    return [json.loads(outcome.detail) for outcome in outcomes]


def test_values_and_exceptions_are_told_as_they_are(sandbox):
    cases = [["f(1)", ["2", "3"]], ["f(0)", ["2"]], ["f('a')", []], ["round(f(1.26), 1)", ["2.3"]]]
    (found,) = observed(sandbox, ["def f(x):\n    assert x\n    return x + 1"], cases)
    assert found == [
        ["returned", "2", [True, False]],
        ["raised", "AssertionError", [False]],
        ["raised", "TypeError", []],
        ["returned", "2.3", [True]],
    ]


def test_a_program_that_does_not_load_raises_at_every_input(sandbox):
    found = observed(sandbox, ["def f(x)\n    return", "import nothing_such", "g = 1"], [["f(1)", ["1"]], ["f(2)", []]])
    assert [[answer[:2] for answer in one] for one in found] == [
        [["raised", "SyntaxError"]] * 2,
        [["raised", "ModuleNotFoundError"]] * 2,
        [["raised", "NameError"]] * 2,
    ]


def test_an_input_that_ends_the_program_costs_that_input(sandbox):
    loops = "def f(x):\n    while x == 1:\n        pass\n    return x"
    leaves = "import os\ndef f(x):\n    if x == 1:\n        os._exit(0)\n    return x"
    dies = "import os, signal\ndef f(x):\n    if x == 1:\n        os.kill(os.getpid(), signal.SIGSEGV)\n    return x"
    cases = [[f"f({x})", [str(x)]] for x in (0, 1, 2)]
    found = observed(sandbox, [loops, leaves, dies], cases)
    for one in found:
        assert one[0] == ["returned", "0", [True]]
        assert one[2] == ["returned", "2", [True]]
    assert [one[1][0] for one in found] == ["timeout", "error", "crashed"]


def test_a_program_has_but_so_many_lives(sandbox):
    (found,) = observed(sandbox, ["import os\ndef f(x):\n    os._exit(0)"], [[f"f({x})", ["1"]] for x in range(20)])
    assert [answer[0] for answer in found] == ["error"] * 20


def test_nobody_forges_an_answer(sandbox):
    liars = [
        # an object that says it equals everything, a number that does
        "class A:\n    def __eq__(self, other):\n        return True\ndef f(x):\n    return A()",
        "class A(int):\n    def __eq__(self, other):\n        return True\ndef f(x):\n    return A(7)",
        # writes to whatever is open
        "import os\ndef f(x):\n    for fd in range(3, 20):\n        try:\n            os.write(fd, b'[\"returned\"]')\n"
        "        except OSError:\n            pass\n    return 1",
    ]
    cases = [["f(1)", ["2"]], ["f(2)", ["2"]]]
    objects, number, writer = observed(sandbox, liars, cases)
    assert [answer[0] for answer in objects] == ["foreign"] * 2
    assert number == [["returned", "7", [False]]] * 2
    assert not any(answer[2][0] for answer in writer)
    # and the next program is seen as it is
    assert observed(sandbox, ["def f(x):\n    return 2"], cases) == [[["returned", "2", [True]]] * 2]


def test_a_call_can_do_no_more_than_call(sandbox):
    cases = [["__import__('os').getpid() and f(1)", []], ["open('/etc/passwd') and f(1)", []], ["f(1)", ["1"]]]
    (found,) = observed(sandbox, ["def f(x):\n    return x"], cases)
    assert found == [["raised", "NameError", []], ["raised", "NameError", []], ["returned", "1", [True]]]


def test_scripts_are_told_by_what_they_print(sandbox):
    sources = ["print(int(input()) + 1)", "n = input()\nprint(' ', int(n) + 1.0, '\\n')", "while True: pass", "1 / 0"]
    found = observed(sandbox, sources, [["1\n", ["2\n"]], ["5\n", ["7\n"]]], "", "observe-stdio")
    assert found[0] == [["returned", "2", [True]], ["returned", "6", [False]]]
    assert found[1] == [["returned", "2.0", [True]], ["returned", "6.0", [False]]]
    assert [answer[0] for answer in found[2]] == ["timeout"] * 2
    assert [answer[:2] for answer in found[3]] == [["raised", "ZeroDivisionError"]] * 2


@pytest.mark.parametrize(
    "one, other",
    [
        (1, 1.0),
        (True, 1),
        (0.1 + 0.2, 0.3),
        ({1, 2}, frozenset([2, 1])),
        ({"a": 1, "b": [2]}, {"b": [2.0], "a": 1}),
        (10**400, 10**400),
        (float("nan"), float("nan")),
        ("x" * 5000, "x" * 5000),
    ],
)
def test_equal_values_have_one_text(one, other):
    assert observing.shortened(observing.canonical(one)) == observing.shortened(observing.canonical(other))


@pytest.mark.parametrize(
    "one, other",
    [((1, 2), [1, 2]), ("1", 1), (None, "None"), ((1,), 1), ("x" * 5000, "x" * 5001), (10**400, 10**400 + 1)]
    + [([[1], 2], [[1, 2]]), ({1: 2}, {2: 1}), ("a, b", ["a", "b"]), (0.1, 0.1001), (b"a", "a"), (range(3), [0, 1, 2])],
)
def test_other_values_have_another(one, other):
    assert observing.shortened(observing.canonical(one)) != observing.shortened(observing.canonical(other))


def test_what_a_model_writes_is_counted_and_cut():
    first = {"text": " f(1) == 2\nassert f(2) == 3\n# more\nassert f(1) == 2\ndef g(): pass", "finish_reason": "stop"}
    cut_short = {"text": " f(1) == 2\nassert f(3) == 1", "finish_reason": "length"}
    many = {"text": "\n".join([" f(0) == 0", *[f"assert f({n}) == 0" for n in range(9)]]), "finish_reason": "stop"}
    found = written_asserts.asserts([first, cut_short, many], "f", ("\ndef ",))
    assert {(case.call, case.expected): times for case, times in found.items()} == {
        ("f(1)", "2"): 3,
        ("f(2)", "3"): 1,
        ("f(0)", "0"): 2,
        ("f(1)", "0"): 1,
        ("f(2)", "0"): 1,
        ("f(3)", "0"): 1,
    }


def test_an_input_that_does_more_than_call_is_refused(tmp_path):
    question = {"task_id": "T/0", "prompt": "def f(x):\n", "kind": "call", "entry_point": "f"}
    tables.write_rows(tmp_path / "questions.parquet", "questions", [question])
    example = {"task_id": "T/0", "example": 0, "form": "text", "call": "f(open('/etc/passwd').read())", "times": 1}
    tables.write_rows(tmp_path / "examples.parquet", "examples", [example])
    args = SimpleNamespace(
        questions=tmp_path / "questions.parquet", examples=tmp_path / "examples.parquet", settings={}
    )
    with pytest.raises(StudyError, match="examples.parquet: .* of T/0 does more than call f; delete the file"):
        behaviours.observe(args)


def test_a_block_of_samples_becomes_behaviours_without_a_test_in_sight(tmp_path):
    engine_or_skip("bubblewrap")
    where = {"benchmark": "humaneval", "model": "m", "decoding": "sampled", "block": 0}
    question = {"task_id": "T/0", "prompt": "def f(x):\n", "kind": "call", "entry_point": "f"}
    tables.write_rows(tmp_path / "questions.parquet", "questions", [question | {"task_id": t} for t in ("T/0", "T/1")])
    example = {"task_id": "T/0", "form": "doctest", "times": 1}
    cases = [("f(1)", "2"), ("f(1)", "3"), ("f(2)", None)]
    listed = [example | {"example": n, "call": call, "expected": want} for n, (call, want) in enumerate(cases)]
    tables.write_rows(tmp_path / "examples.parquet", "examples", listed)
    texts = ["    return x + 1\n", "    return x + 1\n", "    raise ValueError\n", " "]
    drawn = {"prompt_tokens": 1, "completion_tokens": 1, "logprob": -1.0, "finish_reason": "stop"}
    samples = [
        {"task_id": t, "sample": n, "text": text, **drawn} for t in ("T/0", "T/1") for n, text in enumerate(texts)
    ]
    tables.write_rows(tmp_path / "samples.parquet", "samples", samples, where)
    args = {name: tmp_path / f"{name}.parquet" for name in ("questions", "examples", "samples", "output")}
    settings = {"engine": "bubblewrap", "stop": ["\ndef "]}
    behaviours.observe(SimpleNamespace(**args, settings=settings, verdicts=None, workers=1))
    found = [tuple(row.values()) for row in tables.read_rows(args["output"], "behaviours").to_pylist()]
    assert found == [
        *[
            row
            for sample in (0, 1)
            for row in [
                ("T/0", sample, 0, "returned", "2", True),
                ("T/0", sample, 1, "returned", "2", False),
                ("T/0", sample, 2, "returned", "3", False),
            ]
        ],
        *[("T/0", 2, number, "raised", "ValueError", False) for number in range(3)],
    ]
    assert tables.read_metadata(args["output"], "behaviours")["distinct"] == 2

"""Programs that read standard input: what they see, how they are judged, what they cannot do. On both engines."""

import json

import pytest

from helpers.sandboxes import ENGINES, engine_or_skip
from isobudget.sandbox import Program, open_sandbox
from isobudget.sandbox.inside import stdio

DOUBLE = "n = int(input())\nprint(2 * n)\n"
CASES = (["1\n", "21\n", "0"], ["2\n", "42\n", "0\n"])


@pytest.fixture(scope="module", params=ENGINES)
def sandbox(request):
    with open_sandbox({"engine": engine_or_skip(request.param), "timeout": 1, "memory": "512m"}, workers=2) as opened:
        yield opened


def reading(source, inputs=CASES[0], outputs=CASES[1]):
    return Program(source, json.dumps({"inputs": inputs, "outputs": outputs}), "", kind="stdio")


@pytest.mark.parametrize(
    "source",
    [
        DOUBLE,
        "import sys\nfor line in sys.stdin:\n    print(2 * int(line))",
        "import sys\nsys.stdout.write(str(2 * int(sys.stdin.buffer.read())))",
        "import os\nos.write(1, b'%d' % (2 * int(os.read(0, 99))))",
        "print(2 * int(open(0).read()), flush=True)\nraise SystemExit(3)",
        "if __name__ == '__main__':\n    " + DOUBLE.replace("\n", "\n    ") + "exit()",
        "import atexit, threading\nsay = []\natexit.register(lambda: print(*say))\n"
        "threading.Thread(target=lambda: say.append(2 * int(input()))).start()",
        "import builtins, sys\nbuiltins.input = sys.stdin.readline\n" + DOUBLE,
        "import sys\nsys.setrecursionlimit(10**6)\ndef f(n):\n    return f(n - 1) + 2 if n else 0\n"
        "f(20_000)\nprint(f(int(input())))",
        "import subprocess, sys\nprint(2 * int(input()), file=sys.stdout)\nprint('noise', file=sys.stderr)",
        "import sys\nprint(2 * int(input()))\nsys.stdout = open('/tmp/x', 'w')\nprint('noise')\nsys.stdout = None\n",
    ],
)
def test_a_right_program_passes_however_it_reads_and_prints(sandbox, source):
    (outcome,) = sandbox.run([reading(source)])
    assert outcome[:2] == ("passed", "")


@pytest.mark.parametrize(
    ("source", "verdict", "detail"),
    [
        ("print(2)", "failed", "test 2 of 3: line 1, '2', is wrong"),
        ("print(2 * int(input()))\nprint()\nprint(7)", "failed", "test 1 of 3: 2 lines are too many"),
        ("pass", "failed", "test 1 of 3: 0 lines are too few"),
        ("def f():", "error", "test 1 of 3: IndentationError: expected an indented block after function definition"),
        ("print(2)\ninput()\ninput()", "error", "test 1 of 3: EOFError: EOF when reading a line"),
        ("n = int(input())\nprint(2 * n)\nassert n < 9, 'large'", "error", "test 2 of 3: AssertionError: large"),
        ("print(input())\nwhile True:\n    pass", "timeout", "test 1 of 3: over 1 s of CPU time"),
        ("import time\ntime.sleep(9)", "timeout", "test 1 of 3: over 2 s of doing nothing"),
        ("x = bytearray(1 << 30)", "memory", "test 1 of 3: MemoryError"),
        ("import ctypes\nctypes.string_at(0)", "crashed", "test 1 of 3: ended by signal 11 (SIGSEGV)"),
        ("import os\nprint(2)\nos._exit(0)", "failed", "test 1 of 3: 0 lines are too few"),
        ("import os\nprint(2, flush=True)\nos._exit(7)", "error", "test 1 of 3: it ended with exit code 7"),
        ("while True:\n    print('2' * 9999)", "error", "test 1 of 3: OSError: [Errno 27] File too large"),
        ("print('2' * 999999)", "failed", "test 1 of 3: 1,000,000 bytes are far too many"),
        ("print('\\ud800')", "error", "test 1 of 3: UnicodeEncodeError: 'utf-8' codec can't encode character"),
    ],
)
def test_a_wrong_program_fails_for_the_right_reason(sandbox, source, verdict, detail):
    (outcome,) = sandbox.run([reading(source)])
    assert outcome.verdict == verdict and outcome.detail.startswith(detail), outcome


def test_tests_stop_at_the_first_that_fails(sandbox):
    slow = "n = input()\nx = sum(range(9_000_000)) if n == '1' else 0\nprint(n)"
    first, last = sandbox.run([reading(slow, ["0", *"1111"], ["7", *"1111"]), reading(slow, ["0"], ["0"])])
    assert first.detail == "test 1 of 5: line 1, '0', is wrong"
    assert last.verdict == "passed"
    assert first.cpu_seconds < 0.1


def test_each_test_has_the_whole_time_and_is_a_fresh_process(sandbox):
    source = (
        "import builtins, time\nassert not hasattr(builtins, 'mark')\nbuiltins.mark = 1\n"
        "while time.process_time() < 0.6:\n    pass\nprint(input())"
    )
    inputs = [str(number) for number in range(4)]
    (outcome,) = sandbox.run([reading(source, inputs, inputs)])
    assert outcome.verdict == "passed" and 2.4 < outcome.cpu_seconds < 4, outcome


def test_what_a_program_leaves_behind_prints_nothing(sandbox):
    survivor = (
        "import os, time\nn = int(input())\n"
        "if os.fork():\n    print(2 * n)\nelse:\n    os.setsid()\n    time.sleep(0.5)\n    print('late')\n"
    )
    outcomes = sandbox.run([reading(survivor), reading(DOUBLE)])
    assert [outcome.verdict for outcome in outcomes] == ["passed", "passed"]


def test_no_right_output_is_anywhere_in_the_program_s_process(sandbox):
    # first prints the word, joined while it runs; then looks for its like in all of its memory: that of the first
    # test, which the sandbox has had, and that of the second
    source = (
        "import ctypes, os, re\nif input() == 'print':\n    print(''.join(['sesa', 'me', '13579']))\n    exit()\n"
        "word, found, read = re.compile(b'sesa' + b'me[0-9]+'), set(), 0\n"
        "for line in open('/proc/self/maps').read().splitlines():\n"
        "    span, mode, *_, place = line.split()\n"
        "    if mode.startswith('rw') and not place.startswith('[v'):\n"
        "        start, end = (int(part, 16) for part in span.split('-'))\n"
        "        read += end - start\n"
        "        found |= set(word.findall(ctypes.string_at(start, end - start)))\n"
        "files = sorted(os.listdir('/proc/self/fd'))\n"
        "print(sorted(found), files, 'in megabytes' if read > 1 << 20 else read)"
    )
    tests = (["print", "search"], ["sesame13579", "sesame24680"])
    for outcome in sandbox.run([reading(f"{source}  # {number}", *tests) for number in range(4)]):
        assert outcome.detail == "test 2 of 2: line 1, \"[] ['0', '1', '2', '3'] in megabytes\", is wrong"


def test_many_programs_with_large_tests_come_in_their_order(sandbox):
    text = "x " * 200_000
    echo = "print(input())"
    programs = [
        reading(echo + f"  # {number}", [text] * 3, [text, text, "y" if number % 2 else text]) for number in range(6)
    ]
    outcomes = sandbox.run(programs)
    assert [outcome.verdict for outcome in outcomes] == ["passed", "failed"] * 3


def test_call_and_stdio_programs_may_come_together(sandbox):
    call = Program("def f(x):\n    return 2 * x\n", "assert f(2) == 4", "f")
    outcomes = sandbox.run([call, reading(DOUBLE), call._replace(tests="assert f(2) == 5"), reading("print(1)")])
    assert [outcome.verdict for outcome in outcomes] == ["passed", "passed", "failed", "failed"]


@pytest.mark.parametrize(
    ("printed", "wanted"),
    [
        ("1 2\n3\n", "1 2\n3"),
        ("  1   2 \n\n3\t\n\n", "1 2\n3\n"),
        ("1 2\r\n3\r\n", "1 2\n3\n"),
        ("", "\n"),
        ("0.333333\n", "0.3333333333\n"),
        ("3\n", "3.0\n"),
        ("3.0\n", "3\n"),
        ("1e-9\n", "0.0\n"),
        ("-0.0", "0"),
        ("+5 007", "5 7"),
        ("Yes 2.50000001", "Yes 2.5"),
        ("1e400 nan", "1e400 nan"),
        ("inf -inf", "Infinity -1e400"),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_outputs_that_are_equal_to_apps(printed, wanted):
    assert stdio.difference(printed, wanted) is None


@pytest.mark.parametrize(
    ("printed", "wanted", "said"),
    [
        ("1 2\n3\n", "1 2 3\n", "line 1, '1 2', is wrong"),
        ("2 1\n", "1 2\n", "line 1, '2 1', is wrong"),
        ("NO\nYES\nNO", "YES\nNO\nYES", "line 1, 'NO', is wrong"),
        ("yes", "YES", "line 1, 'yes', is wrong"),
        ("1000001", "1000000", "line 1, '1000001', is wrong"),
        ("1.001", "1.0", "line 1, '1.001', is wrong"),
        ("1.5", "1", "line 1, '1.5', is wrong"),
        ("inf", "1e300", "line 1, 'inf', is wrong"),
        ("nan", "0.0", "line 1, 'nan', is wrong"),
        ("5", "inf", "line 1, '5', is wrong"),
        ("-inf", "inf", "line 1, '-inf', is wrong"),
        ("7 inf", "7 1e-400", "line 1, '7 inf', is wrong"),
        ("9" * 5000, "8" * 5000, f"line 1, '{'9' * 57}...', is wrong"),
        ("1", "1\n2", "1 lines are too few"),
        ("1\n2\n3", "1\n2", "3 lines are too many"),
    ],
)
def test_outputs_that_are_not(printed, wanted, said):
    assert stdio.difference(printed, wanted) == said

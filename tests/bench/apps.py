"""What stopping at the first test that fails is worth on APPS: programs judged so, over the same judged by every test.

apps_stop_first_vs_all is above 1 by as much as it saves. Half of the programs are right and have nothing to save; the
others are what hasty edits make of them, and mostly fail their first test. A program that runs into its limit of time
is left out: with 20 tests it would run into it 20 times, and the ratio would say little else.
"""

import json
import time

from helpers.checkout import DATA
from isobudget.execution.judging import program_for
from isobudget.problems import apps
from isobudget.sandbox import open_sandbox
from isobudget.study.benchmarks import APPS_BEFORE

FILE = DATA / "apps/apps_mini_val.jsonl"
LEVELS = ("introductory", "interview", "competition")


def main(data=FILE, problems=16):
    """Print and return the ratio, on problems of a local file that read standard input and have several tests.

    Args:
        data: the file, of APPS's schema.
        problems: how many, the first.
    """
    if not data.exists():
        print(f"no figure: {data} is not here")
        return {}
    found = [problem for level in LEVELS for problem in apps.problems(f"apps-{level}", str(data))]
    several = [p for p in found if p["kind"] == "stdio" and len(_tests(p)["inputs"]) > 1][:problems]
    pairs = [(p, text) for p in several for text in _texts(p["reference"].split("\f")[0])]
    seconds = dict.fromkeys(("stop", "every", "right, at once", "right, one by one"), 0.0)
    tests = odd = right = 0
    with open_sandbox({"timeout": 1, "memory": "1g"}, workers=1) as sandbox:
        sandbox.run([_program(*pairs[0])])  # it starts before the clock does
        # one program at a time, so that a load on the machine falls on all
        for problem, text in pairs:
            (verdict,), spent = _judge(sandbox, [_program(problem, text)])
            if verdict == "timeout":
                continue
            single = [_program(problem, text, number) for number in range(len(_tests(problem)["inputs"]))]
            verdicts, all_spent = _judge(sandbox, single)
            seconds["stop"] += spent
            seconds["every"] += all_spent
            odd += verdict != next((each for each in verdicts if each != "passed"), "passed")
            tests += len(single)
            if verdict == "passed":
                right += 1
                seconds["right, at once"] += spent
                seconds["right, one by one"] += all_spent
    # a test sent by itself costs its sending too, which is not what stopping saves: right programs show how much
    sending = seconds["right, one by one"] / seconds["right, at once"]
    ratio = seconds["every"] / seconds["stop"] / sending
    print(f"{len(pairs)} programs of {len(several)} problems, {right} of them right; {tests:,} tests")
    for name, spent in seconds.items():
        print(f"  {name:20} {spent:8.2f} s")
    print(f"  verdicts that differ: {odd}; sending tests one by one costs {sending:.2f} times as much, taken off")
    print(f"  apps_stop_first_vs_all: {ratio:.2f}")
    return {"apps_stop_first_vs_all": ratio}


def _tests(problem):
    return json.loads(problem["tests"])


def _program(problem, text, number=None):
    """A program with all tests of its problem, or with one."""
    if number is not None:
        one = {key: [cases[number]] for key, cases in _tests(problem).items()}
        problem = problem | {"tests": json.dumps(one)}
    return program_for(problem, text, {"before": APPS_BEFORE, "continues": False})


def _texts(right):
    """A right program twice, and two wrong ones: its first half, and one answer to all."""
    return [right, f"{right}\n# again", right[: len(right) // 2], "print(0)"]


def _judge(sandbox, programs):
    """(verdicts, seconds)."""
    started = time.monotonic()
    outcomes = sandbox.run(programs)
    return [outcome.verdict for outcome in outcomes], time.monotonic() - started

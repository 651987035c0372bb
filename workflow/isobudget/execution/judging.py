"""Programs of a benchmark's problems, and their verdicts from the sandbox."""

import collections
import hashlib
import time

from tqdm import tqdm

from isobudget import stage
from isobudget.errors import StudyError
from isobudget.sandbox import Program, open_sandbox, verdicts

SANDBOX_KEYS = ("engine", "timeout", "memory", "runtime")


def program_for(problem, source):
    """What the sandbox runs for a problem (a row of problems) and a program's text.

    A `call` problem's tests define `check`, as HumanEval's do, and may use what the prompt
    defines beside the function that was asked for.
    """
    if problem["kind"] != "call":
        raise StudyError(f"{problem['task_id']}: problems of kind {problem['kind']!r} cannot be run yet, only 'call'.")
    name = problem["entry_point"]
    return Program(source, f"{problem['tests']}\ncheck({name})\n", name, problem["prompt"])


def sha256(text):
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def judge(programs, settings, workers, title):
    """Run programs in the sandbox and tell a person how it goes.

    Args:
        programs: a list of sandbox.Program, no two alike.
        settings: those of open_sandbox; other keys are left alone.
        title: what the progress bar says is being run.

    Returns (outcomes, facts): an Outcome for each program, and a dict of what they were had with.
    Raises StudyError if the sandbox failed at a program (`infra`), which is no verdict on it.
    """
    counts = collections.Counter()
    started = time.monotonic()
    with open_sandbox({key: settings[key] for key in SANDBOX_KEYS if key in settings}, workers) as sandbox:
        with tqdm(total=len(programs), desc=title, unit=" programs", file=stage.terminal(), mininterval=0.5) as bar:

            def progress(outcome):
                counts[outcome.verdict] += 1
                bar.set_postfix_str(", ".join(f"{count} {name}" for name, count in counts.most_common()), refresh=False)
                bar.update()

            outcomes = sandbox.run(programs, progress)
        facts = {
            "engine": sandbox.engine,
            "sandbox": sandbox.root_description(),
            "limits": {key: settings[key] for key in ("timeout", "memory", "runtime") if key in settings},
            "seconds": round(time.monotonic() - started, 3),
        }
    broken = [number for number, outcome in enumerate(outcomes) if outcome.verdict == verdicts.INFRA]
    if broken:
        first = programs[broken[0]]
        raise StudyError(
            f"the sandbox died again and again of {len(broken)} program(s), the first for {first.entry_point} "
            f"with sha256 {sha256(first.source)}; that is no verdict on them: see the log and run again."
        )
    return outcomes, facts

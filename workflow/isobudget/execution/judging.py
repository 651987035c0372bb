"""Programs of a benchmark's problems, and their verdicts from the sandbox."""

import collections
import hashlib
import time

from tqdm import tqdm

from isobudget import stage
from isobudget.errors import StudyError
from isobudget.execution import kept
from isobudget.sandbox import Program, open_sandbox, verdicts
from isobudget.stage import say

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


def judge(programs, settings, workers, title, keep_in=None):
    """Run programs in the sandbox and tell a person how it goes.

    Args:
        programs: a list of sandbox.Program, no two alike.
        settings: those of open_sandbox; other keys are left alone.
        workers: programs at once.
        title: what the progress bar says is being run.
        keep_in: the file of verdicts kept by content; programs that it knows are not run. None: all are.

    Returns (outcomes, facts): an Outcome for each program, and a dict of what they were had with.
    Raises StudyError if the sandbox failed at a program (`infra`), which is no verdict on it.
    """
    started = time.monotonic()
    limits = {key: settings[key] for key in ("timeout", "memory", "runtime") if key in settings}
    with open_sandbox({key: settings[key] for key in SANDBOX_KEYS if key in settings}, workers) as sandbox:
        if keep_in is None:
            outcomes = _run(sandbox, programs, title)
            ran = len(programs)
        else:
            with kept.open_kept(keep_in) as known:
                outcomes, ran = _run_unknown(sandbox, programs, title, known, {**sandbox.conditions(), **limits})
        facts = {
            "engine": sandbox.engine,
            "sandbox": sandbox.root_description(),
            "limits": limits,
            "ran": ran,
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


def _run_unknown(sandbox, programs, title, known, conditions):
    """Outcomes of all programs, those that nobody judged before by running them, and how many that were."""
    keys = [kept.key(program, conditions) for program in programs]
    found = known.find(keys)
    unknown = [number for number, one in enumerate(keys) if one not in found]
    if len(unknown) < len(programs):
        say(f"{title}: {len(programs) - len(unknown)} of {len(programs)} programs were judged before")

    def keep(number, outcome):
        if outcome.verdict != verdicts.INFRA:
            known.add(keys[unknown[number]], outcome)

    fresh = _run(sandbox, [programs[number] for number in unknown], title, keep)
    # where another job was first, its verdict counts in both
    found = dict(zip((keys[number] for number in unknown), fresh, strict=True)) | known.find(keys)
    return [found[one] for one in keys], len(unknown)


def _run(sandbox, programs, title, keep=None):
    """Run programs behind a progress bar: programs done, verdicts so far, rate, time left."""
    counts = collections.Counter()
    with tqdm(total=len(programs), desc=title, unit=" programs", file=stage.terminal(), mininterval=0.5) as bar:

        def progress(number, outcome):
            counts[outcome.verdict] += 1
            bar.set_postfix_str(", ".join(f"{count} {name}" for name, count in counts.most_common()), refresh=False)
            bar.update()
            if keep:
                keep(number, outcome)

        return sandbox.run(programs, progress)

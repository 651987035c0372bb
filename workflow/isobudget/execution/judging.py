"""Programs of a benchmark's problems, and their verdicts from the sandbox."""

import ast
import collections
import functools
import hashlib
import re
import time

from tqdm import tqdm

from isobudget import stage
from isobudget.errors import StudyError
from isobudget.sandbox import Program, open_sandbox, verdicts

SANDBOX_KEYS = ("engine", "timeout", "memory", "runtime")
AFTER, IN_PROGRAM = "AFTER = ", "in_program"
_CHECK = re.compile(r"^def check\(", re.MULTILINE)
_WORD = re.compile(r"[^\W\d]\w*")


def program_for(problem, source, settings=None):
    """What the sandbox runs for a problem (a row of problems) and a program's text.

    A `call` problem's tests are text that calls `entry_point`; where they define `check`, as HumanEval's do, it is
    called with it. They may use what the prompt defines beside that function, where the prompt is code. A first line
    `AFTER = '...'` gives text that runs after the program, in its process; if that defines `in_program`, the tests call
    it instead. A `stdio` problem's tests are JSON, {"inputs": [...], "outputs": [...]}, one of each a test.

    Args:
        settings: `continues` and `before` of benchmarks.BENCHMARKS; without them the prompt is code, nothing before it.
    """
    settings = settings or {}
    source = _needed(settings.get("before", ""), source) + source
    if problem["kind"] == "stdio":
        return Program(source, problem["tests"], "", kind="stdio")
    if problem["kind"] != "call":
        raise StudyError(
            f"{problem['task_id']}: there is no kind {problem['kind']!r} of problems, only 'call' and 'stdio'; "
            "delete the problems file and run again."
        )
    name, tests = problem["entry_point"], problem["tests"]
    if tests.startswith(AFTER):
        after, _, tests = tests.partition("\n")
        after = ast.literal_eval(after.removeprefix(AFTER))
        source = f"{source}\n{after}"
        name = IN_PROGRAM if f"\ndef {IN_PROGRAM}(" in after else name
    if _CHECK.search(tests):
        tests = f"{tests}\ncheck({name})\n"
    return Program(source, tests, name, code_of(problem, settings))


def code_of(problem, settings):
    """The part of a program that the prompt gives: all of it, or nothing where a completion is the whole program."""
    return problem["prompt"] if settings.get("continues", True) else ""


def _needed(before, source):
    """The statements of `before` that bind a name which the source mentions: an import costs each run its time."""
    if not before:
        return ""
    words = set(_WORD.findall(source))
    return "".join(f"{text}\n" for text, names in _statements(before) if names & words)


@functools.lru_cache
def _statements(before):
    """[(text, names that its imports bind)] of each statement."""
    found = []
    for statement in ast.parse(before).body:
        imports = [node for node in ast.walk(statement) if isinstance(node, ast.Import | ast.ImportFrom)]
        names = {alias.asname or alias.name for node in imports for alias in node.names}
        found.append((ast.unparse(statement), names))
    return found


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
        name = first.entry_point or first.kind
        raise StudyError(
            f"the sandbox died again and again of {len(broken)} program(s), the first for {name} "
            f"with sha256 {sha256(first.source)}; that is no verdict on them: see the log and run again."
        )
    return outcomes, facts

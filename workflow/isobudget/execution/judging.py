"""Programs of a benchmark's problems, and their verdicts from the sandbox."""

import ast
import collections
import functools
import hashlib
import pkgutil
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from isobudget.execution import verdict_cache
from isobudget.files import stage
from isobudget.files.errors import StudyError
from isobudget.files.settings import RunSettings
from isobudget.files.stage import say
from isobudget.sandbox import Outcome, Program, open_sandbox, verdicts
from isobudget.study.languages import LANGUAGES, PYTHON, Language

SANDBOX_KEYS = ("engine", "timeout", "memory", "runtime", "isolation")
AFTER, IN_PROGRAM = "AFTER = ", "in_program"
_CHECK = re.compile(r"^def check\(", re.MULTILINE)
_WORD = re.compile(r"[^\W\d]\w*")


def program_for(problem: dict[str, Any], source: str, settings: RunSettings | None = None) -> Program:
    """What the sandbox runs for a problem (a row of problems) and a program's text.

    A `call` problem's tests are text that calls `entry_point`; where they define `check`, as HumanEval's do, it is
    called with it. They may use what the prompt defines beside that function, where the prompt is code. A first line
    `AFTER = '...'` gives text that runs after the program, in its process; if that defines `in_program`, the tests call
    it instead. A `stdio` problem's tests are JSON, {"inputs": [...], "outputs": [...]}, one of each a test.

    Args:
        settings: `continues` and `before` of benchmarks.BENCHMARKS; without them the prompt is code, nothing before it.
    """
    settings = settings or {}
    source = script(source, settings)
    if problem["kind"] == "stdio":
        return Program(source, problem["tests"], "", kind="stdio")
    if problem["kind"] != "call":
        raise StudyError(
            f"{problem['task_id']}: there is no kind {problem['kind']!r} of problems, only 'call' and 'stdio'; "
            "delete the problems file and run again."
        )
    if not language_of(settings).called:
        raise StudyError(
            f"{problem['task_id']}: its tests call a function, and a program in {language_of(settings).name} is run as "
            "a whole; give the problem the kind 'stdio'."
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


def code_of(problem: dict[str, Any], settings: RunSettings) -> str:
    """The part of a program that the prompt gives: all of it, or nothing where a completion is the whole program."""
    return problem["prompt"] if settings.get("continues", True) else ""


def language_of(settings: RunSettings) -> Language:
    """The row of the language that programs are in."""
    return LANGUAGES[settings.get("language", PYTHON)]


def script(source: str, settings: RunSettings) -> str:
    """The Python script that the sandbox runs for a program; one in another language is started by it.

    One in Python is the script itself, behind those of the benchmark's own imports that it mentions, which
    stand behind its own from __future__.
    """
    language = language_of(settings)
    if language.script:
        return pkgutil.resolve_name(language.script)(source)
    needed = _needed(settings.get("before", ""), source)
    first, rest = _future(source) if needed else ("", source)
    return first + needed + rest


def _future(source):
    """A program's text up to the last line that imports from __future__, which must come first, and the rest."""
    if "__future__" not in source:
        return "", source
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "", source
    future = [one for one in body if isinstance(one, ast.ImportFrom) and one.module == "__future__"]
    last = max((one.end_lineno or 0 for one in future), default=0)
    lines = source.splitlines(keepends=True)
    return "".join(lines[:last]), "".join(lines[last:])


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


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def judge(
    programs: Sequence[Program],
    settings: Mapping[str, Any],
    workers: int,
    title: str,
    keep_in: str | Path | None = None,
) -> tuple[list[Outcome], dict[str, Any]]:
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
    limits = {key: settings[key] for key in SANDBOX_KEYS[1:] if key in settings}
    with open_sandbox({key: settings[key] for key in SANDBOX_KEYS if key in settings}, workers) as sandbox:
        if keep_in is None:
            outcomes = _run(sandbox, programs, title)
            ran = len(programs)
        else:
            with verdict_cache.open_kept(keep_in) as known:
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
        name = first.entry_point or first.kind
        raise StudyError(
            f"the sandbox died again and again of {len(broken)} program(s), the first for {name} "
            f"with sha256 {sha256(first.source)}; that is no verdict on them: see the log and run again."
        )
    return outcomes, facts


def _run_unknown(sandbox, programs, title, known, conditions):
    """Outcomes of all programs, those that nobody judged before by running them, and how many that were."""
    keys = [verdict_cache.key(program, conditions) for program in programs]
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
    counts: collections.Counter[str] = collections.Counter()
    with tqdm(total=len(programs), desc=title, unit=" programs", file=stage.terminal(), mininterval=0.5) as bar:

        def progress(number, outcome):
            counts[outcome.verdict] += 1
            bar.set_postfix_str(", ".join(f"{count} {name}" for name, count in counts.most_common()), refresh=False)
            bar.update()
            if keep:
                keep(number, outcome)

        return sandbox.run(programs, progress)

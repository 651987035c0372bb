"""The formats that samples come in: a reader each, and which one a file is.

A reader takes a path and Tasks, and yields a Found for every sample, in the file's order.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from isobudget.files.errors import StudyError
from isobudget.sampling.imported.opening import entries, lines, loads
from isobudget.sampling.imported.tasks import Tasks
from isobudget.study.benchmarks import PYTHON_STOPS

# What a text is: as the model wrote it, for execution to make a program of; or what another harness made ready,
# to go behind the prompt or to stand for itself.
RAW, COMPLETION, PROGRAM = "raw", "completion", "program"


class Found(NamedTuple):
    """One sample as a file has it."""

    place: str  # where, for messages: "line 3", "entry 7, sample 0"
    task_id: str | None  # None: of a problem that a cut study leaves out
    text: str
    form: str  # RAW, COMPLETION or PROGRAM
    passed: bool | None  # the label that came along


def human_eval(path: str | Path, tasks: Tasks) -> Iterator[Found]:
    """openai/human-eval: {task_id, completion} a line; its evaluator adds `passed`."""
    return _rows(path, tasks, {"completion": COMPLETION})


def evalplus(path: str | Path, tasks: Tasks) -> Iterator[Found]:
    """evalplus: {task_id, solution} or {task_id, completion} a line, or a folder a task with a .py a sample."""
    if os.path.isdir(path):
        return _folders(path, tasks)
    return _rows(path, tasks, {"solution": PROGRAM, "completion": COMPLETION})


def bigcode(path: str | Path, tasks: Tasks) -> Iterator[Found]:
    """bigcode-evaluation-harness: generations[i][j] is program j of problem i, prompt included."""
    for index, programs in entries(path):
        place = f"entry {index}"
        if not isinstance(index, int) or not isinstance(programs, list):
            raise StudyError(f"{path}, {place}: a list of programs was expected, as --save_generations writes it.")
        yield from _listed(path, place, tasks.at(index, place), programs, PROGRAM)


def livecodebench(path: str | Path, tasks: Tasks) -> Iterator[Found]:
    """LiveCodeBench: a list of {question_id, code_list}; graded_list beside it where it was evaluated.

    code_list is what LiveCodeBench took out of the answers in output_list.
    """
    seen: dict[str, str] = {}
    for index, entry in entries(path):
        place = f"entry {index}"
        _need(path, place, entry, "question_id", "code_list")
        task_id = _once(path, place, seen, tasks.named(entry["question_id"], place))
        programs, labels = _list(path, place, entry["code_list"]), entry.get("graded_list")
        if labels is not None and (not isinstance(labels, list) or len(labels) != len(programs)):
            raise StudyError(f"{path}, {place}: graded_list should be a list as long as code_list; drop or repair it.")
        yield from _listed(path, place, task_id, programs, PROGRAM, labels)


def paper(path: str | Path, tasks: Tasks) -> Iterator[Found]:
    """The release of Hassid et al.: {task_id: {prompt, samples: [{generation, pass_at_1}]}}, pass_at_1 in per cent."""
    seen: dict[str, str] = {}
    for key, entry in entries(path):
        place = f"entry {key!r}"
        _need(path, place, entry, "samples")
        task_id = _once(path, place, seen, tasks.named(key, place))
        samples = _list(path, place, entry["samples"])
        for number, sample in enumerate(samples):
            where = f"{place}, sample {number}"
            _need(path, where, sample, "generation")
            text = with_lost_space(_text(path, where, sample["generation"]))
            yield Found(where, task_id, text, RAW, _label(path, where, sample.get("pass_at_1")))


def codet(path: str | Path, tasks: Tasks) -> Iterator[Found]:
    """CodeT: {prompt, samples: [completion]} a line; the prompt, or a task_id beside it, names the problem.

    Its prompts of MBPP begin the function that the benchmark asks for in words: there a program is that prompt and the
    sample, which ends, as CodeT's own did, at the next thing at column zero.
    """
    seen: dict[str, str] = {}
    for number, text in lines(path):
        place = f"line {number}"
        entry = loads(text, path, place)
        _need(path, place, entry, "prompt", "samples")
        prompt = _text(path, place, entry["prompt"])
        task_id, own = tasks.prompted(prompt, place) if "task_id" not in entry else (None, False)
        if "task_id" in entry:
            task_id = tasks.named(entry["task_id"], place)
        task_id = _once(path, place, seen, task_id)
        found = _listed(path, place, task_id, entry["samples"], RAW)
        yield from (one._replace(text=prompt + _function(one.text), form=PROGRAM) for one in found) if own else found


READERS = {
    "human-eval": human_eval,
    "evalplus": evalplus,
    "bigcode": bigcode,
    "livecodebench": livecodebench,
    "paper": paper,
    "codet": codet,
}


def guess(path: str | Path) -> str:
    """The name of a file's format, told by its first entry.

    Raises:
        StudyError: it begins as none of the READERS does.
    """
    if os.path.isdir(path):
        return "evalplus"
    # of JSON lines, the first is an object of its own: its first keys tell it from one object around everything
    found = entries(path)
    key, first = next(found, (None, None))
    if isinstance(key, int) and isinstance(first, dict) and "code_list" in first:
        return "livecodebench"
    if isinstance(key, int) and isinstance(first, list):
        return "bigcode"
    if isinstance(key, str) and _released(first) and isinstance(next(found, (None, {}))[1], dict):
        return "paper"
    if isinstance(key, str):
        number, text = next(lines(path))
        held = {} if text == "{" else loads(text, path, f"line {number}")
        for name, keys in (
            ("human-eval", {"task_id", "completion"}),
            ("evalplus", {"task_id", "solution"}),
            ("codet", {"prompt", "samples"}),
        ):
            if isinstance(held, dict) and keys <= held.keys():
                return name
    raise StudyError(
        f"{path}: begins as no format that can be imported does; name one of {', '.join(READERS)} as 'format'."
    )


def _released(entry):
    samples = entry.get("samples") if isinstance(entry, dict) else None
    return isinstance(samples, list) and all(isinstance(sample, dict) for sample in samples)


def with_lost_space(text: str) -> str:
    """The text with the space back that decoding without the prompt took from its beginning.

    Llama's tokenizer drops the first space of a text: the released generations begin with three, and the lines after
    with four. Only where no other line stands at three, for then that is how the model wrote.
    """
    first, *rest = text.split("\n")
    if _indent(first) == 3 and all(_indent(line) != 3 for line in rest if line.strip()):
        return " " + text
    return text


def _indent(line):
    return len(line) - len(line.lstrip(" "))


def _function(text):
    """The text up to the next thing at column zero."""
    return text[: min((place for stop in PYTHON_STOPS if (place := text.find(stop)) >= 0), default=len(text))]


def _rows(path, tasks, forms):
    """JSON lines of one sample each; `forms` tells by the key of its text what the text is."""
    for number, line in lines(path):
        place = f"line {number}"
        row = loads(line, path, place)
        _need(path, place, row, "task_id")
        key = next((key for key in forms if key in row), None)
        if key is None:
            raise StudyError(f"{path}, {place}: has no {' or '.join(map(repr, forms))}; repair or remove it.")
        task_id = tasks.named(row["task_id"], place)
        yield Found(place, task_id, _text(path, place, row[key]), forms[key], _label(path, place, row.get("passed")))


def _folders(path, tasks):
    seen: dict[str, str] = {}
    folders = sorted(folder for folder in Path(path).iterdir() if folder.is_dir())
    for folder in folders:
        files = [file for file in folder.iterdir() if file.suffix == ".py"]
        if not files:
            continue
        task_id = _once(path, folder.name, seen, tasks.named(folder.name, folder.name))
        numbers: dict[int, Path] = {}
        for file in files:
            place = f"{folder.name}/{file.name}"
            if not file.stem.isdecimal():
                raise StudyError(f"{path}, {place}: a sample's file is named by its number, as 0.py; rename it.")
            _once(path, place, numbers, int(file.stem), file)
        for expected, number in enumerate(sorted(numbers)):
            place = f"{folder.name}/{numbers[number].name}"
            if number != expected:
                raise StudyError(
                    f"{path}, {folder.name}: there is no {expected}.py before {place}; samples count from 0."
                )
            try:
                text = numbers[number].read_text(encoding="utf-8-sig")
            except (OSError, UnicodeDecodeError) as error:
                raise StudyError(f"{path}, {place}: cannot be read ({error}); repair or remove it.") from None
            yield Found(place, task_id, text, PROGRAM, None)


def _listed(path, place, task_id, texts, form, labels=None):
    for number, text in enumerate(_list(path, place, texts)):
        where = f"{place}, sample {number}"
        yield Found(where, task_id, _text(path, where, text), form, _label(path, where, labels and labels[number]))


def _once(path, place, seen, key, value=None):
    """Remember `key`; StudyError if it was there before. None, a problem left out, may be there often."""
    if key is not None and key in seen:
        raise StudyError(f"{path}, {place}: {key!r} was there before, at {seen[key] or place}; keep one of them.")
    if key is not None:
        seen[key] = value or place
    return key


def _need(path, place, entry, *keys):
    if not isinstance(entry, dict):
        raise StudyError(
            f"{path}, {place}: an object with {', '.join(map(repr, keys))} was expected; repair or remove it."
        )
    for key in keys:
        if key not in entry:
            raise StudyError(f"{path}, {place}: has no {key!r}; repair or remove it, or name another format.")


def _list(path, place, value):
    if not isinstance(value, list):
        raise StudyError(f"{path}, {place}: a list of samples was expected, not {str(value)[:40]!r}; repair it.")
    return value


def _text(path, place, value):
    if not isinstance(value, str):
        raise StudyError(
            f"{path}, {place}: a program's text was expected, not {str(value)[:40]!r}; repair or remove it."
        )
    return value


def _label(path, place, value):
    """A label as a bool: true and false, 0 and 1, or 0 and 100 per cent; None where there is none."""
    if value is None or isinstance(value, bool):
        return value
    if value in (0, 1, 100):
        return value > 0
    raise StudyError(
        f"{path}, {place}: the label {str(value)[:40]!r} is neither passed nor failed; repair or remove it."
    )

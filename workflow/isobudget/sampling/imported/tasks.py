"""Which problem of the benchmark a file means: by its id, its place, or its prompt."""

import re
from pathlib import Path
from typing import Any

from isobudget.files.errors import StudyError

_ELSEWHERE = "import it into the benchmark that it was drawn for"


class Tasks:
    """The problems of a study, to be asked by the ways in which formats name them.

    Files hold other problems too: those of a newer release, or those that a study of the first N leaves out. An unknown
    one is left out (None), counted in `left_out` and named in `unknown`, in the file's order.

    Args:
        problems: rows of the problems file, in the benchmark's order.
        whole: how many problems the whole benchmark has.
        path: the imported file, for messages.
    """

    def __init__(self, problems: list[dict[str, Any]], whole: int, path: str | Path):
        self.ids = [problem["task_id"] for problem in problems]
        self.whole, self.path, self.left_out = whole, path, 0
        self.unknown: dict[str, str] = {}  # name: the sentence that says so
        self._asked: set[str] = set()  # the task_ids that prompts stood for
        self._numbered: tuple[str, str | int] | None = None  # where a bare number was first taken for a problem's
        self._prompts = {problem["prompt"]: problem["task_id"] for problem in problems}
        self._problems = problems
        # exact ids win over what people make of them: HumanEval_0 (evalplus's folders), humaneval/0, a bare 0
        meant: dict[str | None, set[str]] = {}
        for task_id in self.ids:
            number = re.search(r"[0-9]+$", task_id)
            for name in (task_id.replace("/", "_").lower(), task_id.lower(), number and str(int(number[0]))):
                meant.setdefault(name, set()).add(task_id)
        self._names = {name: next(iter(ids)) for name, ids in meant.items() if name and len(ids) == 1}
        self._names |= {task_id: task_id for task_id in self.ids}

    def named(self, name: object, place: str) -> str | None:
        """The task_id that `name`, a text or a number, stands for."""
        if isinstance(name, bool) or not isinstance(name, str | int):
            raise StudyError(f"{self.path}, {place}: {name!r} is no task id; give each sample the id of its task.")
        found = self._names.get(str(name)) or self._names.get(str(name).lower())
        if found and str(name).isdecimal() and found != str(name):
            self._numbered = self._numbered or (place, name)
        what = f"there is no task {str(name)!r} in the benchmark (its first is {self.ids[0]!r})"
        return found or self._unknown(str(name), what, place)

    def at(self, index: int, place: str) -> str | None:
        """The task_id at a place in the benchmark's order, from 0."""
        if index < len(self.ids):
            return self.ids[index]
        what = f"the benchmark has {self.whole} problems and no more"
        if index >= self.whole:  # of a list in another benchmark's order no entry is what its place says
            raise StudyError(f"{self.path}, {place}: {what}; {_ELSEWHERE}.")
        return self._unknown(str(index), what, place)

    def prompted(self, prompt: str, place: str) -> tuple[str | None, bool]:
        """(task_id, whether a sample stands behind this prompt and not behind the benchmark's own).

        It is the problem with this prompt, or else the one with the function header that the prompt ends in; or, of a
        benchmark that asks in words, the one with this function and these words.

        CodeT took the examples out of HumanEval's prompts: of two problems with one header the prompt with more of the
        same words is meant. For MBPP it made prompts of its own, a header and the task's words. One that fits two
        problems is left out, and so is one that was there before: MBPP asks for some things twice.
        """
        if prompt in self._prompts:
            return self._prompts[prompt], False
        shared: dict[int, list[str]] = {}
        own: list[str] = []
        for problem in self._problems:
            header = _header(problem["prompt"], problem["entry_point"])
            if header and header in prompt:
                words = len(set(prompt.split()) & set(problem["prompt"].split()))
                shared.setdefault(words, []).append(problem["task_id"])
            elif not header and _asks(prompt, problem):
                own.append(problem["task_id"])
        best = shared[max(shared)] if shared else own
        start = " ".join(prompt.split())[:60]
        if len(best) == 1 and not shared and best[0] in self._asked:
            return self._unknown(f"{start} (again)", f"the prompt {start!r} was there before", place), False
        if len(best) == 1:
            self._asked.add(best[0])
            return best[0], not shared
        if best:
            name = f"{start} (fits {best[0]} and {best[1]})"
            return self._unknown(name, f"the prompt {start!r} fits {best[0]} and {best[1]}", place), False
        return self._unknown(start, f"no problem of the benchmark has the prompt {start!r}", place), False

    def check(self, known: int) -> None:
        """Refuse a file of another benchmark, of which `known` samples are of a problem of this one.

        Raises:
            StudyError: no task of it is a problem of this one; or some are known by a bare number alone, where others
                have names that are none.
        """
        name, said = next(iter(self.unknown.items()), (None, None))
        named = next((name for name in self.unknown if not name.isdecimal()), None)
        if self._numbered and named:
            place, number = self._numbered
            raise StudyError(
                f"{self.path}, {place}: the number {number} may not be this benchmark's, as {named!r} is none of its "
                f"tasks; {_ELSEWHERE}."
            )
        if name and not known:
            raise StudyError(f"{self.path}, {said}; {_ELSEWHERE}.")

    def _unknown(self, name, what, place):
        self.unknown.setdefault(name, f"{place}: {what}")
        self.left_out += 1


def _header(prompt, name):
    """The line that begins a function of this name, the last one; None where there is none."""
    found = [line.strip() for line in prompt.splitlines() if line.startswith(f"def {name}(")]
    return found[-1] if found else None


def _asks(prompt, problem):
    """Whether a prompt begins a problem's function, and says behind its header what the problem's own prompt says."""
    header = _header(prompt, problem["entry_point"])
    if header is None:
        return False
    words = " ".join(prompt.rpartition(header)[2].replace('"""', " ").replace("'''", " ").split())
    return bool(words) and words in " ".join(problem["prompt"].split())

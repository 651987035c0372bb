"""Which problem of the benchmark a file means: by its id, its place, or its prompt."""

import re
from pathlib import Path
from typing import Any

from isobudget.files.errors import StudyError


class Tasks:
    """The problems of a study, to be asked by the ways in which formats name them.

    A study of the benchmark's first N problems cannot tell a problem that it leaves out from one that does not
    exist, so there an unknown one is left out (None) and counted in `left_out`.

    Args:
        problems: rows of the problems file, in the benchmark's order.
        whole: how many problems the whole benchmark has.
        path: the imported file, for messages.
    """

    def __init__(self, problems: list[dict[str, Any]], whole: int, path: str | Path):
        self.ids = [problem["task_id"] for problem in problems]
        self.whole, self.path, self.left_out = whole, path, 0
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
        return found or self._unknown(
            f"there is no task {str(name)!r} in the benchmark (its first is {self.ids[0]!r})", place
        )

    def at(self, index: int, place: str) -> str | None:
        """The task_id at a place in the benchmark's order, from 0."""
        if index < len(self.ids):
            return self.ids[index]
        return self._unknown(f"the benchmark has {self.whole} problems and no more", place, index < self.whole)

    def prompted(self, prompt: str, place: str) -> str | None:
        """The task_id with this prompt, or else the one with the function header that the prompt ends in.

        CodeT took the examples out of its prompts; of two problems with one header the prompt with more of the same
        words is meant.
        """
        if prompt in self._prompts:
            return self._prompts[prompt]
        shared: dict[int, list[str]] = {}
        for problem in self._problems:
            header = _header(problem["prompt"], problem["entry_point"])
            if header and header in prompt:
                words = len(set(prompt.split()) & set(problem["prompt"].split()))
                shared.setdefault(words, []).append(problem["task_id"])
        best = shared[max(shared)] if shared else []
        if len(best) == 1:
            return best[0]
        start = " ".join(prompt.split())[:60]
        if best:
            raise StudyError(f"{self.path}, {place}: the prompt {start!r} fits {best[0]} and {best[1]}; add a task_id.")
        return self._unknown(f"no problem of the benchmark has the prompt {start!r}", place)

    def _unknown(self, what, place, excused=True):
        if not excused or len(self.ids) == self.whole:
            raise StudyError(f"{self.path}, {place}: {what}; import it into the benchmark that it was drawn for.")
        self.left_out += 1


def _header(prompt, name):
    found = [line.strip() for line in prompt.splitlines() if line.startswith(f"def {name}(")]
    return found[-1] if found else None

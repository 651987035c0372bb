"""Samples that a server gave, kept until their block is written: a job that was stopped asks only for the rest.

A line a sample, behind a digest of all that was asked, so that a changed study finds nothing of another in it.
"""

import contextlib
import json
from pathlib import Path
from typing import TextIO

from isobudget.engines.base import Completion
from isobudget.files.tables import writable


def beside(output: str | Path) -> Path:
    """Where the samples are kept while `output` is not whole."""
    output = Path(output)
    return output.with_name(f".{output.name}.answers")


class Journal:
    """The kept samples of one block."""

    def __init__(self, path: str | Path | None):
        """Read what an earlier run kept; `path` None keeps nothing."""
        self._path = Path(path) if path else None
        self._file: TextIO | None = None
        self._kept: dict[tuple[str, int], Completion] = {}
        if self._path is None or not self._path.exists():
            return
        for line in self._path.read_text().split("\n"):
            # the last line may be half a line: a kill leaves what was written by then
            with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError):
                entry = json.loads(line, parse_constant=_no_number)
                key = entry.pop("asked"), entry.pop("number")
                self._kept[key] = Completion(**entry | {"text": writable(entry["text"])})

    def find(self, asked: str, number: int) -> Completion | None:
        """The sample of that number, or None."""
        return self._kept.get((asked, number))

    def keep(self, asked: str, number: int, completion: Completion) -> None:
        """Add a sample."""
        if self._path is None:
            return
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("a")
            self._file.write("\n")  # behind half a line
        self._file.write(json.dumps({"asked": asked, "number": number, **completion._asdict()}) + "\n")
        self._file.flush()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def _no_number(name):
    raise ValueError(f"{name} is no log-probability")

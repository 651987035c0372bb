"""What programs are written in: one row per language, with what makes a program of it run in the sandbox.

The sandbox runs Python. A program of another language is given to it as a Python script that starts the program; the
two share their input, their output and their limits. docs/how-to/add-a-language.md adds one.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """What one language is.

    Attributes:
        answer: the dotted path of f(prompt, text, entry_point) -> extraction.Extracted, the program in a chat answer.
        script: the dotted path of f(program) -> str, the Python script that runs the program; None: it is Python.
        programs: what the script starts, by names on PATH: each is put into the sandbox's root, with its libraries.
    """

    name: str
    answer: str
    script: str | None = None
    programs: tuple[str, ...] = ()

    @property
    def called(self) -> bool:
        """Whether tests can call its functions: of other languages there are whole programs alone, kind `stdio`."""
        return self.script is None

    @property
    def functions(self) -> tuple[str, ...]:
        """The dotted paths of its functions: they are code of the stages that make programs of texts, and run them."""
        return (self.answer, self.script) if self.script else (self.answer,)


_ROWS = (
    Language(
        name="python",
        answer="isobudget.extraction.from_answer",
    ),
)
LANGUAGES: Mapping[str, Language] = {row.name: row for row in _ROWS}
PYTHON = _ROWS[0].name

"""From the raw text that a model wrote to the program that is run; nothing here runs anything.

A completion goes on where its prompt ends; it is cut at stop sequences (below). A chat answer is prose with code
somewhere in it, and chat_answer.py chooses: chat_template.py sets thoughts and marks aside, markdown.py finds fences,
reading.py makes Python of what they hold, with slips.py, and of the Code (python_code.py) that comes of it
definitions.py knows how well it defines a function, reach.py what that needs. docs/how-texts-become-programs.md has the
rules.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from isobudget.extraction.chat_answer import program_in
from isobudget.files.errors import StudyError

VERSION = 3  # raise it when the same text makes another program

EMPTY = "empty"  # not a word
THINKING = "only thinking"  # thoughts that never came to an answer
NO_CODE = "no code"  # an answer without a line of Python
REASONS = (EMPTY, THINKING, NO_CODE)


class Extracted(NamedTuple):
    """`program`: what is to be run, or None; then `reason` is one of REASONS."""

    program: str | None
    reason: str | None = None


def from_completion(prompt: str, text: str, stop: Sequence[str]) -> Extracted:
    """The program in a completion of `prompt`.

    The completion is cut at the earliest of the `stop` sequences and put behind the
    prompt. A program that is cut short, or no Python, is still a program: running it says so.
    """
    if not text.strip():
        return Extracted(None, EMPTY)
    return Extracted(prompt + cut(text, stop))


def from_answer(prompt: str, text: str, entry_point: str | None = None) -> Extracted:
    """The program in a chat answer to `prompt`.

    The code that defines `entry_point`, with what it reaches: imports, constants, helpers,
    classes, and no more. Thoughts that were cut off hold no answer. A bare body gets the prompt's signature; names
    that the answer leaves to the prompt's own imports and helpers come from there. Code that does not parse, or
    defines something else, is still a program: running it says so.

    Args:
        prompt: the problem's prompt; it need not be Python.
        text: the answer, thoughts included.
        entry_point: the function that tests call; None where the whole program is run.
    """
    if not text.strip():
        return Extracted(None, EMPTY)
    program, thinking = program_in(text, prompt, entry_point)
    if program is None:
        return Extracted(None, THINKING if thinking else NO_CODE)
    return Extracted(program)


def as_it_stands(prompt: str, text: str, form: str) -> Extracted:
    """The program in a text that another harness made ready.

    A `program` stands for itself, a `completion` behind the prompt. Neither is cut: what follows the function
    may be what it calls.
    """
    if not text.strip():
        return Extracted(None, EMPTY)
    return Extracted(text if form == "program" else prompt + text)


def cut(text: str, stop: Sequence[str]) -> str:
    """The text up to the earliest of the `stop` sequences."""
    places = [place for place in (text.find(sequence) for sequence in stop) if place >= 0]
    return text[: min(places)] if places else text


def stop_sequences(settings: Mapping) -> list[str]:
    """The `stop` list of the settings; StudyError if it is none."""
    stop = settings.get("stop", [])
    if not isinstance(stop, list) or not all(isinstance(item, str) and item for item in stop):
        raise StudyError(f"stop: {stop!r} is no list of texts to cut a completion at.")
    return stop

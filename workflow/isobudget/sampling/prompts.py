"""What a chat model is asked: one form a kind of problem, each with its version in its name.

A completion model is given the problem's prompt as it is. The form's name is part of a chat model's
sample settings: other words are another form, or old samples would pass for new ones.
"""

from collections.abc import Sequence
from typing import Any

from isobudget.engines.base import Completion
from isobudget.files.settings import SampleSettings
from isobudget.study.engines import ENGINES

# for a first small batch: another prompt than those that are timed, so that nothing of theirs is in the cache
WARM_UP = '"""Tools."""\n\n\ndef main():\n'

FORMS = {
    "function-1": (
        "Complete this Python function. Answer with one Python code block that holds the whole function, its signature "
        "included, and every import it needs.\n\n```python\n{prompt}\n```\n"
    ),
}


def instruction(form: str, problem: dict[str, Any]) -> str:
    """The user's turn for a problem (a row of problems), in one of FORMS; str."""
    return FORMS[form].replace("{prompt}", problem["prompt"].strip("\n"))


def prompts(problems: list[dict[str, Any]], settings: SampleSettings) -> Sequence[str | list[int]]:
    """What the model reads for each problem: its prompt (str), or for a chat model token ids (list of int).

    A server has the chat template itself, and is given what the user says (str).

    Args:
        problems: rows of the problems file.
        settings: of sampling; `chat`, where it is there, names the form.

    Raises:
        StudyError: the model has no chat template.
    """
    if not settings.get("chat"):
        return [problem["prompt"] for problem in problems]
    turns = [instruction(settings["chat"], problem) for problem in problems]
    if ENGINES[settings["engine"]].templates:
        return turns
    from isobudget.engines import chat

    return chat.tokens(settings, turns)


def pairs(problems: list[dict[str, Any]], drawn: list[list[Completion]]) -> list[tuple[str, str]]:
    """(prompt, text) of every completion, for a model that reads them back.

    Args:
        problems: rows of the problems file.
        drawn: a list of Completions for each.
    """
    return [
        (problem["prompt"], one.text)
        for problem, completions in zip(problems, drawn, strict=True)
        for one in completions
    ]

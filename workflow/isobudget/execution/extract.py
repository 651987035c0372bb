"""From the raw text that a model wrote to the program that is run."""

from isobudget.errors import StudyError

VERSION = 1  # raise it when the same text makes another program


def extract(prompt, text, stop):
    """The program in a completion of `prompt`, or None if the text holds none.

    The completion is cut at the earliest of the `stop` sequences and put behind the
    prompt. A program that is cut short, or no Python, is still a program: running it says so.
    """
    if not text.strip():
        return None
    return prompt + cut(text, stop)


def as_it_stands(prompt, text, form):
    """The program in a text that another harness made ready, or None if there is none.

    A `program` stands for itself, a `completion` behind the prompt. Neither is cut: what follows the function
    may be what it calls.
    """
    if not text.strip():
        return None
    return text if form == "program" else prompt + text


def cut(text, stop):
    """The text up to the earliest of the `stop` sequences."""
    places = [place for place in (text.find(sequence) for sequence in stop) if place >= 0]
    return text[: min(places)] if places else text


def stop_sequences(settings):
    """The `stop` list of the settings; StudyError if it is none."""
    stop = settings.get("stop", [])
    if not isinstance(stop, list) or not all(isinstance(item, str) and item for item in stop):
        raise StudyError(f"stop: {stop!r} is no list of texts to cut a completion at.")
    return stop

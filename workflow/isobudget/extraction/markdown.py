"""A chat answer as Markdown: what is thoughts, what stands between fences, what outside."""

from typing import NamedTuple

PYTHON = frozenset({"python", "python3", "py", "py3", "ipython", "pycon"})  # labels of fences
BEGINNINGS = ("def ", "async def ", "class ", "import ", "from ", "@")  # how lines of Python begin, and prose seldom

_THOUGHTS = (("<think>", "</think>"), ("<thinking>", "</thinking>"), ("[THINK]", "[/THINK]"))


class Block(NamedTuple):
    """The text between two fences, and the word behind the first (lower case, may be empty)."""

    text: str
    label: str


def without_thoughts(text):
    """(answer, thoughts). Thoughts may lack their opening tag, which some templates put into the prompt."""
    for opening, closing in _THOUGHTS:
        head, found, tail = text.rpartition(closing)
        if found:
            return tail, head
        if text.lstrip().startswith(opening):
            return "", text.lstrip()[len(opening) :]
    return text, ""


def blocks(text):
    """The fenced Blocks of a Markdown text, in order; the last may lack its end."""
    found, held, fence, label = [], None, "", ""
    for line in text.split("\n"):
        if "```" not in line and "~~~" not in line:
            if held is not None:
                held.append(line)
            continue
        stripped = line.strip()
        run = _fence(stripped)
        if held is None:
            if run:
                held, fence = [], run
                label, first = _label(stripped[len(run) :])
                if first.endswith(run):  # opened and closed on one line
                    found.append(Block(first[: -len(run)], label))
                    held = None
                elif first:
                    held.append(first)
        elif run and run[0] == fence[0] and len(run) >= len(fence):
            found.append(Block("\n".join(held), label))
            held, word = None, stripped[len(run) :].strip()
            if word.lower() in PYTHON:  # the block before was never closed
                held, fence, label = [], run, word.lower()
        elif stripped.endswith(fence) and "`" not in stripped[: -len(fence)]:
            held.append(line.rstrip()[: -len(fence)])
            found.append(Block("\n".join(held), label))
            held = None
        else:
            held.append(line)
    if held is not None:
        found.append(Block("\n".join(held), label))
    return [block for block in found if block.text.strip()]


def _fence(line):
    """The backticks or tildes, three or more, that a line begins with."""
    for sign in "`~":
        if line.startswith(sign * 3):
            return line[: len(line) - len(line.lstrip(sign))]
    return ""


def _label(words):
    """(label, code) behind an opening fence: code on that line is rare, but happens."""
    first, _, rest = words.strip().partition(" ")
    label = first.lower().strip("{}.")
    if label in PYTHON and rest.strip().startswith(BEGINNINGS):
        return label, rest
    return ("", words.strip()) if words.strip().startswith(BEGINNINGS) else (label, "")


def outermost(text):
    """What stands between the first fence line and the last."""
    lines = text.split("\n")
    at = [number for number, line in enumerate(lines) if _fence(line.strip())]
    return "\n".join(lines[at[0] + 1 : at[-1]])


def unfenced(text):
    """The text without its fence lines: where they are unbalanced, they say nothing."""
    if "```" not in text and "~~~" not in text:
        return text
    return "\n".join(line for line in text.split("\n") if not _fence(line.strip()))

"""A chat answer as Markdown: what stands between fences, what outside, what is quoted."""

import re
from typing import NamedTuple

PYTHON = frozenset({"python", "python3", "py", "py3", "ipython", "pycon"})  # labels of fences
BEGINNINGS = ("def ", "async def ", "class ", "import ", "from ", "@")  # how lines of Python begin, and prose seldom

_TRIPLE_QUOTES = re.compile(r"^[ \t]*(\'\'\'|\"\"\")(python|py)?[ \t]*$", re.MULTILINE)
_QUOTE = re.compile(r"^(?:[ \t]*>(?!>)[ \t]?)+", re.MULTILINE)


class Block(NamedTuple):
    """The text between two fences, and the word behind the first (lower case, may be empty)."""

    text: str
    label: str


def blocks(text: str) -> list[Block]:
    """The fenced Blocks of a Markdown text, in order; the last may lack its end."""
    found, fence, label = [], "", ""
    held: list[str] | None = None
    for line in text.split("\n"):
        if "```" not in line and "~~~" not in line:
            if held is not None:
                held.append(line)
            continue
        stripped = line.strip()
        run = _fence(stripped)
        if held is None:
            run, behind = (run, stripped[len(run) :]) if run else _opened_behind_words(stripped)
            if run:
                held, fence = [], run
                label, first = _label(behind)
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
        elif (last := _closed_behind_code(line.rstrip(), fence)) is not None:
            found.append(Block("\n".join([*held, last]), label))
            held = None
        elif fence == "```" and _label(_opened_behind_words(stripped)[1])[0] in PYTHON:  # neither was this one
            found.append(Block("\n".join(held), label))
            held, label = [], _label(_opened_behind_words(stripped)[1])[0]
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


def _opened_behind_words(line):
    """(fence, what stands behind it) of a fence that opens behind words, as in "So: ```python"; else empty texts."""
    before, fence, behind = line.partition("```")
    label, code = _label(behind)
    if not before or before[0] == ">" or before[-1] in "'\"`" or "`" in code.removesuffix(fence):
        return "", ""
    opens = before[-1] in " :" if not behind else label in PYTHON and (code or " " not in behind.strip())
    return (fence, behind) if opens else ("", "")


def _closed_behind_code(line, fence):
    """The code before a fence that closes behind it in its line, where prose may follow; None if none does."""
    before, found, behind = line.partition(fence)
    if not found or "`" in before + behind:
        return None
    in_text = before.count("'") % 2 or before.count('"') % 2
    return before if not behind or (behind[0] == " " and not in_text) else None


def outermost(text: str) -> str:
    """What stands between the first fence line and the last."""
    lines = text.split("\n")
    at = [number for number, line in enumerate(lines) if _fence(line.strip())]
    return "\n".join(lines[at[0] + 1 : at[-1]]) if at else ""


def unfenced(text: str) -> str:
    """The text without its fence lines: where they are unbalanced, they say nothing."""
    if "```" not in text and "~~~" not in text:
        return text
    lines = [line for line in text.split("\n") if not _fence(line.strip())]
    return "\n".join(line[:-3] if line.endswith("```") and line.count("`") == 3 else line for line in lines)


def unquoted(text: str) -> str:
    """The text without the signs of a block quote, and with backticks where its fences are three quotes."""
    text = _QUOTE.sub("", text)
    quotes = list(_TRIPLE_QUOTES.finditer(text))
    if any(found[2] for found in quotes) or (quotes and not text[: quotes[0].start()].strip()):
        return _TRIPLE_QUOTES.sub(lambda found: "```" + (found[2] or ""), text)
    return text

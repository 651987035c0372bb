"""Where the code is in a chat answer: thoughts, fences, prose around it, and slips that can be put right."""

import textwrap
from typing import NamedTuple

from isobudget.execution.programs import Code, parse, reached

_THOUGHTS = (("<think>", "</think>"), ("<thinking>", "</thinking>"), ("[THINK]", "[/THINK]"))
_PYTHON = frozenset({"python", "python3", "py", "py3", "ipython", "pycon"})
_BEGINNINGS = ("def ", "async def ", "class ", "import ", "from ", "@")
# a text is given up after so many readings; more than any answer of a model needs
_ATTEMPTS = 300


class Block(NamedTuple):
    """The text between two fences, and the word behind the first (lower case, may be empty)."""

    text: str
    label: str


def program_in(text, prompt, entry_point):
    """(program, thinking): the program in an answer, or None, and whether there is nothing but thoughts.

    Args:
        text: a chat answer, not empty.
        prompt: what was asked; where it is Python, its imports and helpers may be used, and a bare
            body gets its signature.
        entry_point: what the program should define, or None for a program that is run whole.
    """
    answer, thoughts = _without_thoughts(_plain(text))
    reader = _Reader(prompt, entry_point)
    program = reader.defining(answer) if entry_point else None
    if program is None and entry_point and thoughts:
        # some models answer inside their thoughts; only a whole function counts there
        program = reader.defining(thoughts, bodies=False)
    return program or reader.anything(answer), bool(thoughts.strip()) and not answer.strip()


def _plain(text):
    """Line ends as Python's own, without what no program can hold."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").replace("\ufeff", "")


def _without_thoughts(text):
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
            if word.lower() in _PYTHON:  # the block before was never closed
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
    if label in _PYTHON and rest.strip().startswith(_BEGINNINGS):
        return label, rest
    return ("", words.strip()) if words.strip().startswith(_BEGINNINGS) else (label, "")


class _Reader:
    """Reads the parts of one answer as Python, in more and more forgiving ways."""

    def __init__(self, prompt, entry_point):
        self.prompt = _plain(prompt)
        self.entry_point = entry_point
        self.attempts = 0
        self.known = {}

    def defining(self, text, bodies=True):
        """The program in a text that defines the entry point, or None.

        What the fences hold goes before what stands outside, whole text before mended text, and of
        several versions the last counts, as it would if Python ran them all. A stub comes last.
        """
        fenced = [block for block in blocks(text) if block.label in _PYTHON or not block.label]
        fenced = fenced or blocks(text)
        codes = [code for block in fenced if (code := self.read(block.text))]
        found = self._choose(codes)
        if found is None:
            codes = [code for block in fenced for code in self.mend(block.text)]
            found = self._choose(codes)
        if found is None:
            codes = [*self.mend(_unfenced(text)), *codes]
            found = self._choose(codes)
        if found is None and bodies:
            found = self._body([block.text for block in fenced] or [text])
        return found or self._choose(codes, stubs=True)

    def anything(self, text):
        """The program in a text, whatever it defines, or None if it holds no code."""
        found = blocks(text)
        labelled = [block for block in found if block.label in _PYTHON]
        for block in reversed(labelled):
            if self.read(block.text):
                return block.text + "\n"
        if labelled:
            return labelled[-1].text + "\n"
        codes = [code for block in found if (code := self.read(block.text)) and code.does_something()]
        codes = codes or [code for code in self.mend(_unfenced(text)) if code.does_something()]
        if codes:
            return max((code.text for code in codes), key=len) + "\n"
        lines = text.split("\n")
        start = next((at for at, line in enumerate(lines) if line.startswith(_BEGINNINGS[:3]) and "(" in line), None)
        return None if start is None else "\n".join(lines[start:]) + "\n"

    def read(self, text):
        """The Code of a text, if it is Python as a whole, slips of indentation and doctest's prompts put right."""
        if text not in self.known:
            self.known[text] = self._try(text) or next(
                (code for mended in _mended(text) if (code := self._try(mended))), None
            )
        return self.known[text]

    def mend(self, text):
        """The Codes of the runs of lines in a text that are Python; the rest is prose, or broken."""
        whole = self.read(text)
        if whole:
            return [whole]
        lines, found, at = text.split("\n"), [], 0
        while at < len(lines):
            if self._begins(lines[at]):
                code, count = self._longest(lines[at:])
                if code:
                    found.append(code)
                    at += count
                    continue
            at += 1
        return found

    def _choose(self, codes, stubs=False):
        """The program of the last of the codes that defines the entry point, with what it needs of the others."""
        name = self.entry_point
        versions = [code for code in codes if code.defines(name) and code.is_stub(name) == stubs]
        if not versions:
            return None
        others = [code for code in codes if not code.defines(name)]
        around = self.read(self.prompt)
        return reached(versions[-1], [*reversed(others), *([around] if around else [])], name)

    def _body(self, texts):
        """The prompt and a bare body of its function, one of the texts, or None."""
        head = self.prompt.rstrip() + "\n"
        stub = self.read(head) or self.read(head + "    pass\n")
        if not stub or not stub.is_stub(self.entry_point):
            return None
        margin = " " * stub.tree.body[-1].body[0].col_offset
        for text in reversed(texts):
            lines = text.split("\n")
            start = next(at for at, line in enumerate(lines) if line.strip())
            codes = [code for code in (self.read(text), self._longest(lines[start:])[0]) if code]
            for code in codes:
                program = head + textwrap.indent(code.text.strip("\n"), margin) + "\n"
                if code.returns() and self._try(program):
                    return program
        return None

    def _begins(self, line):
        """Whether a statement worth keeping may begin with a line."""
        line = line.lstrip(" \t")
        if line.startswith(_BEGINNINGS):
            return True
        target, sign, _ = line.partition("=")
        return bool(sign) and target.partition(":")[0].strip().isidentifier()

    def _longest(self, lines):
        """(Code, lines it takes) of the longest beginning of the lines that is Python; (None, 0) if none is."""
        margin = len(lines[0]) - len(lines[0].lstrip(" \t"))
        if margin:
            inside = (line[:margin].isspace() or not line.strip() for line in lines)
            count = next((at for at, fits in enumerate(inside) if not fits), len(lines))
            lines = [line[margin:] for line in lines[:count]]
        count = len(lines)
        while count and self.attempts < _ATTEMPTS:
            text = "\n".join(lines[:count])
            self.attempts += 1
            try:
                return Code(text, parse(text)), count
            except SyntaxError as error:
                # cut before the line at which Python gave up
                count = min((error.lineno or 1) - 1, count - 1)
        return None, 0

    def _try(self, text):
        self.attempts += 1
        if self.attempts > _ATTEMPTS:
            return None
        try:
            return Code(text, parse(text))
        except SyntaxError:
            return None


def _unfenced(text):
    """The text without its fence lines: where they are unbalanced, they say nothing."""
    return "\n".join(line for line in text.split("\n") if not _fence(line.strip()))


def _mended(text):
    """The text with one slip after the other put right."""
    lines = text.split("\n")
    for change in (_dedented, _without_prompts, _plain_spaces, _without_tabs):
        changed = change(lines)
        if changed != lines:
            lines = changed
            yield "\n".join(lines)


def _dedented(lines):
    """Without the margin of all lines; a first line that lost it is taken for a slip."""
    filled = [line for line in lines if line.strip()]
    if filled and not filled[0][0].isspace() and all(line[0].isspace() for line in filled[1:]):
        if filled[0].rstrip().endswith((":", ",", "(", "[", "{", "\\")):
            return lines
        at = lines.index(filled[0])
        return [*lines[: at + 1], *textwrap.dedent("\n".join(lines[at + 1 :])).split("\n")]
    return textwrap.dedent("\n".join(lines)).split("\n")


def _without_prompts(lines):
    """The input of an interactive session, without what it printed."""
    if not next((line for line in lines if line.strip()), "").startswith(">>>"):
        return lines
    return [line[4:] for line in lines if line.startswith((">>>", "..."))]


def _plain_spaces(lines):
    """No-break spaces as spaces, without characters that have no width."""
    table = {0xA0: " ", 0x3000: " ", 0x200B: None, 0x2060: None}
    return [line.translate(table) for line in lines]


def _without_tabs(lines):
    """Tabs that lines begin with as four spaces."""
    return [line.expandtabs(4) if line[: len(line) - len(line.lstrip())].count("\t") else line for line in lines]

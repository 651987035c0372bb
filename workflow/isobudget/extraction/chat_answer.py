"""From a chat answer to the program in it: which part is the code, and which slips can be put right."""

import functools
import textwrap

from isobudget.extraction.markdown import BEGINNINGS, PYTHON, blocks, outermost, unfenced, without_thoughts
from isobudget.extraction.python_code import Code, reached

# a text is given up after so many readings; more than any answer of a model needs
_ATTEMPTS = 300


def program_in(text, prompt, entry_point):
    """(program, thinking): the program in an answer, or None, and whether there is nothing but thoughts.

    Args:
        text: a chat answer, not empty.
        prompt: what was asked; where it is Python, its imports and helpers may be used, and a bare
            body gets its signature.
        entry_point: what the program should define, or None for a program that is run whole.
    """
    text = _plain(text)
    answer, thoughts = without_thoughts(text)
    reader = _Reader(prompt, entry_point)
    program = None
    # some models answer inside their thoughts, and a program may have the tag in a text of its own
    for part in (answer, thoughts, text):
        if program is None and entry_point and part.strip():
            program = reader.defining(part, bodies=part is answer)
    return program or reader.anything(answer), bool(thoughts.strip()) and not answer.strip()


def _plain(text):
    """Line ends as Python's own, without what no program can hold."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").replace("\ufeff", "")


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
        fenced = [block for block in blocks(text) if block.label in PYTHON or not block.label]
        fenced = fenced or blocks(text)
        codes = [code for block in fenced if (code := self.read(block.text))]
        if self._begins(text.lstrip().partition("\n")[0]) and (code := self.read(text)):
            codes = [code]  # all of it is Python, and what looks like fences is inside
        found = self._choose(codes)
        if found is None and len(fenced) > 1 and (code := self.read(outermost(text))):
            found = self._choose([code])  # the fences between were a docstring's
        if found is None:
            codes = [code for block in fenced for code in self.mend(block.text)]
            found = self._choose(codes)
        if found is None:
            codes = [*self.mend(unfenced(text)), *codes]
            found = self._choose(codes)
        if found is None and bodies:
            found = self._body([block.text for block in fenced] or [text])
        return found or self._choose(codes, stubs=True)

    def anything(self, text):
        """The program in a text, whatever it defines, or None if it holds no code."""
        found = blocks(text)
        labelled = [block for block in found if block.label in PYTHON]
        for block in reversed(labelled):
            if self.read(block.text):
                return _ended(block.text)
        if labelled:
            return _ended(labelled[-1].text)
        codes = [code for block in found if (code := self.read(block.text)) and code.does_something()]
        codes = codes or [code for code in self.mend(unfenced(text)) if code.does_something()]
        if codes:
            return _ended(max((code.text for code in codes), key=len))
        lines = text.split("\n")
        start = next((at for at, line in enumerate(lines) if line.startswith(BEGINNINGS[:3]) and "(" in line), None)
        return None if start is None else _ended("\n".join(lines[start:]))

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
        around = _code_of(self.prompt)
        return reached(versions[-1], [*reversed(others), *([around] if around else [])], name)

    def _body(self, texts):
        """The prompt and a bare body of its function, one of the texts, or None."""
        head = self.prompt.rstrip() + "\n"
        stub = _code_of(head) or _code_of(head + "    pass\n")
        function = stub.tree.body[-1] if stub and stub.is_stub(self.entry_point) else None
        if getattr(function, "name", None) != self.entry_point:
            return None
        margin = " " * function.body[0].col_offset
        for text in reversed(texts):
            lines = text.split("\n")
            start = next(at for at, line in enumerate(lines) if line.strip())
            codes = [code for code in (self.read(text), self._longest(lines[start:])[0]) if code]
            for code in codes:
                whole = self._try(head + textwrap.indent(code.text.strip("\n"), margin)) if code.returns() else None
                if whole:
                    return reached(whole, [], self.entry_point)
        return None

    def _begins(self, line):
        """Whether a statement worth keeping may begin with a line."""
        line = line.lstrip(" \t")
        if line.startswith(BEGINNINGS):
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
                return Code(text), count
            except SyntaxError as error:
                # cut before the line at which Python gave up
                count = min((error.lineno or 1) - 1, count - 1)
        return None, 0

    def _try(self, text):
        self.attempts += 1
        if self.attempts > _ATTEMPTS:
            return None
        try:
            return Code(text)
        except SyntaxError:
            return None


@functools.lru_cache(maxsize=512)
def _code_of(prompt):
    """The Code of a prompt, or None; many samples have the same one."""
    try:
        return Code(prompt)
    except SyntaxError:
        return None


def _ended(text):
    return text.rstrip("\n") + "\n"


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

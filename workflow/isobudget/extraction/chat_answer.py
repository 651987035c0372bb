"""From a chat answer to the program in it: which part is the code, and which of several versions is meant."""

import functools
import json
import textwrap

from isobudget.extraction.chat_template import parts
from isobudget.extraction.definitions import DEFINITIONS, STANDINGS, WHOLE, is_stub, leaves_out, standing
from isobudget.extraction.markdown import BEGINNINGS, PYTHON, blocks, outermost, unfenced, unquoted
from isobudget.extraction.python_code import Code
from isobudget.extraction.reach import reached
from isobudget.extraction.reading import Reader, begins


def program_in(text: str, prompt: str, entry_point: str | None) -> tuple[str | None, bool]:
    """(program, thinking): the program in an answer, or None, and whether there is nothing but thoughts.

    Args:
        text: a chat answer, not empty.
        prompt: what was asked; where it is Python, its imports and helpers may be used, and a bare
            body gets its signature.
        entry_point: what the program should define, or None for a program that is run whole.
    """
    text = _plain(text)
    answer, turn, thoughts, cut_off = parts(text)
    choice = _Choice(_plain(prompt), entry_point)
    if turn != text and choice.is_cut(text, turn):
        answer, turn, thoughts, cut_off = text, text, "", False
    program = None
    # some models answer inside their thoughts, and a program may have the tag in a text of its own
    places = dict.fromkeys((turn, answer) if cut_off else (turn, answer, thoughts, text))
    for part in places if entry_point else ():
        if program is None and part.strip():
            program = choice.defining(part, bodies=part in (turn, answer))
    return program or choice.anything(turn), bool(thoughts.strip()) and (cut_off or not answer.strip())


def _plain(text):
    """Line ends as Python's own, without what no program can hold."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").replace("\ufeff", "")


class _Choice:
    """Of the parts of one answer those that are the program."""

    def __init__(self, prompt, entry_point):
        self.prompt = prompt
        self.entry_point = entry_point
        self.reader = Reader()

    def is_cut(self, text: str, turn: str) -> bool:
        """Whether the whole text is Python and the part of it that is the model's turn is none: its marks are code."""
        as_it_stands = self.reader.as_it_stands
        return begins(text.lstrip().partition("\n")[0]) and bool(as_it_stands(text)) and not as_it_stands(turn)

    def defining(self, text: str, bodies: bool = True) -> str | None:
        """The program in a text that defines the entry point, or None.

        What the fences hold goes before what stands outside, whole text before mended text, and of
        several versions the last counts, as it would if Python ran them all. A definition with its body goes
        before a bare body, and both before what stands for a definition that is not there.
        """
        readings = []
        for codes in self._readings(text):
            if found := self._chosen(codes, WHOLE):
                return found
            readings.append(codes)
        places = [text, *_held(text)] if bodies else []
        found = next(filter(None, (self._of_body(_python_blocks(each) or [each]) for each in places)), None)
        lesser = (self._chosen(codes, each) for each in STANDINGS[1:] for codes in readings)
        return found or next(filter(None, lesser), None)

    def _readings(self, text):
        """Yield lists of the Codes in a text, in order, read in more and more forgiving ways."""
        read, runs = self.reader.read, self.reader.runs
        fenced = _python_blocks(text)
        codes = [code for each in fenced if (code := read(each))]
        if begins(text.lstrip().partition("\n")[0]) and (code := read(text)):
            codes = [code]  # all of it is Python, and what looks like fences is inside
        yield codes
        if len(fenced) > 1 and (code := read(outermost(text))):
            yield [code]  # the fences between were a docstring's
        codes = [code for each in fenced for code in runs(each)]
        yield codes
        yield [*runs(unfenced(text)), *codes]
        for held in _held(text):
            yield [code for each in _python_blocks(held) for code in runs(each)] or runs(unfenced(held))

    def _chosen(self, codes, rank):
        """The program of the last of the codes that define the entry point with this standing, or None.

        What it needs and lacks comes from the other codes and from the prompt.
        """
        name = self.entry_point
        versions = [code for code in codes if standing(code, name) == rank]
        if not versions:
            return None
        last = versions[-1]
        if len(versions) > 1:  # an excerpt may follow what it is of
            last = next((code for code in reversed(versions) if not leaves_out(code, name)), last)
        others = [code for code in reversed(codes) if name not in code.text or name not in code.binds]
        older = [code for code in reversed(versions) if code is not last]
        return reached(last, others, _code_of(self.prompt), older, name)

    def _of_body(self, texts):
        """The prompt and a bare body of its function, one of the texts, or None."""
        head = self.prompt.rstrip() + "\n"
        stub = _code_of(head) or _code_of(head + "    pass\n")
        function = stub.tree.body[-1] if stub and stub.tree.body else None
        if not isinstance(function, DEFINITIONS) or function.name != self.entry_point or not is_stub(function):
            return None
        margin = " " * function.body[0].col_offset
        for text in reversed(texts):
            for code in filter(None, (self.reader.read(text), self.reader.beginning(text))):
                body = textwrap.indent(code.text.strip("\n"), margin)
                whole = self.reader.as_it_stands(head + body) if code.returns() else None
                if whole:
                    return reached(whole, [], None, [], self.entry_point)
        return None

    def anything(self, text: str) -> str | None:
        """The program in a text, whatever it defines, or None if it holds no code."""
        found = blocks(text)
        labelled = [block for block in found if block.label in PYTHON]
        for block in reversed(labelled):
            if code := self.reader.read(block.text):
                return _ended(code.text)
        if labelled:
            return _ended(labelled[-1].text)
        codes = [code for block in found if (code := self.reader.read(block.text)) and code.does_something()]
        codes = codes or [code for code in self.reader.runs(unfenced(text)) if code.does_something()]
        if codes:
            return _ended(max((code.text for code in codes), key=len))
        if program := next(filter(None, map(self.anything, _held(text))), None):
            return program
        lines = text.split("\n")
        start = next((at for at, line in enumerate(lines) if line.startswith(BEGINNINGS[:3]) and "(" in line), None)
        return None if start is None else _ended("\n".join(lines[start:]))


@functools.lru_cache(maxsize=512)
def _code_of(prompt):
    """The Code of a prompt, or None; many samples have the same one."""
    try:
        return Code(prompt)
    except SyntaxError:
        return None


def _ended(text):
    return text.rstrip("\n") + "\n"


def _python_blocks(text):
    """What the fences of a text hold that are labelled as Python or not at all, or if there are none the others."""
    found = blocks(text)
    return [block.text for block in [each for each in found if each.label in PYTHON or not each.label] or found]


def _held(text):
    """Texts in which another layout holds a text: as a block quote, or in JSON."""
    quoted = unquoted(text)
    fenced = _python_blocks(text)
    return [quoted] * (quoted != text) + [inside for each in [text, *fenced] for inside in _texts_in_json(each)]


def _texts_in_json(text):
    """The texts in a JSON object with which a text begins, the last first."""
    if not text.lstrip().startswith("{"):
        return []
    try:
        pending, _ = json.JSONDecoder(strict=False).raw_decode(text.lstrip())
    except (ValueError, RecursionError):
        return []
    pending, found = [pending], []
    while pending:
        value = pending.pop()
        if isinstance(value, dict | list):
            pending += value.values() if isinstance(value, dict) else value
        elif isinstance(value, str):
            found += [value, *_texts_in_json(value)]
    return found

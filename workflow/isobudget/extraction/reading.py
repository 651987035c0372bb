"""A text of which nobody knows how much is Python, read in more and more forgiving ways."""

from isobudget.extraction.chat_template import without_marks
from isobudget.extraction.markdown import BEGINNINGS
from isobudget.extraction.python_code import Code
from isobudget.extraction.slips import mended, with_plain_signs, without_html

# a text is given up after so many readings; more than any answer of a model needs
_ATTEMPTS = 300
_AT_ONCE = 100  # lines, as one with a space of another kind is seldom alone


class Reader:
    """Reads the parts of one answer, each of them once."""

    def __init__(self):
        self.attempts = 0
        self.known = {}

    def as_it_stands(self, text: str) -> Code | None:
        """The Code of a text, or None if it is no Python."""
        self.attempts += 1
        if self.attempts > _ATTEMPTS:
            return None
        try:
            return Code(text)
        except SyntaxError:
            return None

    def read(self, text: str) -> Code | None:
        """The Code of a text, if it is Python as a whole, slips of layout put right; else None."""
        if text not in self.known:
            plain = without_html(text)
            found = self.as_it_stands(plain) or next(filter(None, map(self.as_it_stands, mended(plain))), None)
            self.known[text] = found
        return self.known[text]

    def runs(self, text: str) -> list[Code]:
        """The Codes of the runs of lines in a text that are Python; the rest is prose, or broken."""
        whole = self.read(text)
        if whole:
            return [whole]
        lines, found, at = without_marks(without_html(text)).split("\n"), [], 0
        while at < len(lines):
            code, count = self._longest(lines[at:]) if begins(lines[at]) else (None, 0)
            if code:
                found.append(code)
            at += count or 1
        return found

    def beginning(self, text: str) -> Code | None:
        """The Code of the first line with the indented ones behind it, or else of the longest beginning, or None."""
        lines = text.lstrip("\n").split("\n")
        margins = (at for at, line in enumerate(lines) if at and line.strip() and not line[0].isspace())
        return self.read("\n".join(lines[: next(margins, len(lines))])) or self._longest(lines)[0]

    def _longest(self, lines):
        """(Code, lines it takes) of the longest beginning of the lines that is Python; (None, 0) if none is."""
        margin = len(lines[0]) - len(lines[0].lstrip(" \t"))
        if margin:
            inside = (line[:margin].isspace() or not line.strip() for line in lines)
            count = next((at for at, fits in enumerate(inside) if not fits), len(lines))
            lines = [line[margin:] for line in lines[:count]]
        count = len(lines)
        while count and self.attempts < _ATTEMPTS:
            self.attempts += 1
            try:
                return Code("\n".join(lines[:count])), count
            except SyntaxError as error:
                # cut before the line at which Python gave up, unless it did so for a sign that can be put right
                at = (error.lineno or 1) - 1
                if "character" in error.msg and at < count and with_plain_signs(lines[at]) != lines[at]:
                    lines = [*lines[:at], *map(with_plain_signs, lines[at : at + _AT_ONCE]), *lines[at + _AT_ONCE :]]
                else:
                    count = min(at, count - 1)
        return None, 0


def begins(line: str) -> bool:
    """Whether a statement worth keeping may begin with a line."""
    line = line.lstrip(" \t")
    if line.startswith(BEGINNINGS):
        return True
    target, sign, _ = line.partition("=")
    return bool(sign) and target.partition(":")[0].strip().isidentifier()

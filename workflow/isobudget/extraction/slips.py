"""Slips of layout in code, put right: margins, tabs, spaces of other kinds, prompts, line numbers, what was escaped."""

import functools
import html
import re
import textwrap
import unicodedata
from collections.abc import Iterator

from isobudget.extraction.chat_template import without_marks

_HEADS = ("def ", "async def ", "class ", "@")
_QUOTES = {**dict.fromkeys("“”„‟", '"'), **dict.fromkeys("‘’‚‛", "'")}
# the texts and comments in a program
_TEXTS = re.compile(
    r'(?<!&)#[^\n]*|"""(?:\\.|[^\\])*?"""|\'\'\'(?:\\.|[^\\])*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'',
    re.DOTALL,
)
_HTML = re.compile(r"&(?:lt|gt|amp|quot|apos|nbsp|#\d{2,4}|#x[0-9a-fA-F]{2,4});")
_AT_MARGIN = re.compile(r"^\S", re.MULTILINE)
_NUMBERED = re.compile(r"\s*(\d+)(?:[:.|)]| \|)?(?:[ \t](.*))?$")
_DIFF = re.compile(r"[-+ ]|@@|diff |index |\\ No newline|$")


def mended(text: str) -> Iterator[str]:
    """Yield the text with one slip after the other put right; each may be all that was wrong."""
    for change in (
        without_marks,
        _dedented,
        _without_prompts,
        with_plain_signs,
        _without_tabs,
        _without_numbers,
        _without_signs_of_a_diff,
        _unescaped,
        _dedented,
        _first_line_in_place,
    ):
        changed = change(text)
        if changed != text:
            text = changed
            yield text


def without_html(text: str) -> str:
    """The text with `<` for `&lt;` and so on, if one stands outside its texts and comments: then all was escaped."""
    return html.unescape(text) if "&" in text and _HTML.search(_TEXTS.sub("", text)) else text


def with_plain_signs(text: str) -> str:
    """ASCII's spaces and quotes for those of typesetting, and nothing without a width.

    Texts and comments in it stay: nowhere else a program holds such a sign.
    """
    if text.isascii():
        return text
    kept, at = [], 0
    for found in _TEXTS.finditer(text):
        kept += ["".join(map(_plain, text[at : found.start()])), found[0]]
        at = found.end()
    return "".join([*kept, *map(_plain, text[at:])])


@functools.cache
def _plain(sign):
    kind = unicodedata.category(sign)
    if kind == "Zs":
        return " "
    if kind in ("Zl", "Zp"):
        return "\n"
    return "" if kind == "Cf" else _QUOTES.get(sign, sign)


def _dedented(text):
    """Without the margin of all lines."""
    return text if _AT_MARGIN.search(text) else textwrap.dedent(text)


def _without_prompts(text):
    """The input of an interactive session, without what it printed."""
    if not text.lstrip("\n").startswith(">>>"):
        return text
    return "\n".join(line[4:] for line in text.split("\n") if line.startswith((">>>", "...")))


def _without_tabs(text):
    """Tabs that lines begin with as four spaces."""
    if "\t" not in text:
        return text
    lines = text.split("\n")
    return "\n".join(line.expandtabs(4) if "\t" in line[: len(line) - len(line.lstrip())] else line for line in lines)


def _without_numbers(text):
    """A listing without the numbers that its lines begin with, one after the other."""
    if not _NUMBERED.match(text.strip().partition("\n")[0]):
        return text
    lines = [line for line in text.split("\n") if line.strip()]
    found = [one for line in lines if (one := _NUMBERED.match(line))]
    if not 2 <= len(found) == len(lines):
        return text
    first = int(found[0][1])
    if [int(one[1]) for one in found] != list(range(first, first + len(found))):
        return text
    return "\n".join(one[2] or "" for one in found)


def _without_signs_of_a_diff(text):
    """What a diff would leave: its lines with a plus or a space, without that."""
    lines = text.split("\n")
    if "\n+" not in "\n" + text or not all(map(_DIFF.match, lines)):
        return text
    return "\n".join(line[1:] for line in lines if line[:1] in ("+", " ") and not line.startswith("+++ "))


def _unescaped(text):
    """A line whose line ends were written out, and Markdown's `\\_`: outside its texts no program holds one."""
    if "\\" not in text:
        return text
    if "\n" not in text.strip() and "\\n" in text:
        return text.strip().replace("\\n", "\n").replace("\\t", "\t").replace('\\"', '"')
    return re.sub(r"\\([_*\[\]#<>`|~])", r"\1", text)


def _first_line_in_place(text):
    """The first line with the margin of the others: some decoders lose or double the spaces before it."""
    lines = text.split("\n")
    filled = [at for at, line in enumerate(lines) if line.strip()]
    if len(filled) < 2:
        return text
    first, margin = lines[filled[0]], min(_margin(lines[at]) for at in filled[1:])
    if first.lstrip().startswith(_HEADS) and _margin(first) < margin:
        return text  # what follows is its body
    if _margin(first) and abs(_margin(first) - margin) > 3:
        return text
    lines[filled[0]] = " " * margin + first.lstrip()
    return textwrap.dedent("\n".join(lines))


def _margin(line):
    return len(line) - len(line.lstrip())

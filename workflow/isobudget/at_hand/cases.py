"""Cases: what a program is given, and what it should make of it, read from texts that people or models wrote.

Nothing here runs any of it. A case of a function is an expression, such as `round(area(3, 4), 2)`, in a small language
that can hurt nobody: constants, arithmetic, comparisons, some of Python's own functions, and the function asked for.
"""

import ast
import doctest
import re
import warnings
from collections.abc import Sequence
from typing import NamedTuple

LONGEST = 2000  # characters of a call or an answer; a longer one is no example that anyone reads

# Functions that give plain data of plain data, and cannot be made to take long by short arguments
NAMES = frozenset(
    {"abs", "bool", "bytes", "dict", "float", "frozenset", "int", "len", "list", "max", "min", "reversed"}
    | {"round", "set", "sorted", "str", "sum", "tuple", "any", "all", "range", "zip", "enumerate"}
)
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod)
_NODES = (
    (ast.Expression, ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.Load, ast.Call, ast.keyword, ast.Name)
    + (ast.BinOp, ast.UnaryOp, ast.USub, ast.UAdd, ast.Not, ast.Compare, ast.BoolOp, ast.And, ast.Or, ast.Subscript)
    + (ast.Slice, ast.cmpop, *_OPERATORS)
)
# between a call and what it gives, in a docstring's own words
_GIVES = re.compile(
    r"\s*(?:==>|=>|==|->|➞|→|=|\)?\s*#\s*(?:=>|returns)|returns|should\s+(?:return|be)|must\s+return)\s*"
)
_WORDS = {"true": "True", "false": "False", "null": "None", "none": "None"}


class Case(NamedTuple):
    """One of a problem: `call`, an expression or a standard input; `expected`, an expression, an output, or None.

    `form` says how it was written: doctest, text, pairs (Input: and Output:), assert or stdio.
    """

    form: str
    call: str
    expected: str | None


def of_docstring(text: str, name: str, parameters: Sequence[str] = ()) -> list[Case]:
    """The cases in a docstring: doctests, then `name(3) == 4` and its like, then Input: and Output:.

    Args:
        text: the docstring.
        name: the function that is documented; cases that do not call it are left out.
        parameters: its parameters' names, for inputs given as `x = 3`.

    Returns:
        A list of Case, no call twice.
    """
    with warnings.catch_warnings(action="ignore"):  # of escapes in examples
        try:
            examples = doctest.DocTestParser().get_examples(text)
        except ValueError:  # a prompt without a blank behind it, or lost indentation
            examples = []
        found = [case for example in examples if (case := _of_doctest(example, name))]
        rest = "\n".join("" if line.lstrip().startswith(">>>") else line for line in text.splitlines())
        found += _of_text(rest, name)
        found += _of_pairs(rest, name, parameters)
    return _distinct(found)


def of_asserts(text: str, name: str, most: int | None = None) -> list[Case]:
    """The cases in lines of asserts, as far as they are whole; each says what one expression equals.

    Args:
        text: Python, perhaps cut short.
        name: the function that they must call.
        most: the first so many asserts are read.

    Returns:
        A list of Case; a case that stands there twice comes twice.
    """
    with warnings.catch_warnings(action="ignore"):
        found = []
        for one in re.split(r"^[ \t]*assert\b", text, flags=re.MULTILINE)[1:][:most]:
            test = _whole(one)
            case = _of_truth(test, name) if test is not None else None
            if case:
                found.append(Case("assert", *case))
    return found


def of_stdio(text: str) -> list[Case]:
    """The inputs and outputs that the statement of an APPS problem shows.

    They stand behind lines such as `Input` and `Output`, or `-----Sample Input-----` and `-----Sample Output-----`; an
    output ends at the next such line, or at a blank one.
    """
    lines = [(line.strip(), _mark(line.strip())) for line in text.splitlines()]
    found, given, at = [], None, 0
    while at < len(lines):
        line, mark = lines[at]
        at += 1
        if mark not in ("input", "output"):
            continue
        end = next((place for place in range(at, len(lines)) if lines[place][1]), len(lines))
        body = [line for line, _ in lines[at:end]]
        while body and not body[0]:
            body.pop(0)
        if mark == "input":
            given = "\n".join(body).strip("\n")
        elif given is not None:
            blank = body.index("") if "" in body else len(body)
            output = "\n".join(body[:blank])
            if given and output and max(len(given), len(output)) <= LONGEST:
                found.append(Case("stdio", given + "\n", output + "\n"))
            given = None
    return _distinct(found)


def safe(text: str, name: str) -> bool:
    """Whether a text is an expression of the small language that calls `name`."""
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return _is_safe(tree, name) and _calls(tree, name)


def _is_safe(tree, name=None):
    for node in ast.walk(tree):
        if not isinstance(node, _NODES):
            return False
        if isinstance(node, ast.Name) and node.id not in NAMES and node.id != name:
            return False
        if isinstance(node, ast.Call) and not isinstance(node.func, ast.Name):
            return False
        if isinstance(node, ast.Constant) and isinstance(node.value, type(...)):
            return False
    return True


def _calls(tree, name):
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return any(isinstance(call.func, ast.Name) and call.func.id == name for call in calls)


def _of_doctest(example, name):
    try:
        tree = ast.parse(example.source.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        return None
    if not example.want.strip() and isinstance(tree, ast.Compare):
        case = _of_truth(tree, name)
        return Case("doctest", *case) if case else None
    if not _is_safe(tree, name) or not _calls(tree, name) or isinstance(tree, ast.Subscript):
        return None
    expected = "None"
    if example.want.strip():
        value = _longest(example.want)
        if value is None:
            return None
        expected = ast.unparse(value)
    return _fits(Case("doctest", ast.unparse(tree), expected))


def _of_text(text, name):
    found = []
    for start in re.finditer(rf"(?<![\w.]){re.escape(name)}\(", text):
        tree, length = _call(text[start.start() :])
        if tree is None or not _is_safe(tree, name):
            continue
        rest = text[start.start() + length :]
        gives = _GIVES.match(rest)
        if not gives:
            continue
        rest = re.sub(r"^(true|false|null|none)\b", lambda word: _WORDS[word[0]], rest[gives.end() :])
        value = _longest(rest)
        if value is not None:
            found.append(_fits(Case("text", ast.unparse(tree), ast.unparse(value))))
    return [case for case in found if case]


_PAIRS = (
    re.compile(r"^[ \t]*Input:?[ \t]*(?P<given>\S.*)\n\s*Output:?[ \t]*(?P<gives>.+)", re.MULTILINE),
    re.compile(r"^[ \t]*For (?P<given>\w+ = .+?),? +the\b.*\b(?:output|result) should be (?P<gives>.+)", re.MULTILINE),
)


def _of_pairs(text, name, parameters):
    found = []
    for pattern in _PAIRS:
        for pair in pattern.finditer(text):
            tree, _ = _call(f"{name}({pair['given'].rstrip().rstrip(',')})")
            if tree is None or not _is_safe(tree, name):
                continue
            named = [keyword.arg for keyword in tree.keywords]
            value = _longest(pair["gives"])
            if not tree.args and named == list(parameters):
                tree.args, tree.keywords = [keyword.value for keyword in tree.keywords], []
            if value is not None and set(named) <= set(parameters) and (tree.args or named):
                found.append(_fits(Case("pairs", ast.unparse(tree), ast.unparse(value))))
    return [case for case in found if case]


def _call(text):
    """(tree, length) of the call that a text begins with, (None, 0) if it begins with none."""
    for close in re.finditer(r"\)", text[:LONGEST]):
        try:
            tree = ast.parse(text[: close.end()], mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        return (tree, close.end()) if isinstance(tree, ast.Call) else (None, 0)
    return None, 0


def _longest(text):
    """The longest beginning of a text that is an expression of the small language; whole lines count first."""
    text = text[:LONGEST].strip()
    ends = [match.end() for match in re.finditer(r"[^\n]+(?=\n|$)", text)]
    first = ends[0] if ends else 0
    # an answer in several lines is rare, and words that follow one are not
    ends = [first, *ends[1:], *range(first - 1, 0, -1)]
    for end in ends:
        if re.match(r"[\w\"'][\w\"']", text[end - 1 : end + 1]):
            continue  # in the middle of a word
        try:
            tree = ast.parse(text[:end].strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        if _is_safe(tree):
            return tree
    return None


def _whole(text):
    """The expression in the first lines of a text, as few as hold one; None if none do."""
    text = text[:LONGEST].rstrip()
    for end in [*(match.start() for match in re.finditer(r"\n", text)), len(text)]:
        try:
            return ast.parse(text[:end].strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return None


def _of_truth(tree, name):
    """(call, expected) of a test such as `f(3) == 4`, `f(3)`, `not f(3)` or `f(3) is None`; None if it says no such."""
    if isinstance(tree, ast.Tuple) and len(tree.elts) == 2 and isinstance(tree.elts[1], ast.Constant | ast.JoinedStr):
        tree = tree.elts[0]  # an assert's message
    if isinstance(tree, ast.Compare) and len(tree.ops) == 1 and isinstance(tree.ops[0], ast.Eq | ast.Is):
        left, right = tree.left, tree.comparators[0]
        if not _calls(left, name) and _calls(right, name):
            left, right = right, left
        call, expected = left, right
    elif isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.Not):
        call, expected = ast.Call(ast.Name("bool", ast.Load()), [tree.operand], []), ast.Constant(False)
    else:
        bare = isinstance(tree, ast.Call) and getattr(tree.func, "id", None) == name
        call = ast.Call(ast.Name("bool", ast.Load()), [tree], []) if bare else tree
        expected = ast.Constant(True)
    if not _is_safe(call, name) or not _calls(call, name) or not _is_safe(expected):
        return None
    case = _fits(Case("assert", ast.unparse(call), ast.unparse(expected)))
    return case[1:] if case else None


def _fits(case):
    return case if max(len(case.call), len(case.expected or "")) <= LONGEST else None


def _mark(line):
    """What a line of an APPS statement announces: input, output, other, or None for a line of text."""
    bare = line.strip("-*: ").lower()
    words = bare.rstrip("0123456789# ").replace("sample", "").replace("example", "").strip(" :-")
    if words in ("input", "output") and (line.startswith("-----") == (bare not in ("input", "output"))):
        return words
    return "other" if line.startswith("-----") else None


def _distinct(cases):
    """The first of each call."""
    return list({case.call: case for case in reversed(cases)}.values())[::-1]

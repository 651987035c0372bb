"""What models and their templates do to an answer does not lose the program in it."""

import ast
import re
import time

import pytest

from helpers.awkward import PROMPT
from helpers.chat_answers import KINDS
from helpers.chat_answers.marks import BEGINNINGS, ENDS, TAGS
from helpers.checkout import ROOT
from isobudget import extraction
from isobudget.study.benchmarks import PYTHON_STOPS
from peers.ask_evalplus import keeps, recorded

ANSWERS = [pytest.param(answer, id=f"{kind}, {answer.name}") for kind, rows in KINDS.items() for answer in rows]


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_gives_the_program_that_is_in_it(answer):
    assert extraction.from_answer(answer.prompt, answer.text, answer.entry_point) == (answer.program, answer.reason)


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_program_that_was_taken_out_is_taken_out_of_itself_unchanged(answer):
    if answer.entry_point and keeps(answer.program, answer.entry_point):
        again = extraction.from_answer(answer.prompt, answer.program, answer.entry_point)
        assert again.program == answer.program


def test_the_docs_have_a_row_for_each_kind():
    text = (ROOT / "docs/how-texts-become-programs.md").read_text()
    rows = re.findall(r"^\|.*\| ([a-z -]+) \|$", text, re.MULTILINE)
    assert set(rows) - {"rows", "---"} == set(KINDS)


def without_docstring(program):
    """The statements of a program's functions; a docstring's margin may have been of other spaces."""
    tree = ast.parse(program)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
            del node.body[0]
    return ast.dump(tree)


def test_what_templates_put_around_a_recorded_program_changes_nothing():
    """Of every tenth problem, each mark and each tag of thoughts, fenced and not."""
    tried = 0
    for _, problem, text in list(recorded("humaneval/qwen2.5-coder-1.5b/greedy/0"))[::10]:
        name, prompt = problem["entry_point"], problem["prompt"]
        code = (prompt + extraction.cut(text, PYTHON_STOPS)).strip("\n")
        draft = f"Maybe\n```python\ndef {name}(*given):\n    return 0\n```\nno."
        fenced = f"```python\n{code}\n```\n"
        wanted = without_docstring(extraction.from_answer(prompt, fenced, name).program)
        around = [f"{code}{end}" for end in ENDS] + [f"It's this:\n\n{code}{end}\n" for end in ENDS]
        around += [f"```python\n{code}{end}\n```" for end in ENDS]
        around += [f"{begin}{each}" for begin in BEGINNINGS for each in (code, fenced)]
        around += [f"{begin}{draft}{end}{each}" for begin, end in TAGS for each in (code, fenced)]
        around += ["".join(f"> {line}\n" for line in fenced.splitlines())]
        for each in around:
            assert without_docstring(extraction.from_answer(prompt, each, name).program) == wanted, each
            tried += 1
    assert tried > 2000


@pytest.mark.parametrize(
    "text",
    [
        "x = 1 €\n" * 5000,
        "x = 1\u00a0€\n" * 5000,
        "def total(n):\n" + "\u2003\u2003x = “1”\n" * 3000,
        "&lt;" * 20_000,
        "x &lt; '\n" * 5000,
        "'" * 20_001,
        "'''\n\"" * 4000,
        "\n> " * 10_000,
        '{"a":' * 5000,
        '{"a":"' + "x = (\\n" * 4000 + '"}',
        "".join(f"{i} x = (\n" for i in range(4000)),
        "+x = (\n" * 5000,
        "</s>" * 20_000,
        "x</s>\n" * 9000,
        "<code>" * 10_000,
        "<think>a</think>\n" * 9000,
        "<think>a</thought>\n" * 9000,
        "<think>\n```\n" * 9000,
        "<|channel|>analysis<|message|>" * 5000,
        "<|a|" * 9000,
        "a ```python\n" * 9000,
        "def total(n):\n    ...\n    x = 1\n" * 3000,
        "import total\n" * 4000 + "def total(n):\n    return n\n",
        "total = total\n" * 4000,
        "a = b\nb = a\n" * 2000 + "def total(n):\n    return a\n",
        "".join(f"a{i} = a{i - 1}\n" for i in range(2000)) + "a1999.append(1)\ndef total(n):\n    return a0\n",
        "class A:\n    pass\n" + "class A(A):\n    pass\n" * 2000 + "def total(n):\n    return A.__subclasses__()\n",
    ],
    ids=lambda text: repr(text[:30]),
)
def test_no_text_takes_long(text):
    started = time.process_time()
    extraction.from_answer(PROMPT, text, "total")
    extraction.from_answer("", text, None)
    assert time.process_time() - started < 3

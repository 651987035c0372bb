"""Awkward chat answers, each with the program that is in it, or the reason why there is none.

Written by hand; test_extraction.py holds the extraction to them, peers/ask_evalplus.py asks a peer about the same
texts. Standard library only: the peer's environment reads this file as well.
"""

from typing import NamedTuple

PROMPT = '''from typing import List


def total(numbers: List[int]) -> int:
    """Sum of the numbers.

    >>> total([1, 2])
    3
    """
'''
STUB = PROMPT.replace("\n\n\n", "\n")
WITH_HELPER = '''import math


def half(x):
    return x / 2


def quarter(x):
    """A quarter of x, rounded down."""
'''
PLAIN = "def total(numbers):\n    return sum(numbers)\n"
TYPED = "def total(numbers: List[int]) -> int:\n    return sum(numbers)\n"
CUT_OFF = "thoughts that never end, with a whole function"


class Answer(NamedTuple):
    """A row: a model's answer to the prompt, and either the program in it or the reason why there is none."""

    name: str
    text: str
    program: str | None = PLAIN
    reason: str | None = None
    prompt: str = PROMPT
    entry_point: str | None = "total"


def fenced(code, label="python"):
    return f"```{label}\n{code}```\n"


def rejected(name, text, reason):
    return Answer(name, text, None, reason)


ANSWERS = [
    # fences
    Answer("one fence", fenced(PLAIN)),
    Answer(
        "prose before and after", f"Sure! Here's the function:\n\n{fenced(PLAIN)}\nIt adds the numbers, that's all.\n"
    ),
    Answer("no label", fenced(PLAIN, "")),
    Answer("label py", fenced(PLAIN, "py")),
    Answer("label Python 3", fenced(PLAIN, "Python3")),
    Answer("label with attributes", fenced(PLAIN, '{.python title="total.py"}')),
    Answer("another language's label", fenced(PLAIN, "text")),
    Answer("four backticks", f"````python\n{PLAIN}````\n"),
    Answer("tildes", f"~~~python\n{PLAIN}~~~\n"),
    Answer("a fence that never ends", f"```python\n{PLAIN}"),
    Answer("a fence that never ends, and prose", f"```python\n{PLAIN}\nThis function adds the numbers, doesn't it?\n"),
    Answer("a fence that never begins", f"{PLAIN}```\n\nThis adds them up.\n"),
    Answer("closed behind the last statement", "```python\ndef total(numbers):\n    return sum(numbers)```\nDone."),
    Answer("closed, and words behind it", f"```python\n{PLAIN}``` That's it.\n"),
    Answer("opened with code on the line", "```python def total(numbers):\n    return sum(numbers)\n```\n"),
    Answer(
        "a whole fence on a line",
        "```python def total(numbers): return sum(numbers)```",
        "def total(numbers): return sum(numbers)\n",
    ),
    Answer(
        "in a list, indented",
        "1. Write it:\n\n   ```python\n   def total(numbers):\n       return sum(numbers)\n   ```\n",
    ),
    Answer("a new fence before the old one ends", f"```python\nimport os\n```python\n{PLAIN}```\n"),
    Answer(
        "backticks in the docstring",
        'Here:\n```python\ndef total(numbers):\n    """Sum.\n\n    ```\n    total([1])\n    ```\n    """\n'
        "    return sum(numbers)\n```\n",
        'def total(numbers):\n    """Sum.\n\n    ```\n    total([1])\n    ```\n    """\n    return sum(numbers)\n',
    ),
    # no fence
    Answer("no fence at all", PLAIN),
    Answer("no fence, prose around", f"Here is the function:\n\n{PLAIN}\nIt's short. Hope this helps!\n"),
    Answer("no fence, an example behind", f"{PLAIN}\nprint(total([1, 2]))\n"),
    Answer("no fence, import first", f"import math\n\n{PLAIN}"),
    Answer(
        "no fence, prose that begins like code",
        f"from the numbers we make a sum:\n\n{PLAIN}\nimport it where you need it.\n",
    ),
    Answer("no fence, all of it indented", "Use:\n\n    def total(numbers):\n        return sum(numbers)\n\nas above."),
    Answer("Code Llama's own marks", f"[PYTHON]\n{PLAIN}[/PYTHON]\n[TESTS]\nassert total([1]) == 1\n[/TESTS]\n"),
    # thoughts
    Answer("thoughts", f"<think>\nSum them... `def total(x): pass`?\n</think>\n\n{fenced(PLAIN)}"),
    Answer(
        "thoughts with a draft in them",
        f"<think>\n{fenced('def total(numbers):' + chr(10) + '    return 0' + chr(10))}No, that's wrong.\n</think>\n"
        + fenced(PLAIN),
    ),
    Answer("thoughts whose tag the template opened", f"Let me see.\n</think>\n{fenced(PLAIN)}"),
    Answer("thoughts by another name", f"<thinking>Easy.</thinking>{PLAIN}"),
    Answer("answered inside the thoughts", f"<think>\nSum them.\n{fenced(PLAIN)}</think>\nThere it is, above.\n"),
    rejected(CUT_OFF, f"<think>\nMaybe so:\n{fenced(PLAIN)}Or maybe not, since", "only thinking"),
    rejected("thoughts that never end", "<think>\nThe numbers are to be summed. First I", "only thinking"),
    rejected("thoughts and nothing more", "<think>\nSum them: return sum(numbers)\n</think>\n\n", "only thinking"),
    # several pieces
    Answer(
        "solution, then its use",
        fenced(PLAIN) + "Use it like this:\n" + fenced("result = total([1, 2, 3])\nprint(result)  # 6\n"),
    ),
    Answer("solution, then what it prints", fenced(PLAIN) + "Output:\n" + fenced("6\n", "")),
    Answer("how to install, then the solution", fenced("pip install numpy\n", "bash") + fenced(PLAIN)),
    Answer(
        "helper in a fence of its own",
        "A helper:\n"
        + fenced("def add(a, b):\n    return a + b\n")
        + "and then\n"
        + fenced("def total(numbers):\n    s = 0\n    for n in numbers:\n        s = add(s, n)\n    return s\n"),
        "def add(a, b):\n    return a + b\n"
        "def total(numbers):\n    s = 0\n    for n in numbers:\n        s = add(s, n)\n    return s\n",
    ),
    Answer(
        "import in a fence behind",
        fenced("def total(numbers):\n    return reduce(add, numbers, 0)\n")
        + "with\n"
        + fenced("from functools import reduce\nfrom operator import add\nimport unused\n"),
        "from functools import reduce\nfrom operator import add\n"
        "def total(numbers):\n    return reduce(add, numbers, 0)\n",
    ),
    Answer(
        "a first version and a better one",
        "Naively:\n"
        + fenced("def total(numbers):\n    s = 0\n    for n in numbers:\n        s += n\n    return s\n")
        + "Better:\n"
        + fenced(PLAIN),
    ),
    Answer(
        "the signature again, then the answer",
        "You gave me\n" + fenced(PROMPT) + "and here it is:\n" + fenced(PLAIN),
    ),
    Answer("the answer, then the signature again", fenced(PLAIN) + "It keeps your signature:\n" + fenced(PROMPT)),
    Answer(
        "a whole version, then one cut short",
        fenced(PLAIN) + "Or by hand:\n```python\ndef total(numbers):\n    s = 0\n    for n in num",
    ),
    # the shape of the answer
    Answer(
        "the prompt's own signature",
        fenced(PROMPT + "    return sum(numbers)\n"),
        STUB + "    return sum(numbers)\n",
    ),
    Answer("a name that the prompt imports", fenced(TYPED), "from typing import List\n" + TYPED),
    Answer(
        "helper and import of the prompt",
        fenced("def quarter(x):\n    return math.floor(half(half(x)))\n"),
        "import math\ndef half(x):\n    return x / 2\ndef quarter(x):\n    return math.floor(half(half(x)))\n",
        prompt=WITH_HELPER,
        entry_point="quarter",
    ),
    Answer("only the body", fenced("    return sum(numbers)\n"), STUB + "    return sum(numbers)\n"),
    Answer("only the body, at the margin", fenced("return sum(numbers)\n"), STUB + "    return sum(numbers)\n"),
    Answer(
        "only the body, its first line at the margin",
        fenced("s = 0\n    for n in numbers:\n        s += n\n    return s\n"),
        STUB + "    s = 0\n    for n in numbers:\n        s += n\n    return s\n",
    ),
    Answer("only the body, no fence", "    return sum(numbers)\n", STUB + "    return sum(numbers)\n"),
    Answer(
        "only the body, no fence, prose behind",
        "    s = sum(numbers)\n    return s\n\nThis sums the numbers.\n",
        STUB + "    s = sum(numbers)\n    return s\n",
    ),
    Answer(
        "only a signature and a docstring",
        fenced(PROMPT),
        STUB,
    ),
    Answer(
        "defined twice, the last counts",
        fenced("def total(numbers):\n    return 0\n\n\n" + PLAIN),
        "def total(numbers):\n    return 0\n" + PLAIN,
    ),
    Answer(
        "another name",
        fenced("def add_up(numbers):\n    return sum(numbers)\n"),
        "def add_up(numbers):\n    return sum(numbers)\n",
    ),
    Answer(
        "a method of a class",
        fenced("class Solution:\n    def total(self, numbers):\n        return sum(numbers)\n"),
        "class Solution:\n    def total(self, numbers):\n        return sum(numbers)\n",
    ),
    Answer("a lambda", fenced("total = lambda numbers: sum(numbers)\n"), "total = lambda numbers: sum(numbers)\n"),
    Answer(
        "in a try",
        fenced("try:\n    from fast import total\nexcept ImportError:\n    def total(numbers):\n        return 0\n"),
        "try:\n    from fast import total\nexcept ImportError:\n    def total(numbers):\n        return 0\n",
    ),
    # what the function needs
    Answer(
        "decorated",
        fenced("from functools import lru_cache\n\n@lru_cache(maxsize=None)\n" + PLAIN),
        "from functools import lru_cache\n@lru_cache(maxsize=None)\n" + PLAIN,
    ),
    Answer("async", fenced("async " + PLAIN), "async " + PLAIN),
    Answer(
        "a generator",
        fenced("def total(numbers):\n    s = 0\n    for n in numbers:\n        s += n\n        yield s\n"),
        "def total(numbers):\n    s = 0\n    for n in numbers:\n        s += n\n        yield s\n",
    ),
    Answer(
        "no return",
        fenced("def total(numbers):\n    numbers[:] = [sum(numbers)]\n"),
        "def total(numbers):\n    numbers[:] = [sum(numbers)]\n",
    ),
    Answer(
        "a class, a constant, a helper",
        fenced(
            "import collections\nSTART = 0\n\nclass Sum(collections.UserList):\n    def get(self):\n"
            "        return add(START, *self)\n\ndef add(*numbers):\n    return sum(numbers)\n\n"
            "def total(numbers):\n    return Sum(numbers).get()\n\ndef unused():\n    return START\n"
        ),
        "import collections\nSTART = 0\nclass Sum(collections.UserList):\n    def get(self):\n"
        "        return add(START, *self)\ndef add(*numbers):\n    return sum(numbers)\n"
        "def total(numbers):\n    return Sum(numbers).get()\n",
    ),
    Answer(
        "a table that a loop fills",
        fenced(
            "SQUARES = {}\nfor i in range(10):\n    SQUARES[i] = i * i\nOTHER = 1\n\n"
            "def total(numbers):\n    return sum(SQUARES[n] for n in numbers)\n"
        ),
        "SQUARES = {}\nfor i in range(10):\n    SQUARES[i] = i * i\n"
        "def total(numbers):\n    return sum(SQUARES[n] for n in numbers)\n",
    ),
    Answer(
        "a table that a helper fills",
        fenced(
            "primes = []\ndef sieve():\n    primes.extend([2, 3, 5])\nsieve()\n"
            "def total(n):\n    return sum(primes[:n])\nfor i in range(3):\n    print(total(i))\n"
        ),
        "primes = []\ndef sieve():\n    primes.extend([2, 3, 5])\nsieve()\ndef total(n):\n    return sum(primes[:n])\n",
    ),
    Answer(
        "two assigned at once",
        fenced("LOW, HIGH = 0, 9\n\ndef total(numbers):\n    return max(LOW, min(HIGH, sum(numbers)))\n"),
        "LOW, HIGH = 0, 9\ndef total(numbers):\n    return max(LOW, min(HIGH, sum(numbers)))\n",
    ),
    Answer(
        "an annotated constant",
        fenced("LIMIT: int = 9\nLIMIT += 1\ndef total(numbers):\n    return min(LIMIT, sum(numbers))\n"),
        "LIMIT: int = 9\nLIMIT += 1\ndef total(numbers):\n    return min(LIMIT, sum(numbers))\n",
    ),
    Answer(
        "an attribute of the function",
        fenced("def total(numbers):\n    total.calls += 1\n    return sum(numbers)\ntotal.calls = 0\n"),
        "def total(numbers):\n    total.calls += 1\n    return sum(numbers)\ntotal.calls = 0\n",
    ),
    Answer(
        "wrapped afterwards",
        fenced("import functools\ndef total(numbers):\n    return sum(numbers)\ntotal = functools.cache(total)\n"),
        "import functools\ndef total(numbers):\n    return sum(numbers)\ntotal = functools.cache(total)\n",
    ),
    Answer(
        "a deeper stack",
        fenced("import sys\nsys.setrecursionlimit(10**6)\ndef total(n):\n    return n[0] + total(n[1:]) if n else 0\n"),
        "import sys\nsys.setrecursionlimit(10**6)\ndef total(n):\n    return n[0] + total(n[1:]) if n else 0\n",
    ),
    Answer(
        "a star import and one from the future",
        fenced(
            "from __future__ import annotations\nfrom math import *\nimport os\n"
            "def total(numbers):\n    return fsum(numbers)\n"
        ),
        "from __future__ import annotations\nfrom math import *\ndef total(numbers):\n    return fsum(numbers)\n",
    ),
    Answer(
        "one from the future, and a name of the prompt",
        fenced("from __future__ import annotations\n" + TYPED),
        "from __future__ import annotations\nfrom typing import List\n" + TYPED,
    ),
    Answer(
        "names that are its own",
        fenced("n = int(input())\nprint(n)\ndef total(n):\n    s = sum(i for i in n)\n    return s\ns = total([n])\n"),
        "def total(n):\n    s = sum(i for i in n)\n    return s\n",
    ),
    Answer(
        "a global that it counts in",
        fenced("calls = 0\ndef total(numbers):\n    global calls\n    calls += 1\n    return sum(numbers)\n"),
        "calls = 0\ndef total(numbers):\n    global calls\n    calls += 1\n    return sum(numbers)\n",
    ),
    Answer(
        "names looked up by text",
        fenced(
            "def add(n):\n    return sum(n)\n"
            "def total(numbers):\n    return globals()['add'](numbers)\nprint(total([1]))\n"
        ),
        "from typing import List\ndef add(n):\n    return sum(n)\n"
        "def total(numbers):\n    return globals()['add'](numbers)\n",
    ),
    Answer(
        "statements that share a line",
        fenced("import math; import os; ZERO = 0; print(ZERO)\ndef total(numbers):\n    return math.fsum(numbers)\n"),
        "import math; import os; ZERO = 0; print(ZERO)\ndef total(numbers):\n    return math.fsum(numbers)\n",
    ),
    # what it does not need
    Answer("a main program", fenced(PLAIN + "\nif __name__ == '__main__':\n    print(total([1]))\n")),
    Answer("a main function", fenced(PLAIN + "\ndef main():\n    print(total([1]))\n\nmain()\n")),
    Answer("asserts", fenced(PLAIN + "\nassert total([1]) == 1\nassert total([]) == 0\n")),
    Answer("doctests run", fenced(PLAIN + "\nimport doctest\ndoctest.testmod()\n")),
    Answer(
        "unit tests",
        fenced(
            "import unittest\n" + PLAIN + "\nclass Test(unittest.TestCase):\n    def test(self):\n"
            "        self.assertEqual(total([1]), 1)\n\nunittest.main()\n"
        ),
    ),
    Answer("input is read", fenced(PLAIN + "\nwhile True:\n    print(total([int(input())]))\n")),
    Answer("an example", fenced(PLAIN + "\nexample = total([1, 2])\nprint('sum', example)\n")),
    # slips
    Answer("CRLF", fenced(PLAIN).replace("\n", "\r\n")),
    Answer("CR alone", fenced(PLAIN).replace("\n", "\r")),
    Answer(
        "tabs", fenced("def total(numbers):\n\treturn sum(numbers)\n"), "def total(numbers):\n\treturn sum(numbers)\n"
    ),
    Answer(
        "tabs and spaces",
        fenced("def total(numbers):\n    s = 0\n\tfor n in numbers:\n\t    s += n\n    return s\n"),
        "def total(numbers):\n    s = 0\n    for n in numbers:\n        s += n\n    return s\n",
    ),
    Answer("all of it indented", fenced("    def total(numbers):\n        return sum(numbers)\n")),
    Answer(
        "all but the first line indented",
        fenced("import math\n    def total(numbers):\n        return math.fsum(numbers)\n"),
        "import math\ndef total(numbers):\n    return math.fsum(numbers)\n",
    ),
    Answer("no-break spaces", fenced(PLAIN.replace("    ", "\u00a0" * 4))),
    Answer("a byte order mark and null bytes", "\ufeff```python\n\0" + PLAIN + "\0```\n"),
    Answer(
        "an interactive session",
        fenced(">>> def total(numbers):\n...     return sum(numbers)\n...\n>>> total([1, 2])\n3\n"),
    ),
    Answer(
        "words in other scripts",
        "Voilà la réponse — 你好:\n" + fenced("def total(числа):\n    π = sum(числа)\n    return π  # ∑ ☃\n"),
        "def total(числа):\n    π = sum(числа)\n    return π  # ∑ ☃\n",
    ),
    Answer(
        "a line separator in a string",
        fenced("SIGN = '\u2028\x0c'\ndef total(numbers):\n    return SIGN and sum(numbers)\n"),
        "SIGN = '\u2028\x0c'\ndef total(numbers):\n    return SIGN and sum(numbers)\n",
    ),
    Answer(
        "the tag of thoughts in a docstring",
        fenced('def total(numbers):\n    """Not </think>."""\n    return sum(numbers)\n'),
        'def total(numbers):\n    """Not </think>."""\n    return sum(numbers)\n',
    ),
    # broken
    Answer(
        "the last helper cut short",
        "```python\n" + PLAIN + "\ndef check():\n    assert total([1",
    ),
    Answer(
        "cut short in its own body",
        "```python\ndef total(numbers):\n    s = 0\n    for n in numbers:\n        s += n\n    return max(s, ",
        "def total(numbers):\n    s = 0\n    for n in numbers:\n        s += n\n",
    ),
    Answer(
        "cut short before its body",
        "```python\ndef total(numbers):\n    return (",
        "def total(numbers):\n    return (\n",
    ),
    Answer(
        "no Python in the fence",
        fenced("fn total(n: &[i32]) -> i32 { n.iter().sum() }\n"),
        "fn total(n: &[i32]) -> i32 { n.iter().sum() }\n",
    ),
    Answer("cut short, no fence", "def total(numbers):\n    return (", "def total(numbers):\n    return (\n"),
    Answer(
        "a lone surrogate",
        fenced("def total(numbers):\n    return '\udc80'\n"),
        "def total(numbers):\n    return '\udc80'\n",
    ),
    Answer(
        "functions that a decorator enters in a table",
        fenced(
            "TABLE = {}\ndef put(name):\n    def wrap(f):\n        TABLE[name] = f\n        return f\n    return wrap\n"
            "@put('+')\ndef add(a, b):\n    return a + b\n"
            "def total(numbers):\n    return sum(TABLE['+'](n, 0) for n in numbers)\n"
            "@timed\ndef other(numbers):\n    return 0\n"
        ),
        "TABLE = {}\ndef put(name):\n    def wrap(f):\n        TABLE[name] = f\n        return f\n    return wrap\n"
        "@put('+')\ndef add(a, b):\n    return a + b\n"
        "def total(numbers):\n    return sum(TABLE['+'](n, 0) for n in numbers)\n",
    ),
    Answer(
        "functions of one name for each type",
        fenced(
            "from functools import singledispatch\n@singledispatch\ndef worth(x):\n    return 0\n"
            "@worth.register(int)\ndef _(x):\n    return x\n@worth.register\ndef text(x: str):\n    return len(x)\n"
            "def total(numbers):\n    return sum(map(worth, numbers))\n"
        ),
        "from functools import singledispatch\n@singledispatch\ndef worth(x):\n    return 0\n"
        "@worth.register(int)\ndef _(x):\n    return x\n@worth.register\ndef text(x: str):\n    return len(x)\n"
        "def total(numbers):\n    return sum(map(worth, numbers))\n",
    ),
    Answer(
        "a class that is set up by calls, and one that is tried out",
        fenced(
            "class Kept:\n    found = {}\n    @classmethod\n    def add(cls, k, v):\n        cls.found[k] = v\n"
            "Kept.add('start', 0)\nsetattr(Kept, 'step', 1)\n"
            "class Tried:\n    @staticmethod\n    def go(x):\n        return total(x)\nTried.go([1])\n"
            "def total(numbers):\n    return sum(numbers, Kept.found['start']) * Kept.step\n"
            "Kept.add('total', total([1, 2]))\n"
        ),
        "class Kept:\n    found = {}\n    @classmethod\n    def add(cls, k, v):\n        cls.found[k] = v\n"
        "Kept.add('start', 0)\nsetattr(Kept, 'step', 1)\n"
        "def total(numbers):\n    return sum(numbers, Kept.found['start']) * Kept.step\n",
    ),
    rejected("nothing", "", "empty"),
    rejected("blanks", " \n\t\r\n", "empty"),
    rejected("prose", "I'm sorry, but I can't help with that.\n\nNote: sums are hard. (See above)", "no code"),
    rejected("an empty fence", "```python\n```\n", "no code"),
    rejected("only what it would print", "The output is\n\n```\n[1, 2, 3]\n```\n", "no code"),
    # programs that are run whole
    Answer(
        "a program",
        "Read and print:\n"
        + fenced("n = int(input())\nif __name__ == '__main__':\n    print(n)\n")
        + fenced("3\n", ""),
        "n = int(input())\nif __name__ == '__main__':\n    print(n)\n",
        prompt="Print the number.",
        entry_point=None,
    ),
]

"""Chat answers that define the function more than once, show it off, or set something up for it."""

from textwrap import dedent

from helpers.awkward import PLAIN, WITH_HELPER, Answer, fenced
from helpers.chat_answers.code import DRAFT, LOOP

LATER_BLOCKS = [
    Answer(f"later: {name}", fenced(PLAIN) + "Then:\n" + fenced(code))
    for name, code in {
        "import": "from solution import total\n\ndef test_total():\n    assert total([1]) == 1\n",
        "import by another name": "from solution import add_all as total\n",
        "attribute of an import": "import solution\ntotal = solution.total\nprint(total([1]))\n",
        "attribute of an import by another name": "import solution as s\n\ntotal = s.total\n",
        "import of everything": "from solution import *\n\nassert total([1]) == 1\n",
        "import in a function": "def main():\n    from solution import total\n    print(total([1]))\n",
        "import behind a path": "import sys\nsys.path.append('.')\nfrom solution import total\nprint(total([1]))\n",
        "result": "total = total([2, 3])\nprint(total)\n",
        "results": "total, n = total([2, 3]), 2\n",
        "result of a result": "total = round(total([2.5, 3]))\n",
        "data": "total = [1, 2, 3]\n",
        "number": "total: int = 6\n",
        "loop": "for total in (total([1]), total([2])):\n    print(total)\n",
        "with": "with open('sum.txt') as total:\n    print(total.read())\n",
        "dots": "def total(numbers):\n    ...\n    return s\n",
        "dots for a value": "def total(numbers):\n    s = ...\n    return s\n",
        "comment with dots": "def total(numbers):\n    # ... as before\n    return round(s)\n",
        "rest left out": "def total(numbers):\n    s = 0.0\n    # rest of the code\n    return s\n",
        "raises": "def total(numbers):\n    raise NotImplementedError\n",
        "raises with a text": "def total(numbers):\n    '''Sum.'''\n    raise NotImplementedError('yours')\n",
        "pass": "def total(numbers):\n    # Your code here\n    pass\n",
        "returns a constant": "def total(numbers):\n    # TODO: implement\n    return 0\n",
        "wrapped": "import functools\ntotal = functools.cache(total)\n",
        "compared": "from timeit import timeit\nprint(timeit(lambda: total([1])))\n",
        "deleted": "del total\n",
    }.items()
] + [
    Answer("same block: result", fenced(PLAIN + "\ntotal = total([1, 2])\nprint(total)\n")),
    Answer("same block: import behind", fenced(PLAIN + "\nfrom solution import total\nassert total([1]) == 1\n")),
    Answer("same block: import before", fenced("from solution import total\n\n" + PLAIN)),
    Answer("same block: template behind", fenced(PLAIN + "\ndef total(numbers):\n    ...\n")),
    Answer("same block: main program", fenced(PLAIN + "\nif __name__ == '__main__':\n    total = total([1])\n")),
    Answer("outside fences: result", PLAIN + "\nThen use it:\n\ntotal = total([1, 2])\nprint(total)\n"),
    Answer(
        "imports of the version before",
        fenced("from math import fsum\n\ndef total(numbers):\n    return fsum(numbers) + 1\n")
        + "One too many. Corrected:\n"
        + fenced("def total(numbers):\n    return fsum(numbers)\n"),
        "from math import fsum\ndef total(numbers):\n    return fsum(numbers)\n",
    ),
    Answer(
        "a comment that was left from the template",
        fenced(DRAFT)
        + "Or, better:\n"
        + fenced("def total(numbers):\n    # Your code here\n    return sum(numbers)\n"),
        "def total(numbers):\n    # Your code here\n    return sum(numbers)\n",
    ),
    Answer(
        "dots that leave nothing out",
        fenced(DRAFT)
        + "Better:\n"
        + fenced("def total(numbers):\n    try:\n        return sum(numbers)\n    except TypeError:\n        ...\n"),
        "def total(numbers):\n    try:\n        return sum(numbers)\n    except TypeError:\n        ...\n",
    ),
    Answer(
        "only an import",
        fenced("from math import fsum as total\n"),
        "from math import fsum as total\n",
    ),
    Answer(
        "only an excerpt",
        fenced("def total(numbers):\n    ...\n    return s\n"),
        "def total(numbers):\n    ...\n    return s\n",
    ),
    Answer(
        "another name for a function",
        fenced(DRAFT) + "Better:\n" + fenced("def add_up(ns):\n    return sum(ns)\n\ntotal = add_up\n"),
        "def add_up(ns):\n    return sum(ns)\ntotal = add_up\n",
    ),
    Answer(
        "a method under the name",
        fenced("class Solution:\n    def total(self, ns):\n        return sum(ns)\n\ntotal = Solution().total\n"),
        "class Solution:\n    def total(self, ns):\n        return sum(ns)\ntotal = Solution().total\n",
    ),
    Answer(
        "made by a function",
        fenced("def maker(f):\n    return lambda ns: f(ns)\n\ntotal = maker(sum)\n"),
        "def maker(f):\n    return lambda ns: f(ns)\ntotal = maker(sum)\n",
    ),
    Answer(
        "a helper of the prompt is imported",
        fenced("def quarter(x):\n    return half(half(x)) // 1\n")
        + "Test it:\n"
        + fenced("from solution import half, quarter\nassert quarter(8) == 2\n"),
        "def half(x):\n    return x / 2\ndef quarter(x):\n    return half(half(x)) // 1\n",
        prompt=WITH_HELPER,
        entry_point="quarter",
    ),
    Answer(
        "a class that is imported later",
        fenced("class Sum:\n    def get(self):\n        return 0\n")
        + "Use:\n"
        + fenced("from solution import Sum\nSum()\n"),
        "class Sum:\n    def get(self):\n        return 0\n",
        entry_point="Sum",
    ),
    Answer(
        "a class without bodies, later",
        fenced("class Sum:\n    def get(self):\n        return 0\n")
        + "Interface:\n"
        + fenced("class Sum:\n    '''A sum.'''\n    def get(self):\n        raise NotImplementedError\n"),
        "class Sum:\n    def get(self):\n        return 0\n",
        entry_point="Sum",
    ),
]

CASTS = "def total(numbers):\n    return sum(list(map(int, numbers)))\n"
SHADOWS = [
    Answer(f"usage binds a builtin: {name}", fenced(CASTS) + "Try it:\n" + fenced(code), CASTS)
    for name, code in {
        "data": "list = [1, 2]\nprint(total(list))\n",
        "result": "sum = total([1]) + total([2])\n",
        "its own result": "sum = sum([1, 2])\n",
        "loop": "for int in (1, 2):\n    print(total([int]))\n",
        "two": "list, map = [1], {}\n",
        "walrus": "print(total(list := [1, 2]))\n",
        "input": "list = input().split()\n",
        "with": "with open('n') as map:\n    pass\n",
        "import": "from numpy import array, sum\nprint(total(array([1])))\n",
    }.items()
] + [
    Answer("same block: data", fenced(CASTS + "\nlist = [1, 2]\nprint(total(list))\n"), CASTS),
    Answer("same block: main program", fenced(CASTS + "\nif __name__ == '__main__':\n    list = [1]\n"), CASTS),
    Answer(
        "data by a builtin's name that the function reads",
        fenced("dict = {1: 'one'}\ndef total(numbers):\n    return [dict[n] for n in numbers]\n"),
        "dict = {1: 'one'}\ndef total(numbers):\n    return [dict[n] for n in numbers]\n",
    ),
    Answer(
        "a function by a builtin's name, in a block of its own",
        fenced("def sum(ns):\n    return len(ns)\n") + "and\n" + fenced(PLAIN),
        "def sum(ns):\n    return len(ns)\n" + PLAIN,
    ),
    Answer(
        "a builtin that is wrapped",
        fenced("from functools import partial\nsum = partial(sum, start=1)\n" + PLAIN),
        "from functools import partial\nsum = partial(sum, start=1)\n" + PLAIN,
    ),
    Answer(
        "usage binds a name that the prompt imports",
        fenced("def total(numbers: List[int]):\n    return sum(numbers)\n")
        + "Try:\n"
        + fenced("List = [1]\ntotal(List)\n"),
        "from typing import List\ndef total(numbers: List[int]):\n    return sum(numbers)\n",
    ),
    Answer(
        "usage binds the prompt's helper",
        fenced("def quarter(x):\n    return half(half(x)) // 1\n") + "Try:\n" + fenced("half = quarter(8) / 2\n"),
        "def half(x):\n    return x / 2\ndef quarter(x):\n    return half(half(x)) // 1\n",
        prompt=WITH_HELPER,
        entry_point="quarter",
    ),
]


def needed(code):
    """The lines of a program without the empty ones: a program that is taken out has none between its statements."""
    return "".join(f"{line}\n" for line in dedent(code).split("\n") if line)


ZERO = LOOP.replace("s = 0", "s = ZERO")
COUNTED = """
    class Op:
        known = {}
        def __init_subclass__(cls):
            Op.known[cls.__name__] = cls
"""
FROM_TABLE = "def total(ns):\n    return sum(ns, TABLE[0])\n"
SET_UPS = [
    # all of the fence is needed
    *(
        Answer(f"set up: {name}", fenced(needed(code) + needed(end)), needed(code) + needed(end))
        for name, code, end in (
            (
                "a global that only a called function binds",
                """
                def prepare():
                    global ZERO
                    ZERO = 0
                prepare()
                """,
                ZERO,
            ),
            (
                "a global that a method binds",
                """
                class Setup:
                    def run(self):
                        global ZERO
                        ZERO = 0
                Setup().run()
                """,
                ZERO,
            ),
            (
                "a global that a main function binds",
                """
                def main():
                    global ZERO
                    ZERO = 0
                    print(total([1]))
                main()
                """,
                ZERO,
            ),
            ("globals by a call", "globals().update(ZERO=0)", ZERO),
            ("globals by an item", "globals()['ZERO'] = 0", ZERO),
            ("globals in a loop", "for name in ('ZERO', 'ONE'):\n    globals()[name] = 0", ZERO),
            ("a module's attribute", "import sys\nsetattr(sys.modules[__name__], 'ZERO', 0)", ZERO),
            ("a text that is run", "exec('ZERO = 0')", ZERO),
            (
                "subclasses that are counted",
                dedent(COUNTED) + "class Plus(Op):\n    run = sum\n",
                "def total(ns):\n    return Op.known['Plus'].run(ns)\n",
            ),
            (
                "subclasses of subclasses",
                dedent(COUNTED) + "class Sum(Op):\n    pass\nclass Plus(Sum):\n    run = sum\n",
                "def total(ns):\n    return Op.known['Plus'].run(ns)\n",
            ),
            (
                "subclasses in a table beside",
                """
                TABLE = []
                class Op:
                    def __init_subclass__(cls):
                        TABLE.append(cls.start)
                class Plus(Op):
                    start = 0
                """,
                FROM_TABLE,
            ),
            (
                "subclasses that a metaclass counts",
                """
                TABLE = []
                class Meta(type):
                    def __init__(cls, *rest):
                        TABLE.append(0)
                class Op(metaclass=Meta):
                    pass
                class Plus(Op):
                    pass
                """,
                FROM_TABLE,
            ),
            (
                "subclasses that Python counts",
                """
                class Op:
                    pass
                class Plus(Op):
                    run = sum
                """,
                "def total(ns):\n    return Op.__subclasses__()[0].run(ns)\n",
            ),
            ("another name for a list", "TABLE = []\nrows = TABLE\nrows.append(0)", FROM_TABLE),
            ("another name for another name", "TABLE = []\nrows = TABLE\nmore = rows\nmore += [0]", FROM_TABLE),
            ("a name for a method", "TABLE = []\nput = TABLE.append\nput(0)", FROM_TABLE),
            ("a part of a table", "TABLE = [[]]\nrows = TABLE[0]\nrows.append(0)", FROM_TABLE),
            ("a lambda that fills", "TABLE = []\nput = lambda n: TABLE.append(n)\nput(0)", FROM_TABLE),
            (
                "an object over a table",
                """
                TABLE = []
                class Rows:
                    def __init__(self, rows):
                        self.rows = rows
                    def put(self, n):
                        self.rows.append(n)
                rows = Rows(TABLE)
                rows.put(0)
                """,
                FROM_TABLE,
            ),
            (
                "a function with another name for a table",
                """
                TABLE = []
                rows = TABLE
                def put(n):
                    rows.append(n)
                put(0)
                """,
                FROM_TABLE,
            ),
        )
    ),
    # nothing but the function is
    *(
        Answer(f"not set up: {name}", fenced(PLAIN + needed(code)))
        for name, code in {
            "a main function with a global of its own": """
                def main():
                    global result
                    result = total([1])
                main()
            """,
            "globals that nobody needs": "globals().update(DEBUG=1)\nexec('x = 1')",
            "another name for the function, tried out": "f = total\nresults = []\nresults.append(f([1]))",
        }.items()
    ),
    Answer(
        "a subclass that nobody needs",
        fenced("class Op:\n    run = sum\nclass Minus(Op):\n    pass\ndef total(ns):\n    return Op.run(ns)\n"),
        "class Op:\n    run = sum\ndef total(ns):\n    return Op.run(ns)\n",
    ),
    Answer(
        "set up in a block behind",
        fenced("def total(ns):\n    total.calls += 1\n    return sum(ns)\n") + "and\n" + fenced("total.calls = 0\n"),
        "def total(ns):\n    total.calls += 1\n    return sum(ns)\ntotal.calls = 0\n",
    ),
]

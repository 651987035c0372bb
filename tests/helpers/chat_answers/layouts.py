"""Chat answers whose layout is not what was meant: fences, spaces, margins, quotes, escapes."""

import json
from textwrap import dedent

from helpers.awkward import PLAIN, STUB, Answer, fenced, rejected
from helpers.chat_answers.code import BODY, DRAFT, LAST, LOOP

FENCES = [
    Answer("opened behind words", f"{fenced(DRAFT)}Always 0. Better: ```python\n{PLAIN}```\n"),
    Answer("opened behind words, no label", f"{fenced(DRAFT)}Always 0. Better: ```\n{PLAIN}```\n"),
    Answer("opened behind words, without a space", f"Better:```python\n{PLAIN}```\nThat's it.\n"),
    Answer(
        "opened behind a bullet",
        f"{fenced(DRAFT)}- ```python\n  def total(numbers):\n      return sum(numbers)\n  ```\n",
    ),
    Answer("opened behind a number", f"1. ```python\n{DRAFT}```\n2. ```py\n{PLAIN}```\n"),
    Answer("opened behind bold words", f"{fenced(DRAFT)}**Final answer:** ```python\n{PLAIN}```\n"),
    Answer("opened behind words, never closed", f"{fenced(DRAFT)}Better: ```python\n{PLAIN}"),
    Answer(
        "code on the line behind words",
        f"{fenced(DRAFT)}So: ```python def total(numbers):\n    return sum(numbers)\n```\n",
    ),
    Answer(
        "all on a line behind words",
        f"{fenced(DRAFT)}So: ```python def total(numbers): return sum(numbers)```\n",
        "def total(numbers): return sum(numbers)\n",
    ),
    Answer(
        "closed behind the code, words behind",
        "```python\ndef total(numbers):\n    return sum(numbers)``` That's it.\n",
    ),
    Answer("never closed, the next behind words", f"```python\n{DRAFT}Always 0. Better: ```python\n{PLAIN}```\n"),
    Answer("code in a line of words", f"Use ```sum``` like so:\n{fenced(PLAIN)}It is `sum`, not ```max```.\n"),
    Answer("a glued fence, none before", "def total(numbers):\n    return sum(numbers)```\n\nThat sums them.\n"),
    Answer(
        "a fence in a program's text",
        fenced("def total(s):\n    if s.startswith('```python'):\n        s = s[9:]\n    return s.strip('```')\n"),
        "def total(s):\n    if s.startswith('```python'):\n        s = s[9:]\n    return s.strip('```')\n",
    ),
]

SIGNS = {"U+00A0": "\u00a0", "U+1680": "\u1680", "U+2000": "\u2000", "U+2003": "\u2003", "U+2009": "\u2009"}
SIGNS |= {"U+200A": "\u200a", "U+202F": "\u202f", "U+205F": "\u205f", "U+3000": "\u3000"}
JOINERS = {"U+00AD": "\u00ad", "U+200B": "\u200b", "U+200C": "\u200c", "U+200D": "\u200d", "U+200E": "\u200e"}
JOINERS |= {"U+202A": "\u202a", "U+2060": "\u2060", "U+2066": "\u2066", "U+FEFF": "\ufeff", "U+180E": "\u180e"}
SPACES = [
    *(Answer(f"{name} as margin", fenced(LOOP.replace("    ", sign * 4)), LOOP) for name, sign in SIGNS.items()),
    *(
        Answer(f"{name} between words", fenced(LOOP.replace(" += ", f"{sign}+={sign}")), LOOP)
        for name, sign in SIGNS.items()
    ),
    *(
        Answer(f"{name} behind words", f"Here:\n\n{LOOP.replace('    ', sign * 4)}\nIt’s done.\n", LOOP)
        for name, sign in SIGNS.items()
    ),
    *(
        Answer(f"{name} in a body", LOOP.partition("\n")[2].replace("    ", sign * 4), STUB + BODY)
        for name, sign in SIGNS.items()
    ),
    *(
        Answer(f"{name} behind a line", fenced(LOOP.replace("\n    return", f"{sign}\n    return")), LOOP)
        for name, sign in JOINERS.items()
    ),
    *(Answer(f"{name} at the end", f"Here:\n\n{LAST}{sign}\n\nThat’s it.", LOOP) for name, sign in JOINERS.items()),
    Answer("U+2028 for line ends", fenced(LOOP.replace("\n", "\u2028")), LOOP),
    Answer(
        "signs in a program's text stay",
        fenced("def total(s):\n\u2003   return s + '\u00a0\u200d“”' + \"it’s\"\n"),
        "def total(s):\n    return s + '\u00a0\u200d“”' + \"it’s\"\n",
    ),
]

FIRST_LINES = [
    *(
        Answer(
            f"a first line with {count} spaces{', fenced' * bool(fence)}", fenced(text) if fence else text, STUB + BODY
        )
        for count in (0, 1, 2, 3, 5, 6, 7)
        for fence in (True, False)
        for text in [" " * count + BODY.lstrip()]
    ),
    *(
        Answer(
            f"a first line with {count} spaces, and words",
            f"{' ' * count}{BODY.lstrip()}\nThis adds them up.\n",
            STUB + BODY,
        )
        for count in (0, 3, 5)
    ),
    *(
        Answer(
            f"a first line with {count} spaces that opens a block",
            fenced(" " * count + "if not numbers:\n        return 0\n    return sum(numbers)\n"),
            STUB + "    if not numbers:\n        return 0\n    return sum(numbers)\n",
        )
        for count in (0, 3, 5)
    ),
    *(
        Answer(f"a function with {count} spaces before", fenced(" " * count + LOOP), dedent(" " * count + LOOP))
        for count in (1, 2, 3)
    ),
    Answer("a body, and no prompt that has its head", fenced(BODY), dedent(BODY), prompt=""),
    Answer("tabs, then spaces", "\t" + BODY.lstrip(), STUB + BODY),
    Answer("spaces, then tabs", "    s = 0\n\tfor n in numbers:\n\t\ts += n\n\treturn s\n", STUB + BODY),
]

QUOTED = "".join(f"> {line}\n" for line in fenced(PLAIN).splitlines())
COMPARES = "def total(numbers):\n    return sum(n for n in numbers if n > 0 and n < 9)\n"
ESCAPED = COMPARES.replace(">", "&gt;").replace("<", "&lt;")
LAYOUTS = [
    Answer("a block quote", QUOTED),
    Answer("a block quote among words", f"You asked:\n\n> sum them\n\nHere:\n\n{QUOTED}\nDone.\n"),
    Answer("a block quote without spaces", QUOTED.replace("> ", ">"), PLAIN.replace("    ", "   ")),
    Answer("a block quote in a block quote", "".join(f"> {line}\n" for line in QUOTED.splitlines())),
    Answer("a block quote without fences", "".join(f"> {line}\n" for line in PLAIN.splitlines())),
    Answer("a question quoted, then the answer", f"> ```python\n> def total(numbers): ...\n> ```\n\n{fenced(PLAIN)}"),
    Answer("an echo of the prompt, the answer quoted", fenced("def total(numbers):\n    pass\n") + QUOTED),
    Answer("HTML's escapes", fenced(ESCAPED), COMPARES),
    Answer("HTML's escapes, no fence", f"Here:\n\n{ESCAPED}\nDone.\n", COMPARES),
    Answer("HTML's tags and escapes", f'<pre><code class="language-python">{ESCAPED}</code></pre>', COMPARES),
    Answer(
        "HTML's quotes",
        fenced("def total(n):\n    return &quot;a&quot; &amp; &#39;b&#39;\n"),
        "def total(n):\n    return \"a\" & 'b'\n",
    ),
    Answer(
        "HTML's escapes in a program's text",
        fenced("def total(s):\n    return s.replace('&lt;', '<') & 1\n"),
        "def total(s):\n    return s.replace('&lt;', '<') & 1\n",
    ),
    Answer(
        "HTML's escapes in a program's comment",
        fenced("def total(s):\n    # for < there is &lt; and that's it\n    return s.replace('<', '&lt;')\n"),
        "def total(s):\n    # for < there is &lt; and that's it\n    return s.replace('<', '&lt;')\n",
    ),
    Answer("JSON", '{"code": "def total(numbers):\\n    return sum(numbers)\\n"}'),
    Answer("JSON, fenced", fenced('{"code": "def total(numbers):\\n    return sum(numbers)"}\n', "json")),
    Answer(
        "JSON with a fence in it",
        '{"thought": "sum", "answer": "```python\\ndef total(numbers):\\n    return sum(numbers)\\n```"}',
    ),
    Answer("JSON in JSON", '{"arguments": "{\\"code\\": \\"def total(numbers):\\\\n    return sum(numbers)\\"}"}'),
    Answer("JSON with line ends in its texts", '{"code": "def total(numbers):\n    return sum(numbers)\n"}'),
    Answer("JSON with words behind", '{"code": ["def total(numbers):\\n    return sum(numbers)"]}\nDone.'),
    Answer("line numbers", fenced("1 def total(numbers):\n2     return sum(numbers)\n")),
    Answer("line numbers with colons", fenced("1: def total(numbers):\n2:     return sum(numbers)\n")),
    Answer("line numbers with bars", fenced(" 9 | def total(numbers):\n10 |     return sum(numbers)\n")),
    Answer("line numbers with tabs", fenced("     1\tdef total(numbers):\n     2\t    return sum(numbers)\n")),
    Answer(
        "typeset quotes",
        fenced("def total(numbers):\n    “““Sum.”””\n    return ‘’.join(numbers) + “a”\n"),
        'def total(numbers):\n    """Sum."""\n    return \'\'.join(numbers) + "a"\n',
    ),
    Answer(
        "typeset quotes, no fence",
        "Here:\n\ndef total(numbers):\n    return “a”\n\nIt’s done.\n",
        'def total(numbers):\n    return "a"\n',
    ),
    Answer("three quotes for fences", f"'''python\n{PLAIN}'''\n"),
    Answer("three double quotes for fences", f'Here:\n"""py\n{PLAIN}"""\nDone.\n'),
    Answer("three quotes without a label", f"'''\n{PLAIN}'''\n"),
    Answer(
        "three quotes around a body", "'''python\n    return sum(numbers)\n'''\n", STUB + "    return sum(numbers)\n"
    ),
    Answer(
        "a diff", fenced("@@ -1,2 +1,2 @@\n def total(numbers):\n-    return 0\n+    return sum(numbers)\n", "diff")
    ),
    Answer(
        "a diff of a new file",
        fenced("--- /dev/null\n+++ b/a.py\n+def total(numbers):\n+    return sum(numbers)\n", "diff"),
    ),
    Answer(
        "Markdown's escapes",
        "def total(numbers):\n    s\\_1 = sum(numbers)\n    return s\\_1\n",
        "def total(numbers):\n    s_1 = sum(numbers)\n    return s_1\n",
    ),
    Answer("line ends written out", fenced("def total(numbers):\\n    return sum(numbers)\n")),
]

PROGRAM = "n = int(input())\nif n > 0 and n < 9:\n    print(n)\n"
WHOLE_PROGRAMS = [
    Answer(name, text, PROGRAM, prompt="Print the number.", entry_point=None)
    for name, text in {
        "thoughts": f"<reasoning>\n{fenced('print(0)' + chr(10))}\n</reasoning>\n{fenced(PROGRAM)}",
        "harmony": f"<|channel|>analysis<|message|>Hm.<|end|><|channel|>final<|message|>{fenced(PROGRAM)}",
        "marks around": f"[PYTHON]{PROGRAM}[/PYTHON]",
        "an end": PROGRAM.rstrip() + "<|im_end|>",
        "an end in a fence": f"```python\n{PROGRAM.rstrip()}</s>\n```",
        "opened behind words": f"So: ```python\n{PROGRAM}```\n",
        "spaces": fenced(PROGRAM.replace("    ", "\u2003" * 4)),
        "in a list": "1. Write:\n\n   " + fenced(PROGRAM).replace("\n", "\n   "),
        "a block quote": "".join(f"> {line}\n" for line in fenced(PROGRAM).splitlines()),
        "HTML's escapes": fenced(PROGRAM.replace("<", "&lt;").replace(">", "&gt;")),
        "JSON": json.dumps({"code": PROGRAM}),
        "three quotes": f"'''python\n{PROGRAM}'''",
    }.items()
] + [rejected("whole: cut-off thoughts", f"<think>\n{fenced(PROGRAM)}", "only thinking")._replace(entry_point=None)]

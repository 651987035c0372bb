"""The code that chat answers are made of."""

from helpers.awkward import fenced

DRAFT = "def total(numbers):\n    return 0\n"
BODY = "    s = 0\n    for n in numbers:\n        s += n\n    return s\n"
LOOP = "def total(numbers):\n" + BODY
LAST = LOOP.rstrip("\n")
THOUGHT = f"Maybe\n{fenced(DRAFT)}no, that is always 0."

"""What each benchmark is: one row per benchmark, with the facts that more than one stage needs.

Sampling stops where execution cuts, a report says how much of the whole was judged: so these are said here, once. A
benchmark is a row here and a loader in problems/. docs/how-to/add-a-benchmark.md adds one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from isobudget.study.languages import PYTHON

TEMPERATURE = 0.8  # of the paper, where the benchmark has none of its own
# Where a completion of a Python function is over: the next thing at column zero.
PYTHON_STOPS = ("\nclass ", "\ndef ", "\n#", "\n@", "\nif ", "\nprint(", "\nassert ", "\nimport ", "\nfrom ", "\n```")
# Where a list of asserts is over; comments may stand between them.
TEST_STOPS = ("\nclass ", "\ndef ", "\n@", "\nif ", "\nfor ", "\nprint(", "\nimport ", "\nfrom ", "\n```", '\n"""')
# Where an answer to a prompt of examples is over: its closing mark, or the next example.
MBPP_STOPS = ("[DONE]", "\n[BEGIN]", "\nYou are an expert Python programmer")
APPS_STOPS = ("```", "\nQ: ")
# What APPS puts before every program (hendrycks/apps, eval/testing_util.py): its own solutions rely on it.
APPS_BEFORE = """\
import sys
import time
import itertools
import collections
import math
import fractions
import random
import heapq
from itertools import accumulate, product, permutations, combinations
from collections import Counter, OrderedDict, deque, defaultdict, ChainMap
from functools import lru_cache
from math import sqrt, sin, cos, tan, ceil, fabs, floor, gcd, exp, log, log2
from typing import List, Tuple, Optional
from heapq import heappush, heappop, heapify, heapreplace, merge, nlargest, nsmallest, heappushpop
try:
    import numpy as np
except ImportError:
    pass
"""


@dataclass(frozen=True)
class Benchmark:
    """What one benchmark is.

    Attributes:
        loader: the module that loads its problems, with the functions `problems` and `source`.
        version: raised when the problems themselves change. Problems are read by sampling, so an edit of the loader
            must not run hours of models again; this number does.
        problems: how many the whole of it has.
        max_tokens: new tokens at most, where the study says none; that of the paper (Hassid et al., 2024).
        temperature: where the study says none; that of the paper.
        stop: sampling stops there, execution cuts there.
        chat: how its problems are put to chat models, a form of sampling/prompts.py; None: they are not yet.
        continues: whether a program is the prompt and its completion, or the completion alone.
        before: imports that the benchmark puts before every program.
        excusable: share of problems whose own reference may fail before that is an error of the machine.
        at_hand: the sources of tests at hand, fewer than those that judge: examples in the prompt, single asserts.
        asserts: whether a model can be asked for asserts of its functions (sampling/written.py).
        data: whether a local file of the same schema may stand for the hub.
        language: what its programs are written in, a row of languages.py.
    """

    name: str
    loader: str
    version: int
    problems: int
    max_tokens: int
    stop: tuple[str, ...]
    temperature: float = TEMPERATURE
    chat: str | None = None
    continues: bool = True
    before: str = ""
    excusable: float = 0.0
    at_hand: tuple[str, ...] = ()
    asserts: bool = False
    data: bool = False
    language: str = PYTHON

    def running(self, *keys: str) -> dict[str, object]:
        """Those of these attributes that are not as for most benchmarks: stages are told no others."""
        usual = {key: type(self).__dataclass_fields__[key].default for key in keys}
        return {key: getattr(self, key) for key in keys if getattr(self, key) != usual[key]}


_MBPP = Benchmark(
    name="mbpp",
    loader="isobudget.problems.mbpp",
    version=1,
    problems=500,
    max_tokens=256,
    stop=MBPP_STOPS,
    continues=False,
    excusable=0.05,
    at_hand=("assert:1", "assert:2", "assert:3"),
    asserts=True,
    data=True,
)
_APPS = Benchmark(
    name="apps-introductory",
    loader="isobudget.problems.apps",
    version=1,
    problems=1000,
    max_tokens=256,
    stop=APPS_STOPS,
    temperature=0.6,
    continues=False,
    before=APPS_BEFORE,
    excusable=0.05,
    at_hand=("examples",),
    data=True,
)
_ROWS = (
    Benchmark(
        name="humaneval",
        loader="isobudget.problems.humaneval",
        version=1,
        problems=164,
        max_tokens=512,
        stop=PYTHON_STOPS,
        chat="function-1",
        at_hand=("examples",),
        asserts=True,
    ),
    _MBPP,
    replace(_MBPP, name="mbpp-sanitized", problems=257),
    _APPS,
    replace(_APPS, name="apps-interview", problems=3000),
    replace(_APPS, name="apps-competition"),
)
BENCHMARKS: Mapping[str, Benchmark] = {row.name: row for row in _ROWS}

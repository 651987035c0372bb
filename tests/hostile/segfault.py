# crashed
# reads address 0
import ctypes

ctypes.string_at(0)


def add(a, b):
    return a + b

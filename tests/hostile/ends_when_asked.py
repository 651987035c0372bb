# error
# closes its link in the middle of an answer
import os


def add(a, b):
    os.write(3, b"\x20\x00")
    os.close(3)
    return a + b

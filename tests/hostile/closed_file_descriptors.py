# error
# closes everything
import os

os.closerange(0, 1000)


def add(a, b):
    return a + b

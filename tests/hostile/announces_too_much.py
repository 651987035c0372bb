# failed
# a message that says it is four gigabytes long
import os


def add(a, b):
    os.write(3, b"\xff\xff\xff\xff{}")
    return a + b

# timeout
# hands the endless loop to a child
import os

if os.fork() == 0:
    while True:
        pass
os.wait()


def add(a, b):
    return a + b

# passed
# writes more than a file may hold, and looks for what others wrote
import os
import sys

for _ in range(400):
    sys.stderr.write("x" * 50_000)
sys.stderr.flush()
os.lseek(2, 0, os.SEEK_SET)


def add(a, b):
    return a + b if not os.read(2, 10) else 0

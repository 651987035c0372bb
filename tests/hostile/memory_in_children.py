# memory crashed timeout
# stays below its limit in each of many processes
import os
import time

for _ in range(16):
    if os.fork() == 0:
        held = b"x" * (150 << 20)
        time.sleep(1000)
time.sleep(1000)


def add(a, b):
    return a + b

# memory
# pages that are shared with nobody any more, in children that sleep
import mmap
import os
import time

for _ in range(8):
    if os.fork() == 0:
        shared = mmap.mmap(-1, 100 << 20)
        for place in range(0, 100 << 20, 4096):
            shared[place] = 1
        time.sleep(60)
        os._exit(0)
time.sleep(60)


def add(a, b):
    return a + b

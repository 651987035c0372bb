# timeout
# SIGSTOP to itself
import os
import signal

os.kill(os.getpid(), signal.SIGSTOP)


def add(a, b):
    return a + b

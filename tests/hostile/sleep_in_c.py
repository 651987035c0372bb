# timeout
# waits where no Python signal handler runs
import ctypes

ctypes.CDLL(None).sleep(1000)


def add(a, b):
    return a + b

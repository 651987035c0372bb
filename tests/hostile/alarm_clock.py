# crashed
# a timer of its own ends it
import signal
import time

signal.setitimer(signal.ITIMER_REAL, 0.1)
time.sleep(5)


def add(a, b):
    return a + b

# passed
# timers and handlers left running
import signal

signal.signal(signal.SIGALRM, lambda *about: None)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)


def add(a, b):
    return a + b

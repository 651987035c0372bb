# timeout
# children that nobody waits for take their CPU time along
import os
import signal
import time

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for _ in range(16):
    child = os.fork()
    if child == 0:
        while time.process_time() < 0.4:
            pass
        os._exit(0)
    try:
        os.waitpid(child, 0)
    except ChildProcessError:
        pass


def add(a, b):
    return a + b

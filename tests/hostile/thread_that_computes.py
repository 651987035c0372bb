# passed
# computes in a thread while its first one waits; what sleeps is not always idle
import threading
import time


def compute():
    while time.process_time() < 0.7:
        sum(range(1000))


thread = threading.Thread(target=compute)
thread.start()
thread.join()


def add(a, b):
    return a + b

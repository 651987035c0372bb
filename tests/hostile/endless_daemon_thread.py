# passed
# leaves a thread that never ends
import threading


def spin():
    while True:
        pass


threading.Thread(target=spin).start()


def add(a, b):
    return a + b

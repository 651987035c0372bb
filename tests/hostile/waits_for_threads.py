# timeout
# threads that never end before the tests
import threading

threads = [threading.Thread(target=lambda: threading.Event().wait()) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()


def add(a, b):
    return a + b

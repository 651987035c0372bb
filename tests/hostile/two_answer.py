# failed error
# a child that answers as well, and wrongly
import os
import struct
import threading

body = b'{"value": 0}'


def shout():
    while True:
        try:
            os.write(3, struct.pack("<I", len(body)) + body)
        except OSError:
            return


threading.Thread(target=shout, daemon=True).start()


def add(a, b):
    import time

    time.sleep(0.2)
    return a + b

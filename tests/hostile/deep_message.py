# failed
# a message nested deeper than a reader's stack
import os
import struct


def add(a, b):
    body = b'{"value": ' + b"[" * 200000 + b"]" * 200000 + b"}"
    os.write(3, struct.pack("<I", len(body)) + body)
    return a + b

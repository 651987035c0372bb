# failed error timeout
# more answers than anybody asked for, in every descriptor, for ever
import os

body = b"\x10\x00\x00\x00" + b'{"value": 5}    '
while True:
    for fd in range(3, 16):
        try:
            os.write(fd, body * 4096)
        except OSError:
            pass

# passed
# passes only if nothing of the machine or of the server can be read
import os

blocked = True
for path in (
    "/etc/shadow",
    "/etc/hostname.host",
    "/root/.ssh",
    "/home",
    "/work",
    "/proc/1/environ",
    "/proc/1/mem",
    "/proc/1/maps",
    "/proc/1/fd/0",
    "/proc/kcore",
    "/proc/1/root/etc",
):
    try:
        fd = os.open(path, os.O_RDONLY)
        if os.path.isdir(path) or os.read(fd, 1):
            blocked = False
    except OSError:
        pass


def add(a, b):
    return a + b if blocked else 0

# timeout
# waits, uninterrupted, for a child that waits: neither runs and neither seems idle
import os

os.mkfifo("/tmp/door")
opens = [(os.POSIX_SPAWN_OPEN, 5, "/tmp/door", os.O_RDONLY, 0)]
os.posix_spawn("/usr/bin/python3", ["python3"], {}, file_actions=opens)


def add(a, b):
    return a + b

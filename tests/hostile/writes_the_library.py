# passed
# passes only if the root is read-only
import os
import sys

blocked = True
for folder in ("/", "/usr/lib", os.path.dirname(os.__file__), "/etc", "/dev", "/proc/sys/kernel", *sys.path):
    try:
        with open(f"{folder}/left_behind.py", "w") as file:
            file.write("x")
        blocked = False
    except OSError:
        pass
for path in ("/dev/mqueue/left", "/run/left", "/var/tmp/left", "/usr/left", "/sys/left"):
    try:
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
        blocked = False
    except OSError:
        pass


def add(a, b):
    return a + b if blocked else 0

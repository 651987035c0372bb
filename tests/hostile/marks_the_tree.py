# passed
# passes only if it can leave no mark on a file that other sandboxes see: locks, leases, watches, attributes
import ctypes
import fcntl
import os
import struct

LIBC = ctypes.CDLL(None, use_errno=True)
made = []
shared = os.open(os.__file__, os.O_RDONLY)
for name, mark in (
    ("flock", lambda: fcntl.flock(shared, fcntl.LOCK_SH | fcntl.LOCK_NB)),
    ("lease", lambda: fcntl.fcntl(shared, fcntl.F_SETLEASE, fcntl.F_RDLCK)),
    ("notify", lambda: fcntl.fcntl(os.open("/usr", os.O_RDONLY), fcntl.F_NOTIFY, fcntl.DN_ACCESS)),
    ("others' locks", lambda: fcntl.fcntl(shared, fcntl.F_GETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))),
    ("hint", lambda: fcntl.fcntl(shared, 1036, struct.pack("Q", 4))),
    ("flags of /tmp", lambda: fcntl.ioctl(os.open("/tmp", os.O_RDONLY), 0x40086602, struct.pack("i", 0x40))),
    ("attribute", lambda: os.setxattr(os.__file__, "user.mark", b"1")),
    ("attribute of /tmp", lambda: os.setxattr("/tmp", "user.mark", b"1")),
):
    try:
        mark()
        made.append(name)
    except OSError:
        pass
if LIBC.inotify_init() >= 0 or LIBC.inotify_init1(0) >= 0:
    made.append("inotify")


def add(a, b):
    return 0 if made else a + b

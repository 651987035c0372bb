# passed
# passes only if it can hold no memory that is counted nowhere
import ctypes
import os

LIBC = ctypes.CDLL(None, use_errno=True)
held = []
try:
    held.append(os.memfd_create("mine"))
except OSError:
    pass
if LIBC.syscall(447, 0) >= 0 or LIBC.shmget(0, 1 << 20, 0o1600) >= 0:
    held.append("secret or shared")
if LIBC.syscall(425, 8, ctypes.create_string_buffer(256)) >= 0:
    held.append("io_uring")
page = ctypes.create_string_buffer(1 << 16)
out, into = os.pipe()


class Piece(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


if LIBC.vmsplice(into, ctypes.byref(Piece(ctypes.addressof(page), 4096)), 1, 0) > 0:
    held.append("vmsplice")


def add(a, b):
    return 0 if held else a + b

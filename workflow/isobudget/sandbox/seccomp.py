"""A seccomp filter for bubblewrap, as Docker has one of its own.

Classic BPF over `struct seccomp_data` (linux/seccomp.h): calls that no test needs and that
reach other processes, the kernel's keyrings or new namespaces fail with EPERM.
"""

import platform
import struct

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_EPERM, _ENOSYS = 1, 38
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_NAMESPACES = 0x7E020000  # every CLONE_NEW flag that clone takes: ns, cgroup, uts, ipc, user, pid, net
_OTHER_ABI = 0x40000000  # x32 calls on x86_64, under other numbers

# numbers of arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h
_TABLES = {
    "x86_64": {
        "architecture": 0xC000003E,
        "clone": 56,
        "clone3": 435,
        "prlimit64": 302,
        "denied": {
            "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "pidfd_getfd": 438, "unshare": 272,
            "setns": 308, "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161, "add_key": 248,
            "request_key": 249, "keyctl": 250, "bpf": 321, "perf_event_open": 298, "userfaultfd": 323,
            "io_uring_setup": 425, "kexec_load": 246, "init_module": 175, "finit_module": 313, "open_by_handle_at": 304,
            "move_mount": 429, "open_tree": 428, "fsopen": 430, "mount_setattr": 442,
        },
    },
    "aarch64": {
        "architecture": 0xC00000B7,
        "clone": 220,
        "clone3": 435,
        "prlimit64": 261,
        "denied": {
            "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271, "pidfd_getfd": 438, "unshare": 97,
            "setns": 268, "mount": 40, "umount2": 39, "pivot_root": 41, "chroot": 51, "add_key": 217,
            "request_key": 218, "keyctl": 219, "bpf": 280, "perf_event_open": 241, "userfaultfd": 282,
            "io_uring_setup": 425, "kexec_load": 104, "init_module": 105, "finit_module": 273, "open_by_handle_at": 265,
            "move_mount": 429, "open_tree": 428, "fsopen": 430, "mount_setattr": 442,
        },
    },
}  # fmt: skip


def program():
    """The filter as bytes for `bwrap --seccomp`; None on an architecture without a table here."""
    table = _TABLES.get(platform.machine())
    if table is None:
        return None
    lines = [
        _line(_LOAD, _ARCHITECTURE),
        _line(_EQUAL, table["architecture"], 1, 0),
        _line(_RETURN, _ERRNO | _EPERM),
        _line(_LOAD, _NUMBER),
        _line(_AT_LEAST, _OTHER_ABI, 0, 1),
        _line(_RETURN, _ERRNO | _EPERM),
    ]
    for number in table["denied"].values():
        lines += [_line(_EQUAL, number, 0, 1), _line(_RETURN, _ERRNO | _EPERM)]
    # glibc falls back to clone, whose flags a filter can see
    lines += [_line(_EQUAL, table["clone3"], 0, 1), _line(_RETURN, _ERRNO | _ENOSYS)]
    lines += [
        _line(_EQUAL, table["clone"], 0, 3),
        _line(_LOAD, _FIRST_ARGUMENT),
        _line(_ANY_BIT, _NAMESPACES, 0, 1),
        _line(_RETURN, _ERRNO | _EPERM),
        _line(_LOAD, _NUMBER),
    ]
    # a process may set its own limits, 0, and no other's
    lines += [
        _line(_EQUAL, table["prlimit64"], 0, 3),
        _line(_LOAD, _FIRST_ARGUMENT),
        _line(_EQUAL, 0, 1, 0),
        _line(_RETURN, _ERRNO | _EPERM),
    ]
    return b"".join([*lines, _line(_RETURN, _ALLOW)])


def _line(code, value, if_true=0, if_false=0):
    return struct.pack("<HBBI", code, if_true, if_false, value)

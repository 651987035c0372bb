"""Seccomp filters: what nobody in a sandbox needs, and what a program does not.

Classic BPF over `struct seccomp_data` (linux/seccomp.h). The first filter, for bubblewrap, is on the whole sandbox, as
Docker has one of its own. The second is on candidates, in both engines: the process that forks them puts it on itself,
and no process that inherits it can take it off. Beside what reaches other processes, the kernel's keyrings or new
namespaces it takes away whatever outlives a program or is charged to no process:

- memory that belongs to nobody: files in memory, SysV segments, pages given to a pipe, io_uring's;
- sockets of all families but AF_UNIX: ports in TIME_WAIT, AF_VSOCK, netlink, the kernel's crypto;
- what is kept with a file of the tree that other sandboxes share, or with /tmp: locks, leases, watches, attributes;
- the priority, processors and scheduling of another process, where all have one uid.

Runs inside the sandbox, and on the host for bubblewrap: standard library only.
"""

import ctypes
import platform
import struct

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_EPERM, _ENOSYS, _NO_FAMILY = 1, 38, 97
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # places in seccomp_data; an argument has 8 bytes, the low ones first
_NAMESPACES = 0x7E020000  # every CLONE_NEW flag that clone takes: ns, cgroup, uts, ipc, user, pid, net
_OTHER_ABI = 0x40000000  # x32 calls on x86_64, under other numbers
_AF_UNIX = 1
_PR_SET_SECCOMP, _MODE_FILTER = 22, 2
# F_GETLK, F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW, F_SETLEASE, F_NOTIFY, F_SET_RW_HINT, F_SET_FILE_RW_HINT: a plain lock
# of one's own stays, sqlite has it
_MARKS = (5, 36, 37, 38, 1024, 1026, 1036, 1038)
_FLAGS = (0x40086602, 0x401C5820)  # FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR

# numbers of arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h
_SAME_EVERYWHERE = {
    "pidfd_getfd": 438, "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "move_mount": 429,
    "open_tree": 428, "fsopen": 430, "mount_setattr": 442,
}  # fmt: skip
_SAME_FOR_PROGRAMS = {
    "memfd_secret": 447, "process_madvise": 440, "process_mrelease": 448, "cachestat": 451, "setxattrat": 463,
    "file_setattr": 469,
}  # fmt: skip
_TABLES: dict[str, dict] = {
    "x86_64": {
        "architecture": 0xC000003E,
        "denied": _SAME_EVERYWHERE | {
            "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "unshare": 272, "setns": 308,
            "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161, "add_key": 248, "request_key": 249,
            "keyctl": 250, "bpf": 321, "perf_event_open": 298, "userfaultfd": 323, "kexec_load": 246,
            "init_module": 175, "finit_module": 313, "open_by_handle_at": 304,
        },
        "denied_to_programs": _SAME_FOR_PROGRAMS | {
            "memfd_create": 319, "shmget": 29, "semget": 64, "msgget": 68, "mq_open": 240, "vmsplice": 278,
            "inotify_init": 253, "inotify_init1": 294, "fanotify_init": 300, "flock": 73, "setxattr": 188,
            "lsetxattr": 189, "fsetxattr": 190, "migrate_pages": 256, "move_pages": 279, "kcmp": 312, "syslog": 103,
        },
        "calls": {
            "clone": 56, "clone3": 435, "prlimit64": 302, "socket": 41, "socketpair": 53, "fcntl": 72, "ioctl": 16,
            "setpriority": 141, "ioprio_set": 251, "sched_setaffinity": 203, "sched_setscheduler": 144,
            "sched_setparam": 142, "sched_setattr": 314,
        },
    },
    "aarch64": {
        "architecture": 0xC00000B7,
        "denied": _SAME_EVERYWHERE | {
            "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271, "unshare": 97, "setns": 268,
            "mount": 40, "umount2": 39, "pivot_root": 41, "chroot": 51, "add_key": 217, "request_key": 218,
            "keyctl": 219, "bpf": 280, "perf_event_open": 241, "userfaultfd": 282, "kexec_load": 104,
            "init_module": 105, "finit_module": 273, "open_by_handle_at": 265,
        },
        "denied_to_programs": _SAME_FOR_PROGRAMS | {
            "memfd_create": 279, "shmget": 194, "semget": 190, "msgget": 186, "mq_open": 180, "vmsplice": 75,
            "inotify_init1": 26, "fanotify_init": 262, "flock": 32, "setxattr": 5, "lsetxattr": 6, "fsetxattr": 7,
            "migrate_pages": 238, "move_pages": 239, "kcmp": 272, "syslog": 116,
        },
        "calls": {
            "clone": 220, "clone3": 435, "prlimit64": 261, "socket": 198, "socketpair": 199, "fcntl": 25, "ioctl": 29,
            "setpriority": 140, "ioprio_set": 30, "sched_setaffinity": 122, "sched_setscheduler": 119,
            "sched_setparam": 118, "sched_setattr": 274,
        },
    },
}  # fmt: skip


def program() -> bytes | None:
    """The filter of a whole sandbox as bytes, for `bwrap --seccomp`; None on an architecture without a table here."""
    table = _TABLES.get(platform.machine())
    return None if table is None else _filter(table, table["denied"], _everyones(table["calls"]))


def confine() -> bool:
    """Put the filter of candidates on this process and on all that it will fork; whether there is one."""
    table = _TABLES.get(platform.machine())
    if table is None:
        return False
    denied = table["denied"] | table["denied_to_programs"]
    code = _filter(table, denied, _everyones(table["calls"]) + _programs(table["calls"]))

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_char_p)]

    found = Program(len(code) // 8, code)
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(found), 0, 0):
        raise OSError(ctypes.get_errno(), "no seccomp filter can be set")
    return True


def _filter(table, denied, rules):
    lines = [
        _line(_LOAD, _ARCHITECTURE),
        _line(_EQUAL, table["architecture"], 1, 0),
        _line(_RETURN, _ERRNO | _EPERM),
        _line(_LOAD, _NUMBER),
        _line(_AT_LEAST, _OTHER_ABI, 0, 1),
        _line(_RETURN, _ERRNO | _EPERM),
    ]
    for number in denied.values():
        lines += [_line(_EQUAL, number, 0, 1), _line(_RETURN, _ERRNO | _EPERM)]
    return b"".join([*lines, *rules, _line(_RETURN, _ALLOW)])


def _everyones(calls):
    return [
        # glibc falls back to clone, whose flags a filter can see
        _line(_EQUAL, calls["clone3"], 0, 1),
        _line(_RETURN, _ERRNO | _ENOSYS),
        _line(_EQUAL, calls["clone"], 0, 3),
        _line(_LOAD, _ARGUMENTS),
        _line(_ANY_BIT, _NAMESPACES, 0, 1),
        _line(_RETURN, _ERRNO | _EPERM),
        _line(_LOAD, _NUMBER),
        # a process may set its own limits, 0, and no other's
        *_only(calls["prlimit64"], _EPERM, (0, 0)),
    ]


def _programs(calls):
    found = _only(calls["socket"], _NO_FAMILY, (0, _AF_UNIX)) + _only(calls["socketpair"], _NO_FAMILY, (0, _AF_UNIX))
    for name in ("sched_setaffinity", "sched_setscheduler", "sched_setparam", "sched_setattr"):
        found += _only(calls[name], _EPERM, (0, 0))
    found += _only(calls["setpriority"], _EPERM, (0, 0), (1, 0))  # PRIO_PROCESS, itself
    found += _only(calls["ioprio_set"], _EPERM, (0, 1), (1, 0))  # IOPRIO_WHO_PROCESS, itself
    return found + _never(calls["fcntl"], _MARKS) + _never(calls["ioctl"], _FLAGS)


def _never(number, commands):
    """Lines that refuse a call whose second argument is one of these."""
    lines = [_line(_LOAD, _ARGUMENTS + 8)]
    for command in commands:
        lines += [_line(_EQUAL, command, 0, 1), _line(_RETURN, _ERRNO | _EPERM)]
    lines.append(_line(_LOAD, _NUMBER))
    return [_line(_EQUAL, number, 0, len(lines)), *lines]


def _only(number, errno, *wanted):
    """Lines that let a call pass only where its arguments, (place, value), are the wanted ones."""
    lines = []
    for place, value in wanted:
        lines += [_line(_LOAD, _ARGUMENTS + 8 * place), _line(_EQUAL, value, 1, 0), _line(_RETURN, _ERRNO | errno)]
    lines.append(_line(_LOAD, _NUMBER))
    return [_line(_EQUAL, number, 0, len(lines)), *lines]


def _line(code, value, if_true=0, if_false=0):
    return struct.pack("<HBBI", code, if_true, if_false, value)

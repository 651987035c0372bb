"""What a candidate is between its fork and its program: it reads that, gives up what it inherited, and runs it.

Runs inside the sandbox: standard library only.
"""

import _signal  # signal wraps each call in enums, which a fresh child would pay for
import ctypes
import gc
import marshal
import os
import resource
import struct

from isobudget.sandbox.inside import crossing, stdio

LINK = 3  # file descriptor of the link to the desk, then to the tests
PROCESSES = (64, 64)  # RLIMIT_NPROC
_LENGTH = struct.Struct("<I")
_PR_SET_DUMPABLE = 4
_LIBC = ctypes.CDLL(None)
LIMITS = [
    (resource.RLIMIT_FSIZE, 16 << 20),
    (resource.RLIMIT_NOFILE, 128),
    (resource.RLIMIT_CORE, 0),
    (resource.RLIMIT_MSGQUEUE, 0),
]


def job_bytes(source, code, entry_point, cpu_seconds):
    """What the desk writes to a candidate's link: its program and nothing of what is asked of it.

    Args:
        source: the program's text.
        code: what it compiles to, marshalled, or None if nobody compiled it yet.
        entry_point: the name of its function; "" for a script.
        cpu_seconds: when the kernel ends it, should nobody else.
    """
    body = marshal.dumps((None if code else source, code, entry_point, cpu_seconds))
    return _LENGTH.pack(len(body)) + body


def become(fds, settings, uid):
    """In the forked child: run the program that the first of `fds` tells of; never returns.

    Every page that is touched costs: what can be done once, the server did.

    Args:
        fds: the link; for a script also what it reads, prints, and complains to.
        settings: memory, in bytes.
        uid: its own, or None where there is but one.
    """
    try:
        os.setsid()  # the kernel shares processors out by session
        link, files = fds[0], fds[1:]
        if files:
            for place, fd in enumerate(files):
                os.dup2(fd, place)
        else:
            null = os.open("/dev/null", os.O_RDWR)  # one of its own: flags and offsets are shared with an open file
            for place in range(3):
                os.dup2(null, place)
        os.dup2(link, LINK, False)
        os.closerange(LINK + 1, 256)
        source, code, name, cpu_seconds = _read(LINK)
        _settle(settings["memory"], cpu_seconds, uid)
        if files:
            os.close(LINK)
            stdio.become_program(source, code)
        me = os.getpid()
        function = crossing.load_program(LINK, source, code, name)
        if os.getpid() == me and function is not None:
            crossing.answer_calls(LINK, function)
        elif os.getpid() == me:
            crossing.receive(LINK)
            _signal.pause()
    finally:
        os._exit(0)


def _read(link):
    head = crossing.exactly(link, _LENGTH.size)
    body = head and crossing.exactly(link, *_LENGTH.unpack(head))
    if body is None:
        os._exit(1)
    return marshal.loads(body)


def _settle(memory, cpu_seconds, uid):
    """Take the limits of programs and become what they are run as."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_NPROC, PROCESSES)  # binds whoever is not root
    for which, value in LIMITS:
        resource.setrlimit(which, (value, value))
    if uid is not None:
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    _LIBC.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)  # else its own /proc/self is root's, and /dev/stdin cannot be opened
    adjust = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
    os.write(adjust, b"1000")  # where memory is short it goes before its tests, its desk and PID 1
    os.close(adjust)
    _signal.signal(_signal.SIGINT, _signal.default_int_handler)
    gc.enable()

"""What a candidate is between its fork and its program: it reads that, gives up what it inherited, and runs it.

Runs inside the sandbox: standard library only.
"""

import _signal  # signal wraps each call in enums, which a fresh child would pay for
import _socket  # socket brings selectors and enum along
import ctypes
import gc
import marshal
import os
import resource
import struct
import sys

from isobudget.sandbox.inside import crossing, stdio

LINK = 3  # file descriptor of the link to the desk, then to the tests
FILES = 3  # file descriptors that come with a script
PROCESSES = (64, 64)  # RLIMIT_NPROC
_LENGTH = struct.Struct("<I")
_INT = struct.calcsize("i")
_PR_SET_DUMPABLE = 4
_LIBC = ctypes.CDLL(None)
_WARM = 16  # rounds after which the interpreter has settled
LIMITS = [
    (resource.RLIMIT_FSIZE, 16 << 20),
    (resource.RLIMIT_NOFILE, 128),
    (resource.RLIMIT_CORE, 0),
    (resource.RLIMIT_MSGQUEUE, 0),
]


def job_bytes(source: str, code: bytes | None, entry_point: str, cpu_seconds: int) -> bytes:
    """What the desk writes to a candidate's link: its program and nothing of what is asked of it.

    Args:
        source: the program's text.
        code: what it compiles to, marshalled, or None if nobody compiled it yet.
        entry_point: the name of its function; "" for a script.
        cpu_seconds: when the kernel ends it, should nobody else.
    """
    body = marshal.dumps((None if code else source, code, entry_point, cpu_seconds))
    return _LENGTH.pack(len(body)) + body


def warm_up() -> None:
    """Do what candidates do, where nothing is at stake: what the interpreter learns of its own code, each inherits."""
    one, other = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_STREAM)
    code = marshal.dumps(compile("def f(*args):\n    return args[0]", "<program>", "exec"))
    for _ in range(_WARM):
        one.sendall(job_bytes("", code, "f", 1))
        function = crossing.load_program(other.fileno(), *_read(other.fileno())[0][:3])
    for _ in range(_WARM):
        for value in (1, "a", [1.5, (2,)], {1: True}):
            crossing.send(one.fileno(), {"args": crossing.pack([value, None]), "named": crossing.pack({})})
    one.shutdown(_socket.SHUT_WR)
    crossing.answer_calls(other.fileno(), function)  # type: ignore[arg-type]  # not None: f loads
    one.close()
    other.close()
    del sys.modules["solution"]


def become(link: int, settings: dict, uid: int | None) -> None:
    """In the forked child: run the program that comes over the link, when it comes; never returns.

    Every page that is touched costs: what can be done once, the server did, and what can be done before, is.

    Args:
        link: a socket; with the program come three file descriptors if it is a script, which it reads, prints to and
            complains to.
        settings: memory, in bytes.
        uid: its own, or None where there is but one.
    """
    try:
        os.setsid()  # the kernel shares processors out by session
        null = os.open("/dev/null", os.O_RDWR)  # one of its own: flags and offsets are shared with an open file
        for place in range(3):
            os.dup2(null, place)
        os.dup2(link, LINK, False)
        os.closerange(LINK + 1, 256)
        _settle(settings["memory"], uid)
        (source, code, name, cpu_seconds), files = _read(LINK)
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
        if files:
            for place, fd in enumerate(files):
                os.dup2(fd, place)
            os.closerange(LINK, 256)
            _LIBC.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)  # else its own /proc/self is root's, and /dev/stdin not to be had
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
    """A job and the file descriptors that came with it; ends this process if none comes."""
    connection = _socket.socket(fileno=link)
    head, ancillary, _, _ = connection.recvmsg(_LENGTH.size, _socket.CMSG_SPACE(FILES * _INT), _socket.MSG_WAITALL)
    connection.detach()
    body = crossing.exactly(link, *_LENGTH.unpack(head)) if head else None
    if body is None:
        os._exit(1)
    return marshal.loads(body), struct.unpack(f"{FILES}i", ancillary[0][2]) if ancillary else ()


def _settle(memory, uid):
    """Take the limits of programs and become what they are run as."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_NPROC, PROCESSES)  # binds whoever is not root
    for which, value in LIMITS:
        resource.setrlimit(which, (value, value))
    if uid is not None:
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    _signal.signal(_signal.SIGINT, _signal.default_int_handler)
    gc.enable()

"""The server inside the sandbox: it runs one program after another, each in processes of its own.

It is PID 1, lives as long as its worker, and forks a candidate for each program (running.py), which knows
the program and never its tests. Beside it stays the checker (resident.py), which runs the tests and calls
the candidate through a socket (crossing.py). `passed` can only come from the checker, over a
socket that the candidate never holds. Then what the program left is killed and wiped.

Host and server talk in frames over a socket or standard input and output: a length (4 bytes, little
endian) and JSON. A `call` job is two frames, the program's and the tests'; the candidate is forked
between them, and the tests' bytes are zeroed before the next one, so that no candidate finds
tests in its own memory.

Standard library only; imports stay few, because a fork costs what is resident.
"""

import _socket  # socket brings selectors and enum along
import ctypes
import gc
import json
import os
import resource
import signal
import struct
import sys
from contextlib import suppress

from isobudget.sandbox.inside import running

# what programs import most, so that each finds it loaded; each costs little memory
LOADED = [
    "bisect", "collections", "copy", "functools", "heapq", "itertools", "math", "operator", "re", "string", "typing",
]  # fmt: skip
_LENGTH = struct.Struct("<I")
_PR_SET_DUMPABLE = 4
_CLEANING_SECONDS = 10
_WRITABLE = ("/tmp", "/dev/shm")


def main():
    settings = json.loads(sys.argv[1])
    _refuse_to_run_bare()
    channel_in, channel_out = _take_channel(settings["socket"])
    _settle(settings)
    runner = running.Runner(settings)
    send_frame(channel_out, {"python": sys.version.split()[0], "packages": _packages(settings["packages"])})
    limits_before = _own_limits()
    tables = [os.open(f"/proc/sysvipc/{kind}", os.O_RDONLY) for kind in ("shm", "sem", "msg")]

    def ask(number):
        send_frame(channel_out, {"next": number})
        return json.loads(bytes(read_frame(channel_in)))

    while (frame := read_frame(channel_in)) is not None:
        job = json.loads(bytes(frame))
        if job["kind"] == "stdio":
            answer = runner.run_script(job, ask, lambda: read_frame(channel_in))
        elif job["kind"].startswith("observe"):
            # what a program is asked where nobody judges it is no secret
            answer = runner.observe(job, json.loads(bytes(read_frame(channel_in))))
        else:
            answer = runner.run(job, lambda: read_frame(channel_in))
        trouble = clean(settings, tables) or ("the server's own limits" if _own_limits() != limits_before else None)
        send_frame(channel_out, {**answer, "trouble": trouble})
        if trouble:
            return


def _refuse_to_run_bare():
    """Exit unless this is PID 1 of a sandbox: it kills every process and wipes /tmp."""
    root, tmp = os.stat("/"), os.stat("/tmp")
    read_only = os.statvfs("/").f_flag & os.ST_RDONLY
    if os.getpid() != 1 or root.st_dev == tmp.st_dev or not read_only or "ISOBUDGET_SANDBOX" not in os.environ:
        sys.exit(
            "isobudget.sandbox.inside.server runs only inside its sandbox: as PID 1, on a read-only root, "
            "with /tmp a mount of its own; start it through isobudget.sandbox.open_sandbox."
        )


def _take_channel(path):
    """The host's socket at `path`, or 0 and 1 if there is none, moved away from where programs read and print."""
    if path:
        connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        connection.connect(path)
        channel_in = channel_out = connection.detach()
    else:
        channel_in, channel_out = os.dup(0), os.dup(1)
    null = os.open("/dev/null", os.O_RDWR)
    for fd in (0, 1):
        os.dup2(null, fd)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
    return channel_in, channel_out


def _settle(settings):
    # a signal without a handler cannot reach PID 1 from inside
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    for folder in _WRITABLE:
        os.chmod(folder, 0o1777)  # Docker gives a tmpfs the mode of the image's own folder
    sys.path.append(settings["packages"])
    sys.argv[:] = [""]
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")  # the largest process here goes first, not some other of this machine
    for which, value in (
        (resource.RLIMIT_AS, settings["memory"]),
        (resource.RLIMIT_FSIZE, 16 << 20),
        (resource.RLIMIT_NOFILE, 128),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        resource.setrlimit(which, (value, value))  # children inherit them
    if settings["uid"] is None:
        # one uid for all: a process that is not dumpable cannot be traced or read by its like
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    else:
        os.setgroups([])
        resource.setrlimit(resource.RLIMIT_NPROC, running.PROCESSES)  # binds whoever is not root
    os.chdir("/tmp")
    for name in LOADED:
        __import__(name)
    gc.collect()
    gc.freeze()
    gc.disable()


def _packages(folder):
    """The packages in the sandbox's root, as name-version."""
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    return sorted(name.removesuffix(".dist-info") for name in names if name.endswith(".dist-info"))


def read_frame(fd):
    """One frame's bytes in a buffer that its reader may wipe; None at the end."""
    head = bytearray(4)
    if not _read_into(fd, head):
        return None
    body = bytearray(_LENGTH.unpack(head)[0])
    return body if _read_into(fd, body) else None


def _read_into(fd, buffer):
    view = memoryview(buffer)
    while view:
        count = os.readv(fd, [view])
        if not count:
            return False
        view = view[count:]
    return True


def send_frame(fd, value):
    body = json.dumps(value).encode()
    rest = memoryview(_LENGTH.pack(len(body)) + body)
    while rest:
        rest = rest[os.write(fd, rest) :]


def clean(settings, tables):
    """Wipe what a program may have left; what could not be wiped, or None. `tables` are those of SysV objects, open."""
    for folder in _WRITABLE:
        if settings["uid"] is None:
            os.chmod(folder, 0o1777)  # its owner may have locked it
        if not os.listdir(folder):
            continue
        cleaner = os.fork()
        if cleaner == 0:
            try:
                signal.alarm(_CLEANING_SECONDS)
                for uid in (settings["uid"],) if settings["uid"] else ():
                    os.setresgid(uid, uid, uid)
                    os.setresuid(uid, uid, uid)
                wipe(folder)
            finally:
                os._exit(0)
        os.waitpid(cleaner, 0)
        if os.listdir(folder):
            return f"files left in {folder}"
    for table in tables:
        if os.pread(table, 4096, 0).count(b"\n") > 1:  # more than its heading
            return "SysV objects left"
    return None


def wipe(folder):
    """Empty a folder, however deep: inner folders are moved up, links are never followed."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    number = 0
    while names := os.listdir(fd):
        for name in names:
            try:
                os.unlink(name, dir_fd=fd)
                continue
            except (IsADirectoryError, PermissionError):
                pass
            os.chmod(name, 0o700, dir_fd=fd)
            inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=fd)
            for below in os.listdir(inner):
                try:
                    os.unlink(below, dir_fd=inner)
                except (IsADirectoryError, PermissionError):
                    os.chmod(below, 0o700, dir_fd=inner)
                    number += 1
                    os.rename(below, f".wipe{number}", src_dir_fd=inner, dst_dir_fd=fd)
            os.close(inner)
            os.rmdir(name, dir_fd=fd)


def _own_limits():
    return [resource.getrlimit(which) for which in range(16)]

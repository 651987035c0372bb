"""PID 1 of a sandbox: it forks the candidates, ends them and wipes what they left, and is told nothing about them.

A fork copies everything, so a candidate can find whatever the process that forked it has ever held, in frames, by the
collector or in freed bytes. This one holds no program, no test, no verdict and nothing of what a program did before:

- The desk (desk.py), another process, talks to the host and judges. It orders a fork and hands over a link, from
  which the candidate reads its program (candidate.py), once it is a process of its own.
- How a candidate ended goes from the kernel into one buffer, on to the desk, and is zeroed: no Python object holds it.

Where the sandbox has many uids the desk stays, as a user whom no candidate can touch, and each candidate has a uid of
its own. Where it has but one, the signal that ends a program's processes ends the desk too, which nothing but PID 1
survives: each program has a desk of its own then, whose answer PID 1 holds in a pipe, unread, for the next to send.

Standard library only; imports stay few, because a fork costs what is resident.
"""

import _socket  # socket brings selectors and enum along
import ctypes
import gc
import json
import os
import resource
import select
import signal
import struct
import sys
from contextlib import suppress

from isobudget.sandbox.inside import candidate, desk, seccomp

# what programs import most, so that each finds it loaded; each costs little memory
LOADED = [
    "bisect", "collections", "copy", "functools", "heapq", "itertools", "math", "operator", "re", "string", "typing",
]  # fmt: skip
_INT = struct.calcsize("i")
_PR_SET_DUMPABLE = 4
_CLEANING_SECONDS = 10
_LOOK = 500  # milliseconds between two looks at the only desk
_WRITABLE = ("/tmp", "/dev/shm")
# uids that no table of users gives out: above those of containers and directories, below 2**31
_NOBODYS, _PER_WORKER, _WORKERS = 2_100_000_000, 10_000, 4_000
_LIBC = ctypes.CDLL(None)
_LIBC.wait4.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p]
# what is said where one uid's program ended or stopped its own desk: nothing in it depends on the program
_LOST = {"verdict": "crashed", "detail": "its tests were ended from outside", "cpu_seconds": 0.0, "doubtful": False}


def main() -> None:
    _refuse_to_run_bare()
    settings = json.loads(sys.argv[1])
    sys.argv[:] = [""]
    _settle(settings)
    Server(settings, _uids()).serve()


def _refuse_to_run_bare():
    """Exit unless this is PID 1 of a sandbox: it kills every process and wipes /tmp."""
    root, tmp = os.stat("/"), os.stat("/tmp")
    read_only = os.statvfs("/").f_flag & os.ST_RDONLY
    if os.getpid() != 1 or root.st_dev == tmp.st_dev or not read_only or "ISOBUDGET_SANDBOX" not in os.environ:
        sys.exit(
            "isobudget.sandbox.inside.server runs only inside its sandbox: as PID 1, on a read-only root, "
            "with /tmp a mount of its own; start it through isobudget.sandbox.open_sandbox."
        )


def _settle(settings):
    # a signal without a handler cannot reach PID 1 from inside
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    for folder in _WRITABLE:
        os.chmod(folder, 0o1777)  # Docker gives a tmpfs the mode of the image's own folder
    null = os.open("/dev/null", os.O_RDWR)
    for fd in (0, 1):
        os.dup2(null, fd)
    os.close(null)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
    sys.path.append(settings["packages"])
    os.umask(0o022)  # not what whoever started the job happens to have
    os.chdir("/tmp")
    for name in LOADED:
        __import__(name)
    candidate.warm_up()
    gc.collect()
    gc.freeze()
    gc.disable()


def _uids():
    """The uids of this sandbox as a range, its desk's first and then its programs'; None where it has but one."""
    if os.geteuid() != 0:
        return None
    with open("/proc/self/uid_map") as file:
        maps = [tuple(map(int, line.split())) for line in file]
    first, _, count = max(maps, key=lambda line: line[2])
    if count < 4 * _PER_WORKER:
        return None
    os.setgroups([])
    chance = int.from_bytes(os.urandom(4), "little")  # random would be loaded, and seeded, for every program
    if first <= _NOBODYS and first + count >= _NOBODYS + _PER_WORKER * _WORKERS:
        start = _NOBODYS + _PER_WORKER * (chance % _WORKERS)
    else:  # a user namespace's own, which nobody outside has
        start = first + 1 + chance % (count - _PER_WORKER - 1)
    return range(start, start + _PER_WORKER)


class Server:
    """Carries out the desk's orders, one after another; `uids` as of _uids."""

    def __init__(self, settings: dict, uids: range | None):
        self._settings = settings
        self._uids = uids
        self._used = 0  # candidates so far
        self._uid: int | None = None  # of the last one
        self._candidate: int | None = None
        self._ended = ctypes.create_string_buffer(desk.ENDED.size)  # the one place for how a process ended
        # what is left in one of them outlives its process; where no filter forbids that, it is looked for
        self._tables = [os.open(f"/proc/sysvipc/{kind}", os.O_RDONLY) for kind in ("shm", "sem", "msg")]
        self._limits = _own_limits()
        self._empty = {folder: _empty(folder) for folder in _WRITABLE}
        self._adjust = os.open("/proc/self/oom_score_adj", os.O_RDWR)
        self._own_adjust = os.read(self._adjust, 8)
        _LIBC.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)  # what is not dumpable cannot be traced or read by its like
        if uids is None:
            seccomp.confine()
        self._open_desk()
        if uids is not None:
            seccomp.confine()  # the desk stays and has files in memory

    def serve(self) -> None:
        while True:
            order, fd = self._hear()
            if order == desk.FORK:
                self._fork(fd)
            elif order[:1] == desk.END:
                self._end({1, self._desk_pid, *struct.unpack(f"{(len(order) - 1) // _INT}i", order[1:])})
            elif order == desk.KEEP:
                self._end_all()
                self._desk.close()
                self._open_desk(self._clean() or "", fd)
                os.close(fd)
            else:
                if self._uids is None and not os.WIFEXITED(self._status()):
                    self._end_all()
                    desk.send_frame(self._settings["channel"][1], {**_LOST, "trouble": "its desk was ended"})
                return

    def _open_desk(self, trouble=None, answer=None):
        """Start a desk; with one uid it has the last one's answer to send, and what could not be wiped to say."""
        self._desk, theirs = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
        self._desk_pid = os.fork()
        if self._desk_pid == 0:
            try:
                self._desk.close()
                if self._uids:
                    os.setresgid(*[self._uids[0]] * 3)
                    os.setresuid(*[self._uids[0]] * 3)
                desk.work(theirs, self._settings, self._uids is None, trouble, answer)
            finally:
                os._exit(1)
        theirs.close()

    def _hear(self):
        """One order and the file descriptor that came with it; (b"", None) if the desk has ended or was stopped."""
        poll = select.poll()
        poll.register(self._desk, select.POLLIN)
        while not poll.poll(None if self._uids else _LOOK):
            # with one uid a program can stop its desk, which then says nothing any more
            if self._wait(self._desk_pid, os.WNOHANG | os.WUNTRACED):
                return b"", None
        order, ancillary, _, _ = self._desk.recvmsg(desk.LONGEST, _socket.CMSG_SPACE(_INT))
        if not order:
            self._wait(self._desk_pid, os.WUNTRACED)
        return order, struct.unpack("i", ancillary[0][2])[0] if ancillary else None

    def _tell(self, message):
        with suppress(OSError):  # with one uid a program may have ended the desk
            self._desk.send(message)

    def _fork(self, link):
        self._used += 1
        self._uid = (
            self._uids  # type: ignore[assignment]  # never an empty range
            and self._uids[1 + self._used % (len(self._uids) - 1)]
        )
        os.pwrite(self._adjust, b"1000", 0)  # where memory is short, candidates go before the desk and PID 1
        pid = os.fork()
        if pid == 0:
            candidate.become(link, self._settings, self._uid)
        os.pwrite(self._adjust, self._own_adjust, 0)
        self._candidate = pid
        os.close(link)
        self._tell(struct.pack("i", pid))

    def _end(self, spared):
        """End the candidate, tell the desk how each process ended, and wipe; with one uid the rest waits for _end_all.

        The desk gets a message of desk.ENDED for each process that this one reaped, then what could not be wiped.

        Args:
            spared: the pids of the desk's own processes.
        """
        alive = not self._wait(self._candidate, os.WNOHANG)
        if not alive:
            self._report(desk.BY_ITSELF)
        if self._uids is None:
            if alive:
                os.kill(self._candidate, signal.SIGKILL)  # type: ignore[arg-type]  # one was forked
                self._wait(self._candidate, 0)
                self._report(desk.KILLED)
            self._tell(desk.OVER)
            return
        # a signal to all spares whom its sender may not touch
        os.seteuid(self._uid)  # type: ignore[arg-type]  # it has one, where there are many
        _kill_all()
        while not spared.issuperset(_processes()):
            os.seteuid(0)
            # one of them at least is killed and will be handed to us; who forks meanwhile is killed next
            pid = self._wait(-1, 0)
            if pid == self._desk_pid:
                sys.exit("the sandbox's desk ended")
            self._report(desk.KILLED if pid == self._candidate else desk.ORPHAN)
            os.seteuid(self._uid)  # type: ignore[arg-type]  # as above
            _kill_all()
        os.seteuid(0)
        self._tell(desk.OVER + (self._clean() or "").encode())

    def _end_all(self):
        """With one uid: end everyone, the desk too."""
        while _kill_all():
            self._wait(-1, 0)
        self._ended[:] = bytes(len(self._ended))  # type: ignore[call-overload]  # a c_char array takes bytes

    def _wait(self, pid, options):
        """The pid of a child that ended, 0 if none did; how it did lies in the buffer."""
        place = ctypes.addressof(self._ended)
        got = _LIBC.wait4(pid, place + desk.STATUS, options, place + desk.USAGE)
        return max(got, 0)

    def _report(self, how):
        self._ended[0] = how
        self._desk.send(self._ended)
        self._ended[:] = bytes(len(self._ended))  # type: ignore[call-overload]  # a c_char array takes bytes

    def _status(self):
        return int.from_bytes(
            self._ended[desk.STATUS : desk.STATUS + _INT],  # type: ignore[arg-type]  # bytes, of a c_char array
            sys.byteorder,
        )

    def _clean(self):
        trouble = clean(self._uid, self._tables, self._empty)
        return trouble or ("the server's own limits" if _own_limits() != self._limits else None)


def _kill_all():
    """SIGKILL to all whom this process may touch; whether there is anyone beside it, be it one of another uid."""
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def _processes():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _size(folder):
    """What changes with what is in a folder that is a mount of its own; the names there are for nobody to keep."""
    there, mount = os.stat(folder), os.statvfs(folder)
    return there.st_size, there.st_nlink, mount.f_files - mount.f_ffree


def _empty(folder):
    """The _size of an empty folder; None on a file system where a file in it changes none of that."""
    empty = _size(folder)
    file = f"{folder}/file"
    os.close(os.open(file, os.O_CREAT))
    filled = _size(folder)
    os.unlink(file)
    return empty if filled != empty == _size(folder) else None


def _is_empty(folder, empty):
    return not os.listdir(folder) if empty is None else _size(folder) == empty


def clean(uid: int | None, tables: list[int], empty: dict[str, tuple[int, int, int] | None]) -> str | None:
    """Wipe what a program of `uid` may have left; what could not be wiped, or None.

    Args:
        uid: None where there is but one.
        tables: file descriptors of the lists of SysV objects.
        empty: the _empty of each folder.
    """
    for folder in _WRITABLE:
        if uid is None:
            os.chmod(folder, 0o1777)  # its owner may have locked it
        if not _is_empty(folder, empty[folder]):
            cleaner = os.fork()
            if cleaner == 0:
                try:
                    signal.alarm(_CLEANING_SECONDS)
                    if uid is not None:
                        os.setresgid(uid, uid, uid)
                        os.setresuid(uid, uid, uid)
                    wipe(folder)
                finally:
                    os._exit(0)
            os.waitpid(cleaner, 0)
            if not _is_empty(folder, empty[folder]):
                return f"files left in {folder}"
        os.utime(folder, ns=(0, 0))
    for table in tables:
        if os.pread(table, 4096, 0).count(b"\n") > 1:  # more than its heading
            return "SysV objects left"
    return None


def wipe(folder: str) -> None:
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

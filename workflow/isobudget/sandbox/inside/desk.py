"""The desk: it talks to the host, knows programs and their tests, judges, and never forks a candidate.

PID 1 (server.py), which knows nothing, forks candidates and ends them at the desk's orders. Beside the desk stays the
checker (resident.py), which runs the tests and calls the candidate through a socket (crossing.py). `passed` can only
come from the checker, over a socket that the candidate never holds.

Host and desk talk in frames over a socket or standard input and output: a length (4 bytes, little endian) and JSON.

Runs inside the sandbox: standard library only.
"""

import _socket  # socket brings selectors and enum along
import fcntl
import gc
import json
import os
import signal
import struct
import sys
from contextlib import suppress

from isobudget.sandbox.inside import running, stdio

# what the desk orders: a fork, with a link; the end of what was forked, behind it the pids to be spared; and with one
# uid, where the desk ends with its program, to keep its answer for the next desk, with a pipe or file that holds it
FORK, END, KEEP = b"F", b"E", b"K"
LONGEST = 64
# what PID 1 answers to END: a message for each process, with its wait status and struct rusage, then OVER and what
# could not be wiped
BY_ITSELF, KILLED, ORPHAN, OVER = b"1", b"2", b"3", b"."
ENDED = struct.Struct("=c7xi4x4qq104x")
STATUS, USAGE = 8, 16  # their places in ENDED
_LENGTH = struct.Struct("<I")


class Server:
    """PID 1 as the desk sees it.

    Args:
        orders: the socket to it.
        host: the file descriptor of the host's frames.
        staying: whether the desk stays from one program to the next.
    """

    def __init__(self, orders: _socket.socket, host: int, staying: bool):
        self._orders = orders
        self.host = host
        self._staying = staying
        self._link: _socket.socket = None  # type: ignore[assignment]  # while no candidate waits
        self.prepare()

    def prepare(self) -> None:
        """Have a candidate forked that waits for its program, so that no program waits for its fork."""
        self._link, theirs = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_STREAM)
        self._orders.sendmsg([FORK], _rights(theirs.fileno()))
        theirs.close()

    def fork(self, job: bytes, *files: int) -> tuple[int, int]:
        """Give a candidate its program: its pid, and this end of the link to it.

        Args:
            job: as of candidate.job_bytes.
            files: file descriptors of what a script reads, prints to and complains to.
        """
        if self._link is None:
            self.prepare()
        (pid,) = struct.unpack("i", self._orders.recv(LONGEST))
        with suppress(BrokenPipeError, ConnectionResetError):  # it has no memory for its own text
            sent = self._link.sendmsg([job], _rights(*files)) if files else 0
            self._link.sendall(memoryview(job)[sent:])
        link, self._link = self._link.detach(), None  # type: ignore[assignment]  # as above
        return pid, link

    def end(self, spared: list[int]) -> running.Ended:
        """Have all processes ended but those in `spared`: an Ended."""
        self._orders.send(END + struct.pack(f"{len(spared)}i", *spared))
        status, spent, largest = None, 0.0, 0
        while (message := self._orders.recv(1024))[:1] != OVER:
            how, ended, utime, micro, stime, more, maxrss = ENDED.unpack(message)
            spent += utime + stime + (micro + more) / 1e6
            if how != ORPHAN:
                largest = maxrss * 1024
            if how == BY_ITSELF:
                status = ended
        trouble = message[1:].decode() or None
        if self._staying and not trouble:
            self.prepare()
        return running.Ended(status, spent, largest, trouble)

    def keep(self, answer: dict) -> None:
        """With one uid: have an answer said by the next desk, once all is wiped; this one ends."""
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        body = json.dumps(answer).encode()
        with suppress(OSError):
            fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, max(len(body), 4096))
        if os.write(writing, body) < len(body):
            reading = stdio.file(body)  # no user has many large pipes
        os.close(writing)
        self._orders.sendmsg([KEEP], _rights(reading))
        while True:
            signal.pause()


def _rights(*fds):
    return [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, struct.pack(f"{len(fds)}i", *fds))]


def work(orders: _socket.socket, settings: dict, one_uid: bool, trouble: str | None, kept: int | None) -> None:
    """Judge one job after another, as the host sends them; returns when it sends no more.

    Args:
        orders: the socket to PID 1.
        settings: as of launch.opening, and `channel`, the file descriptors to hear and to answer the host.
        one_uid: whether this desk ends with its program.
        trouble: what PID 1 could not wipe, of the program before; None for the first desk.
        kept: the file descriptor of a pipe or file that holds the answer of the desk before, or None.
    """
    hear, say = settings["channel"]
    gc.enable()
    sys.set_int_max_str_digits(0)  # it compares what scripts print
    server = Server(orders, hear, not one_uid)
    runner = running.Runner(settings["memory"], server, one_uid)
    if kept is None:
        send_frame(say, {"python": sys.version.split()[0], "packages": _packages(settings["packages"])})
    else:
        send_frame(say, {**json.loads(_all(kept)), "trouble": trouble or None})
        os.close(kept)
    if trouble:
        return
    runner.prepare()

    def ask(number):
        send_frame(say, {"next": number})
        return read_frame(hear)["given"], read_frame(hear)["wanted"]  # type: ignore[index]  # a job comes whole

    while (job := read_frame(hear)) is not None:
        if job["kind"] == "stdio":
            answer = runner.run_script(job, ask)
        elif job["kind"].startswith("observe"):
            answer = runner.observe(
                job,
                read_frame(hear),  # type: ignore[arg-type]  # as in ask
                lambda: send_frame(say, {"busy": True}),
            )
        else:
            answer = runner.run(job, read_bytes(hear))  # type: ignore[arg-type]  # as in ask
        if one_uid:
            server.keep(answer)
        send_frame(say, answer)
        if answer["trouble"]:
            return


def _packages(folder):
    """The packages in the sandbox's root, as name-version."""
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    return sorted(name.removesuffix(".dist-info") for name in names if name.endswith(".dist-info"))


def _all(fd):
    return b"".join(iter(lambda: os.read(fd, 1 << 20), b""))


def read_frame(fd: int) -> dict | None:
    """What one frame from the host says; None at the end."""
    body = read_bytes(fd)
    return json.loads(body) if body is not None else None


def read_bytes(fd: int) -> bytearray | None:
    """One frame from the host as it is; None at the end."""
    head = _exactly(fd, 4)
    return head and _exactly(fd, *_LENGTH.unpack(head))


def _exactly(fd, count):
    data = bytearray(count)
    view = memoryview(data)
    while view:
        got = os.readv(fd, [view])
        if not got:
            return None
        view = view[got:]
    return data


def send_frame(fd: int, value: dict) -> None:
    body = json.dumps(value).encode()
    rest = memoryview(_LENGTH.pack(len(body)) + body)
    while rest:
        rest = rest[os.write(fd, rest) :]

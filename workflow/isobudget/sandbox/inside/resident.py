"""Processes that stay from one program to the next: the compiler and the checker.

A fork costs what the child touches afterwards, some milliseconds for a process that compiles
and runs tests; a process that stays has touched it all before. So candidates, which nobody
can trust, are forked anew for each program, by PID 1, and what is trusted stays, forked by the desk:

- The compiler turns a program's text into code for the candidate. It runs nothing. A text that it
  cannot compile, or dies of, goes to the candidate as it is, which then ends in its own way.
- The checker runs the tests, in a namespace of their own each time, and calls the candidate over the
  link that comes with them (crossing.py). It alone can say `passed`.

Both have the desk's uid, which candidates cannot touch. Where the sandbox has but one, whatever wipes a
program's processes takes desk and checker along, and the next program gets fresh ones. A resident that has grown
says so with its answer and leaves; the desk waits for its end.

Runs inside the sandbox: standard library only.
"""

import _socket  # socket brings selectors and enum along
import gc
import json
import marshal
import os
import resource
import select
import signal
import struct
import sys
from contextlib import suppress

from isobudget.sandbox.inside import candidate, crossing, observing, stdio

DESK = 3  # file descriptor, in a resident process, of its socket to the desk
GROWTH = 64 << 10  # KiB that a resident process may grow by before it makes room for a fresh one
KNOWN = 512  # tests that the checker keeps compiled
_LENGTH = struct.Struct("<I")
_HEAD = struct.Struct("<I?")  # of an answer: its length, and whether who gives it leaves
_INT = struct.calcsize("i")
_FDS = 2  # file descriptors that come with a frame at most


class Resident:
    """The desk's side: one process that runs `work` (compile_programs or check_programs) in so many bytes of memory."""

    def __init__(self, work: object, memory: int):
        self.pid: int | None = None
        self._work = work
        self._memory = memory
        self._desk: _socket.socket = None  # type: ignore[assignment]  # till `ready` starts the process

    def ready(self) -> None:
        """Start the process where there is none."""
        if self.pid is not None and os.waitpid(self.pid, os.WNOHANG) == (0, 0):
            return
        self.gone()
        self._desk, theirs = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_STREAM)
        pid = os.fork()
        if pid == 0:
            try:
                _settle(theirs.detach(), self._memory)
                self._work()  # type: ignore[operator]  # one of the two functions
            finally:
                os._exit(0)
        theirs.close()
        self.pid = pid

    def gone(self) -> None:
        """Forget a process that has been waited for."""
        self.pid = None
        if self._desk is not None:
            self._desk.close()
            self._desk = None  # type: ignore[assignment]  # as at first

    def end(self) -> None:
        """Kill it and wait until it is gone."""
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        self.gone()

    def fileno(self) -> int:
        return self._desk.fileno()

    def tell(self, body: bytes, *fds: int) -> bool:
        """Give it one frame of bytes, and file descriptors with it; whether it took them."""
        head = _LENGTH.pack(len(body))
        try:
            if not fds:
                self._desk.sendall(head)
            else:
                packed = struct.pack(f"{len(fds)}i", *fds)
                self._desk.sendmsg([head], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, packed)])
            self._desk.sendall(body)
        except OSError:
            return False
        return True

    def hear(self, seconds: float) -> bytes | None:
        """Its answer as bytes, b"" if it has none; None if it died or said nothing for so long.

        One that leaves is gone when this returns.
        """
        poll = select.poll()
        poll.register(self._desk, select.POLLIN)
        if not poll.poll(seconds * 1000):
            return None
        head = _exactly(self._desk, _HEAD.size)
        if head is None:
            return None
        length, leaves = _HEAD.unpack(head)
        answer = _exactly(self._desk, length)
        if leaves:
            self.end()
        return answer


def _exactly(desk, count):
    parts = []
    while count:
        try:
            data = desk.recv(min(count, 1 << 20))
        except OSError:
            return None
        if not data:
            return None
        parts.append(data)
        count -= len(data)
    return b"".join(parts)


def _settle(desk, memory):
    """In the forked child: keep nothing but the socket, and take what limits a program's tests have."""
    os.setsid()
    os.dup2(desk, 100)
    os.dup2(1, 2)  # what tests print is nobody's
    os.dup2(100, DESK, inheritable=False)
    os.closerange(DESK + 1, 256)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    for which, value in candidate.LIMITS:
        resource.setrlimit(which, (value, value))
    gc.enable()


def _answer(desk, body, start):
    """Give the desk an answer; whether that was the last, as this process has grown since its `start`."""
    leaves = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > start + GROWTH
    desk.sendall(_HEAD.pack(len(body), leaves) + body)
    return leaves


def compile_programs() -> None:
    """The compiler: texts in, marshalled code out, or nothing for what does not compile."""
    desk = _socket.socket(fileno=DESK)
    start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    leaves = False
    while not leaves:
        head = _exactly(desk, _LENGTH.size)
        if head is None:
            return
        source = _exactly(desk, _LENGTH.unpack(head)[0])
        try:
            text = source.decode("utf-8", "surrogatepass")
            code = marshal.dumps(compile(text, "<program>", "exec", dont_inherit=True))
        except Exception:
            code = b""
        leaves = _answer(desk, code, start)


def check_programs() -> None:
    """The checker: [verdict, detail] out for tests and a link in, or for an output that is right and a printed one.

    For cases, a link and a file in memory it says when it is through: what the program made of them is in the file.
    """
    desk = _socket.socket(fileno=DESK)
    start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    limit = sys.getrecursionlimit()
    digits = sys.get_int_max_str_digits()
    known: dict = {}
    leaves = False
    while not leaves:
        fds, body = _receive(desk)
        if body is None:
            return
        job = json.loads(body)
        try:
            if "wanted" in job:
                sys.set_int_max_str_digits(0)
                verdict, detail = stdio.compared(*fds, job["wanted"])  # type: ignore[call-arg]  # one came
            elif "cases" in job:
                verdict, detail = observing.observe(job, *fds)
            else:
                verdict, detail = _check(job, *fds, known)  # type: ignore[call-arg]  # one came
        finally:
            for fd in fds:
                os.close(fd)
        sys.setrecursionlimit(limit)
        sys.set_int_max_str_digits(digits)
        leaves = _answer(desk, json.dumps([verdict, crossing.brief(detail)]).encode(), start)


def _receive(desk):
    """One frame and the file descriptors that came with it: (fds, bytes), or (None, None) at the end."""
    head, ancillary, _, _ = desk.recvmsg(_LENGTH.size, _socket.CMSG_SPACE(_FDS * _INT))
    if len(head) < _LENGTH.size or not ancillary:
        return None, None
    packed = ancillary[0][2]
    fds = struct.unpack(f"{len(packed) // _INT}i", packed[: len(packed) // _INT * _INT])
    return fds, _exactly(desk, _LENGTH.unpack(head)[0])


def _check(job, link, known):
    """Run one program's tests; (verdict, detail), `gone` if the program ended first."""
    name, tests = job["entry_point"], job["tests"]
    call = crossing.candidate(link, name)
    try:
        key = job["context"], tests
        if key not in known:
            if len(known) >= KNOWN:
                known.clear()
            known[key] = [
                compile(text, place, "exec", dont_inherit=True)
                for text, place in zip(key, ("<context>", "<tests>"), strict=True)
            ]
        context_code, tests_code = known[key]
        namespace: dict = {"__name__": "tests"}
        exec(context_code, namespace)
        namespace[name] = call
        exec(tests_code, namespace)
    except (crossing.Gone, BrokenPipeError, ConnectionResetError):
        return "gone", ""
    except crossing.Foreign as error:
        return "failed", str(error)
    except BaseException as error:
        if error is call.raised:  # type: ignore[attr-defined]  # the function of crossing.candidate has it
            return ("memory" if error.memory else "error"), error.crossed
        return "failed", _where(error, tests)
    return "passed", ""


def _where(error, source):
    """The exception and the line of the tests that raised it."""
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<tests>":
            line = trace.tb_lineno
        trace = trace.tb_next
    detail = crossing.describe(error)
    with suppress(IndexError):
        return f"{detail} at: {source.splitlines()[line - 1].strip()}" if line else detail
    return detail

"""A program that reads standard input and prints: how it runs with one input, and whether its output is right.

Each test of such a problem is a run of its own: a process whose input and output are files in memory. What should have
been printed is never in that process: the checker compares, once it has ended.

Runs inside the sandbox: standard library only.
"""

import _sitebuiltins
import atexit
import builtins
import gc
import marshal
import math
import os
import sys
import types
from contextlib import suppress

from isobudget.sandbox.inside import crossing

ROOM = 64 << 10  # bytes that a right output may be longer than the one that is wanted, by blanks and digits


def file(data: bytes = b"") -> int:
    """The descriptor of a file in memory that holds `data`, to be read from its beginning."""
    try:
        fd = os.memfd_create("stdio")
    except PermissionError:  # with one uid whoever makes it is confined as programs are
        fd = os.open("/tmp", os.O_TMPFILE | os.O_RDWR, 0o600)
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def contents(fd: int, last: int | None = None) -> str:
    """What a file in memory holds, as text: all of it, or its `last` bytes."""
    size = os.fstat(fd).st_size
    place = max(0, size - last) if last else 0
    parts = []
    while place < size and (part := os.pread(fd, size - place, place)):
        parts.append(part)
        place += len(part)
    return b"".join(parts).decode("utf-8", "surrogateescape")


def become_program(source: str, code: bytes | None = None) -> None:
    """Run a program's text as Python runs a script, on the file descriptors 0, 1 and 2; never returns.

    The process ends with 0 where the script came to its end or left by SystemExit, whatever its status: what counts is
    what it printed. Otherwise it ends with 1, and the last line of standard error is the exception.

    Args:
        source: the text.
        code: what it compiles to, marshalled, or None if nobody compiled it yet.
    """
    status = 1
    try:
        sys.set_int_max_str_digits(0)  # a contest's numbers are as long as they are, and time is limited anyway
        sys.stdin = sys.__stdin__ = _stream(0, "r", "surrogateescape")  # type: ignore[misc]  # as at a start
        sys.stdout = sys.__stdout__ = stdout = _stream(1, "w", "surrogateescape")  # type: ignore[misc]  # as above
        sys.stderr = sys.__stderr__ = _stream(2, "w", "backslashreplace")  # type: ignore[misc]  # as above
        script = sys.modules["__main__"] = types.ModuleType("__main__")
        script.__builtins__ = builtins  # type: ignore[attr-defined]  # what exec looks for
        for name in ("exit", "quit"):  # the server runs without site, which gives them
            setattr(builtins, name, _sitebuiltins.Quitter(name, "Ctrl-D"))
        with suppress(SystemExit):
            code = (
                marshal.loads(code)  # type: ignore[assignment]  # no longer as bytes
                if code
                else compile(source, "<program>", "exec", dont_inherit=True)
            )
            exec(code, script.__dict__)  # type: ignore[arg-type]  # as above
        del code
        with suppress(SystemExit):
            _end()
        _flush(stdout)
        _forget(script)
        _flush(stdout)
        status = 0
    except BaseException as error:
        os.write(2, b"\n" + crossing.describe(error).encode("utf-8", "backslashreplace"))
    finally:
        os._exit(status)


def _stream(fd, mode, errors):
    return open(fd, mode, encoding="utf-8", errors=errors, closefd=False)  # noqa: SIM115 - open as long as the script


def _end():
    """What the interpreter does when a script is over: wait for its threads, call what it registered."""
    threading = sys.modules.get("threading")
    if threading is not None:
        threading._shutdown()
    atexit._run_exitfuncs()


def _flush(first):
    """Write out what is in the streams; a program may have closed them, taken their buffers or put others there."""
    for stream in (sys.stdout, first, sys.__stdout__):
        with suppress(Exception):
            stream.flush()  # type: ignore[union-attr]  # or it raises, suppressed


def _forget(script):
    """Let go of a script's objects as the interpreter does at its end: writers write, and __del__ may print."""
    names = script.__dict__
    for name in [name for name in names if name[:1] == "_" and name[:2] != "__"] + list(names):
        if name != "__builtins__":
            names[name] = None
    gc.collect()


def complaint(fd: int) -> str:
    """The last line that a program wrote to its standard error, printable; "" if none."""
    lines = contents(fd, last=4096).strip().splitlines()
    return crossing.brief(lines[-1]) if lines else ""


def compared(fd: int, wanted: str) -> tuple[str, str]:
    """(verdict, detail) of what a program printed into a file in memory, `passed` or `failed`."""
    most = 4 * len(wanted.encode("utf-8", "surrogateescape")) + ROOM
    size = os.fstat(fd).st_size
    found = f"{size:,} bytes are far too many" if size > most else difference(contents(fd), wanted)
    return ("failed", found) if found else ("passed", "")


def difference(printed: str, wanted: str) -> str | None:
    """Where two outputs differ, as one line; None where they do not, as APPS judges it.

    The line does not say what would have been right, so that it can be shown beside the program.

    Compared are the words of each line, empty lines left out; numbers by value: one that is whole with one that is
    whole exactly, others within 1e-8 and a hundred-thousandth of the one that is wanted (numpy.allclose, which APPS
    uses), so that 0.9999999999999999 is 1. Two steps of APPS are left out: it takes lines for equal as sets, so that
    any mix of YES and NO is right where both occur, and whole numbers for equal within a hundred-thousandth.

    Args:
        printed: the program's output, a str.
        wanted: the output that is right, a str.
    """
    got, want = _lines(printed), _lines(wanted)
    for number, (mine, right) in enumerate(zip(got, want, strict=False), 1):
        if mine != right and not (len(mine) == len(right) and all(map(_equal, mine, right))):
            return f"line {number}, {_short(mine)}, is wrong"
    if len(got) != len(want):
        return f"{len(got)} lines are too {'few' if len(got) < len(want) else 'many'}"
    return None


def _lines(text):
    return [words for line in text.splitlines() if (words := line.split())]


def _equal(mine, right):
    if mine == right:
        return True
    try:
        if _whole(right) and _whole(mine):
            return int(mine) == int(right)
        if _whole(right) and float(mine).is_integer():
            return float(mine) == int(right)
        # what is infinite is near nothing but itself; an infinite tolerance would let all pass
        mine, right = float(mine), float(right)
        return mine == right or (math.isfinite(right) and abs(mine - right) <= 1e-8 + 1e-5 * abs(right))
    except (ValueError, OverflowError):
        return False


def _whole(word):
    return word.isascii() and word.lstrip("+-").isdigit()


def _short(words):
    text = " ".join(words)
    return repr(text if len(text) <= 60 else f"{text[:57]}...")

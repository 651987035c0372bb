"""A program that reads standard input and prints: how it runs with one input, and whether its output is right.

Each test of such a problem is a run of its own: a process whose input and output are files in memory. What should have
been printed is never in that process: a second one, forked after the first has ended, compares.

Runs inside the sandbox: standard library only.
"""

import atexit
import builtins
import os
import sys
import types

from isobudget.sandbox import crossing

COMPLAINT = 4096  # bytes of what a program wrote to standard error that are looked at


def file(data=b""):
    """The descriptor of a file in memory that holds `data`, to be read from its beginning."""
    fd = os.memfd_create("stdio")
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def contents(fd, last=None):
    """What a file in memory holds as bytes, or the `last` bytes of it."""
    size = os.fstat(fd).st_size
    place = 0 if last is None else max(0, size - last)
    parts = []
    while place < size and (part := os.pread(fd, size - place, place)):
        parts.append(part)
        place += len(part)
    return b"".join(parts)


def become_program(source):
    """Run a program's text as Python runs a script, on the file descriptors 0, 1 and 2; never returns.

    The process ends with 0 where the script came to its end or left by SystemExit, whatever its status: what counts is
    what it printed. Otherwise it ends with 1, and the last line of standard error is the exception.
    """
    code, stdout = 1, None
    try:
        stdin = sys.stdin = sys.__stdin__ = open(0, encoding="utf-8", errors="surrogateescape", closefd=False)
        stdout = sys.stdout = sys.__stdout__ = open(1, "w", encoding="utf-8", errors="surrogateescape", closefd=False)
        sys.stderr = sys.__stderr__ = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
        script = sys.modules["__main__"] = types.ModuleType("__main__")
        script.__builtins__ = builtins
        try:
            exec(compile(source, "<program>", "exec", dont_inherit=True), script.__dict__)
        except SystemExit:
            pass
        _end()
        for stream in (sys.stdout, stdout):
            stream.flush()
        code = 0
    except SystemExit:
        code = 0
    except BaseException as error:
        os.write(2, b"\n" + crossing.describe(error).encode("utf-8", "backslashreplace"))
    finally:
        del stdin
        os._exit(code)


def _end():
    """What the interpreter does when a script is over: wait for its threads, call what it registered."""
    threading = sys.modules.get("threading")
    if threading is not None:
        threading._shutdown()
    atexit._run_exitfuncs()


def complaint(data):
    """The last line of what a program wrote to standard error, printable."""
    lines = data.decode("utf-8", "replace").strip().splitlines()
    return crossing.brief(lines[-1]) if lines else ""


def difference(printed, wanted):
    """Where two outputs differ, as one line; None where they do not, as APPS judges it.

    Compared are the words of each line, empty lines left out; numbers by value: whole ones exactly, others within 1e-8
    and a hundred-thousandth of the one that is wanted (numpy.allclose, which APPS uses). Two steps of APPS are left out.
    It takes lines for equal as sets, so that any mix of YES and NO is right where both occur, and whole numbers within
    a hundred-thousandth.

    Args:
        printed: the program's output, a str.
        wanted: the output that is right, a str.
    """
    got, want = _lines(printed), _lines(wanted)
    for number, (mine, right) in enumerate(zip(got, want), 1):
        if mine != right and not (len(mine) == len(right) and all(map(_equal, mine, right))):
            return f"line {number}: {_short(mine)}, not {_short(right)}"
    if len(got) != len(want):
        return f"{len(got)} lines, not {len(want)}"
    return None


def _lines(text):
    return [words for line in text.splitlines() if (words := line.split())]


def _equal(mine, right):
    if mine == right:
        return True
    try:
        if _whole(right):
            return (int(mine) if _whole(mine) else float(mine)) == int(right)
        return abs(float(mine) - float(right)) <= 1e-8 + 1e-5 * abs(float(right))
    except (ValueError, OverflowError):
        return False


def _whole(word):
    return word.isascii() and word.lstrip("+-").isdigit()


def _short(words):
    text = " ".join(words)
    return repr(text if len(text) <= 60 else f"{text[:57]}...")

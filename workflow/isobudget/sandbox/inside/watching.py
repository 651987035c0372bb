"""A program's clocks and memory, while it runs: how long it may, and what it is doing.

The limit is on CPU time, of all the program's processes together. The backstop is on the time in which
the program did nothing at all: looks at which none of its processes, nor its tests, ran or wanted to
run. A load on the machine makes a program wait for a core, and moves neither of them.

Runs inside the sandbox: standard library only.
"""

import os
import resource
import select
import time

TICK = 0.1  # seconds between two looks
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = resource.getpagesize()


def watch(program, checker, limit, patience, memory, spared):
    """Wait for the checker's answer, the program's end, or the end of its time or memory.

    Args:
        program: pid of the candidate, a child of this process that nobody waited for yet.
        checker: the Resident that runs its tests meanwhile, or None.
        limit: CPU seconds.
        patience: seconds that may pass in idleness.
        memory: bytes, in all its processes together.
        spared: pids that are not the program's.

    Returns (what, detail): `said` (the checker has an answer to be heard), `gone` (the program ended and the
    checker does not know), `timeout`, `memory`.
    """
    handle = os.pidfd_open(program)
    poll = select.poll()
    if checker:
        poll.register(checker, select.POLLIN)
        checkers = _clock(checker.pid)
        before = _read(checkers)
    poll.register(handle, select.POLLIN)
    clock = _clock(program)
    idle = 0
    try:
        while True:
            ready = {fd for fd, _ in poll.poll(TICK * 1000)}
            if checker and checker.fileno() in ready:
                return "said", ""
            if handle in ready and not checker:
                return "gone", ""
            if handle in ready:
                # the checker learns of it by itself, unless a survivor holds the program's end of the link
                poll.unregister(handle)
                return ("said" if poll.poll(1000) else "gone"), ""
            spent, resident, busy = look(program, spared)
            spent += _read(clock)
            if spent >= limit:
                return "timeout", f"over {limit:g} s of CPU time"
            if checker and _read(checkers) - before >= limit:
                return "timeout", f"its tests ran over {limit:g} s of CPU time with its answers"
            # a checker that a program of the same uid has stopped does nothing either
            idle += not busy and (not checker or _state(checker.pid) not in "RD")
            if idle * TICK >= patience:
                return "timeout", f"over {patience:g} s of doing nothing"
            if resident > memory:
                return "memory", "over the limit in all its processes together"
    finally:
        os.close(handle)


def processes(spared):
    """The pids that live here but those in `spared`, as text."""
    return [name for name in os.listdir("/proc") if name.isdigit() and int(name) not in spared]


def look(program, spared):
    """One look at a program's processes: (CPU seconds, bytes resident, whether any runs or wants to).

    The CPU seconds leave out what the main process spent itself: its own clock is finer. Shared
    pages of files count for none, others once for each process that has them.
    """
    spent = resident = 0
    busy = False
    for name in processes(spared):
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
            with open(f"/proc/{name}/statm", "rb") as file:
                pages = file.read().split()
        except OSError:
            continue
        busy = busy or fields[0] in b"RD"
        # utime, stime, and those of children that were waited for (proc(5))
        spent += sum(map(int, fields[13:15] if int(name) == program else fields[11:15]))
        resident += int(pages[1]) - int(pages[2])
    return spent / _TICKS, resident * _PAGE, busy


def _state(pid):
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0].decode()
    except OSError:
        return "S"


def _clock(pid):
    return (~pid << 3) | 2  # the CPU clock of another process, clock_getcpuclockid(3)


def _read(clock):
    try:
        return time.clock_gettime(clock)
    except OSError:
        return 0.0

"""A program's clocks and memory, while it runs: how long it may, and what it is doing.

The limit is on CPU time, of all the program's processes together. One backstop is on the time in which
the program did nothing at all: looks at which no thread of its processes, nor its tests, ran or wanted to
run. A load on the machine makes a program wait for a core, and moves neither of them. What neither clock
sees ends by the clock on the wall, late enough that no load brings an honest program there.

Runs inside the sandbox: standard library only.
"""

import functools
import os
import select
import time
from contextlib import suppress

TICK = 0.1  # seconds between two looks
WALL, WALL_SECONDS = 20, 30  # the last backstop: so many times the limit, and so many seconds
STUCK = 0.1  # what a look counts as idle at which processes waited for the disk, or for a vfork's child, and none ran
LOST = 0.05  # seconds of the sandbox's own clock that are no program's: forks, and what wakes up beside it
_TICKS = os.sysconf("SC_CLK_TCK")
STARTED = 3.0  # CPU seconds that a container may have cost before its first program
# CPU time of a whole control group: (file, how it is read)
_GROUPS = (
    ("/sys/fs/cgroup/cpuacct/cpuacct.usage", lambda text: int(text) / 1e9),
    ("/sys/fs/cgroup/cpu.stat", lambda text: int(text.split()[1]) / 1e6),
)


def watch(
    program: int,
    handle: int,
    checker: object,
    limit: float,
    patience: float,
    memory: int,
    spared: set[int],
    group: functools.partial | None,
    host: int,
) -> tuple[str, str, float]:
    """Wait for the checker's answer, the program's end, or the end of its time or memory.

    Args:
        program: pid of the candidate, which nobody waits for yet.
        handle: a file descriptor of that process.
        checker: the Resident that runs its tests meanwhile, or None.
        limit: CPU seconds.
        patience: seconds that may pass in idleness.
        memory: bytes, in all its processes together.
        spared: pids that are not the program's.
        group: gives the CPU seconds of all in this sandbox, or None where nothing does.
        host: file descriptor of the host's frames; this process ends with it.

    Returns (what, detail, the CPU seconds that were seen): `said` (the checker has an answer to be heard), `gone`
    (the program ended and the checker does not know), `timeout`, `memory`.
    """
    poll = select.poll()
    if checker:
        poll.register(checker, select.POLLIN)  # type: ignore[arg-type]  # a Resident
        checkers = clock(checker.pid)  # type: ignore[attr-defined]  # a Resident
        before = read(checkers)
    poll.register(handle, select.POLLIN)
    poll.register(host, select.POLLRDHUP)
    clocks = Clocks(program, spared, group)
    idle: float
    spent: float
    idle = spent = 0
    until = time.monotonic() + WALL * limit + WALL_SECONDS
    while True:
        ready = {fd for fd, _ in poll.poll(TICK * 1000)}
        if checker and checker.fileno() in ready:  # type: ignore[attr-defined]  # a Resident
            return "said", "", spent
        if handle in ready and not checker:
            return "gone", "", spent
        if handle in ready:
            # the checker learns of it by itself, unless a survivor holds the program's end of the link
            poll.unregister(handle)
            poll.unregister(host)
            return "said" if poll.poll(1000) else "gone", "", spent
        if host in ready:
            os._exit(0)  # the job that asked was ended, and PID 1 ends with its desk
        spent, resident, busy = clocks.look()
        if spent >= limit:
            return "timeout", f"over {limit:g} s of CPU time", spent
        if checker and read(checkers) - before >= limit:
            return "timeout", f"its tests ran over {limit:g} s of CPU time with its answers", spent
        # a checker that a program of the same uid has stopped does nothing either
        idle += 0 if checker and _state(checker.pid) in "RD" else 1 - busy  # type: ignore[attr-defined]  # a Resident
        if idle * TICK >= patience:
            return "timeout", f"over {patience:g} s of doing nothing", spent
        if time.monotonic() >= until:
            return "timeout", f"over {WALL * limit + WALL_SECONDS:g} s by the clock on the wall", spent
        if resident > memory:
            return "memory", "over the limit in all its processes together", spent


class Clocks:
    """A program's processes, look by look.

    A process that nobody waited for, as where SIGCHLD is ignored, takes its CPU time along when it ends: what was seen
    of it before still counts, and in a control group of our own all of it.
    """

    def __init__(self, program: int, spared: set[int], group: functools.partial | None):
        self._program = program
        self._clock = clock(program)
        self._spared = spared
        self._own: dict = {}  # (pid, when it began): CPU seconds of its own
        self._group = group
        self._before = self._in_group() if group else 0.0

    def look(self) -> tuple[float, int, float]:
        """(CPU seconds so far, bytes held, how busy: 1, or 1 - STUCK, or 0).

        Shared pages of files count for none, others once for each process that has them.
        """
        alive, inherited, held, busy = 0.0, 0.0, 0, 0
        for name in processes(self._spared):
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    fields = file.read().rpartition(b")")[2].split()
                held += _held(name)
            except OSError:
                continue
            busy = max(busy, _busy(name, fields))
            # utime, stime, and those of children that were waited for; when it began (proc(5))
            own = sum(map(int, fields[11:13])) / _TICKS
            if int(name) == self._program:
                own = read(self._clock) or own  # which is finer
            self._own[name, fields[19]] = own
            alive += own
            inherited += sum(map(int, fields[13:15])) / _TICKS
        # those that live with the children that they waited for; or all that were ever seen, as they were seen last
        spent = max(alive + inherited, sum(self._own.values()))
        if self._group:
            spent = max(spent, self._in_group() - self._before - LOST)
        return spent, held, busy

    def _in_group(self):
        """CPU seconds of all in this sandbox but those who are spared."""
        return self._group() - sum(read(clock(pid)) for pid in self._spared)  # type: ignore[misc]  # where there is one


def own_group() -> functools.partial | None:
    """A function that gives the CPU seconds of all in this sandbox, where it is a control group that can be seen; None.

    To be asked before the first program: a group that has spent more than a start costs is not this sandbox's alone.
    """
    for path, seconds in _GROUPS:

        def spent(fd, seconds=seconds):
            return seconds(os.pread(fd, 4096, 0))

        with suppress(OSError, ValueError, IndexError):
            spent = functools.partial(spent, os.open(path, os.O_RDONLY))
            if spent() < STARTED:
                return spent
    return None


def processes(spared: set[int]) -> list[str]:
    """The pids that live here but those in `spared`, as text."""
    return [name for name in os.listdir("/proc") if name.isdigit() and int(name) not in spared]


def _held(pid):
    """Bytes of a process's own and of memory that it shares with others, files left out."""
    with open(f"/proc/{pid}/status", "rb") as file:
        lines = file.read().split(b"\n")
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith((b"RssAnon:", b"RssShmem:")))


def _busy(pid, fields):
    """1 where a thread runs or wants to, 1 - STUCK where one waits for the disk or a vfork's child, else 0."""
    states = {fields[0]}
    if fields[0] != b"R" and int(fields[17]) > 1:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with suppress(OSError), open(f"/proc/{pid}/task/{thread}/stat", "rb") as file:
                states.add(file.read().rpartition(b")")[2].split()[0])
    return 1 if b"R" in states else 1 - STUCK if b"D" in states else 0


def _state(pid):
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0].decode()
    except OSError:
        return "S"


def clock(pid: int) -> int:
    return (~pid << 3) | 2  # the CPU clock of another process, clock_getcpuclockid(3)


def read(clock: int) -> float:
    """CPU seconds by the clock of a process; 0 if that is gone."""
    try:
        return time.clock_gettime(clock)
    except OSError:
        return 0.0

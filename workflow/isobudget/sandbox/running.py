"""One program in the sandbox: its two processes, its clocks, its verdict.

Runs inside the sandbox, in the server: standard library only.
"""

import _socket  # socket brings selectors and enum along
import gc
import json
import math
import os
import resource
import select
import signal
import time
from contextlib import suppress

from isobudget.sandbox import crossing

TICK = 0.1  # seconds between two looks at a program's clocks and memory
SHARE = 0.25  # of a core: a program that got less when its time ran out was disturbed
LINK, REPORT = 3, 4  # file descriptors in the children


def run(job, read_tests, settings):
    """Run one job: its verdict, detail, cpu_seconds, and whether it was `disturbed`.

    Args:
        job: program, entry_point, and timeout in CPU seconds.
        read_tests: gives the tests' frame as a buffer; called once the candidate is forked, and wiped here.
        settings: memory in bytes, and the uid of the program or None.
    """
    link, checker_link = _pair()
    started = time.monotonic()
    program = os.fork()
    if program == 0:
        _be_candidate(job, settings, {LINK: link})
    os.close(link)
    tests = read_tests()
    report, checker_report = os.pipe()
    checker = os.fork()
    if checker == 0:
        _be_checker(job, settings, {LINK: checker_link, REPORT: checker_report}, tests)
    tests[:] = bytes(len(tests))
    os.close(checker_link)
    os.close(checker_report)
    ended = watch(program, report, started, job["timeout"], settings["memory"])
    os.close(report)
    status, usage = reap(program)
    spent = usage.ru_utime + usage.ru_stime
    judged = _judge(ended, status, usage, settings["memory"])
    if judged["verdict"] == "passed" and spent > job["timeout"]:
        # its clock stood still while children that it waited for spent the time
        judged |= {"verdict": "timeout", "detail": f"over {job['timeout']:g} s of CPU time with its children"}
    return {**judged, "cpu_seconds": round(spent, 4)}


def _pair():
    one, other = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_STREAM)
    return one.detach(), other.detach()


def _become(settings, uid, keep, job):
    """Turn a forked child into one that owns nothing but the file descriptors in `keep`."""
    os.setsid()
    moved = {place: os.dup2(fd, 100 + place) for place, fd in keep.items()}
    for place, fd in moved.items():
        os.dup2(fd, place, inheritable=False)
    os.closerange(max(keep) + 1, 256)
    cpu = math.ceil(job["timeout"]) + 1
    for which, value in (
        (resource.RLIMIT_AS, settings["memory"]),
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_FSIZE, 16 << 20),
        (resource.RLIMIT_NOFILE, 128),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 64),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        resource.setrlimit(which, (value, value))
    if uid is not None:
        with suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    gc.enable()


def _be_candidate(job, settings, keep):
    try:
        _become(settings, settings["uid"], keep, job)
        os.chdir("/tmp")
        me = os.getpid()
        function = crossing.load_program(LINK, job["program"], job["entry_point"])
        if os.getpid() == me and function is not None:
            crossing.answer_calls(LINK, function)
        elif os.getpid() == me:
            crossing.receive(LINK)
            signal.pause()
    finally:
        os._exit(0)


def _be_checker(job, settings, keep, frame):
    name = job["entry_point"]
    try:
        _become(settings, settings["uid"] and settings["uid"] + 1, keep, job)
        tests = json.loads(frame)
        call = crossing.candidate(LINK, name)
        verdict, detail = "passed", ""
        namespace = {"__name__": "tests"}
        exec(compile(tests["context"], "<context>", "exec", dont_inherit=True), namespace)
        namespace[name] = call
        exec(compile(tests["tests"], "<tests>", "exec", dont_inherit=True), namespace)
    except crossing.Gone:
        verdict, detail = "gone", ""
    except (BrokenPipeError, ConnectionResetError):
        verdict, detail = "gone", ""
    except crossing.Foreign as error:
        verdict, detail = "failed", str(error)
    except BaseException as error:
        if error is call.raised:
            verdict, detail = ("memory" if error.memory else "error"), error.crossed
        else:
            verdict, detail = "failed", _where(error, tests["tests"])
    try:
        os.write(REPORT, json.dumps([verdict, crossing.brief(detail)]).encode())
    finally:
        os._exit(0)


def _where(error, source):
    """The exception and the line of the tests that raised it."""
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<tests>":
            line = trace.tb_lineno
        trace = trace.tb_next
    detail = crossing.describe(error)
    return f"{detail} at: {source.splitlines()[line - 1].strip()}" if line else detail


def watch(program, report, started, limit, memory):
    """Wait for the checker's report, the program's end, or the end of its time or memory.

    Returns (what, detail): a verdict of the checker's, or `gone` (the program ended, or closed
    its link), `alone` (the checker ended unheard), `timeout`, `disturbed` (out of time, yet
    without a fair share of a core), `memory`. The limit, in seconds, is on
    the CPU time of the program; twice the limit on the time that it neither ran nor
    waited for a core: a load on the machine moves neither.
    """
    clock = (~program << 3) | 2  # the CPU clock of another process, clock_getcpuclockid(3)
    handle = os.pidfd_open(program)
    poll = select.poll()
    poll.register(report, select.POLLIN)
    poll.register(handle, select.POLLIN)
    try:
        while True:
            ready = {fd for fd, _ in poll.poll(TICK * 1000)}
            if handle in ready and report not in ready:
                # the checker learns of it by itself, unless a survivor holds the program's end of the link
                poll.unregister(handle)
                ready = {fd for fd, _ in poll.poll(1000)}
                if not ready:
                    return "gone", ""
            if report in ready:
                said = os.read(report, 8192)
                what, detail = json.loads(said) if said else ("alone", "")
                if what == "gone":
                    select.select([handle], [], [], 1)  # its end is seen a moment before its exit status is
                return what, detail
            wall = time.monotonic() - started
            try:
                cpu = time.clock_gettime(clock)
            except OSError:
                continue
            if cpu >= limit:
                return ("timeout" if cpu >= SHARE * wall else "disturbed"), f"over {limit:g} s of CPU time"
            if wall - _waited(program) >= 2 * limit or wall >= 20 * limit:
                return "disturbed", f"over {2 * limit:g} s of wall time"
            if _resident() > memory:
                return "memory", "over the limit in all its processes together"
    finally:
        os.close(handle)


def _waited(program):
    """Seconds that a process was ready to run while others held the cores; 0 where the kernel keeps no such count."""
    try:
        with open(f"/proc/{program}/schedstat", "rb") as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


def _resident():
    """Bytes resident in all processes but this one; shared pages count once for each."""
    pages = 0
    for name in os.listdir("/proc"):
        if name.isdigit() and name != "1":
            try:
                with open(f"/proc/{name}/statm", "rb") as file:
                    fields = file.read().split()
            except OSError:
                continue
            pages += int(fields[1]) - int(fields[2])
    return pages * resource.getpagesize()


def reap(program):
    """Kill whatever else lives here and wait until it is gone; the program's status and usage."""
    found = None
    gone, status, usage = os.wait4(program, os.WNOHANG)
    if gone:
        found = status, usage
    while True:
        with suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
        try:
            gone, status, usage = os.wait4(-1, 0)
        except ChildProcessError:
            return found
        if gone == program:
            found = None, usage  # ended by this kill


def _judge(ended, status, usage, memory):
    what, detail = ended
    if what not in ("gone", "alone"):
        disturbed = what == "disturbed"
        return {"verdict": "timeout" if disturbed else what, "detail": detail, "disturbed": disturbed}
    code = None if status is None else os.waitstatus_to_exitcode(status)
    if what == "alone":
        verdict, detail = "crashed", "its tests were ended from outside"
    elif code is None:
        verdict, detail = "error", "it closed its link to the tests"
    elif code >= 0:
        verdict, detail = "error", f"it ended with exit code {code} before its tests had run"
    elif -code == signal.SIGXCPU:
        verdict, detail = "timeout", "over its CPU time"
    elif -code == signal.SIGKILL and usage.ru_maxrss * 1024 > memory // 2:
        verdict, detail = "memory", "killed for its memory"
    else:
        verdict, detail = "crashed", f"ended by signal {-code} ({signal.Signals(-code).name})"
    return {"verdict": verdict, "detail": detail, "disturbed": False}

"""One program in the sandbox: its processes, its verdict, and their end.

Runs inside the sandbox, in the server: standard library only.
"""

import _signal  # signal wraps each call in enums, which a fresh child would pay for
import _socket  # socket brings selectors and enum along
import gc
import json
import os
import resource
import signal
import time
from contextlib import suppress

from isobudget.sandbox.inside import crossing, observing, stdio, watching
from isobudget.sandbox.inside.resident import Resident, check_programs, compile_programs

LINK = 3  # file descriptor of the link to the tests, in the candidate
IDLE = 2  # times its limit on CPU time is what a program may sleep
# Of a program that answers inputs: a process that ends early costs the input it was at, the last one all that are left.
LIVES = 2
PART = 6  # each process has a sixth of the time: inputs are small, and what loops would loop again
PROCESSES = (64, 64)  # RLIMIT_NPROC of a candidate


class Runner:
    """Runs one job after another.

    Args:
        settings: memory in bytes, and the uid of programs, or None where the sandbox has one uid only.
    """

    def __init__(self, settings):
        self._memory = settings["memory"]
        self._uid = settings["uid"]
        own = self._uid and self._uid + 1
        self._checker = Resident(check_programs, own)
        # with one uid it would die with each program, and a fork for it costs more than it saves
        self._compiler = Resident(compile_programs, own) if self._uid else None

    def run(self, job, read_tests):
        """Run one job: its verdict, detail, cpu_seconds, and whether its time is `doubtful`.

        Args:
            job: program, entry_point, timeout in CPU seconds, and slack: how much more it may take, as a
                factor. What ends between the two limits is doubtful.
            read_tests: gives the tests' frame as a buffer; called once the candidate is forked, and wiped here.
        """
        self._checker.ready()
        code = self._compile(job)
        program, link = self._fork(job, code)
        tests = read_tests()
        told = self._checker.tell(tests, link)
        tests[:] = bytes(len(tests))
        os.close(link)
        ended, status, usage, spent = self._finish(program, job, told)
        return _timed(job, *_judge(ended, status, usage, self._memory), spent)

    def observe(self, job, asked):
        """What a program makes of inputs, as a job that is never wrong: verdict `observed`, detail JSON; else as `run`.

        The program answers one input after the other in one process. Where that ends (its time is up, it crashed), the
        input at which it did has the verdict on that, and a new process goes on behind it. After LIVES of them the
        inputs that are left have the last verdict too. Each has the PART of the time.

        Args:
            job: as of `run`.
            asked: entry_point, and cases as of observing.observe.
        """
        job = job | {"timeout": job["timeout"] / PART}
        code = self._compile(job)
        one = self._printed if job["kind"] == "observe-stdio" else self._answered
        found, spent, doubtful, lives = [], 0.0, False, LIVES
        while len(found) < len(asked["cases"]):
            answers, verdict, seconds = one(job, code, asked, len(found))
            found += answers
            spent += seconds
            doubtful = doubtful or (job["slack"] > 1 and seconds > job["timeout"] and verdict != "timeout")
            if verdict is None:
                continue
            lives -= 1
            for _, wanted in asked["cases"][len(found) : len(found) + 1 if lives else None]:
                found.append([verdict, "", [False] * len(wanted)])
        return {
            "verdict": "observed",
            "detail": json.dumps(found),
            "cpu_seconds": round(spent, 4),
            "doubtful": doubtful,
        }

    def _answered(self, job, code, asked, first):
        """One process's answers from case `first` on: (lines, the verdict it ended with or None, CPU seconds)."""
        self._checker.ready()
        answers = stdio.file()
        try:
            program, link = self._fork(job, code)
            told = self._checker.tell(json.dumps(asked | {"first": first}).encode(), link, answers)
            os.close(link)
            ended, status, usage, spent = self._finish(program, job, told)
            lines = stdio.contents(answers).rpartition("\n")[0].splitlines()
        finally:
            os.close(answers)
        through = first + len(lines) == len(asked["cases"])
        verdict = None if through else _judge(ended, status, usage, self._memory)[0]
        return [json.loads(line) for line in lines], verdict, spent

    def _printed(self, job, code, asked, number):
        """What a script prints for one input, as `_answered`."""
        given, wanted = asked["cases"][number]
        files = [stdio.file(given.encode("utf-8", "surrogateescape")), stdio.file(), stdio.file()]
        try:
            ended, status, usage, spent = self._script(job, code, files)
            if ended[0] != "gone" or status is None or not os.WIFEXITED(status):
                return [], _judge(ended, status, usage, self._memory)[0], spent
            if os.WEXITSTATUS(status):
                answer = [observing.RAISED, stdio.complaint(files[2]).partition(":")[0], [False] * len(wanted)]
            else:
                text = stdio.contents(files[1], last=stdio.ROOM)
                equal = [stdio.difference(text, one) is None for one in wanted]
                answer = [observing.RETURNED, observing.printed(files[1]), equal]
            return [answer], None, spent
        finally:
            for fd in files:
                os.close(fd)

    def _fork(self, job, code):
        """A candidate's process, and the checker's end of the link to it."""
        link, checkers_link = _pair()
        program = os.fork()
        if program == 0:
            _be_candidate(job, code, self._uid, link)
        os.close(link)
        return program, checkers_link

    def _finish(self, program, job, told):
        """Wait for a candidate whose checker was `told` of it, and for its end.

        Returns how it ended, its status and usage, and the CPU seconds of all its processes.
        """
        ended = self._wait(program, job) if told else ("alone", "")
        status, usage, orphans = self._reap(program)
        if ended[0] in ("timeout", "memory", "unheard") and (
            self._checker.pid is None or self._checker.hear(1) is None
        ):
            self._checker.end()  # still at its tests, though its link has ended
        return ended, status, usage, usage.ru_utime + usage.ru_stime + orphans

    def run_script(self, job, ask, read_wanted):
        """Run a program that reads standard input, once a test, up to the first that it fails; as `run`.

        Args:
            job: program, timeout and slack as for `run`, of a test each; tests: how many.
            ask: called with a test's number before its run, gives what the program reads, {"given": text}.
            read_wanted: gives the frame of what it should print; called once that run has ended, and wiped here.
        """
        code = self._compile(job)
        spent = 0.0
        for number in range(job["tests"]):
            answer = self._run_test(job, code, ask(number)["given"], read_wanted)
            spent += answer["cpu_seconds"]
            if answer["verdict"] != "passed":
                answer["detail"] = crossing.brief(f"test {number + 1} of {job['tests']}: {answer['detail']}")
            if answer["verdict"] != "passed" or answer["doubtful"]:
                break
        return answer | {"cpu_seconds": round(spent, 4)}

    def _run_test(self, job, code, given, read_wanted):
        files = [stdio.file(given.encode("utf-8", "surrogateescape")), stdio.file(), stdio.file()]
        try:
            ended, status, usage, spent = self._script(job, code, files)
            wanted = read_wanted()
            if ended[0] == "gone" and status is not None and os.WIFEXITED(status):
                judged = self._judge_script(os.WEXITSTATUS(status), files, wanted)
            else:
                judged = _judge(ended, status, usage, self._memory)
            wanted[:] = bytes(len(wanted))
            return _timed(job, *judged, spent)
        finally:
            for fd in files:
                os.close(fd)

    def _script(self, job, code, files):
        """Run a script on its three files; as `_finish`."""
        program = os.fork()
        if program == 0:
            _be_script(job, code, self._uid, files)
        limit, patience = job["timeout"] * job["slack"], IDLE * job["timeout"]
        ended = watching.watch(program, None, limit, patience, self._memory, {1, *self.residents()})
        status, usage, orphans = self._reap(program)
        return ended, status, usage, usage.ru_utime + usage.ru_stime + orphans

    def _judge_script(self, code, files, wanted):
        """(verdict, detail) of a script that has ended by itself; the checker compares what it printed."""
        if code:
            detail = stdio.complaint(files[2]) or f"it ended with exit code {code}"
            return ("memory" if detail.startswith("MemoryError") else "error"), detail
        self._checker.ready()
        said = self._checker.hear(30) if self._checker.tell(wanted, files[1]) else None
        if said is None:
            self._checker.end()
        return json.loads(said) if said else ("failed", "its output could not be compared")

    def residents(self):
        """The pids of the processes that stay."""
        return {each.pid for each in (self._checker, self._compiler) if each and each.pid}

    def _compile(self, job):
        """The program's code, marshalled; None if it must be compiled where it runs."""
        if self._compiler is None:
            return None
        self._compiler.ready()
        code = None
        if self._compiler.tell(job["program"].encode("utf-8", "surrogatepass")):
            code = self._compiler.hear(job["timeout"])
        if code is None:
            self._compiler.end()
        return code or None

    def _wait(self, program, job):
        """How it ended: what the checker said, or what watching.watch saw."""
        spared = {1, *self.residents()}
        what, detail = watching.watch(
            program, self._checker, job["timeout"] * job["slack"], IDLE * job["timeout"], self._memory, spared
        )
        if what == "gone":
            return "unheard", ""
        if what != "said":
            return what, detail
        said = self._checker.hear(10)
        if said is None:
            self._checker.end()
            return "alone", ""
        what, detail = json.loads(said)
        if what == "gone":
            # its end is seen a moment before its exit status is
            deadline = time.monotonic() + 1
            while time.monotonic() < deadline and os.waitid(os.P_PID, program, _PEEK) is None:
                time.sleep(0.001)
        return what, detail

    def _reap(self, program):
        """Kill what the program left and wait until nobody is there but the processes that stay.

        Returns its status (None if this kill ended it), its usage, and the CPU seconds of its orphans.
        """
        status = usage = None
        orphans = 0.0
        gone, status, usage = os.wait4(program, os.WNOHANG)
        if not gone:
            status = usage = None
        while True:
            self._kill()
            if self._uid is None:
                self._checker.end()  # the same signal reached it
            if usage is None:
                _, _, usage = os.wait4(program, 0)
            if not watching.processes({1, *self.residents()}):
                return status, usage, orphans
            # one of them at least is killed and will be handed to us; who forks meanwhile is killed next
            with suppress(ChildProcessError):
                gone, _, theirs = os.wait4(-1, 0)
                if not self._forget(gone):
                    orphans += theirs.ru_utime + theirs.ru_stime

    def _kill(self):
        """SIGKILL to every process of the program's uid, or, with one uid, to everyone."""
        if self._uid:
            os.seteuid(self._uid)  # a signal to all spares whom its sender may not touch
        try:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(-1, signal.SIGKILL)
        finally:
            if self._uid:
                os.seteuid(0)

    def _forget(self, pid):
        """Whether `pid` was one of those that stay; it is known to be gone then."""
        for each in (self._checker, self._compiler):
            if each and each.pid == pid:
                each.gone()
                return True
        return False


_PEEK = os.WEXITED | os.WNOHANG | os.WNOWAIT


def _pair():
    one, other = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_STREAM)
    return one.detach(), other.detach()


def _be_candidate(job, code, uid, link):
    """In the forked child. Every page that it touches costs: what can be done once, the server did."""
    try:
        os.dup2(link, LINK, False)
        _keep(LINK, job, uid)
        me = os.getpid()
        function = crossing.load_program(LINK, job["program"], code, job["entry_point"])
        if os.getpid() == me and function is not None:
            crossing.answer_calls(LINK, function)
        elif os.getpid() == me:
            crossing.receive(LINK)
            _signal.pause()
    finally:
        os._exit(0)


def _be_script(job, code, uid, files):
    """In the forked child, for one test of a script."""
    try:
        for place, fd in enumerate(files):
            os.dup2(fd, place)
        _keep(2, job, uid)
        stdio.become_program(job["program"], code)
    finally:
        os._exit(1)


def _keep(last, job, uid):
    """Own nothing but the file descriptors up to `last`, and become what programs are run as."""
    os.closerange(last + 1, 256)
    cpu = int(job["timeout"] * job["slack"]) + 2  # should the server ever look away
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
    if uid is None:
        resource.setrlimit(resource.RLIMIT_NPROC, PROCESSES)
    else:
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    _signal.signal(_signal.SIGINT, _signal.default_int_handler)
    gc.enable()


def _timed(job, verdict, detail, spent):
    """What the host is told, after a look at the CPU seconds that were spent."""
    over = verdict != "timeout" and spent > job["timeout"]
    if over and job["slack"] == 1:
        verdict, detail = "timeout", f"over {job['timeout']:g} s of CPU time"
    doubtful = over and job["slack"] > 1
    return {"verdict": verdict, "detail": detail, "cpu_seconds": round(spent, 4), "doubtful": doubtful}


def _judge(ended, status, usage, memory):
    """(verdict, detail) from how it ended, and where that is not a verdict yet, from how it exited."""
    what, detail = ended
    if what not in ("gone", "unheard", "alone"):
        return what, detail
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
    return verdict, detail

"""One program in the sandbox: its processes, its verdict, and their end.

Runs inside the sandbox, at the desk: standard library only.
"""

import collections
import json
import os
import select
import signal

from isobudget.sandbox.inside import candidate, crossing, observing, stdio, watching
from isobudget.sandbox.inside.resident import Resident, check_programs, compile_programs

IDLE = 2  # times its limit on CPU time is what a program may sleep
# Of a program that answers inputs: a process that ends early costs the input it was at, the last one all that are left.
LIVES = 2
PART = 6  # each process has a sixth of the time: inputs are small, and what loops would loop again
LEEWAY = 2  # seconds of CPU time beyond its limit after which the kernel ends a process, should the desk look away

Ended = collections.namedtuple("Ended", "status spent largest trouble")
Ended.__doc__ = """How all processes of a run ended.

    status: the wait status of the first of them, None if it had to be killed.
    spent: CPU seconds of all that were waited for, or what was seen of all while they ran, if that is over the limit.
    largest: bytes that the first one held at most.
    trouble: what it left that could not be wiped, or None.
"""


class Runner:
    """Runs one job after another.

    Args:
        memory: bytes that a program may have.
        server: forks and ends candidates, as of desk.Server.
        one_uid: whether candidates are the same user as this process.
    """

    def __init__(self, memory: int, server: object, one_uid: bool):
        self._memory = memory
        self._server = server
        self._trouble = None  # what the last run left
        self._group = watching.own_group()
        self._checker = Resident(check_programs, memory)
        # with one uid it would end with each program, and a fork for it costs more than it saves
        self._compiler = None if one_uid else Resident(compile_programs, memory)

    def prepare(self) -> None:
        """Start what the next program needs, before there is one."""
        self._checker.ready()

    def run(self, job: dict, tests: bytes) -> dict:
        """Run one job: its verdict, detail, cpu_seconds, whether its time is `doubtful`, and `trouble` as of Ended.

        Args:
            job: program, entry_point, timeout in CPU seconds, and slack: how much more it may take, as a
                factor. What ends between the two limits is doubtful.
            tests: what resident.check_programs is told, as bytes.
        """
        self._checker.ready()
        program, link = self._fork(job, self._compile(job))
        told = self._checker.tell(tests, link)
        os.close(link)
        what, detail, ended = self._finish(program, job, told)
        return self._timed(job, *_judge(what, detail, ended, self._memory), ended.spent)

    def observe(self, job: dict, asked: dict, go_on: "collections.abc.Callable") -> dict:
        """What a program makes of inputs, as a job that is never wrong: verdict `observed`, detail JSON; else as `run`.

        The program answers one input after the other in one process. Where that ends (its time is up, it crashed), the
        input at which it did has the verdict on that, and a new process goes on behind it. After LIVES of them the
        inputs that are left have the last verdict too. Each has the PART of the time.

        Args:
            job: as of `run`.
            asked: entry_point, and cases as of observing.observe.
            go_on: called before each process, so that the host knows that someone is at work.
        """
        job = job | {"timeout": job["timeout"] / PART}
        code = self._compile(job)
        one = self._printed if job["kind"] == "observe-stdio" else self._answered
        found: list
        found, spent, doubtful, lives = [], 0.0, False, LIVES
        while len(found) < len(asked["cases"]):
            go_on()
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
            "trouble": self._trouble,
        }

    def _answered(self, job, code, asked, first):
        """One process's answers from case `first` on: (lines, the verdict it ended with or None, CPU seconds)."""
        self._checker.ready()
        answers = stdio.file()
        try:
            program, link = self._fork(job, code)
            told = self._checker.tell(json.dumps(asked | {"first": first}).encode(), link, answers)
            os.close(link)
            what, detail, ended = self._finish(program, job, told)
            lines = stdio.contents(answers).rpartition("\n")[0].splitlines()
        finally:
            os.close(answers)
        through = first + len(lines) == len(asked["cases"])
        verdict = None if through else _judge(what, detail, ended, self._memory)[0]
        return [json.loads(line) for line in lines], verdict, ended.spent

    def _printed(self, job, code, asked, number):
        """What a script prints for one input, as `_answered`."""
        given, wanted = asked["cases"][number]
        files = [stdio.file(given.encode("utf-8", "surrogateescape")), stdio.file(), stdio.file()]
        try:
            what, detail, ended = self._script(job, code, files)
            if what != "gone" or ended.status is None or not os.WIFEXITED(ended.status):
                return [], _judge(what, detail, ended, self._memory)[0], ended.spent
            if os.WEXITSTATUS(ended.status):
                answer = [observing.RAISED, stdio.complaint(files[2]).partition(":")[0], [False] * len(wanted)]
            else:
                text = stdio.contents(files[1], last=stdio.ROOM)
                equal = [stdio.difference(text, one) is None for one in wanted]
                answer = [observing.RETURNED, observing.printed(files[1]), equal]
            return [answer], None, ended.spent
        finally:
            for fd in files:
                os.close(fd)

    def _fork(self, job, code, *files):
        """A candidate's pid, and this end of the link to it, which its tests are to have."""
        seconds = int(job["timeout"] * job["slack"]) + LEEWAY
        return self._server.fork(  # type: ignore[attr-defined]  # a desk.Server, which imports this
            candidate.job_bytes(job["program"], code, job["entry_point"], seconds), *files
        )

    def _finish(self, program, job, told):
        """Wait for a candidate whose checker was `told` of it, and for its end.

        Returns what was said or seen of it, a detail, and an Ended.
        """
        what, detail, seen = self._wait(program, job) if told else ("alone", "", 0.0)
        ended = self._end(job, seen)
        if what in ("timeout", "memory", "unheard") and self._checker.hear(1) is None:
            self._checker.end()  # still at its tests, though its link has ended
        return what, detail, ended

    def _end(self, job, seen):
        """An Ended of all processes, of which `seen` CPU seconds were seen."""
        ended = self._server.end(self._residents())  # type: ignore[attr-defined]  # as in _fork
        self._trouble = ended.trouble
        return ended._replace(spent=max(ended.spent, seen)) if seen > job["timeout"] else ended

    def run_script(self, job: dict, ask: "collections.abc.Callable") -> dict:
        """Run a program that reads standard input, once a test, up to the first that it fails; as `run`.

        Args:
            job: program, timeout and slack as for `run`, of a test each; tests: how many.
            ask: called with a test's number, gives what the program reads and what it should print.
        """
        code = self._compile(job)
        spent = 0.0
        for number in range(job["tests"]):
            answer = self._run_test(job, code, *ask(number))
            spent += answer["cpu_seconds"]
            if answer["verdict"] != "passed":
                answer["detail"] = crossing.brief(f"test {number + 1} of {job['tests']}: {answer['detail']}")
            if answer["verdict"] != "passed" or answer["doubtful"]:
                break
        return answer | {"cpu_seconds": round(spent, 4)}

    def _run_test(self, job, code, given, wanted):
        files = [stdio.file(given.encode("utf-8", "surrogateescape")), stdio.file(), stdio.file()]
        try:
            what, detail, ended = self._script(job, code, files)
            if what == "gone" and ended.status is not None and os.WIFEXITED(ended.status):
                judged = self._judge_script(os.WEXITSTATUS(ended.status), files, wanted)
            else:
                judged = _judge(what, detail, ended, self._memory)
            return self._timed(job, *judged, ended.spent)  # type: ignore[call-arg]  # judged is a pair
        finally:
            for fd in files:
                os.close(fd)

    def _script(self, job, code, files):
        """Run a script on its three files; as `_finish`."""
        program, link = self._fork(job, code, *files)
        os.close(link)
        handle = os.pidfd_open(program)
        try:
            what, detail, seen = self._watch(program, handle, None, job)
        finally:
            os.close(handle)
        return what, detail, self._end(job, seen)

    def _judge_script(self, code, files, wanted):
        """(verdict, detail) of a script that has ended by itself; the checker compares what it printed."""
        if code:
            detail = stdio.complaint(files[2]) or f"it ended with exit code {code}"
            return ("memory" if detail.startswith("MemoryError") else "error"), detail
        self._checker.ready()
        told = self._checker.tell(json.dumps({"wanted": wanted}).encode(), files[1])
        said = self._checker.hear(30) if told else None
        if said is None:
            self._checker.end()
        return json.loads(said) if said else ("failed", "its output could not be compared")

    def _residents(self):
        """The pids of the processes that stay."""
        return [each.pid for each in (self._checker, self._compiler) if each and each.pid]

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

    def _watch(self, program, handle, checker, job):
        spared = {1, os.getpid(), *self._residents()}
        limit, patience = job["timeout"] * job["slack"], IDLE * job["timeout"]
        memory, host = self._memory, self._server.host  # type: ignore[attr-defined]  # as in _fork
        return watching.watch(program, handle, checker, limit, patience, memory, spared, self._group, host)

    def _wait(self, program, job):
        """How it ended: what the checker said, or what watching.watch saw; as that returns."""
        handle = os.pidfd_open(program)
        try:
            what, detail, seen = self._watch(program, handle, self._checker, job)
            if what == "gone":
                return "unheard", "", seen
            if what != "said":
                return what, detail, seen
            said = self._checker.hear(10)
            if said is None:
                self._checker.end()
                return "alone", "", seen
            what, detail = json.loads(said)
            if what == "gone":
                # the end of its link is seen a moment before its own
                poll = select.poll()
                poll.register(handle, select.POLLIN)
                poll.poll(1000)
            return what, detail, seen
        finally:
            os.close(handle)

    def _timed(self, job, verdict, detail, spent):
        """What the host is told, after a look at the CPU seconds that were spent."""
        over = verdict != "timeout" and spent > job["timeout"]
        if over and job["slack"] == 1:
            verdict, detail = "timeout", f"over {job['timeout']:g} s of CPU time"
        answer = {"verdict": verdict, "detail": detail, "cpu_seconds": round(spent, 4)}
        return answer | {"doubtful": over and job["slack"] > 1, "trouble": self._trouble}


def _judge(what, detail, ended, memory) -> tuple[str, str]:
    """(verdict, detail) from what was said or seen, and where that is not a verdict yet, from how it exited."""
    if what not in ("gone", "unheard", "alone"):
        return what, detail
    code = None if ended.status is None else os.waitstatus_to_exitcode(ended.status)
    if what == "alone":
        verdict, detail = "crashed", "its tests were ended from outside"
    elif code is None:
        verdict, detail = "error", "it closed its link to the tests"
    elif code >= 0:
        verdict, detail = "error", f"it ended with exit code {code} before its tests had run"
    elif -code == signal.SIGXCPU:
        verdict, detail = "timeout", "over its CPU time"
    elif -code == signal.SIGKILL and ended.largest > memory // 2:
        verdict, detail = "memory", "killed for its memory"
    else:
        verdict, detail = "crashed", f"ended by signal {-code} ({signal.Signals(-code).name})"
    return verdict, detail

"""Workers side by side: who runs what, what is run again, and what becomes of a worker that dies.

A verdict must say something about the program, never about the machine at that moment:

- A worker that dies gives its program back to a fresh worker, alone. Only a program that DEATHS
  workers died of is `infra`: two may be killed from outside by chance while they hold the same one.
- Neighbours do not take a program's CPU time, yet they slow it down, through shared caches and cores
  of which two are one. So beside others a program may take SLACK times its limit. One that ends
  between the two is run again when all the others are done, alone; what it does then counts.
"""

import collections
import queue
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from isobudget.files.errors import StudyError
from isobudget.sandbox import bubblewrap, docker, launch, root, verdicts

AHEAD = 2  # jobs that a worker holds: one that runs, one to start without asking
SLACK = 1.5  # how much slower, in CPU time, neighbours make a program at worst
PATIENT = 20  # as slack, for a program that is known to be right
DEATHS = 3  # workers that must die of a program before it is given up

Program = collections.namedtuple("Program", "source tests entry_point context kind", defaults=("", "call"))
Program.__doc__ = """One thing to run and to judge.

    source: the program's text.
    tests: text that calls `entry_point` and raises if an answer is wrong; of a `stdio` program JSON,
        {"inputs": [text, ...], "outputs": [text, ...]}, each a run of its own with the whole time limit; where nobody
        judges, JSON, [[expression or input, [what it may equal, ...]], ...].
    entry_point: the function of the program that the tests call.
    context: text that the tests need beside it, run before them on their side.
    kind: `call`, or `stdio` for a program that reads standard input and prints; `observe` and `observe-stdio` are the
        same without a judge: their verdict is `observed`, and the detail is what came of each case (observing.py).
"""

Outcome = collections.namedtuple("Outcome", "verdict detail cpu_seconds")
Outcome.__doc__ = "What one run ended with: a name of verdicts.py, one line that says why, the program's CPU seconds."


class Pool:
    """Sandboxes of one engine.

    Args:
        engine: starts workers.
        workers: how many programs run at once.
        timeout: CPU seconds a program.
        plain: a Program that must pass before any other's verdict counts, or None.
        fresh: whether each program has a worker of its own.
    """

    def __init__(
        self,
        engine: bubblewrap.Engine | docker.Engine,
        workers: int,
        timeout: float,
        plain: Program | None = None,
        fresh: bool = False,
    ):
        self._engine = engine
        self._count = workers
        self._timeout = timeout
        self._patience = 60 + 40 * timeout  # seconds of silence before a worker is taken for dead
        self._plain = plain
        self._fresh = fresh
        self._idle: list[bubblewrap.Worker | docker.Worker] = []
        self._all: set[bubblewrap.Worker | docker.Worker] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def run(
        self, programs: Sequence[Program], progress: Callable[[int, Outcome], object] | None = None
    ) -> list[Outcome]:
        """Run programs and return their Outcomes, in the same order.

        Args:
            programs: a sequence of Program.
            progress: called with a program's number and its Outcome when that is final.

        Raises StudyError if the engine can start no worker any more.
        """
        if self._plain is not None and programs:
            self._prove()
        outcomes: list[Any] = [None] * len(programs)
        doubtful = []
        count = min(self._count, len(programs))
        for number, answer in self._spread(programs, range(len(programs)), count, SLACK if count > 1 else 1):
            if answer["doubtful"]:
                doubtful.append(number)
                continue
            outcomes[number] = _outcome(answer)
            if progress:
                progress(number, outcomes[number])
        if doubtful:
            self._renew()  # what judged them before does not judge them again
        for number, answer in self._spread(programs, sorted(doubtful), min(1, len(doubtful)), slack=1):
            outcomes[number] = _outcome(answer)
            if progress:
                progress(number, outcomes[number])
        return outcomes

    def close(self) -> None:
        """End every sandbox, whatever it is doing."""
        with self._lock:
            self._stopped = True
            workers, self._all, self._idle = self._all, set(), []
        for worker in workers:
            worker.close()

    def _prove(self):
        """Raise StudyError unless a plain program passes, with all the time that a cold or busy machine needs."""
        ((_, answer),) = self._spread([self._plain], [0], 1, slack=PATIENT)
        ended = _outcome(answer)
        if ended.verdict != verdicts.PASSED:
            raise StudyError(
                f"the sandbox runs no plain program ({ended.verdict}: {ended.detail}), so none is judged there. "
                f"Delete {root.cache()} and run again, or use the other engine."
            )
        self._plain = None

    def _renew(self):
        """End the workers that are idle."""
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            self._drop(worker)

    def _spread(self, programs, numbers, count, slack):
        """Yield (number, answer) as those of the programs finish on `count` workers."""
        done: queue.SimpleQueue[Any] = queue.SimpleQueue()
        waiting = collections.deque(numbers)
        job = partial(launch.job_frames, timeout=self._timeout, slack=slack)
        threads = [
            threading.Thread(target=self._work, args=(programs, job, waiting, done), daemon=True) for _ in range(count)
        ]
        for thread in threads:
            thread.start()
        alive = count
        trouble = None
        while alive:
            item = done.get()
            if item is None:
                alive -= 1
            elif isinstance(item, BaseException):
                trouble = trouble or item
                waiting.clear()  # the others finish what they hold
            else:
                yield item
        if trouble is not None:
            raise trouble

    def _work(self, programs, job, waiting, done):
        """One worker's life: take programs, hand over answers, replace the worker when it dies."""
        worker = None
        # the server asks for the tests of a stdio program one by one: no other job may stand before them
        ahead = 1 if self._fresh or any(program.kind == "stdio" for program in programs) else AHEAD
        try:
            held: collections.deque[int] = collections.deque()
            suspect, deaths = None, 0  # the program that workers died of, run alone before anything else
            while not self._stopped:
                if self._fresh and not held and not waiting:
                    break  # no worker is started for nobody
                worker = worker or self._get()
                alive = True
                while alive and suspect is None and len(held) < ahead and (number := _take(waiting)) is not None:
                    held.append(number)
                    alive = _send(worker, job(programs[number]))
                if not held:
                    break
                answer = self._answer(worker, programs[held[0]]) if alive else None
                if answer is None:
                    self._drop(worker)
                    print(f"sandbox: a worker ended with a program in it ({worker.last_words})", file=sys.stderr)
                    worker = None
                    deaths = deaths + 1 if suspect == held[0] else 1
                    if deaths == DEATHS:
                        done.put((held.popleft(), {"verdict": verdicts.INFRA, "doubtful": False}))
                        suspect = None
                    else:
                        suspect = held[0]
                        waiting.extendleft(reversed(list(held)[1:]))
                        held = collections.deque([suspect])
                        worker = self._get(fresh=True)
                        _send(worker, job(programs[suspect]))
                    continue
                done.put((held.popleft(), answer))
                suspect = None
                if answer["trouble"] or self._fresh:
                    # its verdict stands, but the next program gets a clean place
                    self._drop(worker)
                    worker = None
                    waiting.extendleft(reversed(held))
                    held.clear()
            if worker is not None:
                with self._lock:
                    self._idle.append(worker)
        except BaseException as error:
            done.put(error)
        finally:
            done.put(None)

    def _answer(self, worker, program):
        """What the server says of the program that it has, None if it is gone; tests are sent as it asks for them."""
        answer = worker.answer(self._patience)
        while answer is not None and "verdict" not in answer:
            # else it says that it is at work
            if "next" in answer and not _send(worker, launch.test_frames(program, answer["next"])):
                return None
            answer = worker.answer(self._patience)
        return answer

    def _get(self, fresh=False):
        with self._lock:
            if self._idle and not fresh:
                return self._idle.pop()
        worker = self._engine.start()
        with self._lock:
            if not self._stopped:
                self._all.add(worker)
                return worker
        worker.close()
        raise StudyError("the sandbox was closed while it ran.")

    def _drop(self, worker):
        with self._lock:
            self._all.discard(worker)
        worker.close()


def _send(worker, frames):
    """Whether the worker took them."""
    try:
        worker.send(frames)
    except OSError:
        return False
    return True


def _take(waiting):
    try:
        return waiting.popleft()
    except IndexError:
        return None


def _outcome(answer):
    if answer["verdict"] == verdicts.INFRA:
        return Outcome(verdicts.INFRA, f"{DEATHS} sandboxes died of it", 0.0)
    return Outcome(answer["verdict"], answer["detail"], answer["cpu_seconds"])

"""One run at a time on a results folder, by a lock that ends with its process, however that ends.

Snakemake's own lock is a list of files that outlives a run which was killed, and then asks for `--unlock`. Nobody can
tell from it whether its run lives. A lock of the kernel's can: it is gone when its process is. So a run claims its
results folder first, and whoever holds the claim may clear what a dead run of this machine left locked.

The claim also says with which code the files were made, for each of Snakemake's records (.snakemake/): a checkout that
has no record of a file takes it as it is, so another version of the code would pass it off as its own. And it says with
which settings, for the same reason (provenance.py).
"""

import atexit
import contextlib
import fcntl
import json
import os
import shlex
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TextIO

from isobudget.files.errors import StudyError
from isobudget.run import provenance
from isobudget.study.stages import cheap_places

NAME = ".claim"
LOCKS = Path(".snakemake/locks")
RECORDS = Path(".snakemake/isobudget")  # the name of these records, which goes where they go and ends with them
PATIENCE = 5  # seconds; a dry run holds the claim while it looks
_HOST = os.uname().nodename


class Claim:
    """The claim of this process on a results folder, tried at once; whatever comes of it, one may look.

    Where it is had and the run before was killed, what that run left locked is cleared. `notice` is a sentence where
    another run has it, else None.

    Args:
        results: the results folder, as the study names it. Where results are on an object store, the claim still lies
            in a folder of that name here, and binds the runs of this folder alone.
    """

    def __init__(self, results: str):
        self._results = results
        self._path = Path(results) / NAME
        self._file: TextIO | None = None
        self._made: dict[str, dict[str, str]] = {}
        self._settings: dict[str, Any] = {}
        why, busy = self._take()
        self.notice = why if busy else None
        if self._file:
            before = _state(self._file)
            self._know(before)
            # of another machine's run we know nothing: its kernel may keep its locks to itself
            if before.get("at_work") and before.get("host") == _HOST:
                _clear(results)
            self._write(at_work=True)

    def vet(self, code: str) -> None:
        """Return if no file there was made with other code than `code`, but where Snakemake has a record of it here.

        Args:
            code: a checksum of the code that makes files here.

        Raises:
            StudyError: some file may have been.
        """
        for records, made in self._made.items():
            if made["code"] != code and not self._ours(records, made):
                raise StudyError(
                    f"{self._results}: another version of isobudget made files there, run in {made['folder']}, and "
                    "nothing tells here which of them this version would make otherwise. Run that one; or give this "
                    f"study another `results`; or have all that comes after the samples made anew here, after `cd "
                    f"{self._results} && rm -rf {' '.join([*map(shlex.quote, cheap_places(self._results)), NAME])}`."
                )

    def compare(self, settings: Callable[[], Mapping[str, str]]) -> str | None:
        """See to it that files made with other settings are made anew, where Snakemake has no record of that here.

        Args:
            settings: a function that gives what unrecorded.settings does of the study.

        Returns:
            A sentence if there are such files, else None; also where another run has the claim, whose files these are.

        Raises:
            StudyError: they are what only a model makes, or what it was asked: nobody draws those anew unasked.
        """
        last = self._settings
        if not self._file or not last or self._ours(last["records"], last):
            return None
        dear, cheap = provenance.changed(self._results, last["made"], settings())
        where = f"made with other settings, run in {last['folder']}, whose records (.snakemake) are not here"
        if dear:
            raise StudyError(
                f"{' '.join(map(str, dear))}: {where}; run the study with those, give it another `results`, or delete "
                "these to have them, and what follows from them, made anew."
            )
        provenance.outdate(self._results, cheap)
        return f"{' '.join(map(str, cheap))}: {where}; a run makes them anew." if cheap else None

    def insist(self, code: str, settings: Mapping[str, str]) -> None:
        """Return if no other run is at work here; where a file system has no locks, Snakemake's own must do.

        Args:
            code: as in `vet`; kept beside the results, as what made files there.
            settings: what unrecorded.settings gives of the study; kept likewise.

        Raises:
            StudyError: another run is, this user may not write to the results folder, or as `vet` does.
        """
        deadline = time.monotonic() + PATIENCE
        while not self._file:
            why, busy = self._take()
            if not why:
                break
            if not busy or time.monotonic() > deadline:
                raise StudyError(why)
            time.sleep(0.2)
        if self._file:
            self._know(_state(self._file))
            self.vet(code)
            records = _records()
            where = {"folder": os.getcwd(), "results": os.path.realpath(self._results)}
            self._made = self._made | {records: {"code": code, **where}}
            made = self._settings.get("made", {}) | settings
            self._settings = {"records": records, **where, "made": made}
            self._write(at_work=True)

    def _know(self, state):
        """Take over what a claim says of the files; nothing from one that is damaged."""
        made, last = state.get("made"), state.get("settings")
        if isinstance(made, dict) and all(
            isinstance(m, dict) and {"code", "folder"} <= m.keys() for m in made.values()
        ):
            self._made = made
        if isinstance(last, dict) and {"records", "folder"} <= last.keys() and isinstance(last.get("made"), dict):
            self._settings = last

    def _ours(self, records, made):
        """Whether it was the records here that say how files were made, and no copy of them in another folder."""
        shared = made.get("results") == os.path.realpath(self._results) and made["folder"] != os.getcwd()
        return records == _records() and not (shared and _records_of(made["folder"]) == records)

    def _take(self):
        """Try to hold the claim: (why not, as a sentence, or None; whether another run has it)."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = open(self._path, "a+")  # noqa: SIM115 - open as long as the process lives
        except OSError as error:
            return (
                f"{self._results}: nothing can be written there ({error.strerror}); see that this user may write to "
                "the folder and that its disk is not mounted read-only, or give this study another `results`.",
                False,
            )
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with file:
                found = _state(file)
                self._know(found)
            return (
                f"{self._results}: another run is at work there (process {found.get('pid')} on {found.get('host')}, "
                f"since {found.get('since')}); let it end, or give this study another `results`. Do not unlock.",
                True,
            )
        except OSError:
            file.close()
            return None, False
        self._file = file
        atexit.register(self._write, at_work=False)
        return None, False

    def _write(self, at_work):
        if not self._file:
            return
        state = {"pid": os.getpid(), "host": _HOST, "at_work": at_work, "since": time.strftime("%Y-%m-%d %H:%M:%S")}
        state |= {"made": self._made, "settings": self._settings}
        with contextlib.suppress(OSError):  # a full disk is the first job's to tell
            self._file.truncate(0)
            self._file.write(json.dumps(state) + "\n")
            self._file.flush()


def _state(file):
    """What the last one who held the claim said of itself; {} if nothing."""
    try:
        file.seek(0)
        found = json.loads(file.read())
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _records():
    """The name of Snakemake's records here, given at the first run."""
    if name := _records_of("."):
        return name
    try:
        RECORDS.parent.mkdir(parents=True, exist_ok=True)
        RECORDS.write_text(uuid.uuid4().hex)
        return RECORDS.read_text()
    except OSError as error:
        raise StudyError(
            f"{os.getcwd()}: nothing can be written there ({error.strerror}), and Snakemake keeps its records in "
            ".snakemake/ of the folder it runs in; run it in one that this user may write to."
        ) from None


def _records_of(folder):
    """The name of Snakemake's records in a folder, or None if it has none."""
    try:
        return Path(folder, RECORDS).read_text()
    except OSError:
        return None


def _clear(results):
    """Delete those of Snakemake's locks that list files of this results folder."""
    for lock in LOCKS.glob("*.lock"):
        lines = lock.read_text().splitlines()
        if any(line.startswith(f"{results}/") or f"/{results}/" in line for line in lines):
            lock.unlink()

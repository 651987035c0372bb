"""Verdicts kept by content: a distinct program runs once, whichever block, decoding or model wrote it.

One SQLite file beside the results. Several jobs may use it at once; what a killed job had
judged is there for the next. It holds nothing that running again would not give: deleting it costs time alone.

Where the results are on a network file system each node keeps a file of its own. SQLite is whole there only if locks
are seen by every node, and many such file systems have locks that are not: NFS with nolock, Lustre with localflock,
BeeGFS as it comes. Locks between the processes of one node always hold. What that costs is that a program which two
nodes meet runs on both.
"""

import contextlib
import hashlib
import json
import os
import re
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from isobudget.files.errors import StudyError
from isobudget.sandbox import Outcome, Program

WAIT = 60  # seconds for another job that writes
OFTEN = 1  # seconds between two writes
MANY = 500  # keys a query; SQLite's own limit is 999 in old versions
# file systems of one machine; any other may be seen by several, with locks or without
LOCAL = {"ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "overlay", "tmpfs", "ramfs"}


def key(program: Program, conditions: dict[str, Any]) -> bytes:
    """What a verdict depends on, as 32 bytes.

    Args:
        program: a sandbox.Program: its text, its tests, what they call, what they need.
        conditions: a JSON-serialisable dict: limits, what is in the sandbox, what judges.
    """
    text = json.dumps([list(program), conditions], sort_keys=True)
    return hashlib.sha256(text.encode()).digest()


class Kept:
    """The verdicts in one file.

    with open_kept(path) as kept:
        kept.find(keys)        # {key: Outcome} of those that are known
        kept.add(key, outcome)
    """

    def __init__(self, connection: sqlite3.Connection):
        self._connection = connection
        self._new: list[tuple[Any, ...]] = []  # rows, as the table has them
        self._written = time.monotonic()

    def find(self, keys: Sequence[bytes]) -> dict[bytes, Outcome]:
        """Outcomes of those among `keys` (bytes) that are known, by key."""
        self.write()
        keys = list(dict.fromkeys(keys))
        found: dict[bytes, Outcome] = {}
        for start in range(0, len(keys), MANY):
            some = keys[start : start + MANY]
            marks = ",".join("?" * len(some))
            query = f"SELECT key, verdict, detail, cpu_seconds FROM verdicts WHERE key IN ({marks})"
            found.update((row[0], Outcome(*row[1:])) for row in self._connection.execute(query, some))
        return found

    def add(self, key: bytes, outcome: Outcome) -> None:
        """Keep one; the first verdict on a program stays. It is on disk within a second."""
        self._new.append((key, *outcome))
        if time.monotonic() - self._written > OFTEN:
            self.write()

    def write(self) -> None:
        """Put on disk what was added."""
        if self._new:
            with self._connection:
                self._connection.executemany("INSERT OR IGNORE INTO verdicts VALUES (?, ?, ?, ?)", self._new)
        self._new = []
        self._written = time.monotonic()


def of_this_node(path: str | Path, mounts: str | Path = "/proc/self/mountinfo") -> Path:
    """The file that this node may write: `path`, or on a network file system one with the node's name in its own."""
    path = Path(path)
    if _file_system(path.parent, mounts) in LOCAL | {None}:
        return path
    node = re.sub(r"[^\w.-]", "_", os.uname().nodename)
    return path.with_name(f"{path.stem}.{node}{path.suffix}")


def _file_system(folder, mounts):
    """The type of the file system that a folder is on, as Linux names it; None where there is no such list."""
    try:
        lines = [line.split() for line in Path(mounts).read_text().splitlines()]
    except OSError:
        return None
    folder = folder.resolve()
    found = {}
    for line in lines:
        # a space in a mount point is written \\040; the type stands behind a lone dash; the last mount is on top
        point = Path(re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), line[4]))
        if folder.is_relative_to(point):
            found[point] = line[line.index("-") + 1]
    return found[max(found, key=lambda point: len(point.parts))]


@contextlib.contextmanager
def open_kept(path: str | Path) -> Iterator[Kept]:
    """Yield the Kept of a file, made if it is not there; what was added is on disk afterwards.

    Raises StudyError where the file cannot be read or written.
    """
    connection = None
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        path = of_this_node(path)
        connection = sqlite3.connect(path, timeout=WAIT)
        with connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS verdicts"
                " (key BLOB PRIMARY KEY, verdict TEXT, detail TEXT, cpu_seconds REAL) WITHOUT ROWID"
            )
        kept = Kept(connection)
        try:
            yield kept
        finally:
            kept.write()
    except sqlite3.OperationalError as error:
        if "full" in str(error):
            raise StudyError(f"{path}: the disk is full; free some space and run again, kept verdicts stay.") from None
        raise StudyError(
            f"{path}: verdicts cannot be kept there ({error}); see that this user may write the folder "
            "and that its file system has locks, then run again."
        ) from None
    except sqlite3.DatabaseError as error:
        raise StudyError(f"{path}: not a whole file ({error}); delete it and run again, only time is lost.") from None
    finally:
        if connection is not None:
            connection.close()

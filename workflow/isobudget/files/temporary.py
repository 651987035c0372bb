"""Temporary files that say whose they are, so that what a killed process left is told from what a live one writes."""

import contextlib
import os
import shutil
import zlib
from pathlib import Path


def _machine() -> str:
    """This machine and, in a container, this container: where a pid means the same process."""
    try:
        namespace = os.readlink("/proc/self/ns/pid")
    except OSError:
        namespace = ""
    return f"{zlib.crc32(f'{os.uname().nodename} {namespace}'.encode()):08x}"


_MACHINE = _machine()


def owner() -> str:
    """A part of a temporary file's name, `machine-pid.`, to stand right behind what its kind begin with."""
    return f"{_MACHINE}-{os.getpid()}."


def pid_of(owner: str) -> int | None:
    """The pid in what owner() gave, or None where that was on another machine, or is nothing of the kind."""
    machine, _, pid = owner.removesuffix(".").partition("-")
    return int(pid) if machine == _MACHINE and pid.isdecimal() and pid.isascii() else None


def sweep(folder: str | Path, prefix: str) -> None:
    """Delete files and folders named `prefix`, owner() and anything more, whose process is gone.

    Those of other machines stay: who knows if they are alive. Whatever cannot be deleted stays, too.
    """
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.startswith(f"{prefix}{_MACHINE}-"):
                continue
            pid = pid_of(entry.name.removeprefix(prefix).partition(".")[0])
            if pid is None or _alive(pid):
                continue
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                with contextlib.suppress(OSError):
                    os.unlink(entry.path)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True

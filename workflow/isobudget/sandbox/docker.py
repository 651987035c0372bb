"""Workers in hardened Docker containers, one container a worker."""

import contextlib
import hashlib
import io
import os
import platform
import socket
import struct
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from isobudget.files import temporary
from isobudget.files.errors import StudyError
from isobudget.files.stage import say
from isobudget.sandbox import launch, root

NAME = "docker"
LABEL = "isobudget.sandbox"
CHANNEL = "isobudget-channel-"
_LONGEST = 45  # bytes of a folder that still leaves room for a socket's path, 107 in all
_DOCKERFILE = Path(__file__).parents[3] / "envs" / "sandbox.Dockerfile"
_HEADROOM = 256 << 20  # for the server, its tests, /tmp and what scripts read and print: a program meets its own first
_INSIDE = "/channel"  # where a container finds the socket
_FRAME = struct.Struct(">BxxxI")  # the engine's multiplexed stream: which, and how many bytes


def missing() -> str | None:
    """Why Docker cannot be used here, or None."""
    try:
        _client().ping()
    except ImportError:
        return "the Python package docker is not installed"
    except Exception as error:  # the SDK passes on errors of requests, urllib3 and the system
        return f"no Docker engine answers ({_first_line(error)})"
    return None


def _client():
    import docker

    return docker.from_env(timeout=120)


class Engine:
    """Starts workers; `memory` in bytes for one program, `runtime` an OCI runtime such as runsc, or None."""

    name = NAME

    def __init__(self, memory: int, runtime: str | None = None):
        if reason := missing():
            raise StudyError(f"{reason}.")
        self.client = _client()
        self.memory = memory
        self.runtime = runtime
        self.image, self.root = _image(self.client)

    def start(self, command: list[str] | None = None) -> "Worker":
        """A new Worker; `command` is what it runs as PID 1, our server if none is given."""
        return Worker(self, command)

    def close(self) -> None:
        self.client.close()


class Worker:
    """One container with a server in it.

    They speak over a unix socket, which costs half of what the engine's relay of standard input
    and output does. Where the engine is on another machine, or its runtime keeps sockets out, the
    relay is the way. Its standard input always ends with this process, and the container with it.
    """

    def __init__(self, engine: Engine, command: list[str] | None = None):
        import docker
        import requests

        self.errors = b""
        self._buffer = b""
        self.container = None
        self._api = engine.client.api
        self._direct = command is None and engine.runtime is None and self._api.base_url.startswith("http+docker://")
        place = tempfile.gettempdir()
        if len(os.fsencode(place)) > _LONGEST:
            place = "/tmp"
        temporary.sweep(place, CHANNEL)
        self._folder = tempfile.TemporaryDirectory(prefix=f"{CHANNEL}{temporary.owner()}", dir=place)
        try:
            listener = _listen(self._folder.name) if self._direct else None
            self._create(engine, command)
            stream = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
            self._attached = self._api.attach_socket(self.container, params=stream)
            self.channel = self._relay = getattr(self._attached, "_sock", self._attached)
            self._api.start(self.container)
            if listener:
                with listener:  # and unlinked before the first program comes, which then finds nobody there
                    self.channel, _ = listener.accept()
            if command is None:
                with contextlib.suppress(OSError):  # it ended at once, and its answer is none
                    self.send(launch.opening(engine.memory))
            self.ready = self.answer(timeout=60)
        except TimeoutError:
            self.ready = None
        except (docker.errors.DockerException, requests.RequestException) as error:
            self.close()
            raise StudyError(f"{_no_container(engine, error)}; then run again, what was judged is kept.") from None
        except BaseException:
            self.close()
            raise
        if self.ready is None:
            self.close()
            raise StudyError(f"the Docker container started no server: {self.last_words}.")

    def _create(self, engine, command):
        import docker

        host = self._api.create_host_config(
            network_mode="none",
            read_only=True,
            cap_drop=["ALL"],
            cap_add=["SETUID", "SETGID", "KILL"],
            security_opt=["no-new-privileges"],
            pids_limit=80,  # the server's own, and as many as a program may have
            mem_limit=engine.memory + _HEADROOM,
            memswap_limit=engine.memory + _HEADROOM,
            log_config=docker.types.LogConfig(type="none"),
            tmpfs={"/tmp": "rw,nosuid,nodev,noexec,size=64m,nr_inodes=4k,mode=1777"},
            shm_size=8 << 20,
            ulimits=[docker.types.Ulimit(name="core", soft=0, hard=0)],
            binds={f"{self._folder.name}/inner": {"bind": _INSIDE, "mode": "ro"}} if self._direct else None,
            runtime=engine.runtime,
            auto_remove=True,
        )
        self.container = self._api.create_container(
            engine.image,
            command or launch.command(f"{_INSIDE}/socket" if self._direct else None),
            environment=launch.ENVIRONMENT,
            host_config=host,
            stdin_open=True,  # and closed with the connection: a server whose job was killed ends by itself
            labels={LABEL: temporary.owner()},
            hostname="sandbox",
            working_dir="/",
            user="0:0",
        )["Id"]

    def send(self, data: bytes) -> None:
        """Write job frames; OSError if the container is gone."""
        self.channel.sendall(data)

    def answer(self, timeout: float) -> dict[str, Any] | None:
        """One answer of the server; None if it is gone or silent for `timeout` seconds."""
        self.channel.settimeout(timeout)
        try:
            return launch.read_answer(self._receive if self._direct else self._unwrap)
        except OSError:
            return None

    def _unwrap(self, count):
        """`count` bytes of the relay's standard output."""
        while len(self._buffer) < count:
            head = self._receive(_FRAME.size)
            if len(head) < _FRAME.size:
                break
            which, length = _FRAME.unpack(head)
            data = self._receive(length)
            if which == 2:
                self.errors = (self.errors + data)[-400:]
            else:
                self._buffer += data
        found, self._buffer = self._buffer[:count], self._buffer[count:]
        return found

    def _receive(self, count):
        data = b""
        while len(data) < count and (more := self.channel.recv(count - len(data))):
            data += more
        return data

    @property
    def last_words(self) -> str:
        return self.errors.decode(errors="replace").strip() or "it said nothing"

    def server_pid(self) -> int:
        """The server's pid on the engine's machine."""
        return self._api.inspect_container(self.container)["State"]["Pid"]

    def kill(self) -> None:
        """End the container from outside, at once."""
        self._api.kill(self.container)

    def close(self) -> None:
        import docker
        import requests

        if self.container is not None:
            with contextlib.suppress(docker.errors.DockerException, requests.RequestException, OSError, AttributeError):
                if self._direct:
                    self.channel.close()
                    self.channel = self._relay
                    self._relay.settimeout(0.2)
                    self._unwrap(1 << 20)  # what it wrote to its standard error
            # it removes itself when it ends; an engine that is gone takes it along
            with contextlib.suppress(docker.errors.DockerException, requests.RequestException, OSError, AttributeError):
                self._attached.close()
                self._api.remove_container(self.container, force=True)
        self._folder.cleanup()


def _no_container(engine, error):
    """What went wrong and what to do: the engine may be gone, or refuse."""
    try:
        engine.client.ping()
    except Exception:  # the SDK passes on errors of requests, urllib3 and the system
        return "the Docker engine has stopped; start it"
    return f"Docker started no container ({_first_line(error)}); put that right"


def _listen(folder):
    """A socket that waits in a folder which the container's root may enter and no other user of this machine."""
    os.mkdir(f"{folder}/inner", 0o755)
    listener = socket.socket(socket.AF_UNIX)
    listener.settimeout(60)
    listener.bind(f"{folder}/inner/socket")
    os.chmod(f"{folder}/inner", 0o755)
    os.chmod(f"{folder}/inner/socket", 0o666)
    listener.listen(1)
    return listener


def _image(client):
    """The image's id and what is in it: from the Dockerfile where a registry answers, else from this machine's Python.

    Made once and found by its tag afterwards, even by jobs that start at the same moment.
    """
    with root.alone("docker"):
        recipe, arguments = _recipe()
        from_registry = f"isobudget-sandbox:{recipe}"
        if found := _find(client, from_registry):
            return found, {"image": from_registry}
        tree, description = root.stage_root()
        from_host = f"isobudget-sandbox:host-{description['sha256'][:16]}"
        described = {**description, "image": from_host}
        if found := _find(client, from_host):
            return found, described
        if reason := _build(client, from_registry, arguments):
            say(f"sandbox: no image from a registry ({reason}); making one from this machine's Python, once")
            _load(client, tree, from_host)
            return _find(client, from_host), described
        return _find(client, from_registry), {"image": from_registry}


def _recipe():
    """A short sum of the Dockerfile and its arguments, and the arguments."""
    major, minor, _ = platform.python_version_tuple()
    arguments = {"PYTHON": f"{major}.{minor}"}
    text = _DOCKERFILE.read_text() if _DOCKERFILE.exists() else ""
    return hashlib.sha256(f"{text}{sorted(arguments.items())}".encode()).hexdigest()[:16], arguments


def _find(client, tag):
    import docker

    try:
        return client.images.get(tag).id
    except docker.errors.ImageNotFound:
        return None


def _build(client, tag, arguments):
    """Build the Dockerfile; why it could not be, or None."""
    import docker

    if not _DOCKERFILE.exists():
        return f"there is no {_DOCKERFILE.name}"
    try:
        with _DOCKERFILE.open("rb") as file:
            client.images.build(fileobj=file, tag=tag, buildargs=arguments, rm=True, forcerm=True)
    except (docker.errors.DockerException, TypeError) as error:
        return _first_line(error)
    return None


def _load(client, tree, tag):
    """Import a root tree as an image of one layer."""
    import docker

    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.add(tree, arcname="/", filter=_as_root)
    repository, _, version = tag.partition(":")
    try:
        client.api.import_image_from_data(packed.getvalue(), repository=repository, tag=version)
    except docker.errors.DockerException as error:
        raise StudyError(f"the sandbox's image could not be imported: {_first_line(error)}.") from None


def _as_root(entry):
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def _first_line(error):
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__

"""How a worker's server is started, and how the host talks to it: the same for both engines."""

import functools
import hashlib
import json
import struct
from collections.abc import Callable
from importlib import resources
from typing import TYPE_CHECKING, Any

from isobudget.sandbox import root

if TYPE_CHECKING:
    from isobudget.sandbox.pool import Program  # which imports this

ENVIRONMENT = {
    "ISOBUDGET_SANDBOX": "1",
    "PATH": "/usr/bin:/bin",
    "HOME": "/tmp",
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",  # the order of a set is no reason for two verdicts
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
# as isolated as -I, but for the environment, which is the one above: -I would not hear of PYTHONHASHSEED
_FLAGS = ("-P", "-s", "-S", "-B", "-W", "ignore")
# in the order of their imports
MODULES = (
    "crossing", "watching", "stdio", "observing", "seccomp", "candidate", "resident", "running", "desk", "server",
)  # fmt: skip
_LENGTH = struct.Struct("<I")
# the server's modules travel in the first frame, so that an image holds none of our code and no list of processes
# shows it; a program finds this text in /proc/1/cmdline
_BOOTSTRAP = """
import builtins, json, os, sys, types
hear, say = os.dup(0), os.dup(1)
if sys.argv[1]:
    import _socket
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    connection.connect(sys.argv[1])
    os.close(hear)
    hear = connection.detach()
    os.dup2(hear, say)
def take(count):
    data = b""
    while len(data) < count and (more := os.read(hear, count - len(data))):
        data += more
    return data
names, settings = json.loads(take(int.from_bytes(take(4), "little")))
sys.argv[1:] = [json.dumps({**settings, "channel": [hear, say]})]
for name in ("isobudget", "isobudget.sandbox", "isobudget.sandbox.inside", *names):
    module = sys.modules[name] = types.ModuleType(name)
    module.__path__ = []
    if "." in name:
        outer, _, inner = name.rpartition(".")
        setattr(sys.modules[outer], inner, module)
    if name in names:
        # builtins of their own: a program that patches Python's must still be able to answer
        module.__builtins__ = dict(vars(builtins))
        exec(compile(names[name], name, "exec", dont_inherit=True), module.__dict__)
module.main()
"""


def command(socket: str | None = None) -> list[str]:
    """The argument list that starts a server inside a sandbox, which then reads `opening`.

    Args:
        socket: the path, inside, of the socket on which the host waits; without it, standard input and output.
    """
    return [root.PYTHON, *_FLAGS, "-c", _BOOTSTRAP, socket or ""]


def opening(memory: int) -> bytes:
    """The first frame to a server: what it consists of, and the bytes of memory that one program may have."""
    return frame([_sources(), {"memory": memory, "packages": root.PACKAGES}])


def _sources():
    here = resources.files("isobudget.sandbox.inside")
    return {f"isobudget.sandbox.inside.{name}": here.joinpath(f"{name}.py").read_text() for name in MODULES}


def judge_sum() -> str:
    """A short sum over the code that judges inside the sandbox: kept verdicts end with it."""
    return hashlib.sha256(json.dumps([ENVIRONMENT, _FLAGS, _sources()]).encode()).hexdigest()[:16]


def job_frames(program: "Program", timeout: float, slack: float) -> bytes:
    """One job as its frames: what the candidate may know and, but for a `stdio` program, what its tests are."""
    known = {"kind": program.kind, "program": program.source, "entry_point": program.entry_point}
    known |= {"timeout": timeout, "slack": slack}
    if program.kind == "stdio":
        return frame(known | {"tests": len(_cases(program.tests)["inputs"])})
    if program.kind.startswith("observe"):
        return frame(known) + frame({"entry_point": program.entry_point, "cases": _cases(program.tests)})
    tests = {"entry_point": program.entry_point, "context": program.context, "tests": program.tests}
    return frame(known) + frame(tests)


def test_frames(program: "Program", number: int) -> bytes:
    """One test of a `stdio` program, when the server asks for it: what it reads, and what it should print."""
    cases = _cases(program.tests)
    return frame({"given": cases["inputs"][number]}) + frame({"wanted": cases["outputs"][number]})


@functools.lru_cache(maxsize=16)
def _cases(tests):
    return json.loads(tests)


def frame(value: Any) -> bytes:
    body = json.dumps(value).encode()
    return _LENGTH.pack(len(body)) + body


def read_answer(read: Callable[[int], bytes]) -> dict[str, Any] | None:
    """One frame from the server as a dict; None if it ended. `read(n)` gives n bytes or fewer at the end."""
    head = read(4)
    if len(head) < 4:
        return None
    (length,) = _LENGTH.unpack(head)
    body = read(length)
    return json.loads(body) if len(body) == length else None

"""How a worker's server is started, and how the host talks to it: the same for both engines."""

import functools
import hashlib
import json
import struct
from importlib import resources

from isobudget.sandbox import root

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
MODULES = (
    "crossing",
    "watching",
    "stdio",
    "observing",
    "resident",
    "running",
    "server",
)  # in the order of their imports
_LENGTH = struct.Struct("<I")
# the server's modules travel on the command line, so that an image holds none of our code
_BOOTSTRAP = """
import builtins, json, sys, types
names = json.loads(sys.argv.pop(1))
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


def command(memory, uid, socket=None):
    """The argument list that starts a server inside a sandbox.

    Args:
        memory: bytes that one program may have.
        uid: the uid of programs (their tests get the next one), or None where the sandbox has one uid only.
        socket: the path, inside, of the socket on which the host waits; without it, standard input and output.
    """
    settings = json.dumps({"memory": memory, "uid": uid, "packages": root.PACKAGES, "socket": socket})
    return [root.PYTHON, *_FLAGS, "-c", _BOOTSTRAP, json.dumps(_sources()), settings]


def _sources():
    here = resources.files("isobudget.sandbox.inside")
    return {f"isobudget.sandbox.inside.{name}": here.joinpath(f"{name}.py").read_text() for name in MODULES}


def judge_sum():
    """A short sum over the code that judges inside the sandbox: kept verdicts end with it."""
    return hashlib.sha256(json.dumps([ENVIRONMENT, _FLAGS, _sources()]).encode()).hexdigest()[:16]


def job_frames(program, timeout, slack):
    """One job as its frames: what the candidate may know and, but for a `stdio` program, what its tests are."""
    known = {"kind": program.kind, "program": program.source, "entry_point": program.entry_point}
    known |= {"timeout": timeout, "slack": slack}
    if program.kind == "stdio":
        return frame(known | {"tests": len(_cases(program.tests)["inputs"])})
    if program.kind.startswith("observe"):
        return frame(known) + frame({"entry_point": program.entry_point, "cases": _cases(program.tests)})
    tests = {"entry_point": program.entry_point, "context": program.context, "tests": program.tests}
    return frame(known) + frame(tests)


def test_frames(program, number):
    """One test of a `stdio` program, when the server asks for it: what it reads, and what it should print."""
    cases = _cases(program.tests)
    return frame({"given": cases["inputs"][number]}) + frame({"wanted": cases["outputs"][number]})


@functools.lru_cache(maxsize=16)
def _cases(tests):
    return json.loads(tests)


def frame(value):
    body = json.dumps(value).encode()
    return _LENGTH.pack(len(body)) + body


def read_answer(read):
    """One frame from the server as a dict; None if it ended. `read(n)` gives n bytes or fewer at the end."""
    head = read(4)
    if len(head) < 4:
        return None
    (length,) = _LENGTH.unpack(head)
    body = read(length)
    return json.loads(body) if len(body) == length else None

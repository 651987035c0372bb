"""The sandbox's root file system, made from this machine's own Python.

Where no image registry answers, both engines get the same root: CPython's standard library,
numpy where it is installed here, the time zones, and the shared libraries that they load, in a tree of its
own below the user's cache folder. bubblewrap binds the tree, Docker imports it as an image.
Nothing else of the machine is in it.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from isobudget.files.errors import StudyError
from isobudget.study.languages import LANGUAGES

RECIPE = 3  # raise it when what follows makes another tree from the same Python
PYTHON = "/usr/bin/python3"
PACKAGES = "/usr/lib/sandbox-packages"
ZONES = "/usr/share/zoneinfo"
MOUNT_POINTS = ("tmp", "proc", "dev", "sys", "etc")
_NOT_NEEDED = shutil.ignore_patterns(
    "*.opt-?.pyc", "test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3", "site-packages",
    "dist-packages", "config-*", "pydoc_data", "*.a", "*.pyi", "f2py", "distutils",
    "right", "posix",
)  # fmt: skip


def cache() -> Path:
    """The folder that keeps what every study of this user shares."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(base) / "isobudget" / "sandbox"


@contextlib.contextmanager
def alone(name: str) -> Iterator[None]:
    """Hold a lock of this user's, so that two jobs do not make the same thing at once."""
    folder = cache()
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / f"{name}.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def stage_root() -> tuple[Path, dict[str, Any]]:
    """The tree and what it holds: (path, description); made at the first call, kept after.

    The description has `python`, `packages` and `sha256`, a sum over every path, mode and content.
    Raises StudyError where this machine's Python cannot be copied.
    """
    sources = _sources()
    place = cache() / f"root-{_key(sources)}"
    with alone("root"):
        if not (place / "description.json").exists():
            for left in (place, *cache().glob(".root-*")):  # of a run that was killed here; the lock is ours
                shutil.rmtree(left, ignore_errors=True)
            temporary = Path(tempfile.mkdtemp(dir=cache(), prefix=".root-"))
            try:
                description = _copy(sources, temporary / "tree")
                (temporary / "description.json").write_text(json.dumps(description, indent=2, sort_keys=True) + "\n")
                temporary.chmod(0o755)
                os.rename(temporary, place)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
    return place / "tree", json.loads((place / "description.json").read_text())


def _sources():
    """What is copied: (from, to) of the interpreter, its library, and the packages."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    found = [
        (Path(os.path.realpath(sys.executable)), PYTHON),
        (Path(sysconfig.get_path("stdlib", vars={"installed_base": sys.base_prefix})), f"/usr/lib/{version}"),
    ]
    found += _programs()
    if os.path.isdir(ZONES):
        found.append((Path(ZONES), ZONES))
    spec = importlib.util.find_spec("numpy")
    if spec is not None and spec.origin:
        folder = Path(spec.origin).parent
        beside = [folder, folder.parent / "numpy.libs", *folder.parent.glob("numpy-*.dist-info")]
        found += [(path, f"{PACKAGES}/{path.name}") for path in beside if path.exists()]
    return found


def _programs():
    """(from, to) of what scripts start that run programs of other languages, where this machine has it."""
    names = {name for row in LANGUAGES.values() for name in row.programs}
    return [
        (Path(os.path.realpath(path)), f"/usr/bin/{name}") for name in sorted(names) if (path := shutil.which(name))
    ]


def _key(sources):
    """Changes when this machine's Python or numpy does; cheap, it reads no content."""
    stats = [(str(path), to, os.stat(path).st_mtime_ns) for path, to in sources]
    libc = os.stat(os.path.realpath(_libraries([sources[0][0]])[0]))
    return hashlib.sha256(json.dumps([RECIPE, sys.version, stats, libc.st_mtime_ns]).encode()).hexdigest()[:16]


def _copy(sources, tree):
    for name in MOUNT_POINTS:
        (tree / name).mkdir(parents=True)
    (tree / "etc/passwd").write_text("root:x:0:0::/:/sbin/nologin\nnobody:x:65534:65534::/:/sbin/nologin\n")
    for path, to in sources:
        target = tree / to[1:]
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            shutil.copytree(path, target, ignore=_left_out, symlinks=False)
        else:
            shutil.copy2(path, target)
    elves = [PYTHON, *(to for _, to in _programs()), *(f"/{path.relative_to(tree)}" for path in tree.rglob("*.so*"))]
    for library in _libraries([tree / elf[1:] for elf in elves]):
        if not library.startswith(str(tree)):
            target = tree / library[1:]
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(os.path.realpath(library), target)
    return _describe(tree)


def _left_out(folder, names):
    """What copytree leaves out of a folder; its own eye for links that lead nowhere takes relative ones for such."""
    return _NOT_NEEDED(folder, names) | {name for name in names if not os.path.exists(os.path.join(folder, name))}


def _libraries(programs):
    """The absolute paths of every shared library that the dynamic loader would open for `programs`."""
    try:
        said = subprocess.run(["ldd", *map(str, programs)], capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        raise StudyError(
            "the sandbox's root cannot be made: there is no ldd here; install the package that has it (libc-bin)."
        ) from None
    found: set[str] = set()
    for line in said.splitlines():
        words = line.replace("=>", " ").split()
        found.update(word for word in words if word.startswith("/") and not word.endswith(":") and os.path.exists(word))
    if not found:
        raise StudyError(f"the sandbox's root cannot be made: ldd names no library of {programs[0]}.")
    return sorted(found)


def _describe(tree):
    total = hashlib.sha256()
    for path in (tree, *sorted(tree.rglob("*"))):
        # whatever the umask here, programs are other users than who owns the tree
        mode = 0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644
        path.chmod(mode)
        if (
            path.suffix != ".pyc" and path.name != "__pycache__"
        ):  # which of them exist depends on what was imported here
            content = hashlib.sha256(path.read_bytes()).digest() if path.is_file() else b""
            total.update(f"{path.relative_to(tree)}\0{mode:o}\0".encode() + content)
    packages = sorted(path.name.removesuffix(".dist-info") for path in (tree / PACKAGES[1:]).glob("*.dist-info"))
    return {"python": sys.version.split()[0], "packages": packages, "sha256": total.hexdigest()}

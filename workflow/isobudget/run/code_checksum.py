"""What a stage's code is: the modules that it imports, and the files that those read of the package.

A stage that is cheap is run again after an edit of its code. Which code that is follows from the imports alone, so that
nobody keeps a list of it.
"""

import functools
import hashlib
import re
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
# What no figure comes from: how stages begin, name files, read and write them; how a model is run, for what it writes
# is not drawn anew after an edit (sampling carries a protocol number instead); and what a study asks, which stages are
# told. What a stage takes from a row of a table by its dotted name, its rule names beside the stage. What is kept of
# them says how the tables and the page look.
LEFT_OUT = ("files", "engines", "study")
KEPT = ("study/published", "study/units")

_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(isobudget[\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n]*)|import[ \t]+(.*))", re.M
)
_READS = re.compile(r"resources\.files\((__package__|\"isobudget[\w.]*\")\)")


@functools.cache
def code_checksum(*modules: str) -> str:
    """A short checksum of the code of stages.

    Args:
        modules: dotted names, such as `isobudget.store`; of a package that can be run, its __main__ is meant too, and
            of a function, its module.

    Returns:
        16 hexadecimal digits.
    """
    files = sorted(code_files(*modules), key=str)
    return hashlib.sha256(b"\0".join(_content(file) for file in files)).hexdigest()[:16]


def code_files(*modules: str) -> set[Path]:
    """The set of files of the package that these modules and all that they import consist of, as `code_checksum`."""
    names = {name if _files_of(name) else name.rpartition(".")[0] for name in modules}
    todo = {file for name in names for file in _files_of(name) | _files_of(f"{name}.__main__")}
    found = set()
    while todo:
        file = todo.pop()
        found.add(file)
        todo |= _needed(file) - found
    return found


@functools.cache
def _content(file: Path) -> bytes:
    return file.read_bytes()


@functools.cache
def _needed(file: Path) -> frozenset[Path]:
    """The files that one file imports or reads, but for those left out."""
    if file.suffix != ".py":
        return frozenset()
    text, names, needed = _content(file).decode(), set(), set()
    for base, imported, plain in _IMPORT.findall(text):
        if base:
            names |= {base, *(f"{base}.{name}" for name in re.findall(r"\w+", re.sub(r" as \w+", "", imported)))}
        names |= {name for name in re.findall(r"[\w.]+", plain) if name.startswith("isobudget.")}
    for named in _READS.findall(text):
        folder = file.parent if named == "__package__" else PACKAGE.joinpath(*named.strip('"').split(".")[1:])
        # of its own folder a module reads what is no module; of another one all
        needed |= {
            beside
            for beside in folder.rglob("*")
            if beside.is_file() and beside.suffix != ".pyc" and (named != "__package__" or beside.suffix != ".py")
        }
    for name in names:
        needed |= _files_of(name)
    return frozenset(needed)


@functools.cache
def _files_of(name: str) -> frozenset[Path]:
    """The files that a dotted name stands for: a module, or a package's own file; none if it is left out."""
    _, *parts = name.split(".")
    if not parts or (parts[0] in LEFT_OUT and "/".join(parts[:2]) not in KEPT):
        return frozenset()
    place = PACKAGE.joinpath(*parts)
    return frozenset(file for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file())

"""What can be said of an import before any job, without taking it apart."""

import functools
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from isobudget.files import paths
from isobudget.files.errors import StudyError
from isobudget.files.tables import read_metadata
from isobudget.sampling.imported.opening import unreadable

if TYPE_CHECKING:  # the stage that imports samples reads no config
    from isobudget.study.config import Study


def check(study: "Study") -> None:
    """Refuse a study whose files to import are not there, or hold too few samples by what an earlier run found.

    Args:
        study: a Study.
    """
    for model, settings in study.models.items():
        if not settings.row.collects:
            continue
        for benchmark in study.benchmarks:
            for decoding in study.decodings(model):
                source = Path(study.source(benchmark, model, decoding))
                key = "path" if decoding == "sampled" else "greedy"
                if not source.exists():
                    raise StudyError(f"models.{model}.{key}: there is no {source}; paths start where snakemake is run.")
                keys = dict(benchmark=benchmark, model=model, decoding=decoding)
                note = _note(paths.below(study.results, paths.IMPORTED, **keys))
                least = study.least(benchmark, model) if decoding == "sampled" else 1
                if note and note["n"] < least and note.get("sha256") == _sum(source, note):
                    raise too_few(source, note["n"], least)


def too_few(source: str | Path, n: int, least: int) -> StudyError:
    """The StudyError for an import of n samples a problem where the study needs `least`."""
    return StudyError(
        f"{source}: holds {n} samples a problem, and the study needs {least}; lower the model's 'samples'."
    )


def fingerprint(source: str | Path, kept: str | Path) -> str:
    """A checksum of a file or folder to import, so that Snakemake sees an edit whatever the time of what is there now.

    Read off `kept`, what the last import made, while names, sizes and times are as they were then: gigabytes are not
    read again to find that there is nothing to do.
    """
    return _sum(source, _note(kept))


def identity(source: str | Path) -> dict[str, str]:
    """What an import keeps of what it read: `seen`, a checksum of names, sizes and times, and `sha256` of the content.

    Raises:
        StudyError: it cannot be read.
    """
    seen = _seen(source)
    return {"seen": seen, "sha256": _content(source, seen)}


def _note(kept):
    return read_metadata(kept, "imported") if Path(kept).exists() else {}


def _sum(source, note):
    seen = _seen(source)
    return note["sha256"] if note.get("seen") == seen else _content(source, seen)


def _files(source):
    return sorted(Path(source).glob("*/*.py")) if Path(source).is_dir() else [Path(source)]


def _seen(source):
    try:
        stats = [(str(file), (found := file.stat()).st_size, found.st_mtime_ns) for file in _files(source)]
    except OSError as error:
        raise unreadable(error.filename or source, error) from None
    return hashlib.sha256(repr(stats).encode()).hexdigest()


@functools.cache
def _content(source, seen):
    """The sum of what `source` holds; `seen` is for the cache alone."""
    found = hashlib.sha256()
    try:
        for path in _files(source):
            with open(path, "rb") as file:
                found.update(f"{path.relative_to(source)} {hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    except OSError as error:
        raise unreadable(error.filename or source, error) from None
    return found.hexdigest()

"""What can be said of an import before any job, without reading it."""

import hashlib
from pathlib import Path

from isobudget import paths
from isobudget.errors import StudyError
from isobudget.rows import read_metadata


def check(study):
    """Refuse a study whose files to import are not there, or hold too few samples by what an earlier run found.

    Args:
        study: a Study.
    """
    for model, settings in study.models.items():
        if settings.engine != "import":
            continue
        for benchmark in study.benchmarks:
            for decoding in study.decodings(model):
                source = Path(study.source(benchmark, model, decoding))
                key = "path" if decoding == "sampled" else "greedy"
                if not source.exists():
                    raise StudyError(f"models.{model}.{key}: there is no {source}; paths start where snakemake is run.")
                kept = Path(
                    paths.below(study.results, paths.IMPORTED, benchmark=benchmark, model=model, decoding=decoding)
                )
                # a folder's time does not tell of its files; the jobs that cut blocks look once more
                if decoding == "sampled" and source.is_file() and _is_newer(kept, source):
                    n, least = read_metadata(kept, "imported")["n"], study.blocks(benchmark, model) * study.block
                    if n < least:
                        raise too_few(source, n, least)


def too_few(source, n, least):
    """The StudyError for an import of n samples a problem where the study needs `least`."""
    return StudyError(
        f"{source}: holds {n} samples a problem, and the study needs {least} to fill its blocks; "
        "lower the model's 'samples', or 'block'."
    )


def fingerprint(folder):
    """What tells that a folder was edited, for Snakemake looks at a folder's own time alone: names, sizes, times."""
    if not Path(folder).is_dir():
        return ""
    files = sorted(file for file in Path(folder).glob("*/*.py"))
    stats = [(str(file.relative_to(folder)), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return hashlib.sha256(repr(stats).encode()).hexdigest()[:16]


def _is_newer(kept, source):
    return kept.exists() and kept.stat().st_mtime > source.stat().st_mtime

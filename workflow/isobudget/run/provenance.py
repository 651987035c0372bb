"""Results of other settings that Snakemake has no record of here.

Snakemake keeps the settings of each file in .snakemake/, in the folder in which it runs. Results that are there without
that (moved alone, shared with another checkout, mounted into a container) it takes as they are, and a new budget would
plan nothing. So what they were made with is kept beside them as well, in the claim, and compared.
"""

import base64
import contextlib
import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from isobudget.study.config import Study
from isobudget.study.stages import STAGES, is_dear

RECORDS = Path(".snakemake/metadata")
OUTDATED = (1, 1)  # a time of 1970, older than all that a file is made of


def settings(study: Study, sized: Study | None) -> dict[str, str]:
    """What the files of a study are made with.

    Args:
        study: a Study.
        sized: the same with a number in place of every `samples: auto`, or None while no number is known.

    Returns:
        {place: checksum}; a place is the pattern of a file or a folder below the results folder.
    """
    found = {place: told for stage in STAGES.values() for place, told in stage.told(study, sized)}
    return {place: hashlib.sha256(text.encode()).hexdigest()[:16] for place, text in found.items()}


def changed(results: str | Path, before: Mapping[str, str], now: Mapping[str, str]) -> tuple[list[Path], list[Path]]:
    """Those places whose files were made with other settings and are there, as two lists of paths: dear, others.

    Args:
        results: the results folder.
        before, now: what `settings` gave for the files that are there, and gives for this study.
    """
    other = [place for place in now if before.get(place, now[place]) != now[place]]
    dear: list[Path] = []
    cheap: list[Path] = []
    for place in other:
        (dear if is_dear(place) else cheap).extend(sorted(Path(results).glob(place)))
    return sorted(dear), sorted(cheap)


def outdate(results: str | Path, places: Sequence[Path]) -> None:
    """Make files older than what they are made of, so that Snakemake makes them, and what follows from them, anew.

    What Snakemake's records here say of these results is of files that others have made anew since, if it says
    anything; with it, an older file would still count as made of what is there. So it goes as well.
    """
    for record in RECORDS.rglob("*") if places else ():
        # a record is named by its file's path in base64, cut into folders named @... where that is long
        name = "".join(part.lstrip("@") for part in record.relative_to(RECORDS).parts)
        with contextlib.suppress(OSError, ValueError):
            if record.is_file() and base64.urlsafe_b64decode(name).startswith(f"{results}/".encode()):
                record.unlink()
    for place in places:
        files = [Path(folder, name) for folder, _, names in os.walk(place) for name in names] or [place]
        for file in files:
            with contextlib.suppress(OSError):  # what may not be touched may not be written either: its job says so
                os.utime(file, OUTDATED)

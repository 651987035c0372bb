"""Results of other settings that Snakemake has no record of here.

Snakemake keeps the settings of each file in .snakemake/, in the folder in which it runs. Results that are there without
that (moved alone, shared with another checkout, mounted into a container) it takes as they are, and a new budget would
plan nothing. So what they were made with is kept beside them as well, in the claim, and compared.
"""

import base64
import contextlib
import hashlib
import os
from pathlib import Path

from isobudget.study import rankers, stage_settings

# below the results folder: what only a model makes, and what decides what it is asked
DEAR = ("problems", "samples", "written", "calibrations", "weights", "scores/nll:")
RECORDS = Path(".snakemake/metadata")
OUTDATED = (1, 1)  # a time of 1970, older than all that a file is made of


def settings(study, sized):
    """What the files of a study are made with.

    Args:
        study: a Study.
        sized: the same with a number in place of every `samples: auto`, or None while no number is known.

    Returns:
        {place: checksum}; a place is the pattern of a file or a folder below the results folder.
    """
    found = {}
    for model, chosen in study.models.items():
        found[f"models/{model}.json"] = stage_settings.architecture(study, model)
        found[f"calibrations/{model}"] = stage_settings.calibrate(study, model)
        found[f"costs/{model}.json"] = stage_settings.cost(study, model)
        if chosen.engine == "vllm" and not isinstance(chosen.weights, str):
            found[f"weights/{model}"] = stage_settings.weights(study, model)
        for ranker in study.rankers_of(model):
            if rankers.reader(ranker, model):
                found[f"scores/{ranker}/*/{model}"] = stage_settings.rank(study, ranker, model, code=None)
    for benchmark in study.benchmarks:
        found[f"problems/{benchmark}.parquet"] = stage_settings.problems(study, benchmark)
        found[f"references/{benchmark}.json"] = found[f"outcomes/{benchmark}"] = stage_settings.execute(
            study, benchmark
        )
        found[f"at_hand/*/{benchmark}"] = stage_settings.at_hand(study, benchmark)
        found[f"behaviours/*/{benchmark}"] = stage_settings.observe(study, benchmark)
        for model, chosen in study.models.items():
            for decoding in study.decodings(model):
                found[f"samples/{benchmark}/{model}/{decoding}"] = stage_settings.sample(
                    study, benchmark, model, decoding
                )
                if chosen.engine == "import":
                    made = stage_settings.imports(study, model, decoding)
                    found[f"imported/{benchmark}/{model}/{decoding}.parquet"] = made
            if model in study.writers():
                found[f"written/{benchmark}/{model}"] = stage_settings.written(study, benchmark, model)
            if sized:
                found[f"estimates/{benchmark}/{model}.parquet"] = stage_settings.estimate(sized, benchmark, model)
                if "combined" in study.rankers_of(model):
                    found[f"scores/combined/{benchmark}/{model}"] = stage_settings.combine(sized, benchmark, model)
    if sized:
        found["isobudget.duckdb"] = stage_settings.aggregate(sized)
        found["report"] = stage_settings.report(study)
    return {place: hashlib.sha256(text.encode()).hexdigest()[:16] for place, text in found.items()}


def changed(results, before, now):
    """Those places whose files were made with other settings and are there, as two lists of paths: dear, others.

    Args:
        results: the results folder.
        before, now: what `settings` gave for the files that are there, and gives for this study.
    """
    other = [place for place in now if before.get(place, now[place]) != now[place]]
    dear, cheap = [], []
    for place in other:
        (dear if place.startswith(DEAR) else cheap).extend(sorted(Path(results).glob(place)))
    return dear, cheap


def outdate(results, places):
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

"""recordings/: what live models drew here, kept so that others can replay it.

They have the layout of results/, and hold what is dear: samples, other models' scores of
them, tests that models wrote, calibration runs, model configs.

    python -m isobudget.run.recordings --results results/record --recordings recordings

puts there what a live study drew; every file is read whole before it is taken. With --seed it
goes the other way: what was recorded before is put into the results of the live study, which
then draws only what is missing.
"""

import argparse
import sys
from pathlib import Path

import pyarrow.parquet as pq

from isobudget.files import paths
from isobudget.files.errors import StudyError
from isobudget.files.tables import read_json, read_metadata, read_rows, whole_file, write_json
from isobudget.study import rankers, sample_counts
from isobudget.study.config import Study

KINDS = ("samples", "scores", "written", "calibrations", "models")


def check(study: Study, root: str | Path) -> None:
    """Refuse, before any job, a study that asks recordings/ for more than they hold.

    Args:
        study: a Study.
        root: the folder recordings/.
    """
    for model, settings in study.models.items():
        if not settings.row.replays:
            continue
        for template in (paths.MODELS, paths.CALIBRATIONS):
            file = Path(paths.below(root, template, model=model, run=0))
            if not file.exists():
                raise StudyError(f"models.{model}: engine recorded, but there is no {file}; see recordings/README.md.")
        for benchmark in study.benchmarks:
            greedy = Path(
                paths.below(root, paths.SAMPLES, benchmark=benchmark, model=model, decoding="greedy", block=0)
            )
            if "greedy" in study.decodings(model) and not greedy.exists():
                raise StudyError(
                    f"models.{model}: engine recorded, but there is no {greedy}; see recordings/README.md."
                )
            held = greedy.parent.parent / "sampled"
            missing = [b for b in range(study.blocks(benchmark, model)) if not (held / f"{b}.parquet").exists()]
            if missing:
                asked = sample_counts.n(settings.samples, benchmark) or study.block
                raise StudyError(
                    f"models.{model}.samples: {asked} samples in blocks of {study.block} need "
                    f"{held}/{missing[0]}.parquet, which was not recorded; "
                    f"ask for {missing[0] * study.block} or fewer, or set engine: vllm."
                )
    for model in study.models:
        for ranker in study.rankers_of(model):
            scorer = rankers.reader(ranker, model)
            if not scorer or not study.models[scorer].row.replays:
                continue
            for benchmark in study.benchmarks:
                for block in range(study.blocks(benchmark, model)):
                    keys = dict(ranker=ranker, benchmark=benchmark, model=model, decoding="sampled", block=block)
                    file = Path(paths.below(root, paths.SCORES, **keys))
                    if not file.exists():
                        raise StudyError(
                            f"rankers: {ranker!r} on {model} needs {file}, which was not recorded; "
                            f"leave the ranker out, ask for {block * study.block} samples, "
                            f"or set {scorer} to engine: vllm."
                        )

    for writer in study.writers():
        if not study.models[writer].row.replays:
            continue
        for benchmark in study.benchmarks:
            for block in range(study.written_blocks()):
                file = Path(paths.below(root, paths.WRITTEN, benchmark=benchmark, model=writer, block=block))
                if not file.exists():
                    fewer = f"ask for {block * study.block} or fewer in written.samples, " if block else ""
                    raise StudyError(
                        f"rankers, at_hand: tests that {writer} writes need {file}, which was not recorded; {fewer}"
                        f"leave out what uses them, or set {writer} to engine: vllm."
                    )


def held(study: Study, root: str | Path) -> dict[str, int]:
    """{model: blocks that can be replayed}: as many in a row as there are samples, and scores of recorded rankers.

    Models of which recordings/ need to hold nothing are left out.
    """
    found: dict[str, int] = {}
    for model, settings in study.models.items():
        recorded = [r for r in study.rankers_of(model) if (s := rankers.reader(r, model)) and _replayed(study, s)]
        kinds = [(paths.SCORES, {"ranker": ranker}) for ranker in recorded]
        kinds += [(paths.SAMPLES, {})] if settings.row.replays else []
        for template, keys in kinds:
            for benchmark in study.benchmarks:
                where = dict(benchmark=benchmark, model=model, decoding="sampled", **keys)
                count = 0
                while Path(paths.below(root, template, block=count, **where)).exists():
                    count += 1
                found[model] = min(count, found.get(model, count))
    return found


def _replayed(study: Study, model: str) -> bool:
    return study.models[model].row.replays


def calibration_runs(study: Study, model: str, root: str | Path) -> int:
    """How many calibration runs a model has: those asked for, or those recorded."""
    chosen = study.models[model]
    if not chosen.row.calibrates or chosen.timed_by_hand:
        return 0
    if chosen.row.draws:
        return study.calibration.repeats
    folder = Path(paths.below(root, paths.CALIBRATIONS, model=model, run=0)).parent
    return len(list(folder.glob("*.json")))


def keep(results: str | Path, recordings: str | Path) -> list[Path]:
    """Copy what is new; returns the list of paths written, below recordings."""
    results, recordings = Path(results), Path(recordings)
    written = []
    for folder, kind in (("samples", "samples"), ("scores", "scores"), ("written", "samples")):
        for file in sorted(results.glob(f"{folder}/**/*.parquet")):
            metadata = read_metadata(file, kind)
            if kind == "scores" and "scorer" not in metadata:
                continue  # cheap: every run computes it
            table = read_rows(file, kind).replace_schema_metadata(pq.read_schema(file).metadata)
            target = recordings / file.relative_to(results)
            if _is_new(file, target):
                with whole_file(target) as temporary:
                    pq.write_table(table, temporary, compression="zstd", compression_level=19)
                written.append(target)
    for kind in ("calibrations", "models"):
        for file in sorted(results.glob(f"{kind}/**/*.json")):
            target = recordings / file.relative_to(results)
            if _is_new(file, target):
                write_json(target, read_json(file))
                written.append(target)
    return written


def seed(results: str | Path, recordings: str | Path) -> list[Path]:
    """Copy recordings that the results folder lacks; returns the list of paths written, below results."""
    results, recordings = Path(results), Path(recordings)
    written = []
    files = [file for kind in KINDS for file in recordings.glob(f"{kind}/**/*") if file.is_file()]
    for file in sorted(files):
        target = results / file.relative_to(recordings)
        if not target.exists():
            with whole_file(target) as temporary:
                temporary.write_bytes(file.read_bytes())
            written.append(target)
    return written


def _is_new(file: Path, target: Path) -> bool:
    return not target.exists() or target.stat().st_mtime < file.stat().st_mtime


def main() -> None:
    parser = argparse.ArgumentParser(description="Put what a live study drew into recordings/.")
    parser.add_argument("--results", required=True, help="a results folder of live models")
    parser.add_argument("--recordings", default="recordings")
    parser.add_argument("--seed", action="store_true", help="from recordings to results instead")
    args = parser.parse_args()
    try:
        written = (seed if args.seed else keep)(args.results, args.recordings)
    except StudyError as error:
        sys.exit(f"isobudget: {error}")
    size = sum(file.stat().st_size for file in Path(args.recordings).rglob("*") if file.is_file())
    print(f"{len(written)} new files; {args.recordings} holds {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()

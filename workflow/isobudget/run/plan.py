"""What a study will take, before any of it runs: generations, readings and GPU-hours, without a hub or a GPU.

Snakemake counts the jobs of a dry run; this counts what is in them. GPU-hours are two estimates, far apart:

- at the pace of the paper's table, its seconds on 8 A100 for about 1,000 generations. A model that is not in the table
  goes at the pace of the one whose FLOPs are nearest, in proportion to its FLOPs;
- at a share of the PEAK of an A100, WRITING or READING: two FLOPs a weight and token, for as many tokens as may be
  written. Prompts are left out, for they are read once for all samples of a problem. Reading to rank is counted so in
  both, as the table has no seconds of it.
"""

import math
import re
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from isobudget.run import recordings
from isobudget.study import published, rankers
from isobudget.study.benchmarks import BENCHMARKS
from isobudget.study.config import Study

PEAK = 312e12  # FLOP/s of an A100, bfloat16, dense (NVIDIA's data sheet)
# Assumptions: writing, a token at a time, moves weights and caches more than it multiplies; reading does not.
WRITING, READING = 0.1, 0.4
TOKENS = 128  # that the table's TFLOPs are of
COUNTED = 64 << 20  # bytes of a local file whose lines are counted; a larger one is taken for a whole benchmark
_SIZE = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)b(?![a-z0-9])", re.IGNORECASE)


class Work(NamedTuple):
    """What one model has to do in a study."""

    model: str
    n: tuple  # samples a problem, by benchmark
    generations: int  # greedy ones and those of calibrations too
    readings: int  # of other models' samples, to rank them
    paper_hours: float | None  # GPU-hours at the paper's pace; None where the model's size is not known
    hours: float | None  # at WRITING and READING of the peak


def plan(study: Study) -> list[Work]:
    """The Work of each model of a config.Study that draws samples, in its order; n not known yet counts as one block.

    Problems are counted as benchmarks.BENCHMARKS has them, or the study's first `problems`, and of a local file no more
    than it has records.
    """
    return [_work(study, model) for model, settings in study.models.items() if settings.row.draws]


def report(study: Study) -> str:
    """The plan as lines for a person; "" where no model runs."""
    works = plan(study)
    if not works:
        return ""
    width = max(len("all"), *(len(work.model) for work in works))
    lines = [f"{'the whole study':{width + 10}}  {'n':>15} {'generations':>12} {'readings':>12} {'GPU-hours':>22}"]
    lines += [_line(work, width, study.auto) for work in works]
    known = [work for work in works if work.hours is not None]
    total = Work(
        "all",
        n=(),
        generations=sum(work.generations for work in works),
        readings=sum(work.readings for work in works),
        paper_hours=sum(work.paper_hours or 0 for work in known),
        hours=sum(work.hours or 0 for work in known),
    )
    lines.append(_line(total, width, ()))
    lines.append(
        f"  GPU-hours: from {100 * WRITING:.0f} % of an A100's {PEAK / 1e12:.0f} TFLOP/s ({100 * READING:.0f} % for "
        "readings), all tokens written that may be,\n  to the pace of the paper's table (8 A100, about 1,000 "
        "generations). Readings are of other models' samples, to rank."
    )
    if len(known) < len(works):
        unknown = ", ".join(work.model for work in works if work.hours is None)
        lines.append(f"  not in the hours, models whose size no name tells: {unknown}")
    if files := [benchmark for benchmark in study.benchmarks if benchmark in study.data]:
        lines.append(f"  at most, as not every record of a local file need be a problem: {', '.join(files)}")
    if study.auto:
        lines.append(f"  at least, as n follows from prices that are not known yet: {', '.join(study.auto)}")
    return "\n".join(lines)


def _line(work, width, unknown):
    n = sorted({min(work.n, default=0), max(work.n, default=0)})
    told = "auto" if work.model in unknown else " to ".join(f"{each:,}" for each in n if each)
    hours = "-" if work.hours is None else f"{_hours(work.hours)} to {_hours(work.paper_hours)}"
    return f"{work.model:{width + 10}}  {told:>15} {work.generations:>12,} {work.readings:>12,} {hours:>22}"


def _hours(number):
    return f"{number:,.0f}" if number >= 10 else f"{number:.1f}"


def _work(study, model):
    n, generations, readings, written, read = [], 0, 0, 0, 0
    for benchmark in study.benchmarks:
        problems = _problems(study, benchmark)
        tokens = study.max_tokens(benchmark)
        n.append(study.blocks(benchmark, model) * study.block)
        drawn = problems * (n[-1] + ("greedy" in study.decodings(model)))  # a greedy one beside
        ranked = problems * sum(
            study.blocks(benchmark, other) * study.block
            for other in study.models
            for ranker in study.rankers_of(other)
            if rankers.reader(ranker, other) == model
        )
        generations, readings = generations + drawn, readings + ranked
        written, read = written + drawn * tokens, read + ranked * tokens
    first = study.benchmarks[0]
    prompts = min(study.calibration.prompts, _problems(study, first))
    runs = recordings.calibration_runs(study, model, "")  # nothing of a model that runs lies in recordings/
    timed = prompts * study.calibration.samples * runs
    generations, written = generations + timed, written + timed * study.max_tokens(first)
    size = _tflops(study, model)
    if size is None:
        return Work(model, tuple(n), generations, readings, None, None)
    full = size * 1e12 / TOKENS / PEAK  # seconds a token, at the whole peak
    pace = min(published.costs().values(), key=lambda cost: abs(math.log(cost.tflops / size)))
    slow = generations * pace.gpu_seconds * size / pace.tflops
    read, written = read * full / READING, written * full / WRITING
    return Work(model, tuple(n), generations, readings, (slow + read) / 3600, (written + read) / 3600)


def _problems(study, benchmark):
    whole = min(BENCHMARKS[benchmark].problems, study.problems or math.inf)
    return min(whole, _records(study.data[benchmark], whole)) if benchmark in study.data else whole


def _records(file, enough):
    """How many records a local file has, counted up to `enough`; that too where they are not told cheaply."""
    file = Path(file)
    if file.suffix == ".parquet":
        try:
            return pq.read_metadata(file).num_rows
        except (pa.ArrowException, OSError):
            return enough  # its own job says what is wrong with it
    if file.suffix != ".jsonl" or file.stat().st_size > COUNTED:
        return enough
    with open(file, "rb") as lines:
        return enough if lines.peek(1)[:1] == b"[" else sum(1 for _ in islice(filter(bytes.strip, lines), enough))


def _tflops(study, model):
    """TFLOPs of a pass over TOKENS: the table's, or two a weight and token by the size in the model's name, or None.

    None too where it runs on another's machine.
    """
    if not study.models[model].row.loads:
        return None
    weights = study.models[model].weights
    named = weights if isinstance(weights, str) else model
    if named.lower() in published.costs():
        return published.costs()[named.lower()].tflops
    found = _SIZE.search(named) or _SIZE.search(model)
    return 2 * float(found[1]) * 1e9 * TOKENS / 1e12 if found else None

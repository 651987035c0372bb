"""The stages of the pipeline: one row per stage, with what it makes, of what code, and whether that is dear.

A stage is a rule in rules/ and a command of the package. What a rule tells its command is in stage_settings.py.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from isobudget.study import rankers, stage_settings, units
from isobudget.study.benchmarks import BENCHMARKS
from isobudget.study.config import Study
from isobudget.study.languages import LANGUAGES

# (place, settings): files of one pattern below the results folder, and the text that their rule tells its command
Told = Iterator[tuple[str, str]]


@dataclass(frozen=True)
class Stage:
    """What one stage is.

    Attributes:
        name: of its rule.
        folder: the folder, or the file, below the results folder that it writes.
        module: what its rule runs, `python -m ...`.
        dear: only a model makes its files, or they decide what a model is asked: they are never made anew unasked.
        fetched: its files are read from outside, the hub or a file of the user's, which may be gone by now.
        recorded: its files can lie in recordings/ and be replayed.
        extracts: it makes programs of texts.
        prices: it calls the functions of the units' table.
        told: what its files are made with, of a study; of one with a number in place of every `samples: auto`, None
            while no number is known.
    """

    name: str
    folder: str
    module: str
    dear: bool = False
    fetched: bool = False
    recorded: bool = False
    extracts: bool = False
    prices: bool = False
    told: Callable[[Study, Study | None], Told] = lambda study, sized: iter(())


def _problems(study: Study, sized: Study | None) -> Told:
    for benchmark in study.benchmarks:
        yield f"problems/{benchmark}.parquet", stage_settings.problems(study, benchmark)


def _collect(study: Study, sized: Study | None) -> Told:
    for benchmark in study.benchmarks:
        for model, chosen in study.models.items():
            for decoding in study.decodings(model) if chosen.row.collects else ():
                place = f"imported/{benchmark}/{model}/{decoding}.parquet"
                yield place, stage_settings.imports(study, model, decoding)


def _weights(study: Study, sized: Study | None) -> Told:
    for model in study.models:
        if study.comes_in_packages(model):
            yield f"weights/{model}", stage_settings.weights(study, model)


def _model(study: Study, sized: Study | None) -> Told:
    for model in study.models:
        yield f"models/{model}.json", stage_settings.architecture(study, model)


def _sample(study: Study, sized: Study | None) -> Told:
    for benchmark in study.benchmarks:
        for model in study.models:
            for decoding in study.decodings(model):
                place = f"samples/{benchmark}/{model}/{decoding}"
                yield place, stage_settings.sample(study, benchmark, model, decoding)


def _write(study: Study, sized: Study | None) -> Told:
    for benchmark in study.benchmarks:
        for model in study.writers():
            yield f"written/{benchmark}/{model}", stage_settings.written(study, benchmark, model)


def _calibrate(study: Study, sized: Study | None) -> Told:
    for model in study.models:
        yield f"calibrations/{model}", stage_settings.calibrate(study, model)


def _execute(study: Study, sized: Study | None) -> Told:
    for benchmark in study.benchmarks:
        yield f"outcomes/{benchmark}", stage_settings.execute(study, benchmark)


def _references(study: Study, sized: Study | None) -> Told:
    for benchmark in study.benchmarks:
        yield f"references/{benchmark}.json", stage_settings.execute(study, benchmark)


def _at_hand(study: Study, sized: Study | None) -> Told:
    for benchmark in study.benchmarks:
        yield f"at_hand/*/{benchmark}", stage_settings.at_hand(study, benchmark)


def _observe(study: Study, sized: Study | None) -> Told:
    for benchmark in study.benchmarks:
        yield f"behaviours/*/{benchmark}", stage_settings.observe(study, benchmark)


def _rank(study: Study, sized: Study | None) -> Told:
    for model in study.models:
        for ranker in study.rankers_of(model):
            if rankers.reader(ranker, model):
                yield f"scores/{ranker}/*/{model}", stage_settings.rank(study, ranker, model, code=None)


def _combine(study: Study, sized: Study | None) -> Told:
    if sized is None:
        return
    for benchmark in study.benchmarks:
        for model in study.models:
            for ranker in filter(rankers.learns, study.rankers_of(model)):
                place = f"scores/{ranker}/{benchmark}/{model}"
                yield place, stage_settings.combine(sized, ranker, benchmark, model)


def _cost(study: Study, sized: Study | None) -> Told:
    for model in study.models:
        yield f"costs/{model}.json", stage_settings.cost(study, model)


def _estimate(study: Study, sized: Study | None) -> Told:
    if sized is None:
        return
    for benchmark in study.benchmarks:
        for model in study.models:
            yield f"estimates/{benchmark}/{model}.parquet", stage_settings.estimate(sized, benchmark, model)


def _aggregate(study: Study, sized: Study | None) -> Told:
    if sized:
        yield "isobudget.duckdb", stage_settings.aggregate(sized)


def _report(study: Study, sized: Study | None) -> Told:
    if sized:
        yield "report", stage_settings.report(study)


_ROWS = (
    Stage("problems", "problems", "isobudget.problems", dear=True, told=_problems),
    # tests that a model writes are drawn after it
    Stage("questions", "questions", "isobudget.problems.questions", dear=True),
    Stage("examples", "examples", "isobudget.at_hand.prompt_examples"),
    Stage("collect", "imported", "isobudget.sampling.imported", fetched=True, told=_collect),
    Stage("weights", "weights", "isobudget.sampling.weights", dear=True, told=_weights),
    Stage("model", "models", "isobudget.sampling.architecture", fetched=True, recorded=True, told=_model),
    Stage("sample", "samples", "isobudget.sampling", dear=True, recorded=True, told=_sample),
    Stage("write", "written", "isobudget.sampling.written", dear=True, recorded=True, told=_write),
    Stage("calibrate", "calibrations", "isobudget.sampling.calibration", dear=True, recorded=True, told=_calibrate),
    Stage("references", "references", "isobudget.execution.references", told=_references),
    Stage("execute", "outcomes", "isobudget.execution", extracts=True, told=_execute),
    Stage("asserts", "asserts", "isobudget.at_hand.written_asserts"),
    Stage("tests", "tests", "isobudget.at_hand.tests"),
    Stage("at_hand", "at_hand", "isobudget.execution", extracts=True, told=_at_hand),
    Stage("observe", "behaviours", "isobudget.execution.behaviours", extracts=True, told=_observe),
    # dear where another model reads: `is_dear` tells by the ranker
    Stage("rank", "scores", "isobudget.ranking", recorded=True, told=_rank),
    Stage("vote", "scores", "isobudget.ranking.votes"),
    Stage("combine", "scores", "isobudget.estimates.combined", told=_combine),
    Stage("cost", "costs", "isobudget.costs", prices=True, told=_cost),
    Stage("prices", "prices.json", "isobudget.costs.all_models"),
    Stage("estimate", "estimates", "isobudget.estimates", told=_estimate),
    Stage("aggregate", "isobudget.duckdb", "isobudget.store", told=_aggregate),
    Stage("report", "report", "isobudget.report", told=_report),
)
STAGES: Mapping[str, Stage] = {row.name: row for row in _ROWS}
SCORES = STAGES["rank"].folder


def stage_code(name: str, ranker: str | None = None, benchmark: str | None = None) -> list[str]:
    """The dotted names of what a stage's code is, the functions included that it takes from rows of tables.

    Args:
        name: of the stage.
        ranker: by which it ranks, if it does.
        benchmark: whose programs it runs, if it does.
    """
    stage, row = STAGES[name], rankers.row(ranker) if ranker else None
    functions = [unit.function for unit in units.UNITS.values()] if stage.prices else []
    if benchmark:
        language = LANGUAGES[BENCHMARKS[benchmark].language]
        functions += [language.script] if language.script else []
        functions += [language.answer] if stage.extracts else []
    return [stage.module, *functions, *([row.function] if row else [])]


def all_code() -> list[str]:
    """The dotted names of what the code of all cheap stages is."""
    functions = [row.function for row in rankers.RANKERS.values()]
    functions += [function for row in LANGUAGES.values() for function in row.functions]
    return [name for row in _ROWS if not row.dear for name in stage_code(row.name)] + functions


def is_dear(place: str) -> bool:
    """Whether a place, a path or a pattern below the results folder, holds what is never made anew unasked.

    What nobody knows is: the scores of a ranker, say, that another version has.
    """
    folder, _, rest = place.partition("/")
    rows = [row for row in _ROWS if row.folder == folder]
    if folder == SCORES:
        ranker = rest.partition("/")[0]
        return rankers.row(ranker) is None or rankers.reads_with(ranker) is not None
    return not rows or any(row.dear for row in rows)


def cheap_places(results: str | Path) -> list[str]:
    """What of a results folder is made of samples and of nothing dear, as paths below it that are there, sorted."""
    folders = sorted({row.folder for row in _ROWS if not row.fetched})
    found = [folder for folder in folders if folder != SCORES and not is_dear(folder)]
    found += [
        f"{SCORES}/{each.name}" for each in Path(results, SCORES).glob("*") if not is_dear(f"{SCORES}/{each.name}")
    ]
    return sorted(place for place in found if Path(results, place).exists())

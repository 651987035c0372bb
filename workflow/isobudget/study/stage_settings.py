"""What each stage is told of a study: one JSON string per stage, keys sorted, so that Snakemake compares it as a whole.

The types are those of files/settings.py, which the stages read. A key that may be left out stands there only where it
changes what the stage makes.
"""

import json
from typing import Any

from isobudget.files import paths
from isobudget.files.settings import (
    AggregateSettings,
    ArchitectureSettings,
    CalibrateSettings,
    CombineSettings,
    CostSettings,
    Decoding,
    EstimateSettings,
    ImportSettings,
    Opening,
    ProblemsSettings,
    RankSettings,
    ReportSettings,
    RunSettings,
    SampleSettings,
    TestsSettings,
    VoteSettings,
    WeightsSettings,
    WriteSettings,
)
from isobudget.study import published, rankers
from isobudget.study.benchmarks import BENCHMARKS, TEST_STOPS
from isobudget.study.config import Study
from isobudget.study.engines import COMPILE_FROM
from isobudget.study.models import Packages

# Raised when a change to sampling makes samples that no longer belong with those already drawn
# (prompt form, stopping, seeds). It is part of a sample file's settings; code edits are not.
SAMPLING_PROTOCOL = 1

# What a question holds of a problem; another word makes them, and the tests that models write to them, anew.
QUESTIONS = "85c97eed755899a2"

# How a model is asked for tests, a form of sampling/written.py: part of their settings.
TEST_FORM = "assert-1"


def problems(study: Study, benchmark: str) -> str:
    """Of rule problems."""
    told: ProblemsSettings = {
        "benchmark": benchmark,
        "first": study.problems,
        "version": BENCHMARKS[benchmark].version,
    }
    if benchmark in study.data:
        told["data"] = study.data[benchmark]
    return _json(told)


def weights(study: Study, model: str) -> str:
    """Of rule weights."""
    chosen = study.models[model].weights
    assert isinstance(chosen, Packages)
    told: WeightsSettings = {
        "packages": chosen.packages,
        "parts": chosen.parts,
        "version": chosen.version,
        "sha256": chosen.sha256,
    }
    return _json(told)


def architecture(study: Study, model: str) -> str:
    """Of rule model."""
    chosen = study.models[model]
    told: ArchitectureSettings = {"engine": chosen.engine}
    if chosen.row.lacks_config:
        told |= {"weights": chosen.config, "revision": chosen.revision}
    elif chosen.row.loads:
        told |= _loading(study, model)
    return _json(told)


def imports(study: Study, model: str, decoding: str) -> str:
    """Of rule collect."""
    told: ImportSettings = {"format": study.models[model].format, "greedy": decoding == "greedy"}
    return _json(told)


def sample(study: Study, benchmark: str, model: str, decoding: str) -> str:
    """Of rule sample."""
    chosen = study.models[model]
    told: SampleSettings = {"engine": chosen.engine, "n": study.block if decoding == "sampled" else 1}
    if not chosen.row.own_decoding:
        told |= {"protocol": SAMPLING_PROTOCOL, "decoding": _decoding(study, benchmark, decoding, chosen.chat)}
        told |= _asking(study, benchmark, model)
        told |= _opening(study, model)
    return _json(told)


def written(study: Study, benchmark: str, model: str) -> str:
    """Of rule write."""
    chosen = study.models[model]
    told: WriteSettings = {
        "engine": chosen.engine,
        "protocol": SAMPLING_PROTOCOL,
        "form": TEST_FORM,
        "n": study.block,
        "decoding": {
            "temperature": study.decoded(benchmark, "temperature"),
            "top_p": study.decoded(benchmark, "top_p"),
            "max_tokens": study.written.max_tokens,
            "stop": TEST_STOPS,
        },
    }
    if chosen.row.loads:
        told |= _loading(study, model)
    return _json(told)


def calibrate(study: Study, model: str) -> str:
    """Of rule calibrate."""
    benchmark = study.benchmarks[0]
    chosen = study.models[model]
    told: CalibrateSettings = {
        "engine": chosen.engine,
        "protocol": SAMPLING_PROTOCOL,
        "decoding": _decoding(study, benchmark, "sampled", chosen.chat),
        "prompts": study.calibration.prompts,
        "n": study.calibration.samples,
        "score": any(rankers.reads_with(ranker) == model for ranker in study.rankers),
    }
    told |= _asking(study, benchmark, model)
    told |= _opening(study, model)
    if chosen.row.asks:
        # seconds depend on the server, and on how hard it is asked
        keys = ("url", "concurrency", "requests_per_minute", "tokens_per_minute")
        asked: Any = {key: getattr(chosen, key) for key in keys}
        told |= asked
    if chosen.row.loads:
        # of one of the jobs whose price is wanted: large ones are run in another way (study/engines.py, COMPILE_FROM)
        told["texts"] = _texts(study, benchmark)
    return _json(told)


# What runs programs or counts votes is cheap: its `code`, a checksum, is a setting like others, so that an edit does it
# again. None where settings alone are compared. In a parameter of its own Snakemake would ask for it job by job.


def execute(study: Study, benchmark: str, code: str | None = None) -> str:
    """Of the rules references and execute."""
    return _json(_running(study, benchmark, code, "continues", "before", "excusable", "language"))


def at_hand(study: Study, benchmark: str, code: str | None = None) -> str:
    """Of rule at_hand: tests at hand are few and small, so who loops on them has a third of the time to do it in."""
    told = _running(study, benchmark, code, "continues", "before", "excusable", "language")
    return _json(told | {"timeout": study.sandbox.timeout / 3})


def observe(study: Study, benchmark: str, code: str | None = None) -> str:
    """Of rule observe."""
    return _json(_running(study, benchmark, code, "continues", "before", "language"))


def tests(study: Study, source: str) -> str:
    """Of rule tests."""
    told: TestsSettings = {"source": source}
    return _json(told)


def rank(study: Study, ranker: str, model: str, code: str | None) -> str:
    """Of rule rank.

    Args:
        study: a Study.
        ranker, model: which ranks whose samples.
        code: a checksum of the ranker's code: where no other model reads, ranking is cheap, and an edit does it again.
    """
    scorer = rankers.reader(ranker, model)
    told: RankSettings = {"ranker": ranker, "scorer": scorer}
    if scorer:
        told["engine"] = study.models[scorer].engine
        return _json(told | _opening(study, scorer))
    row = rankers.row(ranker)
    if row and row.lengths and study.models[model].row.counts_tokens is False:
        # not every server counts each sample's tokens, and the unit is one of the whole model, whatever the block
        told["unit"] = "characters"
    told["code"] = code
    return _json(told)


def vote(study: Study, ranker: str, code: str | None = None) -> str:
    """Of rule vote."""
    told: VoteSettings = {"ranker": ranker}
    if code:
        told["code"] = code
    return _json(told)


def combine(study: Study, ranker: str, benchmark: str, model: str) -> str:
    """Of rule combine."""
    told: CombineSettings = {
        "ranker": ranker,
        "benchmark": benchmark,
        "model": model,
        "blocks": study.blocks(benchmark, model),
        "rankers": study.parts(model),
        "seed": study.bootstrap.seed,
    }
    return _json(told)


def cost(study: Study, model: str) -> str:
    """Of rule cost."""
    price, given = study.models[model].price, study.models[model].cost
    told: CostSettings = {"model": model, "price": price.model_dump() if price else None}
    if given:
        told["given"] = given.model_dump()
    return _json(told)


def estimate(study: Study, benchmark: str, model: str) -> str:
    """Of rule estimate."""
    told: EstimateSettings = {
        "benchmark": benchmark,
        "model": model,
        "blocks": study.blocks(benchmark, model),
        "greedy": "greedy" in study.decodings(model),
        "rankers": sorted(study.rankers_of(model)),
        "bootstrap": {"resamples": study.bootstrap.resamples, "seed": study.bootstrap.seed},
    }
    if study.sources(benchmark):
        told["at_hand"] = sorted(study.sources(benchmark))
    if study.imported:
        told["imported"] = study.imported
    return _json(told)


def aggregate(study: Study) -> str:
    """Of rule aggregate."""
    return _json(aggregated(study))


def aggregated(study: Study) -> AggregateSettings:
    """What the store is told; study_files names the files of a study by it."""
    greedy = [model for model in study.models if "greedy" in study.decodings(model)]
    unranked = {m: sorted(set(study.rankers) - set(study.rankers_of(m))) for m in study.models}
    imported = [model for model in study.models if study.models[model].row.collects]
    told: AggregateSettings = {
        "benchmarks": study.benchmarks,
        "models": {model: _blocks(study, model) for model in study.models},
        "greedy": True if len(greedy) == len(study.models) else greedy,
        "rankers": study.rankers,
        "budgets": study.budgets.model_dump(),
        "bootstrap": {"resamples": study.bootstrap.resamples, "seed": study.bootstrap.seed},
        "decoding": {b: _decoding(study, b, "sampled") for b in study.benchmarks},
        "problems": study.problems,
    }
    if any(unranked.values()):
        told["unranked"] = {model: lacking for model, lacking in unranked.items() if lacking}
    if imported:
        told["imported"] = imported
    if study.at_hand:
        told["at_hand"] = {b: study.sources(b) for b in study.benchmarks}
    return told


def report(study: Study) -> str:
    """Of rule report."""
    told: ReportSettings = {"problems": {b: BENCHMARKS[b].problems for b in study.benchmarks}}
    if beside := published.beside(study):
        told["published"] = beside
    return _json(told)


def _texts(study: Study, benchmark: str) -> int:
    """Of two counts that stand for all others, that of a job of all problems."""
    asked = min(BENCHMARKS[benchmark].problems, study.problems or COMPILE_FROM)
    return COMPILE_FROM if asked >= COMPILE_FROM else 1


def _blocks(study: Study, model: str) -> int | dict[str, int]:
    found = {benchmark: study.blocks(benchmark, model) for benchmark in study.benchmarks}
    return found if len(set(found.values())) > 1 else found[study.benchmarks[0]]


def _decoding(study: Study, benchmark: str, decoding: str, chat: bool = False) -> Decoding:
    greedy = decoding == "greedy"
    return {
        "temperature": 0.0 if greedy else study.decoded(benchmark, "temperature"),
        "top_p": 1.0 if greedy else study.decoded(benchmark, "top_p"),
        "max_tokens": study.max_tokens(benchmark),
        # an answer has code anywhere in it, and ends by itself
        "stop": () if chat else BENCHMARKS[benchmark].stop,
    }


def _asking(study: Study, benchmark: str, model: str) -> Any:
    # a key of chat models alone: the settings of completion models stay what recordings/ were drawn with
    return {"chat": BENCHMARKS[benchmark].chat} if study.models[model].chat else {}


def _opening(study: Study, model: str) -> Opening:
    """What the engine is told to open the model by. Where a server is and how it is reached is no part of it."""
    chosen = study.models[model]
    if chosen.row.asks:
        return {"served": chosen.served or ""}
    return _loading(study, model) if chosen.row.loads else {}


def _loading(study: Study, model: str) -> Opening:
    chosen = study.models[model]
    found = chosen.weights
    return {
        "weights": paths.below(study.results, paths.WEIGHTS, model=model) if isinstance(found, Packages) else found,
        "revision": chosen.revision,
        "tensor_parallel": chosen.tensor_parallel,
        "dtype": chosen.dtype,
    }


def _running(study: Study, benchmark: str, code: str | None, *keys: str) -> RunSettings:
    """What a stage is told that runs programs: those facts of the benchmark that are not as usual, and the sandbox."""
    chosen = BENCHMARKS[benchmark]
    sandbox: Any = _sandbox(study) | chosen.running(*keys)
    told: RunSettings = {"stop": chosen.stop, **sandbox}
    if code:
        told["code"] = code
    return told


def _sandbox(study: Study) -> dict[str, Any]:
    told = study.sandbox.model_dump()
    if told["isolation"] == "shared":
        del told["isolation"]  # as before there was a choice: no job runs again for a key that says nothing new
    return told


def _json(told: Any) -> str:
    return json.dumps(told, sort_keys=True)

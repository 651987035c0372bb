"""What each stage is told of a study: one JSON string a stage, keys sorted, so that Snakemake compares it as a whole.

A key stands in a stage's settings only where it changes what the stage makes: a new key of the config leaves the files
of studies that do not use it as they are.
"""

import json

from isobudget.engines.base import COMPILE_FROM
from isobudget.files import paths
from isobudget.study import published, rankers
from isobudget.study.benchmarks import BENCHMARKS, TEST_STOPS
from isobudget.study.config import Packages

# Raised when a change to sampling makes samples that no longer belong with those already drawn
# (prompt form, stopping, seeds). It is part of a sample file's settings; code edits are not.
SAMPLING_PROTOCOL = 1

# What a question holds of a problem; another word makes them, and the tests that models write to them, anew.
QUESTIONS = "85c97eed755899a2"

# How a model is asked for tests, a form of sampling/written.py: part of their settings.
TEST_FORM = "assert-1"


def problems(study, benchmark):
    data = {"data": study.data[benchmark]} if benchmark in study.data else {}
    return _json(benchmark=benchmark, first=study.problems, version=BENCHMARKS[benchmark].version, **data)


def weights(study, model):
    return _json(**study.models[model].weights.model_dump())


def architecture(study, model):
    chosen = study.models[model]
    if chosen.row.lacks_config:
        return _json(engine=chosen.engine, weights=chosen.config, revision=chosen.revision)
    return _json(engine=chosen.engine, **(_loading(study, model) if chosen.row.loads else {}))


def imports(study, model, decoding):
    return _json(format=study.models[model].format, greedy=decoding == "greedy")


def sample(study, benchmark, model, decoding):
    chosen = study.models[model]
    if chosen.row.own_decoding:  # whatever this study's is
        return _json(engine=chosen.engine, n=study.block if decoding == "sampled" else 1)
    settings = {
        "engine": chosen.engine,
        "protocol": SAMPLING_PROTOCOL,
        "n": study.block if decoding == "sampled" else 1,
        "decoding": _decoding(study, benchmark, decoding, chosen.chat),
        **_asking(study, benchmark, model),
    }
    return _json(**settings, **_opening(study, model))


def written(study, benchmark, model):
    chosen = study.models[model]
    decoding = {key: study.decoded(benchmark, key) for key in ("temperature", "top_p")}
    return _json(
        engine=chosen.engine,
        protocol=SAMPLING_PROTOCOL,
        form=TEST_FORM,
        n=study.block,
        decoding=decoding | {"max_tokens": study.written.max_tokens, "stop": TEST_STOPS},
        **(_loading(study, model) if chosen.row.loads else {}),
    )


def calibrate(study, model):
    benchmark = study.benchmarks[0]
    chosen = study.models[model]
    # seconds depend on the server, and on how hard it is asked
    asked = ("url", "concurrency", "requests_per_minute", "tokens_per_minute")
    return _json(
        engine=chosen.engine,
        protocol=SAMPLING_PROTOCOL,
        decoding=_decoding(study, benchmark, "sampled", chosen.chat),
        **_asking(study, benchmark, model),
        prompts=study.calibration.prompts,
        n=study.calibration.samples,
        score=any(rankers.reads_with(ranker) == model for ranker in study.rankers),
        **_opening(study, model),
        **({key: getattr(chosen, key) for key in asked} if chosen.row.asks else {}),
        # of one of the jobs whose price is wanted: large ones are run in another way (engines.COMPILE_FROM)
        **({"texts": _texts(study, benchmark)} if chosen.row.loads else {}),
    )


def execute(study, benchmark):
    return _running(study, benchmark, ("continues", "before", "excusable"))


def at_hand(study, benchmark):
    # tests at hand are few and small: who loops on them has a third of the time to do it in
    return _running(study, benchmark, ("continues", "before", "excusable"), timeout=study.sandbox.timeout / 3)


def tests(study, source):
    return _json(source=source)


def rank(study, ranker, model, code):
    scorer = rankers.reader(ranker, model)
    settings = {"ranker": ranker, "scorer": scorer}
    if scorer:
        return _json(**settings, engine=study.models[scorer].engine, **_opening(study, scorer))
    if rankers.row(ranker).lengths and study.models[model].row.counts_tokens is False:
        # not every server counts each sample's tokens, and the unit is one of the whole model, whatever the block
        settings["unit"] = "characters"
    # where no other model reads, ranking is cheap: an edit of its code does it again
    return _json(**settings, code=code)


def combine(study, ranker, benchmark, model):
    where = {"ranker": ranker, "benchmark": benchmark, "model": model, "blocks": study.blocks(benchmark, model)}
    return _json(**where, rankers=study.parts(model), seed=study.bootstrap.seed)


def observe(study, benchmark):
    return _running(study, benchmark, ("continues", "before"))


def vote(study, ranker):
    return _json(ranker=ranker)


def cost(study, model):
    price, given = study.models[model].price, study.models[model].cost
    by_hand = {"given": given.model_dump()} if given else {}
    return _json(model=model, price=price.model_dump() if price else None, **by_hand)


def estimate(study, benchmark, model):
    return _json(
        benchmark=benchmark,
        model=model,
        blocks=study.blocks(benchmark, model),
        greedy="greedy" in study.decodings(model),
        rankers=sorted(study.rankers_of(model)),
        # a key of studies that ask for it: others stay estimated as they are
        **({"at_hand": sorted(study.sources(benchmark))} if study.sources(benchmark) else {}),
        bootstrap=study.bootstrap.model_dump(),
    )


def aggregate(study):
    return _json(**aggregated(study))


def aggregated(study):
    """What the store is told, as a dict: study_files names the files of a study by it."""
    greedy = [model for model in study.models if "greedy" in study.decodings(model)]
    unranked = {m: sorted(set(study.rankers) - set(study.rankers_of(m))) for m in study.models}
    unranked = {model: rankers for model, rankers in unranked.items() if rankers}
    imported = [model for model in study.models if study.models[model].row.collects]
    return dict(
        benchmarks=study.benchmarks,
        models={model: _blocks(study, model) for model in study.models},
        greedy=True if len(greedy) == len(study.models) else greedy,
        rankers=study.rankers,
        **({"unranked": unranked} if unranked else {}),
        **({"imported": imported} if imported else {}),
        **({"at_hand": {b: study.sources(b) for b in study.benchmarks}} if study.at_hand else {}),
        budgets=study.budgets.model_dump(),
        bootstrap=study.bootstrap.model_dump(),
        decoding={b: _decoding(study, b, "sampled") for b in study.benchmarks},
        problems=study.problems,
    )


def report(study):
    beside = published.beside(study)
    told = {"published": beside} if beside else {}
    return _json(problems={b: BENCHMARKS[b].problems for b in study.benchmarks}, **told)


def _texts(study, benchmark):
    """Of two counts that stand for all others, that of a job of all problems."""
    asked = min(BENCHMARKS[benchmark].problems, study.problems or COMPILE_FROM)
    return COMPILE_FROM if asked >= COMPILE_FROM else 1


def _blocks(study, model):
    found = {benchmark: study.blocks(benchmark, model) for benchmark in study.benchmarks}
    return found if len(set(found.values())) > 1 else found[study.benchmarks[0]]


def _decoding(study, benchmark, decoding, chat=False):
    # an answer has code anywhere in it, and ends by itself
    stop = () if chat else BENCHMARKS[benchmark].stop
    settings = {"max_tokens": study.max_tokens(benchmark), "stop": stop}
    if decoding == "greedy":
        return settings | {"temperature": 0.0, "top_p": 1.0}
    return settings | {key: study.decoded(benchmark, key) for key in ("temperature", "top_p")}


def _asking(study, benchmark, model):
    # a key of chat models alone: the settings of completion models stay what recordings/ were drawn with
    return {"chat": BENCHMARKS[benchmark].chat} if study.models[model].chat else {}


def _opening(study, model):
    """What the engine is told to open the model by. Where a server is and how it is reached is no part of it."""
    chosen = study.models[model]
    if chosen.row.asks:
        return {"served": chosen.served}
    return _loading(study, model) if chosen.row.loads else {}


def _loading(study, model):
    chosen = study.models[model]
    weights = chosen.weights
    if isinstance(weights, Packages):
        weights = paths.below(study.results, paths.WEIGHTS, model=model)
    return {
        "weights": weights,
        "revision": chosen.revision,
        "tensor_parallel": chosen.tensor_parallel,
        "dtype": chosen.dtype,
    }


def _running(study, benchmark, keys, **changes):
    """What a stage is told that runs programs: those keys that the benchmark has, and the sandbox, changed or not."""
    chosen = BENCHMARKS[benchmark]
    return _json(stop=chosen.stop, **chosen.running(*keys), **(study.sandbox.model_dump() | changes))


def _json(**settings):
    return json.dumps(settings, sort_keys=True)

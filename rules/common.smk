# What all of rules/ use, which is the study, wildcard constraints and input functions.
# Needs: config. Makes: study, RESULTS, and the functions below.

import atexit
import functools
import gc
import hashlib
import os
import sys
from contextlib import suppress
from pathlib import Path
from shlex import quote
from types import SimpleNamespace

# Objects of the graph of jobs all stay, and looking among them for some to free adds a fifth to the time in which
# Snakemake makes it; onstart turns that on again.
gc.disable()

WORKFLOW = Path(workflow.basedir) / "workflow"
sys.path.insert(0, str(WORKFLOW))

from isobudget.files import paths, temporary
from isobudget.files.errors import StudyError
from isobudget.files.tables import read_json
from isobudget.run import plan, provenance, recordings
from isobudget.run.code_checksum import code_checksum
from isobudget.run.endpoint_addresses import note_servers
from isobudget.run.results_lock import Claim
from isobudget.run.timestamps import mend
from isobudget.sampling.imported.check import check as check_imports, fingerprint
from isobudget.study import rankers, sample_counts, stage_settings
from isobudget.study.config import load

# jobs run this interpreter and this package, whatever the shell's PATH says, and end with this process
shell.prefix(
    f"export PATH={quote(os.path.dirname(sys.executable))}:$PATH PYTHONPATH={quote(str(WORKFLOW))}"
    f" ISOBUDGET_WORKFLOW={temporary.owner()}; "
)

# relative, so that moving the folder runs nothing again
RECORDINGS = Path(os.path.relpath(Path(workflow.basedir) / "recordings"))

try:
    study = load(config, workflow.configfiles[-1] if workflow.configfiles else "config")
    recordings.check(study, RECORDINGS)
    check_imports(study)
except StudyError as error:
    raise WorkflowError(str(error)) from None

RESULTS = study.results

VOTES = f"(?:{'|'.join(rankers.CONSENSUS)}):.+"  # rankers that let the samples vote: rule vote, not rule rank

# jobs on other machines read this file too: the claim is the main process's
claim = Claim(RESULTS) if workflow.is_main_process else None
if claim and claim.notice:
    print(f"isobudget: {claim.notice}", file=sys.stderr)
if workflow.is_main_process:
    try:
        mended = mend(RESULTS, RECORDINGS, inputs=study.own_files())
    except StudyError as error:
        raise WorkflowError(str(error)) from None
    if mended:
        print(f"isobudget: {mended}", file=sys.stderr)
else:
    # onstart is the main process's, and a pod sees none of its files
    note_servers(study, anew=False)


wildcard_constraints:
    benchmark="[a-z0-9-]+",
    model="[A-Za-z0-9][A-Za-z0-9._-]*",
    decoding="sampled|greedy",
    block="[0-9]+",
    ranker="[A-Za-z0-9:._-]+",
    run="[0-9]+",
    source="[A-Za-z0-9:._-]+",


def at(template, **keys):
    """Paths below the results folder, one for each combination of the keys given as lists."""
    return expand(f"{RESULTS}/{template}", **keys)


def code(*modules):
    """A checksum of the code of a cheap stage, which is run again after an edit of it.

    A parameter rather than inputs: a checkout that only touches files runs nothing, and the
    message of a failed job does not list forty of them.
    """
    found = code_checksum(*modules)
    CODES.add(found)
    return found


CODES = set()  # all that `code` gave


def all_code():
    """A checksum of the code of all cheap stages; called when every rule is there."""
    return hashlib.sha256(" ".join(sorted(CODES)).encode()).hexdigest()[:16]


def recording(template, **keys):
    """A file of recordings/, which lie here even where results are on an object store."""
    return local(f"{RECORDINGS}/{template}".format(**keys))


def weights(model):
    """The folder that must be made before a model can be loaded, if any."""
    chosen = study.models[model]
    if chosen.engine == "vllm" and not isinstance(chosen.weights, str):
        return local(at(paths.WEIGHTS, model=model))
    return []


def loaded(model):
    """What a job reads that loads a model: the profiles of clusters know such jobs by an input named weights."""
    return {"weights": weights(model)} if is_live(model) else {}


def sample_inputs(wildcards):
    """The recording to replay, what was imported, or the weights to load."""
    if study.models[wildcards.model].engine == "recorded":
        return {"recording": recording(paths.SAMPLES, **wildcards)}
    if study.models[wildcards.model].engine == "import":
        return {"recording": at(paths.IMPORTED, **wildcards)}
    return loaded(wildcards.model)


def rank_inputs(wildcards):
    """What a ranker that needs another model reads beside the samples."""
    scorer = rankers.reader(wildcards.ranker, wildcards.model)
    if not scorer:
        return {}
    if study.models[scorer].engine == "recorded":
        return {"recording": recording(paths.SCORES, decoding="sampled", **wildcards)}
    return loaded(scorer)


def examples_of(source, benchmark):
    """The file of inputs that a source gives: the examples in the prompts, or the asserts that a model wrote."""
    if source == "examples":
        return at(paths.EXAMPLES, benchmark=benchmark)[0]
    return at(paths.ASSERTS, model=source, benchmark=benchmark)[0]


def written_files(wildcards):
    """The blocks of tests that a model writes on one benchmark."""
    return at(paths.WRITTEN, block=range(study.written_blocks()), **wildcards)


def tests_of_writer(wildcards):
    """All tests that a model writes, if some ranker uses them: they have a price."""
    if wildcards.model not in study.writers():
        return []
    return at(paths.WRITTEN, benchmark=study.benchmarks, model=wildcards.model, block=range(study.written_blocks()))


def vote_inputs(wildcards):
    """What a ranker that lets the samples vote reads beside them."""
    source = rankers.inputs_of(wildcards.ranker, wildcards.model)
    return {
        "behaviours": at(paths.BEHAVIOURS, source=source, decoding="sampled", **wildcards)[0],
        "examples": examples_of(source, wildcards.benchmark),
    }


def tests_inputs(wildcards):
    """The examples that a source of tests at hand consists of, or the asserts that a model wrote, if it does."""
    source = rankers.author(wildcards.source) or wildcards.source
    return {} if source.startswith("assert:") else {"cases": examples_of(source, wildcards.benchmark)}


def write_inputs(wildcards):
    """The recording to replay, or the weights to load."""
    if study.models[wildcards.model].engine == "recorded":
        return {"recording": recording(paths.WRITTEN, **wildcards)}
    return loaded(wildcards.model)


def calibrate_inputs(wildcards):
    """The recording to replay, or the weights to load."""
    if study.models[wildcards.model].engine == "recorded":
        return {"recording": recording(paths.CALIBRATIONS, **wildcards)}
    return loaded(wildcards.model)


def handed(input, model):
    """The option of a stage that names what it replays, or the server that has the model.

    Where a server is says nothing of what the model writes: the file is no input, and an edit of it draws nothing again.
    """
    if "recording" in input.keys():
        return f"--recording {input.recording}"
    asks = model and study.models[model].engine == "endpoint"
    return f"--server {paths.below(RESULTS, paths.SERVERS, model=model)}" if asks else ""


def model_inputs(wildcards):
    """Where a model's own config.json is to be had."""
    if study.models[wildcards.model].engine == "recorded":
        return {"recording": recording(paths.MODELS, **wildcards)}
    if study.models[wildcards.model].engine in ("import", "endpoint"):
        config = Path(study.models[wildcards.model].config)
        return {"config": local(str(config)) if config.is_file() else []}
    return {"weights": weights(wildcards.model)}


def architectures(models):
    """Where the config.json is kept of those models that have one; an import or an endpoint may have none."""
    may_lack = ("import", "endpoint")
    return at(
        paths.MODELS, model=[m for m in models if study.models[m].engine not in may_lack or study.models[m].config]
    )


def least_samples(wildcards):
    """Samples a problem that an imported file must hold."""
    return study.blocks(wildcards.benchmark, wildcards.model) * study.block if wildcards.decoding == "sampled" else 1


def is_live(model):
    """Whether a job of this model runs the model."""
    return study.models[model].engine == "vllm"


def gpus(model):
    """Devices a job takes that runs this model; a replay, or no model, takes none."""
    return study.models[model].tensor_parallel if model and is_live(model) else 0


def places(model):
    """Places at the servers that a job takes which asks one; it keeps as many requests in flight as its model may."""
    return int(bool(model) and study.models[model].engine == "endpoint")


def engine_threads(model, alone=False):
    """Cores of a job: of a live model all, as two engines on the same cores only slow each other, or its GPUs' share.

    A cluster has no --cores; its profile says what a model gets.
    """
    cores = workflow.resource_settings.cores
    if not (cores and model and is_live(model)):
        return 1
    given = workflow.global_resources
    devices = max(given["gpu"].value if "gpu" in given else 1, gpus(model))
    return cores if alone else max(1, cores * gpus(model) // devices)


def scorer(wildcards):
    """The other model that a ranking job runs, or None."""
    return rankers.reader(wildcards.ranker, wildcards.model)


def sized():
    """The study with a number in place of every `samples: auto`; known once the prices of all models are.

    For counting blocks, and for what counts them. Sampling is told by `study`, which no budget changes.
    """
    return with_prices(str(checkpoints.prices.get().output[0])) if study.auto else study


def with_prices(file):
    """What `sized` gives; a sentence for each model that the budgets would draw more of goes to the terminal, once."""
    return _with_prices(file, Path(file).stat().st_mtime_ns)


@functools.cache
def _with_prices(file, written):
    try:
        found, notes = sample_counts.sized(study, read_json(file), recordings.held(study, RECORDINGS))
    except StudyError as error:
        raise WorkflowError(str(error)) from None
    if workflow.is_main_process:
        print(*notes, sep="\n", end="\n" if notes else "", file=sys.stderr)
    return found


def sized_if_known():
    """What `sized` gives, or None where that would wait for prices; for what is said before the jobs."""
    known = f"{RESULTS}/{paths.PRICES}"
    if not study.auto:
        return study
    return with_prices(known) if Path(known).exists() else None


def made_with():
    """The settings of the files of the study, as the claim keeps them; of those that follow from prices once known."""
    known = None
    with suppress(WorkflowError):  # prices of another study: those of this one are not known yet
        known = sized_if_known()
    return provenance.settings(study, known)


def tell_plan():
    """What the whole study takes, below the jobs that a dry run lists; whether it is one is not known here yet."""
    with suppress(WorkflowError):  # which the dry run has said before
        if workflow.dryrun:
            told = plan.report(sized_if_known() or study)
            print(told, end="\n" if told else "", file=sys.stderr)


def blocks(wildcards):
    return range(sized().blocks(wildcards.benchmark, wildcards.model))


def outcome_files(wildcards):
    """Every outcome of one model on one benchmark."""
    keys = dict(benchmark=wildcards.benchmark, model=wildcards.model)
    greedy = (
        at(paths.OUTCOMES, decoding="greedy", block=0, **keys) if "greedy" in study.decodings(wildcards.model) else []
    )
    return greedy + at(paths.OUTCOMES, decoding="sampled", block=blocks(wildcards), **keys)


def score_files(wildcards):
    """Every ranker's scores of one model's samples on one benchmark."""
    keys = dict(benchmark=wildcards.benchmark, model=wildcards.model, decoding="sampled")
    names = study.rankers_of(wildcards.model)
    together = at(paths.COMBINED, **keys) if "combined" in names else []
    alone = [ranker for ranker in names if ranker != "combined"]
    return at(paths.SCORES, ranker=alone, block=blocks(wildcards), **keys) + together


def part_files(wildcards):
    """The outcomes and scores that the ranker `combined` is made of."""
    keys = dict(benchmark=wildcards.benchmark, model=wildcards.model, decoding="sampled", block=blocks(wildcards))
    return at(paths.OUTCOMES, **keys) + at(paths.SCORES, ranker=study.parts(wildcards.model), **keys)


def at_hand_files(wildcards):
    """What the tests at hand say of one model's samples on one benchmark."""
    keys = dict(benchmark=wildcards.benchmark, model=wildcards.model, decoding="sampled")
    return at(paths.AT_HAND, source=study.sources(wildcards.benchmark), block=blocks(wildcards), **keys)


def dear_score_files(wildcards):
    """The scores of one model's samples on one benchmark that another model must read them for."""
    dear = [ranker for ranker in study.rankers_of(wildcards.model) if rankers.reader(ranker, wildcards.model)]
    keys = dict(benchmark=wildcards.benchmark, model=wildcards.model, decoding="sampled", block=blocks(wildcards))
    return at(paths.SCORES, ranker=dear, **keys)


def of_study(files):
    """A function of wildcards, gathered over every benchmark and model of the study."""
    cells = [SimpleNamespace(benchmark=b, model=m) for b in study.benchmarks for m in study.models]
    return [file for cell in cells for file in files(cell)]


def calibration_files(wildcards):
    """Every calibration run of one model."""
    runs = range(recordings.calibration_runs(study, wildcards.model, RECORDINGS))
    return at(paths.CALIBRATIONS, model=wildcards.model, run=runs)


def aggregate_inputs(wildcards):
    """All rows of the study, its costs and its estimates."""
    cells = dict(benchmark=study.benchmarks, model=study.models)
    return {
        "problems": at(paths.PROBLEMS, benchmark=study.benchmarks),
        "samples": of_study(sample_files),
        "outcomes": of_study(outcome_files),
        "scores": of_study(score_files),
        "at_hand": of_study(at_hand_files),
        "costs": at(paths.COSTS, model=study.models),
        "estimates": at(paths.ESTIMATES, **cells),
        "imported": of_study(imported_files),
    }


def imported_files(wildcards):
    """What was imported of one model on one benchmark, with the labels that came along."""
    if study.models[wildcards.model].engine != "import":
        return []
    keys = dict(benchmark=wildcards.benchmark, model=wildcards.model)
    return at(paths.IMPORTED, decoding=study.decodings(wildcards.model), **keys)


def sample_files(wildcards):
    """Every sample of one model on one benchmark."""
    return [file.replace(f"{RESULTS}/outcomes/", f"{RESULTS}/samples/") for file in outcome_files(wildcards)]


def sampled_files(wildcards):
    """What is dear: samples, other models' scores of them, tests that models write, calibrations, model configs."""
    files = of_study(sample_files)
    files += architectures(study.models)
    files += [file for model in study.models for file in calibration_files(SimpleNamespace(model=model))]
    files += [file for model in study.models for file in tests_of_writer(SimpleNamespace(model=model))]
    return files + of_study(dear_score_files)


atexit.register(tell_plan)

# What all of rules/ use, which is the study, wildcard constraints, and what jobs read and are given.
# Needs: config. Makes: study, inputs, RESULTS, and the functions below.

import atexit
import functools
import gc
import os
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from shlex import quote

from snakemake.settings.types import DeploymentMethod

# Objects of the graph of jobs all stay, and looking among them for some to free adds a fifth to the time in which
# Snakemake makes it; onstart turns that on again.
gc.disable()

# the folder of this workflow, wherever the Snakefile lies that uses it as a module; the package is beside it, or, where
# Snakemake fetches single files from a repository, installed
HERE = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parent
PACKAGES = HERE / "workflow"
if (PACKAGES / "isobudget").is_dir():
    sys.path.insert(0, str(PACKAGES))
elif find_spec("isobudget") is None:
    raise WorkflowError(
        f"there is no {PACKAGES / 'isobudget'}, and the package isobudget is not installed; clone the repository and "
        "name its Snakefile in `module:`, or `pip install` the repository beside Snakemake."
    )

from isobudget.files import paths, temporary
from isobudget.files.errors import StudyError
from isobudget.files.tables import read_json
from isobudget.run import job_resources, plan, provenance, recordings
from isobudget.run.code_checksum import code_checksum
from isobudget.run.endpoint_addresses import note_servers
from isobudget.run.inputs import Inputs
from isobudget.run.results_lock import Claim
from isobudget.run.timestamps import mend
from isobudget.sampling.imported.check import check as check_imports
from isobudget.study import rankers, sample_counts, stage_settings, units
from isobudget.study.config import load
from isobudget.study.stages import STAGES

# jobs run this interpreter and this package, whatever the shell's PATH says, and end with this process; an environment
# that Snakemake makes has an interpreter of its own
own_environment = DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method
path = "" if own_environment else f" PATH={quote(os.path.dirname(sys.executable))}:$PATH"
shell.prefix(f"export{path} PYTHONPATH={quote(str(PACKAGES))} ISOBUDGET_WORKFLOW={temporary.owner()}; ")

# relative, so that moving the folder runs nothing again
RECORDINGS = Path(os.path.relpath(HERE / "recordings"))

try:
    study = load(config, workflow.configfiles[-1] if workflow.configfiles else "config")
    recordings.check(study, RECORDINGS)
    check_imports(study)
except StudyError as error:
    raise WorkflowError(str(error)) from None

RESULTS = study.results

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
if (
    workflow.is_main_process
    and not workflow.dryrun
    and Path(workflow.main_snakefile).parent.resolve() != HERE.resolve()
):
    note_servers(study)  # nor is the onstart of a module heard


wildcard_constraints:
    benchmark="[a-z0-9-]+",
    model="[A-Za-z0-9][A-Za-z0-9._-]*",
    decoding="sampled|greedy",
    block="[0-9]+",
    ranker="[A-Za-z0-9:._-]+",
    run="[0-9]+",
    source="[A-Za-z0-9:._-]+",


def code(stage, ranker=None, functions=()):
    """A checksum of the code of a cheap stage, which is run again after an edit of it.

    A parameter rather than inputs: a checkout that only touches files runs nothing, and the
    message of a failed job does not list forty of them.
    """
    also = [rankers.row(ranker).function] if ranker else functions
    return code_checksum(STAGES[stage].module, *also)


def all_code():
    """A checksum of the code of all cheap stages."""
    functions = [row.function for row in (*rankers.RANKERS.values(), *units.UNITS.values())]
    return code_checksum(*[row.module for row in STAGES.values() if not row.dear], *functions)


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


def engine_threads(model, alone=False):
    """Cores of a job that may load a model."""
    limits = {name: limit.value for name, limit in workflow.global_resources.items()}
    return job_resources.engine_threads(study, model, workflow.resource_settings.cores, limits, alone)


inputs = Inputs(study, RECORDINGS, local, sized)
atexit.register(tell_plan)

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
from isobudget.run import job_resources, plan, provenance, recordings
from isobudget.run.code_checksum import code_checksum
from isobudget.run.endpoint_addresses import note_servers
from isobudget.run.inputs import Inputs
from isobudget.run.results_lock import Claim
from isobudget.run.sized_study import SizedStudy
from isobudget.run.timestamps import mend
from isobudget.sampling.imported.check import check as check_imports
from isobudget.study import rankers, stage_settings, units, yaml_keys
from isobudget.study.config import load
from isobudget.study.stages import all_code, stage_code

# jobs run this interpreter and this package, whatever the shell's PATH says, and end with this process; an environment
# that Snakemake makes has an interpreter of its own
own_environment = DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method
path = "" if own_environment else f" PATH={quote(os.path.dirname(sys.executable))}:$PATH"
shell.prefix(f"export{path} PYTHONPATH={quote(str(PACKAGES))} ISOBUDGET_WORKFLOW={temporary.owner()}; ")

# relative, so that moving the folder runs nothing again
RECORDINGS = Path(os.path.relpath(HERE / "recordings"))


def said(function, *arguments, **named):
    """What a function gives; its sentence on what a user can put right becomes Snakemake's own."""
    try:
        return function(*arguments, **named)
    except StudyError as error:
        raise WorkflowError(str(error)) from None


def tell(sentence):
    """Say something, if there is something, to the person who started the run: once, and not from its jobs."""
    if sentence and workflow.is_main_process:
        print(f"isobudget: {sentence}", file=sys.stderr)


# Snakemake read them, and kept the last where a key stands twice
said(yaml_keys.check, workflow.configfiles)
study = said(load, config, workflow.configfiles[-1] if workflow.configfiles else "config")
said(recordings.check, study, RECORDINGS)
said(check_imports, study)

RESULTS = study.results

# jobs on other machines read this file too: the claim, and the clock of the files, are the main process's
claim = Claim(RESULTS) if workflow.is_main_process else None
if claim:
    tell(claim.notice)
    tell(said(mend, RESULTS, RECORDINGS, inputs=study.own_files()))
# onstart is the main process's and not a module's, and a pod sees none of its files
if not workflow.is_main_process:
    note_servers(study, anew=False)
elif not workflow.dryrun and Path(workflow.main_snakefile).parent.resolve() != HERE.resolve():
    note_servers(study)


wildcard_constraints:
    benchmark="[a-z0-9-]+",
    model="[A-Za-z0-9][A-Za-z0-9._-]*",
    decoding="sampled|greedy",
    block="[0-9]+",
    ranker="[A-Za-z0-9:._-]+",
    run="[0-9]+",
    source="[A-Za-z0-9:._-]+",


@functools.cache
def code(stage, **rows):
    """A checksum of the code of a cheap stage, which is run again after an edit of it.

    A parameter rather than inputs: a checkout that only touches files runs nothing, and the
    message of a failed job does not list forty of them.
    """
    return code_checksum(*stage_code(stage, **rows))


def sized():
    """The study with a number in place of every `samples: auto`; known once the prices of all models are.

    For counting blocks, and for what counts them. Sampling is told by `study`, which no budget changes.
    """
    return said(numbers.by, str(checkpoints.prices.get().output[0])) if study.auto else study


def tell_plan():
    """What the whole study takes, below the jobs that a dry run lists; whether it is one is not known here yet."""
    with suppress(StudyError):  # which the dry run has said before
        if workflow.dryrun and (told := plan.report(numbers.if_known() or study)):
            print(told, file=sys.stderr)


def engine_threads(model, alone=False):
    """Cores of a job that may load a model."""
    limits = {name: limit.value for name, limit in workflow.global_resources.items()}
    return job_resources.engine_threads(study, model, workflow.resource_settings.cores, limits, alone)


CODE = code_checksum(*all_code())  # of all cheap stages
numbers = SizedStudy(study, RECORDINGS, tell)
inputs = Inputs(study, RECORDINGS, local, sized)
atexit.register(tell_plan)

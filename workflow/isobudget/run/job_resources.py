"""What each job is given: cores, devices, and places at servers."""

from collections.abc import Mapping

from isobudget.study.config import Study


def gpus(study: Study, model: str | None) -> int:
    """Devices a job takes that runs this model; a replay, or no model, takes none."""
    return study.models[model].tensor_parallel if model and study.models[model].row.loads else 0


def places(study: Study, model: str | None) -> int:
    """Places at the servers that a job takes which asks one; it keeps as many requests in flight as its model may."""
    return int(study.models[model].row.asks) if model else 0


def engine_threads(
    study: Study, model: str | None, cores: int | None, limits: Mapping[str, int], alone: bool = False
) -> int:
    """Cores of a job: of one that loads a model all, as two engines on the same cores only slow each other.

    On a machine with several devices it gets its devices' share of the cores.

    Args:
        study: a Study.
        model: whom the job runs, or None.
        cores: that Snakemake was given; None on a cluster, whose profile says what a model gets.
        limits: of resources, `gpu` among them where there is one.
        alone: whether the job wants the machine to itself.
    """
    devices = gpus(study, model)
    if not (cores and devices):
        return 1
    return cores if alone else max(1, cores * devices // max(limits.get("gpu", 1), devices))

"""Where the servers of a study's models are: for the jobs that ask them, and no part of what samples depend on."""

from isobudget import paths
from isobudget.rows import write_json


def note_servers(study):
    """Write results/servers/{model}.json: address, limits, and the name of the variable that holds the key.

    Args:
        study: a Study.
    """
    for model, settings in study.models.items():
        if settings.engine == "endpoint":
            write_json(paths.below(study.results, paths.SERVERS, model=model), settings.reach())

"""Where the servers of a study's models are: for the jobs that ask them, and no part of what samples depend on."""

from pathlib import Path

from isobudget.files import paths
from isobudget.files.tables import write_json
from isobudget.study.config import Study


def note_servers(study: Study, anew: bool = True) -> None:
    """Write results/servers/{model}.json: address, limits, and the name of the variable that holds the key.

    Args:
        study: a Study.
        anew: whether also those that are there.
    """
    for model, settings in study.models.items():
        file = Path(paths.below(study.results, paths.SERVERS, model=model))
        if settings.row.asks and (anew or not file.exists()):
            write_json(file, settings.reach())

"""A study whose `samples: auto` are numbers: for whoever counts blocks, once the prices of all models are known."""

from collections.abc import Callable
from pathlib import Path

from isobudget.files import paths
from isobudget.files.errors import StudyError
from isobudget.files.tables import read_json
from isobudget.run import provenance, recordings
from isobudget.study import sample_counts
from isobudget.study.config import Study


class SizedStudy:
    """The numbers of one study, told once.

    Args:
        study: a config.Study.
        held: the folder recordings/, of which no more can be replayed than it holds.
        tell: is given each sentence about a model of which the budgets would draw more than is drawn.
    """

    def __init__(self, study: Study, held: Path, tell: Callable[[str], None] = print):
        self.study = study
        self._held = held
        self._tell = tell
        self._known: dict[tuple[str, int], Study] = {}

    def by(self, file: str) -> Study:
        """The study with a number in place of every `samples: auto`.

        Args:
            file: results/prices.json; written anew, it gives new numbers.

        Raises:
            StudyError: a model has no price in any unit that has budgets.
        """
        if not self.study.auto:
            return self.study
        key = file, Path(file).stat().st_mtime_ns
        if key not in self._known:
            found, notes = sample_counts.sized(self.study, read_json(file), recordings.held(self.study, self._held))
            for note in notes:
                self._tell(note)
            self._known[key] = found
        return self._known[key]

    def if_known(self) -> Study | None:
        """What `by` gives, or None where that would wait for prices; for what is said before the jobs."""
        file = f"{self.study.results}/{paths.PRICES}"
        if not self.study.auto:
            return self.study
        return self.by(file) if Path(file).exists() else None

    def made_with(self) -> dict[str, str]:
        """The settings of the study's files, as the claim keeps them; of those that follow from prices once known."""
        try:
            known = self.if_known()
        except StudyError:  # prices of another study: those of this one are not known yet
            known = None
        return provenance.settings(self.study, known)

"""A study whose `samples: auto` are numbers: for whoever counts blocks, once the prices of all models are known."""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from isobudget.files import paths
from isobudget.files.errors import StudyError
from isobudget.files.tables import read_json
from isobudget.run import provenance, recordings
from isobudget.study import sample_counts
from isobudget.study.config import Study


def needed(
    prices: Mapping[str, Mapping[str, float | None]], budgets: Mapping[str, Sequence[float]], model: str
) -> tuple[int, str, float] | None:
    """The most generations of a model that a budget of the study buys.

    Among the budgets is the price of one generation of each model, as in the tables; so it is at least 1.

    Args:
        prices: {unit: {model: what a generation costs}}; None or 0 where that is not known or nothing.
        budgets: {unit: numbers}, in generations of the cheapest model that has a price; a unit without any is left out.
        model: a name.

    Returns:
        (k, unit, budget): as many, and the unit and the budget that buy them, in generations of the cheapest model;
        None where the model has no price in a unit with budgets.
    """
    from isobudget.statistics.unbiased import samples_within  # numpy, which a config without auto need not load

    found = []
    for unit, numbers in budgets.items():
        known = {name: price for name, price in prices.get(unit, {}).items() if price}
        if numbers and model in known:
            cheapest = min(known.values())
            largest = max(max(numbers) * cheapest, *known.values())
            found.append((samples_within(largest, known[model]), unit, largest / cheapest))
    return max(found, default=None)


def sized(
    study: Study, prices: Mapping[str, Mapping[str, float | None]], held: Mapping[str, int]
) -> tuple[Study, list[str]]:
    """A study with numbers in place of `samples: auto`.

    n is the smallest multiple of `block` that gives a score, k <= n/2, to all that the largest budget buys.

    Args:
        study: a config.Study.
        prices: as in `needed`.
        held: {model: blocks that recordings/ hold of it}; models that draw anew are left out.

    Returns:
        (study, notes): the study, and a sentence for each model of which the budgets would take more samples than are
        drawn.

    Raises:
        StudyError: a model has no price in any unit that has budgets.
    """
    models, notes = {}, []
    for model, settings in study.models.items():
        models[model] = settings
        if not isinstance(settings.samples, sample_counts.Auto):
            continue
        enough = needed(prices, study.budgets.model_dump(), model)
        if enough is None:
            raise StudyError(
                f"models.{model}.samples: auto takes n from the budgets, and what a generation of {model} costs is not "
                "known in a unit that has some; give a number, or a budget in a unit in which it has a price."
            )
        k, unit, budget = enough
        blocks, drawn = math.ceil(2 * k / study.block), settings.samples.most // study.block
        limit = f"'most' is {settings.samples.most}"
        if held.get(model, drawn) < drawn:
            drawn, limit = held[model], f"recordings/ hold {held[model] * study.block}"
        if blocks > drawn:
            notes.append(
                f"models.{model}.samples: a budget of {budget:,.6g} ({unit}) buys {k:,} generations, for which "
                f"{blocks * study.block:,} samples a problem would be drawn; {limit}, so {drawn * study.block:,} are, "
                f"and budgets that buy more than {drawn * study.block // 2:,} have no score of {model}."
            )
        models[model] = settings.model_copy(update={"samples": min(blocks, drawn) * study.block})
    return study.model_copy(update={"models": models}), notes


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
            found, notes = sized(self.study, read_json(file), recordings.held(self.study, self._held))
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

"""Budgets, and how many samples a problem: a number, one a benchmark, or as many as the budgets can use.

Budgets decide how many blocks there are, and nothing else of them: a larger budget adds blocks.
"""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model, field_validator

from isobudget.files.errors import StudyError
from isobudget.study.benchmarks import BENCHMARKS
from isobudget.study.units import UNITS

if TYPE_CHECKING:  # which imports this
    from isobudget.study.config import Study

PositiveInt = Annotated[int, Field(gt=0, strict=True)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


_budgets: dict[str, Any] = {
    key: (tuple[Positive, ...], Field(unit.budgets, description=unit.budgets_are)) for key, unit in UNITS.items()
}
_Units: Any = create_model("_Units", **_budgets)


class Budgets(_Units):
    """Budgets of the tables, in units of one generation of the study's cheapest model."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _numbers(cls, value):
        for entry in value if isinstance(value, list | tuple) else [value]:
            if isinstance(entry, bool) or not isinstance(entry, int | float) or not math.isfinite(entry) or entry <= 0:
                raise ValueError(f"{entry!r} is no budget; budgets are numbers above 0, such as [1, 2, 4, 8]")
        if not isinstance(value, list | tuple):
            raise ValueError(f"a list is needed, [{value}] instead of {value}")
        return sorted(set(value))


class Auto(BaseModel):
    """As many samples as the largest budget can use."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    auto: Literal[True]
    most: PositiveInt = Field(2000, description="samples a problem at most, in whole blocks")


def _read(value):
    """A `samples` entry, or one sentence on what is wrong; pydantic would say one for each kind that it is not."""
    if value is None:
        return None  # of an import of greedy samples alone
    if value == "auto":
        return Auto(auto=True)
    if isinstance(value, dict) and "auto" in value:
        for key in value:
            if key not in ("auto", "most"):
                raise ValueError(f"there is no key {key!r} beside 'auto'; use 'most', the samples at most")
        if value["auto"] is not True:
            raise ValueError(f"auto: {value['auto']!r} is wrong: it is true, or a number stands in its place")
        if "most" in value and not _counts(value["most"]):
            raise ValueError(f"most: {value['most']!r} is wrong: a whole number above 0 is needed")
        return Auto(**value)
    if isinstance(value, dict) and value:
        for name, count in value.items():
            if name not in BENCHMARKS:
                raise ValueError(f"there is no benchmark {name!r}; numbers are given by benchmark, or as 'auto'")
            if not _counts(count):
                raise ValueError(f"{name}: {count!r} is wrong: a whole number above 0 is needed")
    elif not _counts(value):
        raise ValueError(f"{value!r} is wrong: a whole number above 0 is needed, one a benchmark, or auto")
    return value


def _counts(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


Samples = Annotated[PositiveInt | Literal["auto"] | Auto | dict[str, PositiveInt] | None, BeforeValidator(_read)]


def n(samples: Samples, benchmark: str) -> int | None:
    """The number that a `samples` entry gives for a benchmark; None for auto, whose number is not known yet."""
    if isinstance(samples, Auto) or samples == "auto":
        return None
    return samples[benchmark] if isinstance(samples, dict) else samples


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
    study: "Study", prices: Mapping[str, Mapping[str, float | None]], held: Mapping[str, int]
) -> tuple["Study", list[str]]:
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
        if not isinstance(settings.samples, Auto):
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

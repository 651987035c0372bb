"""Budgets, and how many samples a problem: a number, one a benchmark, or as many as the budgets can use.

Budgets decide how many blocks there are, and nothing else of them: a larger budget adds blocks.
"""

import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model, field_validator

from isobudget.study.benchmarks import BENCHMARKS
from isobudget.study.units import UNITS

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

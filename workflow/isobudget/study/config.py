"""What a study is: one typed model gives the schema, the defaults and the error messages.

`load` turns the config that Snakemake read into a Study, or raises one StudyError that
names every key that is wrong. Nothing here touches a file of results/.
"""

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from isobudget.files.errors import StudyError
from isobudget.study import rankers, sample_counts
from isobudget.study.benchmarks import BENCHMARKS
from isobudget.study.engines import ENGINES
from isobudget.study.models import Model, Packages, Strict
from isobudget.study.rankers import either
from isobudget.study.sample_counts import Budgets, Positive, PositiveInt


class OwnDecoding(Strict):
    """How completions are drawn on one benchmark; null: as for the others."""

    temperature: Positive | None = Field(None, description="above 0; greedy samples are drawn beside")
    top_p: Annotated[float, Field(gt=0, le=1)] | None = Field(None, description="nucleus mass")
    max_tokens: PositiveInt | None = Field(None, description="new tokens at most")


class Decoding(Strict):
    """How completions are drawn; the greedy decoding beside it takes max_tokens alone."""

    temperature: Positive | None = Field(None, description="above 0; null: the benchmark's own, 0.8, and 0.6 for apps")
    top_p: Annotated[float, Field(gt=0, le=1)] | None = Field(
        0.95, description="nucleus mass; null: as 1, nothing is cut off and no server is asked to"
    )
    max_tokens: PositiveInt | None = Field(None, description="new tokens at most; null: the benchmark's own")
    own: dict[str, OwnDecoding] = Field({}, description="benchmark: its own temperature, top_p or max_tokens")

    @field_validator("top_p")
    @classmethod
    def _nothing_cut_off(cls, value):
        return 1.0 if value is None else value


class Sandbox(Strict):
    """Where programs that models wrote are run."""

    engine: Literal["auto", "docker", "bubblewrap"] = Field("auto", description="auto: Docker where it answers")
    timeout: Positive = Field(3, description="CPU seconds a program")
    memory: str = Field("1g", pattern=r"^[1-9][0-9]*[mg]$", description="memory a program, such as 512m or 1g")
    runtime: str | None = Field(None, description="container runtime, such as runsc for gVisor")
    isolation: Literal["shared", "fresh"] = Field("shared", description="fresh: a sandbox of its own a program")


class Bootstrap(Strict):
    """Intervals over problems."""

    resamples: PositiveInt = 1000
    seed: Annotated[int, Field(ge=0, strict=True)] = 0


class Calibration(Strict):
    """The job that tells what a generation costs in seconds, alone on its machine."""

    prompts: PositiveInt = Field(32, description="the first problems of the first benchmark")
    samples: PositiveInt = Field(4, description="samples a prompt")
    repeats: PositiveInt = Field(3, description="runs a model, the models in turn; the median counts")


class Written(Strict):
    """Tests that models write, for the rankers that want some."""

    samples: PositiveInt = Field(4, description="completions a problem; rounded up to whole blocks")
    max_tokens: PositiveInt = Field(128, description="new tokens at most: some five asserts")


_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*$")


class Study(Strict):
    """A whole config file."""

    benchmarks: tuple[str, ...] = Field(("humaneval",), min_length=1, description="task sets")
    problems: PositiveInt | None = Field(None, description="the first N of each benchmark, for a quick look")
    data: dict[str, str] = Field({}, description="benchmark: a local file of the dataset's schema, instead of the hub")
    models: dict[str, Model] = Field(min_length=1, description="name: settings")
    decoding: Decoding = Decoding()
    block: PositiveInt = Field(4, description="samples a problem a job")
    rankers: tuple[str, ...] = Field(
        ("nll:self", "shortest", "random"),
        description="nll:self, nll:MODEL, nll:* (every model reads), shortest, random, combined; agreement:examples, "
        "and agreement, codet, codet-sqrt, mbr-exec with :self or :MODEL, whose tests give the inputs",
    )
    written: Written = Written()
    at_hand: tuple[str, ...] = Field(
        (),
        description="tests at hand, to choose by while the benchmark's own judge: examples, assert:1 to assert:3, "
        "written:MODEL",
    )
    budgets: Budgets = Budgets()
    sandbox: Sandbox = Sandbox()
    bootstrap: Bootstrap = Bootstrap()
    calibration: Calibration = Calibration()
    results: str = Field("results", pattern=r"^[A-Za-z0-9._/-]+$", description="the folder that files go to")

    @field_validator("results")
    @classmethod
    def _spelt_once(cls, value):
        # Snakemake's records go by the spelling: ./results and results are one folder
        return os.path.normpath(value)

    @field_validator("benchmarks")
    @classmethod
    def _known(cls, value):
        for name in value:
            if name not in BENCHMARKS:
                raise ValueError(f"there is no benchmark {name!r}; use {either(BENCHMARKS)}")
        return _unique(value)

    @field_validator("models")
    @classmethod
    def _plain_names(cls, value):
        for name in value:
            if not _NAME.match(name) or name in rankers.RESERVED:
                raise ValueError(
                    f"{name!r} cannot name a model, it becomes a folder; use letters, digits, '.', '_' and '-'"
                )
        return value

    @field_validator("data")
    @classmethod
    def _files(cls, value):
        loaded = [name for name, benchmark in BENCHMARKS.items() if benchmark.data]
        for name, file in value.items():
            if name not in loaded:
                raise ValueError(f"{name!r} is read from no file; files can be named for {either(loaded)}")
            if not Path(file).is_file():
                raise ValueError(f"there is no file {file} for {name}; put it there, or leave the key out for the hub")
        return value

    @model_validator(mode="before")
    @classmethod
    def _every_reader(cls, data):
        """`nll:*` is nll:MODEL of every model that can read, a model that is added later included."""
        names = data.get("rankers") if isinstance(data, dict) else None
        if not isinstance(names, list | tuple) or not isinstance(data.get("models"), dict):
            return data
        able = [name for name, model in data["models"].items() if not _cannot_read(model)]
        return data | {"rankers": rankers.every_reader(names, able)}

    @field_validator("rankers", "at_hand")
    @classmethod
    def _unique_rankers(cls, value):
        return _unique(value)

    @model_validator(mode="after")
    def _samples_of_every_benchmark(self):
        for name, model in self.models.items():
            if not isinstance(model.samples, dict):
                continue
            for benchmark in self.benchmarks:
                if benchmark not in model.samples:
                    raise ValueError(f"models.{name}.samples: there is no number for {benchmark}; add one")
        return self

    @model_validator(mode="after")
    def _most_fills_a_block(self):
        for name, model in self.models.items():
            if isinstance(model.samples, sample_counts.Auto) and model.samples.most < self.block:
                raise ValueError(
                    f"models.{name}.samples: 'most' is {model.samples.most}, and a job draws a block of {self.block}; "
                    "raise 'most', or lower 'block'"
                )
        return self

    @model_validator(mode="after")
    def _budgets_buy_what_is_auto(self):
        units = [unit for unit, numbers in self.budgets.model_dump().items() if numbers]
        for name in self.auto:
            if not any(self.models[name].may_cost(unit) for unit in units):
                why = f"{name} has no price in {either(units)}" if units else "there are none"
                raise ValueError(
                    f"models.{name}.samples: auto takes n from the budgets, and {why}; give a number, or a budget in a "
                    "unit in which it has a price"
                )
        return self

    @model_validator(mode="after")
    def _own_decoding_is_used(self):
        for name in self.decoding.own:
            if name not in self.benchmarks:
                raise ValueError(f"decoding.own: {name!r} is no benchmark of this study; use {either(self.benchmarks)}")
        return self

    @model_validator(mode="after")
    def _rankers_exist(self):
        for ranker in self.rankers:
            if why := rankers.why_not(ranker, self.models):
                raise ValueError(f"rankers: {why}")
            if rankers.learns(ranker):
                for name in self.models:
                    if not self.parts(name):
                        raise ValueError(
                            f"rankers: {ranker!r} weighs the other rankers of a model's samples, and {name} has none; "
                            "add one, such as 'shortest'"
                        )
            if rankers.writer(ranker, next(iter(self.models))):
                for benchmark in self.benchmarks:
                    if not BENCHMARKS[benchmark].asserts:
                        raise ValueError(
                            f"rankers: {ranker!r} needs tests that a model writes, and models are not asked for tests "
                            f"of {benchmark} yet; leave that ranker out"
                        )
        return self

    @model_validator(mode="after")
    def _tests_are_at_hand(self):
        for source in self.at_hand:
            author = rankers.author(source)
            if author in self.models and (why := rankers.no_writer(source, author, self.models)):
                raise ValueError(f"at_hand: {why}")
            if not any(source in self._sources(benchmark) for benchmark in self.benchmarks):
                there = sorted({known for benchmark in self.benchmarks for known in self._sources(benchmark)})
                allowed = f"use {either(there)}" if there else "leave the key out"
                raise ValueError(
                    f"at_hand: {source!r} gives no tests for {either(self.benchmarks)} that are fewer than those that "
                    f"judge; {allowed}"
                )
        return self

    @model_validator(mode="after")
    def _chat_is_asked_somehow(self):
        for benchmark in self.benchmarks:
            for name, settings in self.models.items():
                if settings.chat and BENCHMARKS[benchmark].chat is None:
                    raise ValueError(
                        f"models.{name}.chat: there are no chat prompts for {benchmark} yet; set 'chat: false'"
                    )
        return self

    @model_validator(mode="after")
    def _imports_fit(self):
        for name, model in self.models.items():
            if not model.row.collects:
                continue
            for key in ("path", "greedy"):
                value = getattr(model, key)
                if not isinstance(value, str):
                    continue
                if not value.strip():
                    raise ValueError(f"models.{name}.{key}: {value!r} is no path; name a file or folder")
                if set("{}") & set(value.replace("{benchmark}", "")):
                    raise ValueError(
                        f"models.{name}.{key}: {value!r} holds braces, which mean something to Snakemake; rename the "
                        "file, or write {benchmark} where the benchmark's name stands in the path"
                    )
                if len(self.benchmarks) > 1 and "{benchmark}" not in value:
                    raise ValueError(
                        f"models.{name}.{key}: there are {len(self.benchmarks)} benchmarks and one file; "
                        "write {benchmark} where their names stand in the path"
                    )
        return self

    def decodings(self, model: str) -> tuple[str, ...]:
        """What a model's samples are drawn by: greedily too, unless `greedy: false`; an import, if it names a file."""
        chosen = self.models[model]
        if chosen.greedy_alone:
            return ("greedy",)
        drawn = isinstance(chosen.greedy, str) if chosen.row.collects else chosen.greedy is not False
        return ("sampled", "greedy") if drawn else ("sampled",)

    def comes_in_packages(self, model: str) -> bool:
        """Whether a model's weights must be fetched and joined before it can be loaded."""
        chosen = self.models[model]
        return chosen.row.loads and isinstance(chosen.weights, Packages)

    @property
    def imported(self) -> list[tuple[str, str]]:
        """(model, decoding) of every file that is imported, sorted."""
        return [(m, d) for m in sorted(self.models) if self.models[m].row.collects for d in self.decodings(m)]

    def source(self, benchmark: str, model: str, decoding: str) -> str:
        """The file or folder that an imported model's samples come from."""
        chosen = self.models[model]
        named = chosen.path if decoding == "sampled" else chosen.greedy
        assert isinstance(named, str)  # an import has a path, and no greedy decoding without a file of it
        return named.replace("{benchmark}", benchmark)

    def own_files(self) -> list[str]:
        """The user's files and folders that jobs read: datasets, samples to import, config.json files."""
        imported = [name for name, model in self.models.items() if model.row.collects]
        sources = [self.source(b, name, d) for b in self.benchmarks for name in imported for d in self.decodings(name)]
        configs = [model.config for model in self.models.values() if model.config and Path(model.config).is_file()]
        return [*self.data.values(), *sources, *configs]

    def rankers_of(self, model: str) -> tuple[str, ...]:
        """The rankers that can score this model's samples, in the study's order."""
        return tuple(ranker for ranker in self.rankers if rankers.can_rank(ranker, model, self.models))

    def parts(self, model: str) -> list[str]:
        """The rankers of a model's samples that one which learns is made of, sorted: all others but luck."""
        rows = {ranker: row for ranker in self.rankers_of(model) if (row := rankers.row(ranker))}
        return sorted(ranker for ranker, row in rows.items() if not (row.learns or row.luck))

    def sources(self, benchmark: str) -> tuple[str, ...]:
        """The sources of tests at hand that a benchmark has, in the study's order."""
        there = self._sources(benchmark)
        return tuple(source for source in self.at_hand if source in there)

    def _sources(self, benchmark: str) -> list[str]:
        """All sources of tests at hand that a benchmark could have in this study."""
        chosen = BENCHMARKS[benchmark]
        able = [name for name, model in self.models.items() if model.row.writes_tests]
        written = [f"written:{name}" for name in able] if chosen.asserts else []
        return [*chosen.at_hand, *written]

    @property
    def auto(self) -> list[str]:
        """The models whose n the budgets decide; run.sized_study.sized gives a study without any."""
        return [name for name, model in self.models.items() if isinstance(model.samples, sample_counts.Auto)]

    def blocks(self, benchmark: str, model: str) -> int:
        """How many blocks of `block` samples the model's n fills; 1 at least where it is not known yet.

        0 of a model that has one greedy sample a problem and no other.
        """
        if self.models[model].greedy_alone:
            return 0
        return -(-(sample_counts.n(self.models[model].samples, benchmark) or 1) // self.block)

    def least(self, benchmark: str, model: str) -> int:
        """Samples a problem that the file of an imported model must hold: its last block may be short."""
        return sample_counts.n(self.models[model].samples, benchmark) or 1

    def writers(self) -> tuple[str, ...]:
        """The models that write tests, in the study's order."""
        needed = {rankers.writer(ranker, model) for model in self.models for ranker in self.rankers_of(model)}
        needed |= {rankers.author(source) for benchmark in self.benchmarks for source in self.sources(benchmark)}
        return tuple(model for model in self.models if model in needed)

    def written_blocks(self) -> int:
        """How many blocks of `block` completions hold the tests of one model."""
        return -(-self.written.samples // self.block)

    def decoded(self, benchmark: str, key: str) -> Any:
        """One setting of decoding on a benchmark: what the study says of it there, of all, or the benchmark's own."""
        own = getattr(self.decoding.own.get(benchmark), key, None)
        return own or getattr(self.decoding, key) or getattr(BENCHMARKS[benchmark], key)

    def max_tokens(self, benchmark: str) -> int:
        """New tokens at most."""
        return self.decoded(benchmark, "max_tokens")


def load(config: Any, source: str = "config") -> Study:
    """Check a config and return it as a Study.

    Args:
        config: the nested dict that YAML gave.
        source: what to call it in messages, a file's name.

    Raises:
        StudyError: one sentence a wrong key, each naming the key and what is allowed.
    """
    if not isinstance(config, dict):
        raise StudyError(f"{source}: a mapping of keys is needed, see config/README.md.")
    try:
        return Study.model_validate(config)
    except ValidationError as error:
        lines = sorted({_sentence(entry, config) for entry in error.errors()})
        raise StudyError("\n".join(f"{source}: {line}" for line in lines)) from None


def schema() -> dict[str, Any]:
    """The JSON schema of a config file."""
    return Study.model_json_schema()


def _sentence(entry, config):
    key = ".".join(str(part) for part in entry["loc"] if part not in ("Packages", "str", "bool"))
    kind, given = entry["type"], entry.get("input")
    if kind == "extra_forbidden":
        return f"there is no key {key!r}; config/README.md lists every key."
    if kind == "missing":
        return f"the key {key!r} is missing."
    if kind == "literal_error":
        return f"{key}: {given!r} is not {entry['ctx']['expected']}."
    message = entry["msg"].removeprefix("Value error, ")
    if kind != "value_error":
        message = f"{given!r} is wrong: {message[0].lower()}{message[1:]}"
    return f"{key}: {message}." if key else f"{message}."


def _cannot_read(model):
    """Whether a model, as the config gives it, is of an engine that reads no texts back; what is no model may."""
    row = ENGINES.get(model.get("engine", "")) if isinstance(model, dict) else None
    return row is not None and not row.reads


def _unique(values):
    for value in values:
        if values.count(value) > 1:
            raise ValueError(f"{value!r} stands there twice")
    return values

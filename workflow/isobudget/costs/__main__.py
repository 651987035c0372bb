"""What one generation of a model costs, and one scoring pass of it: FLOPs, seconds, US dollars.

FLOPs come from the model's own config.json, seconds from calibration runs, dollars from the tokens
that the calibrations read and wrote. What cannot be had is null, and `how` says why.
"""

import json
import statistics

from isobudget.costs.flops import attention_flops, forward_flops, shape
from isobudget.files import stage
from isobudget.files.errors import StudyError
from isobudget.files.settings import CostSettings
from isobudget.files.tables import read_json, read_rows, write_json

TOKENS_A_PASS = 128  # the paper's unit: one forward pass over 128 tokens is a generation


def costs(model, config=None, calibrations=(), price=None, source="config.json", given=None):
    """The costs of a generation and of a scoring pass, as the stage writes them.

    Args:
        model: the model's name in the study.
        config: the dict of its config.json, or None.
        calibrations: the dicts of its calibration runs, as `read_calibration` returns them.
        price: {"prompt", "completion"} in US dollars a million tokens, or None.
        source: what error messages call the config.json.
        given: {unit: what a generation costs} by the study's config, which wins over all else, or None.

    Returns:
        {"model", "generation", "scoring", "how", "tokens", "hardware", "versions", "runs"}. generation and scoring
        hold flops, flops_read_written, seconds (median over runs; with seconds_min and seconds_max beside it) and
        usd, each a number or None; how holds a sentence a unit.
    """
    how, generation, scoring = {}, {}, {}
    tokens = _mean_tokens(calibrations)

    generation["flops"] = scoring["flops"] = None if config is None else forward_flops(config, TOKENS_A_PASS, source)
    generation["flops_read_written"] = scoring["flops_read_written"] = None
    how["flops"] = "Not known: the study has no config.json of this model."
    how["flops_read_written"] = "Not known: it takes a config.json and a calibration run."
    if config is not None:
        mlp = "gated" if shape(config, source)["matrices"] == 3 else "plain"
        how["flops"] = (
            f"Products with the weights in one forward pass over {TOKENS_A_PASS} tokens, from config.json ({mlp} MLP)."
        )
    if config is not None and tokens:
        read_written = tokens["prompt"] + tokens["completion"]
        flops = forward_flops(config, read_written, source) + attention_flops(config, read_written, source)
        generation["flops_read_written"] = scoring["flops_read_written"] = flops
        how["flops_read_written"] = (
            f"A forward pass over the {read_written:.1f} tokens that a generation read and wrote on average in the "
            "calibrations, attention over the context included."
        )

    _spread(generation, [run["generation_seconds"] / run["generations"] for run in calibrations])
    _spread(scoring, [run["scoring_seconds"] / run["scored"] for run in calibrations if run.get("scored")])
    how["seconds"] = "Not known: no calibration run of this model."
    if calibrations:
        counts = ", ".join(str(run["generations"]) for run in calibrations)
        how["seconds"] = (
            f"Median over {len(calibrations)} calibration runs of {counts} generations, alone on the machine, loading "
            "left out."
        )
        if scoring["seconds"] is None:
            how["seconds"] += " Scoring was not calibrated."

    generation["usd"] = scoring["usd"] = None
    if price is None:
        how["usd"] = "Not known: the config gives this model no price."
    elif not tokens:
        how["usd"] = "Not known: no calibration run counted this model's tokens."
    else:
        read, written = tokens["prompt"], tokens["completion"]
        generation["usd"] = (read * price["prompt"] + written * price["completion"]) / 1e6
        scoring["usd"] = (read + written) * price["prompt"] / 1e6  # a scored completion is read, not written
        how["usd"] = (
            f"{read:.1f} prompt and {written:.1f} completion tokens a generation at {price['prompt']:g} and "
            f"{price['completion']:g} US dollars a million."
        )
    for unit, cost in (given or {}).items():
        if cost is not None:
            generation[unit], how[unit] = cost, "Given in the study's config."
            if unit == "flops":
                scoring[unit] = cost  # reading a generation takes the same forward pass
    return {
        "model": model,
        "generation": generation,
        "scoring": scoring,
        "how": how,
        "tokens": tokens,
        "hardware": _distinct(calibrations, "hardware"),
        "versions": _distinct(calibrations, "versions"),
        "runs": list(calibrations),
    }


def written_costs(cost, config, written, price=None, source="config.json"):
    """What the tests cost that a model writes, a problem: once, however many candidates they choose among.

    A completion of tests is a generation: one forward pass over 128 tokens in FLOPs, and in seconds a calibrated
    generation, longer or shorter as it writes more or fewer tokens, for writing is what takes time. Dollars come
    from its own tokens.

    Args:
        cost: the dict that `costs` returns.
        config, price, source: as in `costs`.
        written: rows of samples, the completions of every block.

    Returns:
        {unit: cost a problem, None where not known}.
    """
    many = len(written) / len({row["task_id"] for row in written})
    prompt, completion = (
        statistics.fmean(row[key] for row in written) for key in ("prompt_tokens", "completion_tokens")
    )
    seconds, tokens = cost["generation"]["seconds"], cost["tokens"]
    return {
        "flops": None if config is None else many * forward_flops(config, TOKENS_A_PASS, source),
        "seconds": many * seconds * completion / tokens["completion"] if seconds and tokens["completion"] else None,
        "usd": many * (prompt * price["prompt"] + completion * price["completion"]) / 1e6 if price else None,
    }


def read_calibration(path, model):
    """Read one calibration run of `model`; StudyError if a key is missing, no number, or of another model."""
    run = read_json(path)
    if run.get("model") != model:
        raise StudyError(f"{path}: a calibration of {run.get('model')!r}, not of {model!r}; delete it and run again.")
    required = ("generations", "generation_seconds", "prompt_tokens", "completion_tokens")
    for key in required + (("scoring_seconds",) if run.get("scored") else ()):
        value = run.get(key)
        least = 1 if key == "generations" else 0
        if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value < float("inf"):
            raise StudyError(
                f"{path}: {key} should be a number from {least} up, not {value!r}; delete it and run again."
            )
    return run


def _mean_tokens(runs):
    generations = sum(run["generations"] for run in runs)
    if not generations:
        return None
    return {
        "prompt": sum(run["prompt_tokens"] for run in runs) / generations,
        "completion": sum(run["completion_tokens"] for run in runs) / generations,
    }


def _spread(cost, seconds):
    cost["seconds"] = statistics.median(seconds) if seconds else None
    cost["seconds_min"] = min(seconds, default=None)
    cost["seconds_max"] = max(seconds, default=None)


def _distinct(runs, key):
    """The one value that all runs share, a list where they differ, None where there is no run."""
    values = {json.dumps(run.get(key), sort_keys=True): run.get(key) for run in runs}
    found = list(values.values())
    return found[0] if len(found) == 1 else found or None


def write_costs(args):
    """Read the model's config and calibrations, write its costs."""
    model = args.settings["model"]
    config = read_json(args.model_config) if args.model_config else None
    runs = [read_calibration(path, model) for path in args.calibrations]
    price = args.settings.get("price")
    found = costs(model, config, runs, price, args.model_config, args.settings.get("given"))
    written = [row for file in args.written for row in read_rows(file, "samples").to_pylist()]
    if written:
        found["written"] = written_costs(found, config, written, price, args.model_config)
    write_json(args.output, found)


if __name__ == "__main__":
    parser = stage.arguments(__doc__, CostSettings)
    parser.add_argument("--model-config", nargs="?", help="the model's config.json; without it FLOPs are null")
    parser.add_argument("--calibrations", nargs="*", default=[], help="the JSON files of its calibration runs")
    parser.add_argument("--written", nargs="*", default=[], help="the tests that it wrote for rankers, Parquet")
    stage.run(write_costs, parser)

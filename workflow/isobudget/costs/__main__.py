"""What one generation of a model costs, and one scoring pass of it, in every unit of study/units.py.

Each unit's own file beside this one makes a price of what is known of the model: its config.json, its calibration runs,
the tokens that they read and wrote, the price of tokens. What cannot be had is null, and `how` says why.
"""

import argparse
import json
import pkgutil
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from isobudget.costs.facts import NOT_KNOWN, Facts, Price, Tokens, Written
from isobudget.files import stage
from isobudget.files.errors import StudyError
from isobudget.files.settings import CostSettings
from isobudget.files.tables import read_json, read_rows, write_json
from isobudget.study.units import UNITS, Unit


def costs(
    model: str,
    config: dict[str, Any] | None = None,
    calibrations: Sequence[dict[str, Any]] = (),
    price: dict[str, float] | None = None,
    source: str = "config.json",
    given: Mapping[str, float | None] | None = None,
    written: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    """The costs of a generation and of a scoring pass, as the stage writes them.

    Args:
        model: the model's name in the study.
        config: the dict of its config.json, or None.
        calibrations: the dicts of its calibration runs, as `read_calibration` returns them.
        price: {"prompt", "completion"} in US dollars a million tokens, or None.
        source: what error messages call the config.json.
        given: {unit: what a generation costs} by the study's config, which wins over all else, or None.
        written: rows of samples, the completions of every block of the tests that it wrote.

    Returns:
        {"model", "generation", "scoring", "how", "tokens", "hardware", "versions", "runs"}. generation and scoring
        hold a number or None a unit, and what a unit tells beside it (flops_read_written, seconds_min and seconds_max);
        how holds a sentence a unit. Where it wrote tests, "written" holds what those of a problem cost in each unit.
    """
    known: dict[str, Any] = {  # each None where it is not
        "config": config,
        "source": source,
        "calibrations": tuple(calibrations) or None,
        "price": price,
        "tokens": _mean_tokens(calibrations),
        "written": _tests(written),
    }
    facts = Facts(**known)
    prices = {key: _priced(unit, facts, (given or {}).get(key)) for key, unit in UNITS.items()}
    beside = [entry for found in prices.values() for entry in found.beside]
    tests = {key: found.written for key, found in prices.items()}
    return {
        "model": model,
        "generation": {key: found.generation for key, found in prices.items()}
        | {entry.key: entry.generation for entry in beside},
        "scoring": {key: found.scoring for key, found in prices.items()}
        | {entry.key: entry.scoring for entry in beside},
        "how": {key: found.how for key, found in prices.items()}
        | {entry.key: entry.how for entry in beside if entry.how},
        **({"written": tests} if written else {}),
        "tokens": facts.tokens and facts.tokens._asdict(),
        "hardware": _distinct(calibrations, "hardware"),
        "versions": _distinct(calibrations, "versions"),
        "runs": list(calibrations),
    }


def _priced(unit: Unit, facts: Facts, given: float | None) -> Price:
    """What the unit's file makes of the facts, or why it cannot; what the config gives for a generation wins."""
    missing = next((fact for fact in unit.needs if getattr(facts, fact) is None), None)
    price = Price(NOT_KNOWN[missing]) if missing else pkgutil.resolve_name(unit.function)(facts)
    if given is not None:
        price = price._replace(generation=given, how="Given in the study's config.")
    return price._replace(scoring=price.generation) if unit.scoring_as_generation else price


def read_calibration(path: str | Path, model: str) -> dict[str, Any]:
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


def _mean_tokens(runs: Sequence[dict[str, Any]]) -> Tokens | None:
    generations = sum(run["generations"] for run in runs)
    if not generations:
        return None
    return Tokens(*(sum(run[key] for run in runs) / generations for key in ("prompt_tokens", "completion_tokens")))


def _tests(written: Sequence[dict[str, Any]]) -> Written | None:
    if not written:
        return None
    tokens = (statistics.fmean(row[key] for row in written) for key in ("prompt_tokens", "completion_tokens"))
    return Written(len(written) / len({row["task_id"] for row in written}), Tokens(*tokens))


def _distinct(runs: Sequence[dict[str, Any]], key: str) -> Any:
    """The one value that all runs share, a list where they differ, None where there is no run."""
    values = {json.dumps(run.get(key), sort_keys=True): run.get(key) for run in runs}
    found = list(values.values())
    return found[0] if len(found) == 1 else found or None


def write_costs(args: argparse.Namespace) -> None:
    """Read the model's config and calibrations, write its costs."""
    model = args.settings["model"]
    config = read_json(args.model_config) if args.model_config else None
    runs = [read_calibration(path, model) for path in args.calibrations]
    price, given = args.settings.get("price"), args.settings.get("given")
    written = [row for file in args.written for row in read_rows(file, "samples").to_pylist()]
    write_json(args.output, costs(model, config, runs, price, args.model_config, given, written))


if __name__ == "__main__":
    parser = stage.arguments(__doc__, CostSettings)
    parser.add_argument("--model-config", nargs="?", help="the model's config.json, if it has one")
    parser.add_argument("--calibrations", nargs="*", default=[], help="the JSON files of its calibration runs")
    parser.add_argument("--written", nargs="*", default=[], help="the tests that it wrote for rankers, Parquet")
    stage.run(write_costs, parser)
